"""What comes from Discord's gateway is taken or left out: no odd event ends a connection, changes
half of something, or gives one guild what is another's."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deployments.models import Guild
from flora_site.composition import SDK
from gateway.client import GatewayClient, GatewayOptions
from gateway.errors import ScopeForbidden
from gateway.payloads import OddPayload, check_event
from runtime.event import Event
from runtime.hosting import Hosting
from runtime.isolate import EVERY_EVENT
from runtime.limits import Limits
from runtime.pool import PoolOptions
from runtime.roster import EVENTS as ROSTER_EVENTS
from runtime.roster import Roster
from runtime.router import Router
from runtime.worker.protocol import TurnLimits
from tests.examples import same_each_time
from tests.fake_discord.gateway import ACK, HEARTBEAT, HELLO, INVALID, RECONNECT
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild, new_message
from tests.fuzz.values import almost, anything, as_json, torn
from tests.operations.two_guilds import TwoGuilds

pytestmark = pytest.mark.hypothesis

LIMITS = Limits(TurnLimits(0, 0, 0, 0, 0, 0), guild_queue=8)
NOTHING: Any = None
PATIENCE = 30.0
NOBODYS = "300000000000000009"
# These are the protocol's own, and may well end a connection.
NOT_EVENTS = {HEARTBEAT, RECONNECT, INVALID, HELLO, ACK}


# --- frames, over a real socket ------------------------------------------------------------------

FRAME = {"t": "MESSAGE_CREATE", "s": 5, "op": 0, "d": {"id": "1", "guild_id": "2"}}
frames = (
    almost(FRAME).map(as_json)
    | torn(as_json(FRAME))
    | anything.map(as_json)
    | st.binary(max_size=20)
    | st.just(b"[" * 2000 + b"]" * 2000)
)


def is_event(frame: bytes) -> bool:
    try:
        read = json.loads(frame)
    except (ValueError, RecursionError):
        return True
    op = read.get("op") if isinstance(read, dict) else None
    return isinstance(op, list | dict) or op not in NOT_EVENTS


class Connected:
    """A gateway client with one session at a fake Discord."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.discord = FakeDiscord()
        self.guild = FakeGuild(self.discord, "Garden")
        self.seen: list[str] = []
        self.runner.run(self._start())

    async def _start(self) -> None:
        await self.discord.start()
        options = GatewayOptions(self.discord.token, self.discord.api_base, ("guild_messages",))
        self.client = GatewayClient(options, self._take)
        await self.client.log_in()
        self.running = asyncio.create_task(self.client.run())
        await self.client.wait_connected()

    def _take(self, event: str, data: dict[str, Any]) -> None:
        self.seen.append(data.get("id", ""))
        asyncio.ensure_future(self.discord.changes.note()).add_done_callback(lambda _: None)

    async def after(self, frame: bytes) -> None:
        """Sends it, and then an event that must come through the same connection."""
        (connection,) = self.discord.gateway.connections
        await connection.send_packed(frame)
        message = new_message(self.guild.channel_id, self.guild.alice, "hello")
        await self.discord.dispatch("MESSAGE_CREATE", message, guild_id=None)
        await self.discord.until(lambda: message["id"] in self.seen)

    def close(self) -> None:
        self.runner.run(self._stop())
        self.runner.close()

    async def _stop(self) -> None:
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError, BaseExceptionGroup):
            await self.running
        await self.client.close()
        await self.discord.stop()


@pytest.fixture
def connected() -> Iterator[Connected]:
    connected = Connected()
    yield connected
    connected.close()


def test_no_odd_frame_ends_the_connection(connected: Connected) -> None:
    @same_each_time(150)
    @given(frames)
    def sent(frame: bytes) -> None:
        assume(is_event(frame))
        connected.runner.run(connected.after(frame))

    sent()
    assert connected.discord.gateway.identified() == 1
    assert connected.discord.gateway.resumed() == 0


# --- events --------------------------------------------------------------------------------------


