"""A guild that moves between two real workers while its events go on coming."""

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.guild import GuildRuntime
from runtime.isolate import MAX_STATE_BYTES, HostedIsolate, Stage
from runtime.migration import (
    Migration,
    MigrationOptions,
    Moved,
    NoSuchWorker,
    NothingToMove,
    NotMoved,
)
from runtime.operations.call import HostServices
from runtime.operations.desk import OperationDesk
from runtime.script import Script
from runtime.worker.records import Record
from tests.examples import examples
from tests.runtime.test_hosting import GUILD, LIMITS, House

# It prints each message with how many it has had, and takes that number along.
COUNTS = """
let count = 0
on('messageCreate', (ctx) => { count++; console.log(`${ctx.msg.content} ${count}`) })
on('suspend', () => ({ count }))
on('resume', (ctx) => { count = ctx.state.count })
"""
WAITS = """
on('messageCreate', async (ctx) => {
  try { await kv.store('s').get('k') } catch (error) { console.log(error.code) }
  console.log(ctx.msg.content)
})
on('suspend', () => 'kept')
on('resume', (ctx) => console.log(ctx.state))
"""
TIMEOUT = 20.0


class Estate(House):
    """A house with two workers, whose operations are answered when a test lets them."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        super().__init__(workers=2)
        self.quiesced: list[float] = []
        self.timeouts = 0
        self.asked: list[Record] = []
        self.notes: list[str] = []
        self.known: dict[str, str] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._desk = OperationDesk(_services(), lambda _: LIMITS)
        self.migration = Migration(
            self.hosting,
            self._fetch,
            self._locks.__getitem__,
            lambda guild_id, level, text: self.notes.append(text),
            MigrationOptions(timeout, self.quiesced.append, self._on_timeout),
        )

    def _on_timeout(self, seconds: float) -> None:
        self.timeouts += 1

    def placeholders(self, guild_id: str) -> dict[str, str]:
        return self.known

    async def run(self, source: str, guild_id: str = GUILD, worker: int = 0) -> GuildRuntime:
        """The guild runs this script, in this worker."""
        self.hosting.place(guild_id, worker)
        assert self.hosting.adopt(await self.load(guild_id, source))
        return self.hosting.guilds[guild_id]

    def worker_of(self, guild_id: str = GUILD) -> int:
        live = self.hosting.guilds[guild_id].live
        assert live is not None
        return live.worker.index

    def perform(self, isolate: HostedIsolate, record: Record) -> None:
        self.asked.append(record)
        self._changed.set()
        self._desk.perform(isolate, record)

    def reject(self, isolate: HostedIsolate) -> None:
        self._desk.reject(isolate)

    async def said(self, text: str, guild_id: str = GUILD) -> list[str]:
        """All that the guild's script has printed, once this is among it."""
        await self.until(lambda: text in self.printed.get(guild_id, ()))
        return self.printed[guild_id]


class UnansweredKv:
    """Takes for ever to read a key: what scripts here wait for."""

    async def get(self, *_: str) -> None:
        await asyncio.Event().wait()


def _services() -> HostServices:
    without: dict[str, Any] = dict.fromkeys(HostServices.__annotations__)
    return HostServices(**{**without, "kv": UnansweredKv()})


@pytest_asyncio.fixture
async def estate() -> AsyncIterator[Estate]:
    estate = Estate()
    await estate.hosting.start()
    yield estate
    await estate.hosting.stop(5)


@pytest_asyncio.fixture
async def hasty() -> AsyncIterator[Estate]:
    """It lets nobody take long."""
    estate = Estate(timeout=0.2)
    await estate.hosting.start()
    yield estate
    await estate.hosting.stop(5)


async def refused(move: Awaitable[Moved]) -> str:
    with pytest.raises(NotMoved) as reason:
        await move
    return str(reason.value)


