"""Discord limits, fails and hangs: scripts get typed errors, other guilds are not held up."""

import pytest

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

TELLS = (
    "on('messageCreate', async (ctx) => {"
    " if (ctx.msg.content !== '!x') return;"
    " try { const message = await ctx.reply('done'); console.log('sent ' + message.content) }"
    " catch (error) { console.log([error.code, error.status, error.discordCode, error.message]"
    "   .join('|')) } })"
)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            403,
            {"code": 50013, "message": "Missing Permissions"},
            "DISCORD_HTTP_ERROR|403|50013|Discord HTTP error (403): Missing Permissions "
            "(route: POST /channels/{channel_id}/messages)",
        ),
        (
            404,
            {"code": 10003, "message": "Unknown Channel"},
            "DISCORD_HTTP_ERROR|404|10003|Discord HTTP error (404): Unknown Channel "
            "(route: POST /channels/{channel_id}/messages)",
        ),
    ],
)
async def test_what_discord_refuses_is_a_typed_error(
    flora: Installation,
    discord: FakeDiscord,
    guild: FakeGuild,
    status: int,
    body: dict[str, object],
    told: str,
) -> None:
    assert (await flora.deploy(guild.id, TELLS)).status == 200
    discord.fail("POST", f"/channels/{guild.channel_id}/messages", status, body)
    await guild.say("!x")
    await flora.until_logged(guild.id, told)


async def test_a_rate_limited_message_is_sent_after_the_wait(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    discord.rate_limit("POST", f"/channels/{guild.channel_id}/messages", 0.3, times=2)
    assert await guild.reply_to("!ping") == "pong"
    assert len(guild.sent()) == 1
    assert len(discord.asked("POST", f"/channels/{guild.channel_id}/messages")) == 3


async def test_a_hanging_channel_holds_up_no_other_guild_and_no_interaction(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    other = await discord.add_guild()
    await other.until(lambda g: g.commands)
    discord.hold("POST", f"/channels/{guild.channel_id}/messages")
    for _ in range(10):
        await guild.say("!ping")
    assert await other.reply_to("!ping") == "pong"
    callback = await (await guild.command("ping")).answered()
    assert callback["data"]["content"] == "pong"
    discord.heal()
    await guild.until(lambda g: len(g.sent()) == 10)


async def test_a_script_reaches_only_its_own_guilds_channels(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    other = await discord.add_guild()
    await other.until(lambda g: g.commands)
    victim = await other.say("do not touch")
    calls = [
        f"sendMessage({{ channelId: '{other.channel_id}', content: 'x' }})",
        f"editMessage({{ channelId: '{other.channel_id}', messageId: '{victim['id']}',"
        " content: 'x' })",
        f"deleteMessage({{ channelId: '{other.channel_id}', messageId: '{victim['id']}' }})",
        f"fetchMessage({{ channelId: '{other.channel_id}', messageId: '{victim['id']}' }})",
        f"fetchMessages({{ channelId: '{other.channel_id}' }})",
        f"bulkDeleteMessages({{ channelId: '{other.channel_id}',"
        f" messageIds: ['{victim['id']}'] }})",
        f"pinMessage({{ channelId: '{other.channel_id}', messageId: '{victim['id']}' }})",
        f"addReaction({{ channelId: '{other.channel_id}', messageId: '{victim['id']}',"
        " emoji: '👍' })",
    ]
    attempts = "\n".join(
        f"await rest.{call}.then(() => console.log('it worked'),"
        " (e) => console.log(e.code + '|' + e.message))"
        for call in calls
    )
    source = f"on('messageCreate', async (ctx) => {{ {attempts}\nconsole.log('end') }})"
    assert (await flora.deploy(guild.id, source)).status == 200
    before = len(discord.requests)
    await guild.say("go")
    lines = await flora.until_logged(guild.id, "end")
    refusal = "SCOPE_FORBIDDEN|Forbidden: channel is outside runtime scope"
    assert lines == [refusal] * len(calls) + ["end"]
    sent = [request.path for request in discord.requests[before:]]
    assert [path for path in sent if not path.endswith("/commands")] == []  # those are the sync's
    assert other.messages == {victim["id"]: victim}


async def test_another_guilds_interaction_token_is_refused(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    other = await discord.add_guild()
    await other.until(lambda g: g.commands)
    silent = "on('interactionCreate', () => {})"
    assert (await flora.deploy(other.id, silent)).status == 200
    interaction = await other.command("ping")
    source = (
        "on('messageCreate', () => rest.sendInteractionResponse({"
        f" interactionId: '{interaction.id}', token: '{interaction.token}', content: 'stolen' }})"
        ".catch((e) => console.log(e.code + '|' + e.message)))"
    )
    assert (await flora.deploy(guild.id, source)).status == 200
    await guild.say("go")
    await flora.until_logged(
        guild.id, "SCOPE_FORBIDDEN|Forbidden: interaction is outside runtime scope"
    )
    assert interaction.callback is None


async def test_a_handler_that_waits_for_too_long_is_told_so_and_its_script_goes_on(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    script = (
        "console.log('loaded');"
        "on('messageCreate', async (ctx) => {"
        " if (ctx.msg.content === '!wait')"
        "  await rest.fetchMessage({ channelId: ctx.msg.channelId, messageId: ctx.msg.id })"
        "   .catch((e) => console.log(e.code, e.message));"
        " await ctx.reply('here') })"
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    # Another heap makes it a new isolate: all of these limits hold for that.
    limits = {"handler_timeout_secs": 1, "rest_timeout_ms": 300_000, "heap_mb": 48}
    path = f"/api/guilds/{guild.id}/limits"
    assert (await flora.request("PUT", path, {"limits": limits})).status == 200
    await flora.until(
        f"/api/logs/{guild.id}?limit=1000",
        lambda lines: [line["message"] for line in lines].count("loaded") == 2,
    )
    discord.hold("GET", f"/channels/{guild.channel_id}/messages")
    await guild.say("!wait")
    assert (await guild.next_sent())["content"] == "here"
    await flora.until_logged(guild.id, "TIMEOUT timed out: the handler that asked it took over 1 s")
    await flora.until_logged(guild.id, "dispatch timed out: MESSAGE_CREATE took over 1 s")
    discord.heal()
    await guild.say("!on")
    assert (await guild.next_sent())["content"] == "here"
    assert (await flora.request("GET", f"/api/faults/{guild.id}")).json == []
