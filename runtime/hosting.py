"""Where guilds live: which worker has which isolate, loads, swaps, and what follows a dead worker.

It asks for scripts through `fetch`; it knows nothing of the database or of Discord.
"""

import asyncio
import hashlib
import logging
import time
import weakref
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from runtime.event import Event
from runtime.guild import GuildReports, GuildRuntime
from runtime.isolate import Desk, HostedIsolate, Stage
from runtime.limits import LimitsOf
from runtime.metrics import Metrics
from runtime.offence import KILLS_WORKERS, Offence
from runtime.pool import Pool, PoolOptions
from runtime.script import LoadFailed, NoWorker, Script, ScriptError, WorkerLost
from runtime.worker_process import WorkerProcess

log = logging.getLogger("flora.runtime")

SWEEP_EVERY = 1.0
# Scripts that load at the same time in one worker: enough to keep it busy. One that has not
# loaded after so many seconds waits for something, and holds nobody up any more.
PARALLEL_LOADS = 8
LOAD_PLACE_SECONDS = 1.0
# How often a worker must die of a script alone, as far as one can see, until that is believed.
DEATHS_BELIEVED = 2
# Scripts whose text is in memory at a time while many are brought up.
FETCHED_AT_ONCE = 256
WORKER_WAIT = 30.0

Fetch = Callable[[str], Awaitable[Script | None]]


class Secrets(Protocol):
    """What a guild's scripts are told of its secrets: placeholders by name."""

    async def refresh(self, guild_id: str) -> None: ...
    def placeholders(self, guild_id: str) -> dict[str, str]: ...