async def test_a_guild_moves_with_its_state_and_stays_where_it_was_placed(estate: Estate) -> None:
    guild = await estate.run(COUNTS)
    estate.say(GUILD, "a")
    await estate.said("a 1")
    source = guild.live
    moved = await estate.migration.move(GUILD, 1)
    assert (moved.source, moved.target, estate.worker_of()) == (0, 1, 1)
    estate.say(GUILD, "b")
    assert await estate.said("b 2") == ["a 1", "b 2"]
    assert source is not None
    assert source.stage is Stage.GONE
    assert estate.quiesced == [moved.quiesce_seconds]
    assert estate.notes == ["the script was moved to another process"]
    # What loads it anew, a deploy or a dead worker, finds it there too.
    assert (await estate.load(GUILD, COUNTS)).worker.index == 1


async def test_events_wait_for_the_move_and_come_in_their_order(estate: Estate) -> None:
    await estate.run(COUNTS)
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    for number in range(1, 101):
        estate.say(GUILD, f"m{number}")
        await asyncio.sleep(0)
    await moving
    assert await estate.said("m100 100") == [f"m{n} {n}" for n in range(1, 101)]


async def test_what_was_sent_and_had_not_started_comes_back_and_is_not_done_twice(
    estate: Estate,
) -> None:
    await estate.run(COUNTS)
    estate.signal(signal.SIGSTOP)
    for number in range(1, 41):  # 32 of them go to the worker, which does not start any
        estate.say(GUILD, f"m{number}")
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await asyncio.sleep(0)
    estate.signal(signal.SIGCONT)
    await moving
    assert await estate.said("m40 40") == [f"m{n} {n}" for n in range(1, 41)]


async def test_a_handler_that_runs_is_waited_for(estate: Estate) -> None:
    await estate.run(
        "on('messageCreate', async (ctx) => { console.log('begun');"
        " await new Promise((done) => setTimeout(done, 100)); console.log('done') });"
        "on('suspend', () => console.log('suspended'))"
    )
    estate.say(GUILD, "a")
    await estate.said("begun")
    await estate.migration.move(GUILD, 1)
    assert estate.printed[GUILD] == ["begun", "done", "suspended"]


async def test_a_move_that_would_have_to_wait_too_long_is_given_up(hasty: Estate) -> None:
    guild = await hasty.run(WAITS)
    hasty.say(GUILD, "a")
    await hasty.until(lambda: hasty.asked)
    source = guild.live
    reason = await refused(hasty.migration.move(GUILD, 1))
    assert reason == (
        "migration_quiesce timed out: handlers or operations were under way for over 0.2 s"
    )
    assert (hasty.timeouts, hasty.quiesced, hasty.notes) == (1, [], [])
    assert guild.live is source
    assert hasty.printed == {}  # nobody has told the script anything


async def test_a_forced_move_rejects_what_is_under_way_and_goes_on(hasty: Estate) -> None:
    await hasty.run(WAITS)
    hasty.say(GUILD, "a")
    await hasty.until(lambda: hasty.asked)
    hasty.say(GUILD, "b")
    await hasty.migration.move(GUILD, 1, forced=True)
    assert (hasty.timeouts, len(hasty.quiesced), hasty.worker_of()) == (1, 1, 1)
    # The handler that waited has ended by its own means, then came the state.
    assert (await hasty.said("kept"))[:3] == ["MIGRATED", "a", "kept"]
    await hasty.until(lambda: len(hasty.asked) == 2)


async def test_a_handler_that_does_not_end_is_not_heard_any_more(hasty: Estate) -> None:
    await hasty.run(
        "on('messageCreate', async () => { console.log('begun');"
        " await new Promise((done) => setTimeout(done, 700));"
        " await kv.store('s').get('k').catch((error) => console.log(error.code)) })"
    )
    hasty.say(GUILD, "a")
    await hasty.said("begun")
    await hasty.migration.move(GUILD, 1, forced=True)
    assert await hasty.said("MIGRATED") == ["begun", "MIGRATED"]
    assert hasty.worker_of() == 1


