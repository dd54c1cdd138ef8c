"""The simulated Discord's gateway, with flora's own client and with a bare websocket."""

import asyncio
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from gateway.errors import GatewayRefused
from tests.cable import Cable
from tests.sandbox.bot import Bot, unique
from tests.sandbox.conftest import MakeBot, Sandbox
from tests.sandbox.visitor import Visitor

HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, ACKNOWLEDGED = 1, 2, 6, 9, 10, 11


async def test_the_demo_guild_has_the_same_ids_for_ever(sandbox: Sandbox, bot: Bot) -> None:
    """Scripts are kept by the guild's id: who changes this loses a newcomer's work."""
    assert bot.client.application_id == "1456074443980800000"
    assert bot.client.user_id == "1456074443980800001"
    (guild,) = bot.named("GUILD_CREATE")
    assert (guild["id"], guild["name"]) == ("1456074443993382912", "Demo garden")
    assert guild["owner_id"] == "1456074443984994304"
    assert [(channel["id"], channel["name"]) for channel in guild["channels"]] == [
        ("1456074443997577216", "general"),
        ("1456074444001771520", "announcements"),
    ]
    assert (sandbox.state.guild_id, sandbox.state.channel_id, sandbox.state.user_id) == (
        1456074443993382912,
        1456074443997577216,
        1456074443984994304,
    )


async def test_without_the_members_intent_the_guild_comes_with_the_bot_alone(bot: Bot) -> None:
    (guild,) = bot.named("GUILD_CREATE")
    assert guild["member_count"] == 3
    assert [member["user"]["username"] for member in guild["members"]] == ["flora"]


async def test_a_message_arrives(bot: Bot, alice: Visitor) -> None:
    content = unique("hello")
    message_id = await alice.say(content)
    message = await bot.event("MESSAGE_CREATE", id=message_id)
    assert message["content"] == content
    assert message["author"]["username"] == "alice"
    assert message["guild_id"] == bot.guild_id
    assert message["member"]["nick"] is None


async def test_edits_reactions_and_deletions_arrive(bot: Bot, alice: Visitor) -> None:
    message_id = await alice.say(unique("hello"))
    here = {"channel_id": bot.channel_id, "message_id": message_id}
    await alice.do("edit", **here, content="changed")
    assert (await bot.event("MESSAGE_UPDATE", id=message_id))["content"] == "changed"
    await alice.do("react", **here, emoji="🌱", on=True)
    added = await bot.event("MESSAGE_REACTION_ADD", message_id=message_id)
    assert added["emoji"] == {"id": None, "name": "🌱"}
    await alice.do("react", **here, emoji="🌱", on=False)
    await bot.event("MESSAGE_REACTION_REMOVE", message_id=message_id)
    await alice.do("delete", **here)
    await bot.event("MESSAGE_DELETE", id=message_id)


async def test_intents_decide_what_arrives(make_bot: MakeBot, alice: Visitor) -> None:
    deaf = make_bot(intents=("guilds", "guild_message_reactions"))
    half = make_bot(intents=("guilds", "guild_messages", "guild_message_reactions"))
    for bot in (deaf, half):
        await bot.start()
    message_id = await alice.say(unique("secret"))
    here = {"channel_id": deaf.channel_id, "message_id": message_id}
    await alice.do("react", **here, emoji="🌱", on=True)
    for bot in (deaf, half):
        await bot.event("MESSAGE_REACTION_ADD", message_id=message_id)
    assert deaf.named("MESSAGE_CREATE") == []
    assert [message["content"] for message in half.named("MESSAGE_CREATE")] == [""]


async def test_a_dropped_socket_resumes_and_misses_nothing(
    sandbox: Sandbox, make_bot: MakeBot, alice: Visitor
) -> None:
    cable = Cable(lambda: asyncio.open_connection("127.0.0.1", sandbox.address.port))
    await cable.plug_in()
    api_base = f"http://127.0.0.1:{cable.port}/api/v10"
    bot = make_bot(replace(sandbox.address, api_base=api_base))
    await bot.start()
    before, between, after = unique("before"), unique("between"), unique("after")
    await alice.say(before)
    await bot.event("MESSAGE_CREATE", content=before)
    await cable.pull_out()
    await alice.until(lambda: not _bot_is_connected(alice))
    await alice.say(between)
    await cable.plug_in()
    await bot.event("RESUMED")
    await alice.say(after)
    await bot.event("MESSAGE_CREATE", content=after)
    contents = [message["content"] for message in bot.named("MESSAGE_CREATE")]
    assert contents == [before, between, after]
    assert len(bot.named("READY")) == 1
    await bot.stop()
    await cable.pull_out()


async def test_who_looks_is_told_whether_the_bot_is_there(
    make_bot: MakeBot, alice: Visitor
) -> None:
    assert not _bot_is_connected(alice)
    bot = make_bot()
    await bot.start()
    await alice.until(lambda: _bot_is_connected(alice))
    await bot.stop()
    await alice.until(lambda: not _bot_is_connected(alice))