class Hosting:
    def __init__(
        self,
        pool_options: PoolOptions,
        limits_of: LimitsOf,
        desk: Desk,
        reports: GuildReports,
        fetch: Fetch,
        *,
        secrets: Secrets,
        adopted: Callable[[HostedIsolate], None],
        released: Callable[[str], None],
        subscribed: Callable[[HostedIsolate], None],
        offended: Callable[[HostedIsolate, Offence], None],
        metrics: Metrics | None = None,
    ) -> None:
        """limits_of(guild_id) and fetch(guild_id) give what holds for the guild now, and the script
        that it should run, or None.

        adopted(isolate): it is its guild's from now on; released(guild_id): it has no script;
        subscribed(isolate): what the guild's script listens to may have changed;
        offended(isolate, offence): it has broken a limit.
        """
        self.guilds: dict[str, GuildRuntime] = {}
        # To be held by who has a script's text in memory until it is loaded.
        self.fetches = asyncio.Semaphore(FETCHED_AT_ONCE)
        self.pool = Pool(pool_options, lost=self._on_worker_lost, replaced=self._on_worker_replaced)
        self._limits_of = limits_of
        self.metrics = metrics or Metrics()
        self._desk = desk
        self._reports = reports
        self._fetch = fetch
        self._secrets = secrets
        self._adopted = adopted
        self._released = released
        self._subscribed = subscribed
        self._offended = offended
        # Guilds whose scripts have killed workers, and until when they are kept apart.
        self._secluded: dict[str, float] = {}
        # Workers of the pool in which no guild is placed; never all of them.
        self.out_of_service: set[int] = set()
        # Guilds that were moved to another worker than their ids choose.
        self._placed: dict[str, int] = {}
        # Whoever may live, also what loads or waits to be adopted.
        self._isolates: weakref.WeakSet[HostedIsolate] = weakref.WeakSet()
        self._numbers = 0
        self._loading: dict[int, set[HostedIsolate]] = {}
        self._load_gates: dict[int, asyncio.Semaphore] = {}
        self._suspicion: dict[int, asyncio.Lock] = {}
        self._replaced: dict[int, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.pool.start()
        self._sweep = asyncio.create_task(self._sweep_overdue(), name="sweep-overdue")

    async def drain(self, timeout: float) -> None:
        """Waits until no handler is under way, at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while any(guild.busy for guild in self.guilds.values()):
            if time.monotonic() >= deadline:
                return
            await asyncio.sleep(0.01)

    async def stop(self, timeout: float) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for task in self._tasks:
            task.cancel()
        await self.pool.stop(timeout)

    def abandon(self) -> list[tuple[str, Event]]:
        """After `stop`: gives what was not started, by guild and in order; see GuildRuntime."""
        for guild in self.guilds.values():
            guild.live = None  # or room that one guild gives back would be taken by another
        return [
            (guild.guild_id, event) for guild in self.guilds.values() for event in guild.abandon()
        ]

    # --- scripts ---------------------------------------------------------------------------

    async def load(self, script: Script, *, trial: bool = False) -> HostedIsolate:
        """Loads a script beside whatever the guild runs now; `adopt` or `discard` it afterwards.

        trial: it has never been the guild's. A worker that dies meanwhile may have died of
        another script: this one is tried again, and when it is under suspicion with no other
        such beside it, so that in the end the culprit stands alone. Raises LoadFailed or NoWorker.
        """
        if script.secluded_seconds:
            self.seclude(script.guild_id, script.secluded_seconds)
        index = self.place_of(script.guild_id)
        await self._secrets.refresh(script.guild_id)
        try:
            return await self._load_until_suspected(index, script, trial)
        except WorkerLost as death:
            deaths = int(death.suspects == 1)
        async with self._suspicion.setdefault(index, asyncio.Lock()):
            while True:
                try:
                    return await self._load_until_suspected(index, script, trial)
                except WorkerLost as death:
                    deaths += 1
                    if deaths >= DEATHS_BELIEVED:
                        how = f"its worker process died each time it was loaded: {death}"
                        raise LoadFailed(ScriptError("", how)) from None

    async def load_in(self, index: int, script: Script) -> HostedIsolate:
        """Loads what the guild runs once more, in this worker and beside it. One attempt. Raises
        LoadFailed, NoWorker or WorkerLost."""
        return await self._load_once(index, script, trial=False)

    def adopt(self, isolate: HostedIsolate) -> bool:
        """Makes a loaded isolate the guild's. False when it died meanwhile: load it anew."""
        if isolate.stage is not Stage.STANDBY or not isolate.worker.alive:
            return False
        isolate.tell_placeholders(self._secrets.placeholders(isolate.guild_id))
        guild = self.guilds.setdefault(isolate.guild_id, self._guild(isolate.guild_id))
        guild.adopt(isolate)
        return True

    def runs(self, guild_id: str) -> str | None:
        """The revision that the guild runs now, also while its isolate is being rebuilt."""
        guild = self.guilds.get(guild_id)
        return guild.revision_id if guild is not None else None

    def discard(self, isolate: HostedIsolate) -> None:
        isolate.close()

    def expect(self, guild_id: str, events: Iterable[str]) -> None:
        """The guild's script is still being loaded: the events that it is known to listen to wait
        for it, until it is adopted or the guild is released."""
        guild = self.guilds.setdefault(guild_id, self._guild(guild_id))
        if guild.revision_id is None:
            guild.expect(events)

    @property
    def in_service(self) -> list[int]:
        """The pool's workers in which guilds are placed."""
        return [index for index in range(self.pool.size) if index not in self.out_of_service]

    def place_of(self, guild_id: str) -> int:
        """The worker of its next load. Rendezvous hashing: a change of the workers in service moves
        as few guilds as possible. Who is kept apart shares a worker beside the pool with others who
        are."""
        if self.is_secluded(guild_id):
            return self.pool.size
        placed = self._placed.get(guild_id)
        if placed is not None and placed not in self.out_of_service:
            return placed

        def weight(index: int) -> bytes:
            return hashlib.blake2b(f"{guild_id}:{index}".encode(), digest_size=8).digest()

        return max(self.in_service, key=weight)

    def place(self, guild_id: str, index: int) -> None:
        """From its next load on the guild runs in this worker, as long as it is not kept apart and
        the worker is in service."""
        self._placed[guild_id] = index

    def is_secluded(self, guild_id: str) -> bool:
        return self._secluded.get(guild_id, 0.0) > time.monotonic()

    def guilds_at(self, index: int) -> list[GuildRuntime]:
        """In whatever process has, or had, this index."""
        return [
            guild
            for guild in self.guilds.values()
            if guild.live is not None and guild.live.worker.index == index
        ]

    def guilds_in(self, worker: WorkerProcess) -> list[GuildRuntime]:
        return [
            guild
            for guild in self.guilds.values()
            if guild.live is not None and guild.live.worker is worker
        ]

    def release(self, guild_id: str) -> None:
        """The guild has no script from now on."""
        if guild := self.guilds.pop(guild_id, None):
            guild.release()
            self._released(guild_id)

    def tell_placeholders(self, guild_id: str, placeholders: dict[str, str]) -> None:
        """The guild's secrets have changed: its script knows it from its next turn on, wherever it
        runs, loads or, in a deployment or a move, waits to take over."""
        for isolate in list(self._isolates):
            if isolate.guild_id == guild_id:
                isolate.tell_placeholders(placeholders)

    # --- events ----------------------------------------------------------------------------

    def guild_that_wants(self, guild_id: str, event: str) -> GuildRuntime | None:
        guild = self.guilds.get(guild_id)
        return guild if guild is not None and guild.wants(event) else None

    def declares_ephemeral(self, guild_id: str, command: str) -> bool:
        """Whether the guild's script has declared that only who uses the command sees its answers.
        command: with the names of group and subcommand."""
        guild = self.guilds.get(guild_id)
        live = guild.live if guild is not None else None
        return live is not None and live.declares_ephemeral(command)

    def broadcast(self, event: Event) -> None:
        for guild in list(self.guilds.values()):
            if guild.wants(event.name):
                guild.offer(event)

    # --- inside ----------------------------------------------------------------------------

    def _guild(self, guild_id: str) -> GuildRuntime:
        """The guild, or one that is to become it when it gets its first isolate."""
        return self.guilds.get(guild_id) or GuildRuntime(
            guild_id,
            self._limits_of,
            self._reports,
            self._rebuild,
            self._subscribed,
            self._adopted,
            self._on_offence,
            self.metrics,
        )

    async def worker(self, index: int) -> WorkerProcess:
        """The worker with this index, as soon as there is one. Raises NoWorker."""
        while (worker := self.pool.worker(index)) is None:
            self.pool.want(index)
            event = self._replaced.setdefault(index, asyncio.Event())
            try:
                await asyncio.wait_for(event.wait(), WORKER_WAIT)
            except TimeoutError:
                raise NoWorker(f"worker {index} did not come up in {WORKER_WAIT:g} s") from None
        return worker

    async def _load_until_suspected(self, index: int, script: Script, trial: bool) -> HostedIsolate:
        """Raises WorkerLost only when it may have been lost because of this script."""
        while True:
            try:
                return await self._load_once(index, script, trial)
            except WorkerLost as death:
                if death.suspects:
                    raise

    async def _load_once(self, index: int, script: Script, trial: bool) -> HostedIsolate:
        guild, loading = self._guild(script.guild_id), self._loading.setdefault(index, set())
        async with self._load_gates.setdefault(index, asyncio.Semaphore(PARALLEL_LOADS)):
            worker = await self.worker(index)
            self._numbers += 1
            isolate = HostedIsolate(self._numbers, script, worker, guild, self._desk, trial=trial)
            loading.add(isolate)
            self._isolates.add(isolate)
            limits = self._limits_of(script.guild_id)
            self.metrics.isolates_made.add()
            load = asyncio.create_task(
                isolate.load(
                    limits.turn,
                    limits.load_seconds,
                    self._secrets.placeholders(script.guild_id),
                )
            )
            load.add_done_callback(lambda _: loading.discard(isolate))
            try:
                await asyncio.wait({load}, timeout=LOAD_PLACE_SECONDS)
            except asyncio.CancelledError:
                load.cancel()
                raise
        await load
        return isolate

    def seclude(self, guild_id: str, seconds: float) -> None:
        """From its next load on the guild runs in a worker that only such guilds share."""
        now = time.monotonic()
        self._secluded = {other: until for other, until in self._secluded.items() if until > now}
        self._secluded[guild_id] = now + seconds

    def _on_offence(self, isolate: HostedIsolate, offence: Offence) -> None:
        if offence.kind in KILLS_WORKERS:
            self.seclude(isolate.guild_id, self._limits_of(isolate.guild_id).seclusion_seconds)
        self._offended(isolate, offence)

    def _rebuild(self, guild: GuildRuntime) -> None:
        task = asyncio.create_task(self._rebuild_guild(guild), name=f"rebuild-{guild.guild_id}")
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._rebuilt(guild, ended))

    def _rebuilt(self, guild: GuildRuntime, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("guild %s could not be rebuilt", guild.guild_id, exc_info=error)
            if self._is_without_isolate(guild):
                self.release(guild.guild_id)  # the next comparison with the database tries again

    async def _rebuild_guild(self, guild: GuildRuntime) -> None:
        while self._is_without_isolate(guild):
            isolate = await self._load_desired(guild.guild_id)
            if isolate is None:
                break
            if not self._is_without_isolate(guild):
                self.discard(isolate)  # a deploy was quicker, or nothing is wanted any more
            elif self.adopt(isolate):
                return
        if self._is_without_isolate(guild):
            self.release(guild.guild_id)

    def _is_without_isolate(self, guild: GuildRuntime) -> bool:
        return guild.live is None and self.guilds.get(guild.guild_id) is guild

    async def _load_desired(self, guild_id: str) -> HostedIsolate | None:
        """None when the guild should run nothing, or nothing that loads."""
        async with self.fetches:
            script = await self._fetch(guild_id)
            while script is not None:
                try:
                    return await self.load(script)
                except LoadFailed as failure:
                    self._reports.load_failed(script, failure.error)
                    break
                except NoWorker:
                    pass  # the pool says so itself, and goes on
        return None

    def _on_worker_lost(self, worker: WorkerProcess, how: str) -> None:
        for isolate in list(self._loading.get(worker.index, ())):
            if isolate.worker is worker:
                isolate.lose(how)
        for guild in list(self.guilds.values()):
            guild.on_worker_lost(worker, how)

    def _on_worker_replaced(self, worker: WorkerProcess) -> None:
        self.metrics.worker_restarts.add(str(worker.index))
        if event := self._replaced.pop(worker.index, None):
            event.set()

    async def _sweep_overdue(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            now = time.monotonic()
            for guild in list(self.guilds.values()):
                guild.end_overdue(now)
                guild.judge_pace(now)


def worker_count_warning(workers: int, usable_cpus: int) -> str:
    """Why this many workers are slower than fewer, empty when they are not."""
    if workers <= usable_cpus:
        return ""
    return (
        f"{workers} workers share {usable_cpus} usable CPUs: {usable_cpus} would be faster "
        "(RUNTIME_MAX_WORKERS)"
    )
