"""Where guilds live: which worker has which isolate, loads, swaps, and what follows a dead worker.

It asks for scripts through `fetch`; it knows nothing of the database or of Discord.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable

from runtime.guild import Event, GuildReports, GuildRuntime
from runtime.isolate import Desk, HostedIsolate, Stage
from runtime.limits import Limits
from runtime.pool import Pool, PoolOptions
from runtime.script import LoadFailed, Script, ScriptError
from runtime.worker_process import WorkerProcess

log = logging.getLogger("flora.runtime")

SWEEP_EVERY = 1.0
# Scripts that load at the same time in one worker: enough to keep it busy.
PARALLEL_LOADS = 8
WORKER_WAIT = 30.0

Fetch = Callable[[str], Awaitable[Script | None]]


class Hosting:
    def __init__(
        self,
        pool_options: PoolOptions,
        limits: Limits,
        desk: Desk,
        reports: GuildReports,
        fetch: Fetch,
    ) -> None:
        """fetch(guild_id) gives the script that the guild should run now, or None."""
        self.guilds: dict[str, GuildRuntime] = {}
        self.pool = Pool(pool_options, lost=self._on_worker_lost, replaced=self._on_worker_replaced)
        self._limits = limits
        self._desk = desk
        self._reports = reports
        self._fetch = fetch
        self._numbers = 0
        self._loading: dict[int, set[HostedIsolate]] = {}
        self._load_gates: dict[int, asyncio.Semaphore] = {}
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

    # --- scripts ---------------------------------------------------------------------------

    async def load(self, script: Script, *, trial: bool = False) -> HostedIsolate:
        """Loads a script beside whatever the guild runs now; `adopt` or `discard` it afterwards.

        trial: it has never been the guild's. Raises LoadFailed.
        """
        guild = self._guild(script.guild_id)
        index = self._worker_index(script.guild_id)
        async with self._load_gates.setdefault(index, asyncio.Semaphore(PARALLEL_LOADS)):
            worker = await self._worker(index)
            self._numbers += 1
            isolate = HostedIsolate(self._numbers, script, worker, guild, self._desk, trial=trial)
            loading = self._loading.setdefault(index, set())
            loading.add(isolate)
            try:
                await isolate.load(self._limits.turn, self._limits.load_seconds)
            finally:
                loading.discard(isolate)
        return isolate

    def adopt(self, isolate: HostedIsolate) -> bool:
        """Makes a loaded isolate the guild's. False when it died meanwhile: load it anew."""
        if isolate.stage is not Stage.STANDBY or not isolate.worker.alive:
            return False
        self._guild(isolate.guild_id).adopt(isolate)
        return True

    def runs(self, guild_id: str) -> str | None:
        """The revision that the guild runs now, also while its isolate is being rebuilt."""
        guild = self.guilds.get(guild_id)
        return guild.revision_id if guild is not None else None

    def discard(self, isolate: HostedIsolate) -> None:
        isolate.close()

    def release(self, guild_id: str) -> None:
        """The guild has no script from now on."""
        if guild := self.guilds.pop(guild_id, None):
            guild.release()

    # --- events ----------------------------------------------------------------------------

    def guild_that_wants(self, guild_id: str, event: str) -> GuildRuntime | None:
        guild = self.guilds.get(guild_id)
        return guild if guild is not None and guild.wants(event) else None

    def broadcast(self, event: Event) -> None:
        for guild in list(self.guilds.values()):
            if guild.wants(event.name):
                guild.offer(event)

    # --- inside ----------------------------------------------------------------------------

    def _guild(self, guild_id: str) -> GuildRuntime:
        if guild_id not in self.guilds:
            self.guilds[guild_id] = GuildRuntime(
                guild_id, self._limits, self._reports, self._rebuild
            )
        return self.guilds[guild_id]

    def _worker_index(self, guild_id: str) -> int:
        """Rendezvous hashing: a change of the pool's size moves as few guilds as possible."""

        def weight(index: int) -> bytes:
            return hashlib.blake2b(f"{guild_id}:{index}".encode(), digest_size=8).digest()

        return max(range(self.pool.size), key=weight)

    async def _worker(self, index: int) -> WorkerProcess:
        while (worker := self.pool.worker(index)) is None:
            event = self._replaced.setdefault(index, asyncio.Event())
            try:
                await asyncio.wait_for(event.wait(), WORKER_WAIT)
            except TimeoutError:
                raise LoadFailed(ScriptError("", "no worker was available to load it")) from None
        return worker

    def _rebuild(self, guild: GuildRuntime) -> None:
        task = asyncio.create_task(self._rebuild_guild(guild), name=f"rebuild-{guild.guild_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rebuild_guild(self, guild: GuildRuntime) -> None:
        while self.guilds.get(guild.guild_id) is guild:
            script = await self._fetch(guild.guild_id)
            if script is None:
                break
            try:
                isolate = await self.load(script)
            except LoadFailed as failure:
                self._reports.load_failed(script, failure.error)
                break
            if guild.live is not None:
                self.discard(isolate)  # a deploy was quicker
                return
            if self.adopt(isolate):
                return
        if guild.live is None and self.guilds.get(guild.guild_id) is guild:
            self.release(guild.guild_id)

    def _on_worker_lost(self, worker: WorkerProcess, how: str) -> None:
        self._replaced[worker.index] = asyncio.Event()
        error = ScriptError("", f"the worker process died while it loaded: {how}")
        for isolate in list(self._loading.get(worker.index, ())):
            isolate.lose(error)
        for guild in list(self.guilds.values()):
            guild.on_worker_lost(worker, how)

    def _on_worker_replaced(self, worker: WorkerProcess) -> None:
        if event := self._replaced.pop(worker.index, None):
            event.set()

    async def _sweep_overdue(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            now = time.monotonic()
            for guild in list(self.guilds.values()):
                guild.end_overdue(now)


def worker_count_warning(workers: int, usable_cpus: int) -> str:
    """Why this many workers are slower than fewer, empty when they are not."""
    if workers <= usable_cpus:
        return ""
    return (
        f"{workers} workers share {usable_cpus} usable CPUs: {usable_cpus} would be faster "
        "(RUNTIME_MAX_WORKERS)"
    )
