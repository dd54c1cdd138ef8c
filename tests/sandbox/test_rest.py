"""The simulated Discord's REST API, each route that flora asks, through flora's own client."""

import asyncio
from typing import Any

import aiohttp
import pytest

from gateway.errors import DiscordError
from gateway.rest import File
from tests.sandbox.bot import Bot, unique
from tests.sandbox.conftest import Sandbox
from tests.sandbox.visitor import Visitor


async def test_a_reply_is_seen_with_what_it_answers(bot: Bot, alice: Visitor) -> None:
    asked = await alice.say(unique("!ping"))
    content = unique("pong")
    reference = {"message_id": asked, "fail_if_not_exists": False}
    mentions = {"parse": ["users"], "replied_user": True}
    sent = await bot.say(content, message_reference=reference, allowed_mentions=mentions)
    seen = await alice.sees(content)
    assert seen["id"] == sent["id"]
    assert (seen["type"], seen["referenced_message"]["id"]) == (19, asked)
    assert [user["username"] for user in seen["mentions"]] == ["alice"]
    assert seen["author"]["bot"] is True


async def test_embeds_and_components_are_seen_as_they_were_sent(bot: Bot, alice: Visitor) -> None:
    embed = {"title": "T", "description": "D", "color": 0x2F9E6E, "fields": []}
    button = {"type": 2, "style": 1, "label": "Press", "custom_id": "press"}
    content = unique("with everything")
    await bot.say(content, embeds=[embed], components=[{"type": 1, "components": [button]}])
    seen = await alice.sees(content)
    assert seen["embeds"] == [embed]
    assert seen["components"][0]["components"][0]["custom_id"] == "press"


async def test_a_message_is_edited_fetched_and_deleted(bot: Bot, alice: Visitor) -> None:
    message = await bot.say(unique("first"))
    changed = unique("second")
    await bot.request("PATCH", f"messages/{message['id']}", {"content": changed})
    assert (await alice.sees(changed))["edited_timestamp"] is not None
    fetched = await bot.request("GET", f"messages/{message['id']}")
    assert fetched["content"] == changed
    await bot.request("DELETE", f"messages/{message['id']}")
    await alice.until(lambda: message["id"] not in alice.messages())
    with pytest.raises(DiscordError) as error:
        await bot.request("GET", f"messages/{message['id']}")
    assert (error.value.status, error.value.discord_code) == (404, 10008)


async def test_the_history_comes_in_pages(bot: Bot) -> None:
    sent = [(await bot.say(unique("page")))["id"] for _ in range(4)]
    newest = await bot.request("GET", "messages", query={"limit": "2"})
    assert [message["id"] for message in newest] == [sent[3], sent[2]]
    before = await bot.request("GET", "messages", query={"limit": "2", "before": sent[2]})
    assert [message["id"] for message in before] == [sent[1], sent[0]]
    after = await bot.request("GET", "messages", query={"after": sent[1]})
    assert [message["id"] for message in after] == [sent[3], sent[2]]
    around = await bot.request("GET", "messages", query={"limit": "3", "around": sent[2]})
    assert [message["id"] for message in around] == [sent[3], sent[2], sent[1]]


@pytest.mark.parametrize("emoji", ["👍", "party:123456789012345678"])
async def test_reactions_come_and_go(bot: Bot, alice: Visitor, emoji: str) -> None:
    message_id = await alice.say(unique("react to this"))
    here = {"channel_id": bot.channel_id, "message_id": message_id}
    path = f"/channels/{bot.channel_id}/messages/{message_id}/reactions"

    async def react(method: str, suffix: str) -> None:
        await bot.request(method, path + suffix, emoji=emoji)

    def shown() -> list[tuple[int, bool]]:
        return [(r["count"], r["me"]) for r in alice.messages()[message_id]["reactions"]]

    await react("PUT", "/{emoji}/@me")
    await alice.until(lambda: shown() == [(1, False)])
    await alice.do("react", **here, emoji=emoji, on=True)
    await alice.until(lambda: shown() == [(2, True)])
    await react("DELETE", "/{emoji}/@me")
    await alice.until(lambda: shown() == [(1, True)])
    await react("DELETE", f"/{{emoji}}/{alice.state['me']}")
    await alice.until(lambda: shown() == [])
    for clear in ("/{emoji}", ""):
        await react("PUT", "/{emoji}/@me")
        await alice.until(lambda: shown() == [(1, False)])
        await react("DELETE", clear)
        await alice.until(lambda: shown() == [])