async def test_a_timer_that_sleeps_holds_no_move_up(estate: Estate) -> None:
    await estate.run("setInterval(() => {}, 3_600_000); setTimeout(() => {}, 3_600_000)")
    assert (await estate.migration.move(GUILD, 1)).quiesce_seconds < TIMEOUT
    assert estate.worker_of() == 1


BIG = f"'x'.repeat({MAX_STATE_BYTES})"


@pytest.mark.parametrize(
    ("suspend", "reason"),
    [
        ("throw new Error('no')", "on('suspend') failed: Error: no"),
        (
            f"return {BIG}",
            "on('suspend') failed: Error: a script may take 1048576 bytes along, "
            'on("suspend") gave 1048578',
        ),
        ("for (;;) {}", "on('suspend') failed: "),
    ],
    ids=["throws", "too large", "loops"],
)
@pytest.mark.parametrize("forced", [False, True])
async def test_a_suspend_that_fails_leaves_the_guild_where_it_was(
    estate: Estate, suspend: str, reason: str, forced: bool
) -> None:
    guild = await estate.run(
        f"on('suspend', () => {{ {suspend} }});"
        "on('resume', (ctx) => console.log('resumed', ctx.state));"
        "on('messageCreate', (ctx) => console.log(ctx.msg.content))"
    )
    moving = asyncio.create_task(estate.migration.move(GUILD, 1, forced=forced))
    await asyncio.sleep(0)
    estate.say(GUILD, "a")
    if forced and "for" not in suspend:
        await moving
        assert await estate.said("a") == ["resumed null", "a"]
        assert estate.worker_of() == 1
        return
    assert (await refused(moving)).startswith(reason)
    assert await estate.said("a") == ["a"]
    assert guild.live is not None
    assert guild.live.worker.index == 0
    assert estate.notes == []


async def test_a_suspend_that_does_not_come_to_an_end_ends_the_move(hasty: Estate) -> None:
    await hasty.run("on('suspend', () => new Promise(() => {}))")
    assert await refused(hasty.migration.move(GUILD, 1)) == "on('suspend') took over 0.2 s"
    assert hasty.worker_of() == 0
    await hasty.migration.move(GUILD, 1, forced=True)
    assert hasty.worker_of() == 1


ONCE = (
    "on('suspend', () => 'state'); on('resume', (ctx) => console.log('resumed', ctx.state));"
    "on('messageCreate', (ctx) => console.log(ctx.msg.content))"
)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ("throw new Error('not twice')", "the script did not load in worker 1: Error: not twice"),
        ("throw 1", "the script did not load in worker 1: "),
        (
            "on('resume', () => { throw new Error('not here') })",
            "on('resume') failed: Error: not here",
        ),
        ("on('resume', () => { for (;;) {} })", "on('resume') failed: dispatch timed out: "),
    ],
    ids=["load throws", "load throws a number", "resume throws", "resume loops"],
)
async def test_a_target_where_the_script_fails_leaves_the_guild_where_it_was(
    estate: Estate, second: str, reason: str
) -> None:
    guild = await estate.run(ONCE)
    # As if it read something at its load that has become different since.
    estate.desired[GUILD] = Script(GUILD, "0", f"{second};{ONCE}")
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await asyncio.sleep(0)
    estate.say(GUILD, "a")
    assert (await refused(moving)).startswith(reason)
    assert await estate.said("a") == ["resumed state", "a"]
    assert guild.live is not None
    assert guild.live.worker.index == 0
    assert (await estate.load(GUILD, ONCE)).worker.index == 0  # it was placed nowhere else


async def kill(estate: Estate, index: int) -> None:
    worker = estate.hosting.pool.worker(index)
    assert worker is not None
    worker.forked.kill()
    await worker.gone.wait()


async def test_a_target_that_dies_while_the_script_loads_there(estate: Estate) -> None:
    guild = await estate.run(ONCE)
    estate.desired[GUILD] = Script(
        GUILD, "0", f"console.log('begun'); await new Promise(() => {{}});{ONCE}"
    )
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await estate.said("begun")
    estate.say(GUILD, "a")
    await kill(estate, 1)
    assert (await refused(moving)).startswith("the script did not load in worker 1: ")
    assert await estate.said("a") == ["begun", "resumed state", "a"]
    assert guild.live is not None
    assert guild.live.worker.index == 0