class Intake:
    """The host's way in: router, scope, roster and interactions as they are, for two guilds whose
    scripts are still being loaded, so that what they are given waits and can be looked at."""

    def __init__(self, guilds: TwoGuilds) -> None:
        self.guilds = guilds
        self.own, self.other = guilds.own, guilds.other
        services = guilds.services
        self.scope, self.interactions = services.scope, services.interactions
        pool = PoolOptions(workers=1, pin=False, driver="native", worker_capacity=1, sdk=Path(SDK))
        self.hosting = Hosting(
            *(pool, lambda _: LIMITS, NOTHING, self, NOTHING),
            secrets=NOTHING,
            adopted=NOTHING,
            released=lambda _: None,
            subscribed=NOTHING,
            offended=NOTHING,
        )
        self.joined: list[str] = []
        self.has_joined = asyncio.Event()
        self.roster = Roster(guilds.database, joined=self._join, left=self._join)
        self.router = Router(self.hosting, self.scope, self.roster, self.interactions)
        for guild in (self.own, self.other):
            self.hosting.expect(guild.id, [EVERY_EVENT])

    async def _join(self, guild_id: str) -> None:
        self.joined.append(guild_id)
        self.has_joined.set()

    def runtime_note(self, guild_id: str, level: str, text: str) -> None: ...

    def take(self, event: Any, data: Any) -> None:
        """As the gateway client does: what is left out is left out, and nothing else is raised."""
        with contextlib.suppress(OddPayload):
            check_event(event, data)
            self.router.take(event, data)

    def events_of(self, guild: FakeGuild) -> list[Event]:
        """What its script has been given since it was asked before."""
        waiting = self.hosting.guilds[guild.id].abandon()
        self.hosting.release(guild.id)
        self.hosting.expect(guild.id, [EVERY_EVENT])
        return waiting


@pytest.fixture
def intake(guilds: TwoGuilds) -> Intake:
    return Intake(guilds)


def message(intake: Intake, content: str) -> dict[str, Any]:
    own = intake.own
    return {**new_message(own.channel_id, own.alice, content), "guild_id": own.id}


def payloads(intake: Intake) -> list[tuple[str, dict[str, Any]]]:
    """What Discord sends of the own guild."""
    own = intake.own
    channel = {"id": own.channel_id, "guild_id": own.id, "type": 0, "name": "general"}
    options = [{"name": "view", "type": 1, "options": [{"name": "n", "type": 3, "value": "x"}]}]
    asked = {
        **intake.guilds.command.payload,
        "id": "300000000000000101",
        "token": "a-token-of-its-own",
        "guild_id": own.id,
        "channel_id": own.channel_id,
    }
    return [
        ("READY", {"user": {"id": "1"}, "guilds": [{"id": own.id}], "shard": [0, 1]}),
        ("GUILD_CREATE", {**own.as_json(), "threads": [{"id": "300000000000000102"}]}),
        ("GUILD_UPDATE", {"id": own.id, "name": "Garden", "icon": None}),
        ("GUILD_DELETE", {"id": own.id, "unavailable": True}),
        *((f"{kind}_{what}", channel) for kind in ("CHANNEL", "THREAD") for what in CHANGES),
        ("THREAD_LIST_SYNC", {"guild_id": own.id, "threads": [channel]}),
        ("MESSAGE_CREATE", message(intake, "hello")),
        ("TYPING_START", {"channel_id": own.channel_id, "guild_id": own.id, "user_id": "1"}),
        ("INTERACTION_CREATE", asked),
        ("INTERACTION_CREATE", {**asked, "data": {"name": "tag", "options": options}}),
        ("INTERACTION_CREATE", {**asked, "type": 3, "message": {"id": "1"}}),
    ]


CHANGES = ("CREATE", "UPDATE", "DELETE")