async def test_pinning_says_so_in_the_channel(bot: Bot, alice: Visitor) -> None:
    message = await bot.say(unique("pin this"))
    await bot.request("PUT", f"messages/pins/{message['id']}")
    assert (await bot.request("GET", f"messages/{message['id']}"))["pinned"] is True
    await alice.until(lambda: 6 in [m["type"] for m in alice.messages().values()])
    await bot.request("DELETE", f"messages/pins/{message['id']}")
    assert (await bot.request("GET", f"messages/{message['id']}"))["pinned"] is False


async def test_many_are_deleted_at_once(bot: Bot, alice: Visitor) -> None:
    sent = [(await bot.say(unique("many")))["id"] for _ in range(3)]
    await bot.request("POST", "messages/bulk-delete", {"messages": sent[:2]})
    await alice.until(lambda: not {*sent[:2]} & set(alice.messages()))
    assert sent[2] in alice.messages()
    assert (await bot.event("MESSAGE_DELETE_BULK"))["ids"] == sent[:2]


async def test_announcements_are_crossposted_and_other_messages_are_not(bot: Bot) -> None:
    (guild,) = bot.named("GUILD_CREATE")
    (news,) = [channel["id"] for channel in guild["channels"] if channel["type"] == 5]
    message = await bot.request("POST", f"/channels/{news}/messages", {"content": "news"})
    path = f"/channels/{news}/messages/{message['id']}/crosspost"
    assert (await bot.request("POST", path))["flags"] == 2
    elsewhere = await bot.say(unique("no news"))
    with pytest.raises(DiscordError) as error:
        await bot.request("POST", f"messages/{elsewhere['id']}/crosspost")
    assert error.value.discord_code == 50024


async def test_a_channel_says_whose_it_is(bot: Bot) -> None:
    channel = await bot.request("GET", "")
    assert (channel["id"], channel["guild_id"]) == (bot.channel_id, bot.guild_id)


async def test_a_file_is_kept_with_its_name_and_description(bot: Bot, alice: Visitor) -> None:
    content = unique("with a file")
    body = {"content": content, "attachments": [{"id": 0, "description": "what it is"}]}
    sent = await bot.request("POST", "messages", body, files=(File("a b.txt", b"data"),))
    (attachment,) = (await alice.sees(content))["attachments"]
    assert attachment == sent["attachments"][0]
    assert (attachment["filename"], attachment["size"]) == ("a b.txt", 4)
    assert attachment["description"] == "what it is"
    async with aiohttp.ClientSession() as session, session.get(attachment["url"]) as response:
        assert await response.read() == b"data"
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_commands_replace_one_another_and_are_seen(bot: Bot, alice: Visitor) -> None:
    await bot.declare({"name": "one", "description": "1"}, {"name": "two", "description": "2"})
    await alice.until(lambda: _command_names(alice) == ["one", "two"])
    await bot.declare({"name": "three", "description": "3"})
    await alice.until(lambda: _command_names(alice) == ["three"])


NAMED = {"name": "a", "description": "d"}