async def test_a_wrong_token_is_refused(sandbox: Sandbox, make_bot: MakeBot) -> None:
    bot = make_bot(replace(sandbox.address, token="wrong"))
    with pytest.raises(GatewayRefused, match="refused the bot's token"):
        await bot.start()


# --- with a bare websocket -------------------------------------------------------------------


class Raw:
    """A gateway connection, frame by frame."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        frame = await self.socket.receive_json(timeout=10)
        assert set(frame) == {"t", "s", "op", "d"}
        return dict(frame)

    async def send(self, op: int, d: Any) -> None:
        await self.socket.send_json({"op": op, "d": d})

    async def close_code(self) -> int | None:
        """Reads to the end."""
        while (await self.socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
            pass
        return self.socket.close_code


@pytest.fixture
def identify(sandbox: Sandbox) -> dict[str, Any]:
    return {"token": sandbox.address.token, "intents": 1 << 9, "shard": [0, 1], "properties": {}}


async def _open(session: aiohttp.ClientSession, sandbox: Sandbox) -> Raw:
    address = f"ws://127.0.0.1:{sandbox.address.port}/gateway/?v=10&encoding=json"
    raw = Raw(await session.ws_connect(address))
    assert (await raw.next())["op"] == HELLO
    return raw


async def test_heartbeats_are_acknowledged(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        raw = await _open(session, sandbox)
        await raw.send(HEARTBEAT, None)
        assert await raw.next() == {"t": None, "s": None, "op": ACKNOWLEDGED, "d": None}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", 4002),
        ("[1]", 4002),
        ('{"op": 2}', 4002),
        ('{"op": 2, "d": {}}', 4002),
        ('{"op": 2, "d": {"token": "wrong", "intents": 0}}', 4004),
        ('{"op": 2, "d": {"token": 7, "intents": 0}}', 4004),
        ('{"op": 6, "d": {"token": "wrong", "session_id": "s", "seq": 0}}', 4004),
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 99, "d": {}}', 4003),
    ],
)
async def test_a_wrong_first_frame_closes_the_connection(
    sandbox: Sandbox, text: str, code: int
) -> None:
    async with aiohttp.ClientSession() as session:
        raw = await _open(session, sandbox)
        await raw.socket.send_str(text)
        assert await raw.close_code() == code


@pytest.mark.parametrize(
    ("change", "code"), [({"intents": 1 << 40}, 4013), ({"shard": [0, 2]}, 4010)]
)
async def test_an_identify_that_asks_for_too_much_closes_the_connection(
    sandbox: Sandbox, identify: dict[str, Any], change: dict[str, Any], code: int
) -> None:
    async with aiohttp.ClientSession() as session:
        raw = await _open(session, sandbox)
        await raw.send(IDENTIFY, {**identify, **change})
        assert await raw.close_code() == code


@pytest.mark.parametrize(("frame", "code"), [((IDENTIFY, None), 4005), ((99, {}), 4001)])
async def test_after_ready_a_wrong_frame_closes_the_connection(
    sandbox: Sandbox, identify: dict[str, Any], frame: tuple[int, Any], code: int
) -> None:
    async with aiohttp.ClientSession() as session:
        raw = await _open(session, sandbox)
        await raw.send(IDENTIFY, identify)
        assert (await raw.next())["t"] == "READY"
        await raw.send(frame[0], identify if frame[0] == IDENTIFY else frame[1])
        assert await raw.close_code() == code


async def test_what_cannot_be_resumed_is_an_invalid_session(
    sandbox: Sandbox, identify: dict[str, Any]
) -> None:
    async with aiohttp.ClientSession() as session:
        raw = await _open(session, sandbox)
        await raw.send(IDENTIFY, identify)
        ready = (await raw.next())["d"]
        asked = {"token": sandbox.address.token, "seq": 1}
        for session_id, sequence in (("unknown", 1), (ready["session_id"], 1000), (None, 1)):
            other = await _open(session, sandbox)
            await other.send(RESUME, {**asked, "session_id": session_id, "seq": sequence})
            assert await other.next() == {"t": None, "s": None, "op": INVALID_SESSION, "d": False}


async def test_a_bot_that_says_goodbye_has_ended_its_session(
    sandbox: Sandbox, identify: dict[str, Any]
) -> None:
    async with aiohttp.ClientSession() as session:
        raw = await _open(session, sandbox)
        await raw.send(IDENTIFY, identify)
        ready = (await raw.next())["d"]
        await raw.socket.close(code=1000)
        other = await _open(session, sandbox)
        resume = {"token": sandbox.address.token, "session_id": ready["session_id"], "seq": 1}
        await other.send(RESUME, resume)
        assert (await other.next())["op"] == INVALID_SESSION


def _bot_is_connected(visitor: Visitor) -> bool:
    told = [frame["bot"] for frame in visitor.frames if frame["type"] == "bot"]
    return bool([visitor.state["bot"], *told][-1]["connected"])
