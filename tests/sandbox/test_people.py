"""The people's side: who may come, what they see, what they may do with messages."""

from typing import Any

import aiohttp
import pytest

from tests.sandbox.bot import Bot, unique
from tests.sandbox.conftest import Sandbox
from tests.sandbox.visitor import Visitor


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bot token", "Bearer ключ"])
async def test_only_who_has_the_key_may_come(sandbox: Sandbox, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(sandbox.state.control_address, headers=headers)
    assert refused.value.status == 401


async def test_the_bots_token_does_not_open_the_peoples_side(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {sandbox.address.token}"}
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(sandbox.state.control_address, headers=headers)


async def test_one_comes_as_the_owner_and_sees_the_guild(sandbox: Sandbox, alice: Visitor) -> None:
    guild = alice.state["guild"]
    users = {m["user"]["id"]: (m["user"]["username"], m["user"]["bot"]) for m in guild["members"]}
    assert guild["name"] == "Demo garden"
    assert sorted(users.values()) == [("alice", False), ("bob", False), ("flora", True)]
    assert users[alice.state["me"]] == ("alice", False)
    assert guild["owner_id"] == alice.state["me"] == str(sandbox.state.user_id)
    assert alice.state["first_channel"] == str(sandbox.state.channel_id)


async def test_who_comes_later_sees_what_was_said(sandbox: Sandbox, alice: Visitor) -> None:
    content = unique("said before")
    await alice.say(content)
    async with Visitor(sandbox.state) as later:
        assert content in [message["content"] for message in later.messages().values()]


async def test_members_see_each_other_write(alice: Visitor, bob: Visitor) -> None:
    content = unique("hello alice")
    message_id = await bob.say(f"  {content}\n")
    seen = await alice.sees(content)
    assert (seen["id"], seen["author"]["username"]) == (message_id, "bob")
    reply = unique("hello bob")
    await alice.do("send", channel_id=alice.channel_id, content=reply, reply_to=message_id)
    assert (await bob.sees(reply))["referenced_message"]["id"] == message_id


async def test_an_ephemeral_message_is_put_away_for_good(
    sandbox: Sandbox, bot: Bot, alice: Visitor
) -> None:
    await bot.declare({"name": "whisper", "description": "d"})
    asked = await alice.do("command", channel_id=bot.channel_id, name="whisper", options={})
    interaction = await bot.event("INTERACTION_CREATE", id=asked["interaction_id"])
    content = unique("psst")
    await bot.answer(interaction, 4, content=content, flags=64)
    message = await alice.sees(content)
    async with Visitor(sandbox.state) as other_tab:
        assert message["id"] in other_tab.messages()
        here = {"channel_id": bot.channel_id, "message_id": message["id"]}
        await other_tab.do("dismiss", **here)
        await alice.until(lambda: message["id"] not in alice.messages())
    await bot.webhook("PATCH", interaction, "/messages/@original", content="still there")
    public = unique("marker")
    await alice.say(public)
    await alice.sees(public)
    assert message["id"] not in alice.messages()


@pytest.mark.parametrize(
    ("do", "fields", "sentence"),
    [
        ("send", {"content": " \n "}, "There is nothing to send."),
        (
            "send",
            {"content": "x" * 2001},
            "A message has at most 2000 characters, this one has 2001.",
        ),
        ("send", {"content": "x", "reply_to": "1"}, "This message is not there any more."),
        ("send", {"content": "x", "channel_id": "1"}, "There is no such channel any more."),
        ("edit", {"message_id": "1", "content": "x"}, "This message is not there any more."),
        ("react", {"message_id": "1", "emoji": "x"}, "This message is not there any more."),
        ("enter", {"member_id": "1"}, "The guild has no such member."),
        ("enter", {"member_id": "1456074443980800001"}, "The guild has no such member."),
        ("submit", {"interaction_id": "1", "values": {}}, "This form is not open any more."),
        ("fly", {}, "This page does not fit the running flora: load it again."),
        ("send", {"content": "x", "channel_id": "a"}, "This page does not fit the running flora"),
        ("send", {}, "This page does not fit the running flora: load it again."),
        ("command", {"name": "x y", "options": {}}, "There is no command /x any more."),
        ("command", {"name": "x", "options": 7}, "This page does not fit the running flora"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_sentence(
    alice: Visitor, do: str, fields: dict[str, Any], sentence: str
) -> None:
    before = dict(alice.messages())
    answer = await alice.ask(do, **{"channel_id": alice.channel_id, "on": True, **fields})
    assert answer["type"] == "refused"
    assert answer["message"].startswith(sentence)
    assert alice.messages() == before


async def test_the_messages_of_others_are_theirs(alice: Visitor, bob: Visitor) -> None:
    content = unique("mine")
    message_id = await bob.say(content)
    here = {"channel_id": alice.channel_id, "message_id": message_id}
    for do, more in (("edit", {"content": "forged"}), ("delete", {})):
        answer = await alice.ask(do, **here, **more)
        assert answer["message"] == "This message is somebody else's."
    assert (await alice.ask("dismiss", **here))["message"] == (
        "Only messages that you alone see can be dismissed."
    )
    assert (await alice.sees(content))["id"] == message_id


@pytest.mark.parametrize("emoji", ["", "  ", "x" * 101])
async def test_what_is_no_emoji_is_no_reaction(alice: Visitor, emoji: str) -> None:
    message_id = await alice.say(unique("react"))
    here = {"channel_id": alice.channel_id, "message_id": message_id}
    answer = await alice.ask("react", **here, emoji=emoji, on=True)
    assert answer["message"] == "That is no emoji."


async def test_a_channel_forgets_its_oldest_messages(sandbox: Sandbox, alice: Visitor) -> None:
    first = await alice.say(unique("first"))
    for _ in range(500):
        await alice.say(unique("more"))
    here = {"channel_id": alice.channel_id, "message_id": first}
    answer = await alice.ask("edit", **here, content="x")
    assert answer["message"] == "This message is not there any more."
    async with Visitor(sandbox.state) as later:
        assert len(later.messages()) == 100


async def test_a_visitor_who_sends_no_json_is_told(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {sandbox.state.control_key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(sandbox.state.control_address, headers=headers) as socket,
    ):
        assert (await socket.receive_json())["type"] == "state"
        for text in ("no json", "[]", "null", '{"do": []}'):
            await socket.send_str(text)
            assert (await socket.receive_json())["type"] == "refused"