async def test_a_target_that_dies_while_the_script_takes_over_there(estate: Estate) -> None:
    await estate.run(ONCE)
    waits = "on('resume', () => { console.log('begun'); return new Promise(() => {}) })"
    estate.desired[GUILD] = Script(GUILD, "0", f"{waits};{ONCE}")
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await estate.said("begun")
    estate.say(GUILD, "a")
    await kill(estate, 1)
    assert await refused(moving) == "on('resume') failed: its isolate ended"
    assert await estate.said("a") == ["begun", "resumed state", "a"]


async def test_a_source_that_dies_before_it_has_said_what_it_takes_along(estate: Estate) -> None:
    await estate.run(
        "on('suspend', () => { console.log('begun'); return new Promise(() => {}) });"
        "on('messageCreate', (ctx) => console.log(ctx.msg.content))"
    )
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await estate.said("begun")
    estate.say(GUILD, "a")
    await kill(estate, 0)
    assert await refused(moving) == "on('suspend') failed: its isolate ended"
    assert await estate.said("a") == ["begun", "a"]
    assert estate.worker_of() == 0


async def test_a_source_that_dies_afterwards_costs_nothing(estate: Estate) -> None:
    await estate.run(COUNTS)
    for number in range(1, 4):
        estate.say(GUILD, f"m{number}")
    await estate.said("m3 3")
    slow = "console.log('begun'); await new Promise((done) => setTimeout(done, 300));"
    estate.desired[GUILD] = Script(GUILD, "0", slow + COUNTS)
    estate.may_fetch.set()
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await estate.said("begun")
    estate.may_fetch.clear()  # it is not rebuilt before the move is over
    estate.say(GUILD, "m4")
    await kill(estate, 0)
    await moving
    estate.may_fetch.set()
    counted = [text for text in await estate.said("m4 4") if text != "begun"]
    assert counted == ["m1 1", "m2 2", "m3 3", "m4 4"]
    assert estate.worker_of() == 1


async def test_a_guild_that_is_stopped_while_it_moves_stays_so(estate: Estate) -> None:
    guild = await estate.run(COUNTS)
    slow = "console.log('begun'); await new Promise((done) => setTimeout(done, 100));"
    estate.desired[GUILD] = Script(GUILD, "0", slow + COUNTS)
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await estate.said("begun")
    estate.hosting.release(GUILD)
    assert await refused(moving) == "the guild's script was stopped meanwhile"
    assert GUILD not in estate.hosting.guilds
    assert guild.live is None


async def test_what_cannot_be_moved_is_refused_before_anything_waits(estate: Estate) -> None:
    with pytest.raises(NothingToMove):
        await estate.migration.move(GUILD, 1)
    await estate.run(COUNTS)
    for index in (-1, 2, 64):
        with pytest.raises(NoSuchWorker, match=f"there is no worker {index}: they are 0 to 1"):
            await estate.migration.move(GUILD, index)
    assert await refused(estate.migration.move(GUILD, 0)) == "the guild runs in worker 0 already"
    await kill(estate, 1)
    assert await refused(estate.migration.move(GUILD, 1)) == "worker 1 is being started"
    await estate.hosting.worker(1)
    estate.desired[GUILD] = Script(GUILD, "another", COUNTS)
    assert (
        await refused(estate.migration.move(GUILD, 1)) == "another revision is about to be loaded"
    )
    estate.hosting.seclude(GUILD, 60)
    assert "kept apart" in await refused(estate.migration.move(GUILD, 1))


async def test_whoever_changes_what_the_guild_runs_waits(estate: Estate) -> None:
    await estate.run(COUNTS)
    lock = estate._locks[GUILD]
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await asyncio.sleep(0)
    assert lock.locked()
    async with lock:
        assert moving.done() or estate.worker_of() == 1
    await moving


