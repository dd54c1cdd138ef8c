"""Guilds over real workers: what becomes of loads, events and isolates when those die."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from deployments.models.fault import FaultKind
from flora_site.composition import SDK
from runtime.event import Event
from runtime.hosting import PARALLEL_LOADS, Hosting
from runtime.isolate import RESUME, SUSPEND, Desk, HostedIsolate, Overdue
from runtime.limits import Limits
from runtime.offence import Offence
from runtime.pool import PoolOptions
from runtime.script import LoadFailed, Script, ScriptError
from runtime.worker.protocol import TurnLimits
from runtime.worker.records import Record
from runtime.worker_process import WorkerProcess

GUILD = "300000000000000001"
# The machine may be busy with other tests: only the CPU ends a turn.
TURN = TurnLimits(
    cpu_seconds=0.2,
    wall_seconds=0,
    load_cpu_seconds=30,
    load_wall_seconds=0,
    heap_bytes=32 << 20,
    external_bytes=32 << 20,
)
LIMITS = Limits(TURN)
PRINTS = "on('messageCreate', (ctx) => { console.log(ctx.msg.content) })"
HANGS = "console.log('begun'); await new Promise(() => {})"


class House:
    """A hosting with its workers, the scripts that its guilds should run, and what they print."""

    def __init__(
        self, workers: int = 1, *, limits: Limits = LIMITS, desk: Desk | None = None
    ) -> None:
        """desk: who does operations; nobody else does."""
        self.limits = limits
        self.desired: dict[str, Script] = {}
        self.may_fetch = asyncio.Event()
        self.may_fetch.set()
        self.printed: dict[str, list[str]] = {}
        self.failed: list[ScriptError] = []
        self.offences: list[tuple[str, FaultKind, bool]] = []
        self.fetched = 0
        self.adopted: Callable[[HostedIsolate], None] = lambda isolate: None
        self._changed = asyncio.Event()
        options = PoolOptions(workers, pin=False, worker_capacity=64, sdk=SDK, driver="native")
        self.hosting = Hosting(
            options,
            lambda guild_id: self.limits,
            desk or self,
            self,
            self._fetch,
            secrets=self,
            adopted=self._on_adopted,
            released=lambda guild_id: None,
            subscribed=lambda isolate: None,
            offended=self._offended,
        )

    def _on_adopted(self, isolate: HostedIsolate) -> None:
        self.adopted(isolate)

    async def until(self, condition: Callable[[], Any]) -> Any:
        async with asyncio.timeout(20):
            while not (result := condition()):
                self._changed.clear()
                await self._changed.wait()
        return result

    async def load(self, guild_id: str, source: str) -> HostedIsolate:
        """Loads what the guild should run from now on."""
        script = Script(guild_id, str(len(self.desired)), source)
        self.desired[guild_id] = script
        return await self.hosting.load(script)

    def say(self, guild_id: str, content: str) -> None:
        message = {"id": "1", "channel_id": "2", "content": content, "author": {"id": "3"}}
        payload = b"MESSAGE_CREATE\n" + json.dumps(message).encode()
        self.hosting.guilds[guild_id].offer(Event("MESSAGE_CREATE", payload))

    @property
    def worker(self) -> WorkerProcess | None:
        return self.hosting.pool.worker(0)

    def signal(self, number: signal.Signals) -> None:
        assert self.worker is not None
        os.kill(self.worker.forked.pid, number)

    async def worker_that_computes(self) -> WorkerProcess:
        async with asyncio.timeout(20):
            # The journal is memory: it tells nobody when it changes.
            while not (self.worker and self.worker.forked.journal.computing()):  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert self.worker is not None
        return self.worker

    async def _fetch(self, guild_id: str) -> Script | None:
        self.fetched += 1
        self._changed.set()
        await self.may_fetch.wait()
        return self.desired.get(guild_id)

    def _offended(self, isolate: HostedIsolate, offence: Offence) -> None:
        self.offences.append((isolate.guild_id, offence.kind, offence.is_sure))
        self._changed.set()

    # --- what the hosting asks and tells: Secrets, Desk and GuildReports -------------------

    async def refresh(self, guild_id: str) -> None: ...

    def placeholders(self, guild_id: str) -> dict[str, str]:
        return {}

    def has_effect(self, name: str) -> bool:
        return False

    def perform(self, isolate: HostedIsolate, record: Record) -> None: ...
    def reject(self, isolate: HostedIsolate) -> None: ...
    def reject_overdue(
        self, isolate: HostedIsolate, handler: Overdue, others_began_at: float
    ) -> None: ...

    def script_log(self, guild_id: str, level: str, text: str) -> None:
        self.printed.setdefault(guild_id, []).append(text)
        self._changed.set()

    def script_failed(self, isolate: HostedIsolate, stage: str, error: ScriptError) -> None: ...

    def load_failed(self, script: Script, error: ScriptError) -> None:
        self.failed.append(error)
        self._changed.set()

    def runtime_note(self, guild_id: str, level: str, text: str) -> None: ...


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    await house.hosting.start()
    yield house
    await house.hosting.stop(5)


async def test_scripts_that_hang_while_they_load_hold_up_no_other(house: House) -> None:
    hanging = [
        asyncio.create_task(house.load(f"{GUILD}{number}", HANGS))
        for number in range(PARALLEL_LOADS)
    ]
    await house.until(lambda: len(house.printed) == PARALLEL_LOADS)
    async with asyncio.timeout(20):
        assert house.hosting.adopt(await house.load(GUILD, PRINTS))
    assert not any(task.done() for task in hanging)
    for task in hanging:
        task.cancel()


async def test_a_script_that_waits_while_its_worker_dies_is_loaded_again(house: House) -> None:
    source = "console.log('begun'); await new Promise((done) => setTimeout(done, 300))"
    loading = asyncio.create_task(house.load(GUILD, source))
    await house.until(lambda: house.printed)
    house.signal(signal.SIGKILL)
    assert house.hosting.adopt(await loading)
    assert house.printed == {GUILD: ["begun", "begun"]}


async def test_a_script_that_computes_alone_when_its_worker_dies_is_believed_the_second_time(
    house: House,
) -> None:
    loading = asyncio.create_task(house.load(GUILD, "for (;;) {}"))
    for _ in range(2):
        worker = await house.worker_that_computes()
        worker.forked.kill()
        await worker.gone.wait()
    with pytest.raises(LoadFailed, match="its worker process died each time it was loaded"):
        await loading


async def test_a_guild_that_is_released_while_it_is_rebuilt_stays_so(house: House) -> None:
    assert house.hosting.adopt(await house.load(GUILD, PRINTS))
    house.may_fetch.clear()
    house.signal(signal.SIGKILL)
    await house.until(lambda: house.fetched)
    house.hosting.release(GUILD)
    house.may_fetch.set()
    # The next load in the same worker comes after the one that must not have any effect.
    assert house.hosting.adopt(await house.load(f"{GUILD}0", PRINTS))
    house.say(f"{GUILD}0", "done")
    await house.until(lambda: house.printed.get(f"{GUILD}0"))
    assert house.hosting.runs(GUILD) is None


async def test_events_keep_their_order_when_a_worker_dies_in_a_swap(house: House) -> None:
    for round_ in range(5):
        guild_id = f"{GUILD}{round_}"
        assert house.hosting.adopt(await house.load(guild_id, PRINTS))
        successor = await house.load(guild_id, PRINTS)
        house.signal(signal.SIGSTOP)
        for number in (1, 2, 3):
            house.say(guild_id, str(number))
        assert house.hosting.adopt(successor)
        for number in (4, 5, 6):
            house.say(guild_id, str(number))
        house.signal(signal.SIGKILL)
        await house.until(lambda: len(house.printed.get(guild_id, ())) == 6)  # noqa: B023
        assert house.printed[guild_id] == ["1", "2", "3", "4", "5", "6"]


async def test_a_state_goes_from_isolate_to_isolate(house: House) -> None:
    source = (
        "let count = 0; on('messageCreate', () => { count++ }); on('suspend', () => ({count}));"
        " on('resume', ({state}) => { console.log(state.count + 1) })"
    )
    before = await house.load(GUILD, source)
    assert before.subscriptions == {"MESSAGE_CREATE", SUSPEND, RESUME}
    assert house.hosting.adopt(before)
    for _ in range(41):
        house.say(GUILD, "count")
    guild, suspended = house.hosting.guilds[GUILD], asyncio.Event()
    guild.offer(Event(SUSPEND, f"{SUSPEND}\nnull".encode(), ended=lambda *_: suspended.set()))
    async with asyncio.timeout(20):
        await suspended.wait()
    assert json.loads(before.state) == {"count": 41}
    assert house.hosting.adopt(await house.load(GUILD, source))
    guild.offer(Event(RESUME, f"{RESUME}\n".encode() + before.state))
    await house.until(lambda: house.printed.get(GUILD) == ["42"])


KILLS = (
    "on('messageCreate', (ctx) => {"
    " if (ctx.msg.content === 'kill') new Array(2 ** 32 - 1).fill(0);"
    " else console.log(ctx.msg.content) })"
)


async def test_a_script_that_kills_its_worker_comes_back_apart_from_the_others(
    house: House,
) -> None:
    house.hosting.adopt(await house.load(GUILD, KILLS))
    house.hosting.adopt(await house.load(f"{GUILD}1", PRINTS))
    house.say(GUILD, "kill")
    house.say(GUILD, "alive")
    house.say(f"{GUILD}1", "alive")
    await house.until(lambda: len(house.printed) == 2)
    # The neighbour may have printed before its worker was killed, and be on its way back.
    house.say(f"{GUILD}1", "back")
    await house.until(lambda: "back" in house.printed[f"{GUILD}1"])
    assert house.offences == [(GUILD, FaultKind.STUCK, True)]
    assert [worker_of(house, guild) for guild in (GUILD, f"{GUILD}1")] == [1, 0]
    # Killing again costs nobody else anything.
    neighbours = house.worker
    house.say(GUILD, "kill")
    house.say(GUILD, "again")
    await house.until(lambda: "again" in house.printed[GUILD])
    assert house.worker is neighbours
    assert house.hosting.pool.ready


def worker_of(house: House, guild_id: str) -> int:
    live = house.hosting.guilds[guild_id].live
    assert live is not None
    return live.worker.index