def claiming_the_others(intake: Intake) -> list[tuple[str, dict[str, Any]]]:
    """What Discord never says: the other guild's things, as if they were the own one's."""
    own, other, asked = intake.own, intake.other, intake.guilds.command.payload
    channel = {"id": other.channel_id, "guild_id": own.id}
    return [
        ("GUILD_CREATE", {"id": own.id, "channels": [channel], "threads": [channel]}),
        *((f"{kind}_{what}", channel) for kind in ("CHANNEL", "THREAD") for what in CHANGES),
        ("CHANNEL_DELETE", {"id": other.channel_id}),
        ("THREAD_LIST_SYNC", {"guild_id": own.id, "threads": [channel]}),
        ("TYPING_START", {"channel_id": other.channel_id, "guild_id": own.id}),
        ("INTERACTION_CREATE", {**asked, "guild_id": own.id, "id": "300000000000000103"}),
    ]


@st.composite
def odd_events(
    draw: st.DrawFn, intake: Intake, usual: list[tuple[str, dict[str, Any]]]
) -> tuple[Any, Any]:
    """Right but for one to three places, in which may stand what is the other guild's."""
    other = intake.other
    ids = [other.id, other.channel_id, intake.guilds.command.token, NOBODYS]
    strange = st.sampled_from(ids) | anything
    event, data = draw(st.sampled_from(usual))
    how = draw(st.integers(0, 9))
    if how == 0:
        return draw(st.text(max_size=20) | anything), data
    return event, draw(anything) if how == 1 else draw(almost(data, strange))


def claims(event: Any, data: Any, guild: FakeGuild) -> bool:
    """Whether the event says that it is this guild's."""
    named_by = "id" if event in list(ROSTER_EVENTS) else "guild_id"
    return isinstance(data, dict) and data.get(named_by) == guild.id


def test_an_odd_event_is_taken_or_left_out(intake: Intake) -> None:
    async def one(event: Any, data: Any) -> None:
        own, other, token = intake.own, intake.other, intake.guilds.command.token
        intake.take(event, data)
        assert intake.events_of(other) == []
        intake.events_of(own)
        intake.take("MESSAGE_CREATE", message(intake, "after"))
        (after,) = intake.events_of(own)
        assert b'"after"' in after.payload
        assert intake.scope.knows_channel(other.id, other.channel_id)
        assert not intake.scope.knows_channel(own.id, other.channel_id)
        assert intake.interactions.require(other.id, token).received.guild_id == other.id
        with pytest.raises(ScopeForbidden):
            intake.interactions.require(own.id, token)

    @same_each_time(400)
    @given(odd_events(intake, [*payloads(intake), *claiming_the_others(intake)]))
    def taken(odd: tuple[Any, Any]) -> None:
        event, data = odd
        assume(not claims(event, data, intake.other))
        intake.guilds.run(one(event, data))

    taken()


def test_no_odd_guild_keeps_the_next_one_from_its_script(intake: Intake) -> None:
    newcomers = map(str, itertools.count(400000000000000000))
    joined: list[str] = []
    other = Guild.objects.filter(pk=intake.other.id)
    before = other.values("name", "icon").get()

    async def one(event: str, data: Any) -> None:
        intake.take(event, data)
        newcomer = next(newcomers)
        joined.append(newcomer)
        intake.take("GUILD_CREATE", {"id": newcomer, "name": "New\x00comer", "icon": "\x00"})
        async with asyncio.timeout(PATIENCE):
            while newcomer not in intake.joined:
                intake.has_joined.clear()
                await intake.has_joined.wait()

    async def begin() -> None:
        intake.roster.start()

    @same_each_time(60)
    @given(odd_events(intake, [its for its in payloads(intake) if its[0] in ROSTER_EVENTS]))
    def taken(odd: tuple[Any, Any]) -> None:
        event, data = odd
        assume(not claims(event, data, intake.other))
        intake.guilds.run(one(event, data))

    intake.guilds.run(begin())
    taken()
    assert intake.guilds.run(intake.roster.stop(PATIENCE))
    assert other.values("name", "icon").get() == before
    rows = Guild.objects.filter(pk__in=joined)
    assert list(rows.values_list("name", "icon")) == [("Newcomer", "")] * len(joined)