async def test_placeholders_that_change_in_a_move_arrive(estate: Estate) -> None:
    """The script has those of the moment when it goes on."""
    await estate.run("on('messageCreate', () => console.log(secrets.get('KEY')))")
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await asyncio.sleep(0)
    estate.known = {"KEY": "new"}
    estate.hosting.tell_placeholders(GUILD, estate.known)
    await moving
    estate.say(GUILD, "a")
    assert await estate.said("new") == ["new"]


# One of its steps waits until the secret is another one than before the move.
TELLS = """
const step = async (name) => {
  console.log(name)
  while (name === 'STEP' && secrets.get('KEY') === 'before') {
    await new Promise((done) => setTimeout(done, 5))
  }
  console.log(`${name}: ${secrets.get('KEY')}`)
}
on('suspend', () => step('suspend'))
on('resume', () => step('resume'))
on('messageCreate', () => console.log(`then: ${secrets.get('KEY')}`))
await step('load')
"""


def tell(estate: Estate, value: str) -> None:
    estate.known = {"KEY": value}
    estate.hosting.tell_placeholders(GUILD, estate.known)


@pytest.mark.parametrize("step", ["suspend", "load", "resume"])
async def test_placeholders_that_change_in_the_middle_of_a_move_are_known_at_once(
    estate: Estate, step: str
) -> None:
    """To the isolate that takes over, already while it does, and for certain to the one that is
    live afterwards."""
    await estate.run(TELLS.replace("STEP", step))
    tell(estate, "before")
    estate.printed.clear()
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await estate.said(step)
    tell(estate, "after")
    await moving
    assert f"{step}: after" in estate.printed[GUILD]
    estate.say(GUILD, "a")
    await estate.said("then: after")
    assert estate.worker_of() == 1


async def test_placeholders_that_change_in_a_move_that_is_given_up_are_known_where_it_stays(
    estate: Estate,
) -> None:
    await estate.run(TELLS)
    tell(estate, "before")
    estate.printed.clear()
    fails = f"{TELLS.replace('STEP', 'load')}; throw new Error('not twice')"
    estate.desired[GUILD] = Script(GUILD, "0", fails)
    moving = asyncio.create_task(estate.migration.move(GUILD, 1))
    await estate.said("load")
    tell(estate, "after")
    assert "not twice" in await refused(moving)
    estate.say(GUILD, "a")
    await estate.said("then: after")
    assert estate.worker_of() == 0


STEPS = st.lists(
    st.one_of(st.integers(1, 12), st.sampled_from(["move", "move", "yield"])),
    min_size=1,
    max_size=14,
)


async def _interleave(steps: list[int | str]) -> list[str]:
    """Says so many messages, moves, lets the loop turn, as the steps have it; what was printed."""
    estate = Estate()
    await estate.hosting.start()
    moves: list[asyncio.Task[Any]] = []
    said = 0
    try:
        guild = await estate.run(COUNTS)
        for step in steps:
            if step == "move":
                target = 1 - estate.worker_of() if guild.live else 1
                moves.append(asyncio.create_task(estate.migration.move(GUILD, target)))
            elif step == "yield":
                await asyncio.sleep(0.001)
            elif isinstance(step, int):
                for _ in range(step):
                    said += 1
                    estate.say(GUILD, f"m{said}")
        await asyncio.gather(*moves, return_exceptions=True)
        estate.say(GUILD, "end")
        await estate.until(lambda: any(x.startswith("end") for x in estate.printed.get(GUILD, ())))
        return estate.printed[GUILD]
    finally:
        await estate.hosting.stop(5)


@settings(max_examples=examples(15), deadline=None)
@given(STEPS)
def test_whatever_the_moves_the_script_sees_each_event_once_and_in_order(
    steps: list[int | str],
) -> None:
    said = sum(step for step in steps if isinstance(step, int))
    printed = asyncio.run(_interleave(steps))
    assert printed == [*(f"m{n} {n}" for n in range(1, said + 1)), f"end {said + 1}"]
