"""What a guild gets without doing anything: the default script, over the whole path."""

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild


async def test_a_message_is_answered(guild: FakeGuild) -> None:
    asked = await guild.say("!ping")
    answer = await guild.next_sent()
    assert answer["content"] == "pong"
    assert answer["message_reference"]["message_id"] == asked["id"]
    assert len(guild.sent()) == 1


async def test_what_is_no_command_is_not_answered(guild: FakeGuild) -> None:
    for content in ("ping", "!Ping", "!pong", "", "! "):
        await guild.say(content)
    bot = {**guild.alice, "bot": True}
    await guild.say("!ping", author=bot)
    assert await guild.reply_to("! ping") == "pong"
    assert len(guild.sent()) == 1


async def test_embeds_and_buttons_arrive_and_a_pressed_button_answers(guild: FakeGuild) -> None:
    await guild.say("!hello")
    message = await guild.next_sent()
    (embed,) = message["embeds"]
    assert embed["color"] == 0x2F9E6E
    (row,) = message["components"]
    assert row["components"][0]["custom_id"] == "wave"
    pressed = await guild.press("wave", message)
    callback = await pressed.answered()
    assert callback["type"] == 4
    assert callback["data"]["content"] == "👋 alice waves back."


async def test_slash_commands_are_sent_once_and_answer(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    assert guild.commands == [
        {"name": "ping", "description": "Is anybody there?", "type": 1},
        {"name": "count", "description": "A number that remembers", "type": 1},
    ]
    callback = await (await guild.command("ping")).answered()
    assert callback["type"] == 4
    assert (callback["data"]["content"], callback["data"]["flags"]) == ("pong", 64)
    assert len(discord.asked("PUT", f"/guilds/{guild.id}/commands")) == 1


async def test_a_hundred_counts_at_once_end_at_a_hundred(guild: FakeGuild) -> None:
    for _ in range(100):
        await guild.say("!count")
    await guild.until(lambda g: len(g.sent()) == 100, timeout=30)
    numbers = [int(message["content"].removeprefix("Counted to ")) for message in guild.sent()]
    assert sorted(numbers) == list(range(1, 101))


async def test_it_is_a_revision_like_any_other(flora: Installation, guild: FakeGuild) -> None:
    history = await flora.request("GET", f"/api/deployments/{guild.id}/history")
    assert history.status == 200
    (revision,) = history.json
    assert revision["status"] == "success"
    assert revision["deploy_source"] == "bootstrap"
    assert revision["actor"] == {"actor_type": "system", "username": "flora"}
    shown = await flora.request(
        "GET", f"/api/deployments/{guild.id}/revisions/{revision['id']}?include_bundle=true"
    )
    assert [file["path"] for file in shown.json["files"]] == ["src/greetings.ts", "src/main.ts"]


async def test_guilds_keep_their_data_apart(discord: FakeDiscord, guild: FakeGuild) -> None:
    other = await discord.add_guild("Orchard")
    await other.until(lambda g: g.commands)
    assert await guild.reply_to("!count") == "Counted to 1"
    assert await guild.reply_to("!count") == "Counted to 2"
    assert await other.reply_to("!count") == "Counted to 1"
