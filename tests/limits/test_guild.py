"""The limits that the supervisor keeps for one guild: at none, one, just enough, one too many."""

import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from deployments.models.fault import FaultKind
from runtime.event import Ending, Event
from runtime.guild import GuildRuntime
from runtime.script import LoadFailed, Script
from tests.runtime.test_handler_life import WAITS, SlowKv, desk_over
from tests.runtime.test_hosting import GUILD, LIMITS, House
from tests.unit.test_guild_queue import Reports

YEAR = 31_536_000.0


pytestmark = pytest.mark.asyncio(loop_scope="module")
_ids = itertools.count(int(GUILD))


class Quarters(House):
    """One house for all tests; each has a guild of its own, and the limits that it sets."""

    def __init__(self) -> None:
        self.kv = SlowKv()
        super().__init__(desk=desk_over(self.kv))

    def limit(self, **limits: Any) -> None:
        self.limits = replace(LIMITS, **limits)

    async def a_guild(self, source: str = WAITS) -> GuildRuntime:
        guild_id = str(next(_ids))
        assert self.hosting.adopt(await self.load(guild_id, source))
        return self.hosting.guilds[guild_id]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Quarters]:
    house = Quarters()
    await house.hosting.start()
    yield house
    await house.hosting.stop(5)


@pytest.fixture(autouse=True)
def afresh(house: Quarters) -> Iterator[None]:
    """What a test has left waiting is done, and nothing of it is remembered."""
    house.offences.clear()
    house.kv.asked.clear()
    house.kv.is_quick = False
    yield
    house.limits = LIMITS
    house.kv.hurry()


@pytest.mark.parametrize(
    ("most", "offered", "started"),
    [(1, 0, 0), (1, 1, 1), (1, 2, 1), (3, 2, 2), (3, 3, 3), (3, 4, 3)],
)
async def test_so_many_events_are_under_way(
    house: Quarters, most: int, offered: int, started: int
) -> None:
    house.limit(started_events=most)
    guild = await house.a_guild()
    for _ in range(offered):
        house.say(guild.guild_id, "waits")
    assert (guild.under_way, guild.queued) == (started, offered - started)


@pytest.mark.parametrize(
    ("room", "offered", "dropped"),
    [(1, 0, 0), (1, 1, 0), (1, 2, 1), (3, 2, 0), (3, 3, 0), (3, 4, 1), (3, 7, 4)],
)
async def test_so_many_events_wait(room: int, offered: int, dropped: int) -> None:
    """Of a guild whose isolate is being made."""
    limits, reports, ended = replace(LIMITS, guild_queue=room), Reports(), list[Ending]()

    def nothing(*_: object) -> None: ...

    guild = GuildRuntime("1", lambda _: limits, reports, nothing, nothing, nothing, nothing)
    for _ in range(offered):
        guild.offer(Event("MESSAGE_CREATE", b"", lambda ending, _: ended.append(ending)))
    assert (guild.queued, guild.dropped) == (offered - dropped, dropped)
    assert ended == [Ending.DROPPED] * dropped
    assert len(reports.notes) == min(dropped, 1)


LIFE = 30.0
# (a handler's life, this event's own if it has one, how long it has lived, whether that is over)
LIVES = [
    (0.0, None, YEAR, False),
    (LIFE, None, 0.0, False),
    (LIFE, None, LIFE, False),
    (LIFE, None, LIFE + 0.001, True),
    (LIFE, 5.0, 5.0, False),
    (LIFE, 5.0, 5.001, True),
    (0.0, 5.0, 5.001, True),
]


@pytest.mark.parametrize(("life", "own", "lived", "is_over"), LIVES)
async def test_a_handler_lives_for_so_long(
    house: Quarters, life: float, own: float | None, lived: float, is_over: bool
) -> None:
    house.limit(handler_seconds=life)
    guild, endings = await house.a_guild(), list[Ending]()
    message = b'{"id": "1", "channel_id": "2", "content": "waits", "author": {"id": "3"}}'
    payload = b"MESSAGE_CREATE\n" + message
    before = time.monotonic()
    guild.offer(Event("MESSAGE_CREATE", payload, lambda e, _: endings.append(e), seconds=own))
    sent = time.monotonic()
    await house.kv.until_asked(1, guild.guild_id)
    guild.end_overdue((sent if is_over else before) + lived)
    assert endings == [Ending.OVERDUE][: int(is_over)]
    house.kv.hurry()
    printed = await house.until(lambda: house.printed.get(guild.guild_id))
    assert printed[0].partition(":")[0] == ("TIMEOUT" if is_over else "undefined")


async def test_what_was_held_back_until_the_swap_is_under_way_from_then_on(
    house: Quarters,
) -> None:
    source = "await kv.store('s').set('k', 'v'); console.log('set')"
    script = Script(str(next(_ids)), "0", source)
    isolate = await house.hosting.load(script, trial=True)
    assert isolate.operations_under_way == 0
    assert house.hosting.adopt(isolate)
    assert isolate.operations_under_way == 1
    house.kv.hurry()
    await house.until(lambda: house.printed.get(script.guild_id))
    assert isolate.operations_under_way == 0
    assert not house.hosting.guilds[script.guild_id].busy


SLEEPS = "await new Promise((done) => setTimeout(done, 100)); console.log('up')"
NEVER_UP = "await new Promise(() => {})"


@pytest.mark.parametrize(("seconds", "source"), [(0.0, SLEEPS), (60.0, SLEEPS), (0.1, NEVER_UP)])
async def test_top_level_code_has_so_long(house: Quarters, seconds: float, source: str) -> None:
    house.limit(load_seconds=seconds)
    if source is NEVER_UP:
        with pytest.raises(LoadFailed) as refused:
            await house.a_guild(source)
        told = f"module_load timed out: top-level code ran over {seconds:g} s"
        assert str(refused.value) == told
    else:
        guild = await house.a_guild(source)
        assert house.printed[guild.guild_id] == ["up"]


@pytest.mark.parametrize(
    ("most", "used", "is_slowed"),
    [
        (0.0, 100.0, False),
        (10.0, 1.0, False),
        (10.0, 9.999, False),
        (10.0, 10.0, True),
        (10.0, 10.001, True),
    ],
)
async def test_so_much_cpu_in_a_minute(
    house: Quarters, most: float, used: float, is_slowed: bool
) -> None:
    house.limit(minute_cpu_seconds=most)
    guild = await house.a_guild()
    guild.on_cpu(round(used * 1e9) - guild.cpu_ns)  # its load has used some
    assert (guild.pace.slowed_since is not None) == is_slowed
    # It strikes when it has been too much for a whole minute.
    now, strikes = time.monotonic(), []
    guild.pace.spend(used, now + 30.0)
    for later in (59.0, 61.0, 62.0):
        guild.judge_pace(now + later)
        strikes.append(len(house.offences))
    assert strikes == ([0, 1, 1] if is_slowed else [0, 0, 0])
    assert {kind for _, kind, _ in house.offences} <= {FaultKind.BUSY}