@pytest.mark.parametrize(
    "command",
    [
        {"description": "d"},
        {"name": 7, "description": "d"},
        {"name": "x" * 33, "description": "d"},
        {"name": "a"},
        {"name": "a", "description": ""},
        {**NAMED, "type": True},
        {**NAMED, "type": 9},
        {**NAMED, "options": 7},
        {**NAMED, "options": [7]},
        {**NAMED, "options": [NAMED]},
        {**NAMED, "options": [{**NAMED, "type": 3}] * 2},
        {**NAMED, "options": [{**NAMED, "type": 1, "options": [{"name": "b", "type": 3}]}]},
        {**NAMED, "options": [{**NAMED, "type": 3, "choices": [{"name": "b"}]}]},
    ],
)
async def test_a_wrong_command_is_refused_and_the_others_stay(
    sandbox: Sandbox, bot: Bot, command: dict[str, Any]
) -> None:
    await bot.declare({"name": "before", "description": "d"})
    with pytest.raises(DiscordError) as error:
        await bot.declare({"name": "good", "description": "d"}, command)
    assert error.value.discord_code == 50035
    async with Visitor(sandbox.state) as visitor:
        assert _command_names(visitor) == ["before"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "messages", {"content": "x" * 2001}, 400, 50035),
        ("POST", "messages", {"content": ""}, 400, 50035),
        ("POST", "messages", {"embeds": [{"title": "x" * 257}]}, 400, 50035),
        ("POST", "messages", {"embeds": 7}, 400, 50035),
        ("POST", "messages", {"components": [{"type": 2}]}, 400, 50035),
        ("POST", "messages/bulk-delete", {"messages": ["1"]}, 400, 50035),
        ("POST", "/channels/1456074443997577299/messages", {"content": "x"}, 404, 10003),
        ("GET", "/channels/word/messages", None, 400, 50035),
        ("PATCH", "messages/1456074443997577299", {"content": "x"}, 404, 10008),
        ("GET", "/no/such/route", None, 404, None),
    ],
)
async def test_what_discord_would_refuse_is_refused(
    bot: Bot, method: str, path: str, body: Any, status: int, code: int | None
) -> None:
    with pytest.raises(DiscordError) as error:
        await bot.request(method, path, body)
    assert (error.value.status, error.value.discord_code) == (status, code)


async def test_only_its_own_messages_are_edited(bot: Bot, alice: Visitor) -> None:
    content = unique("mine")
    message_id = await alice.say(content)
    with pytest.raises(DiscordError) as error:
        await bot.request("PATCH", f"messages/{message_id}", {"content": "forged"})
    assert error.value.discord_code == 50005
    assert alice.messages()[message_id]["content"] == content


async def test_unknown_fields_are_ignored_as_discord_does(bot: Bot) -> None:
    content = unique("known")
    assert (await bot.say(content, invented="field"))["content"] == content
    await bot.declare({"name": "lenient", "description": "d", "invented": True})


@pytest.mark.parametrize("authorization", [None, "Bot wrong", "Bearer x", "Bot schlüssel"])
async def test_a_stranger_gets_nothing(sandbox: Sandbox, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    paths = ["/users/@me", "/gateway/bot", f"/channels/{sandbox.state.channel_id}/messages"]
    async with aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(sandbox.address.api_base + path, headers=headers) as response:
                assert response.status == 401
                assert await response.json() == {"message": "401: Unauthorized", "code": 0}


async def test_a_body_that_is_no_json_is_refused(sandbox: Sandbox, bot: Bot) -> None:
    path = f"{sandbox.address.api_base}/channels/{bot.channel_id}/messages"
    headers = {
        "Authorization": f"Bot {sandbox.address.token}",
        "Content-Type": "application/json",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(path, data=b"{", headers=headers) as response,
    ):
        assert (response.status, (await response.json())["code"]) == (400, 50109)


async def test_many_requests_at_once(bot: Bot, alice: Visitor) -> None:
    contents = [unique("at once") for _ in range(20)]
    await asyncio.gather(*(bot.say(content) for content in contents))
    for content in contents:
        await alice.sees(content)


def _command_names(visitor: Visitor) -> list[str]:
    told = [frame["commands"] for frame in visitor.frames if frame["type"] == "commands"]
    return [command["name"] for command in [visitor.state["commands"], *told][-1]]
