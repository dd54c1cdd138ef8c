"""Replaces worker processes that have served long enough by fresh ones, while their guilds go on:
a process for the same index is started beside the old one, the guilds move one by one, the old one
ends.

V8's memory is fragmented by isolates that come and go, and a process that never ends keeps what it
once needed; what a worker has leaked goes with it.
"""

import asyncio
import contextlib
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from runtime.hosting import Hosting
from runtime.migration import Migration, NoSuchWorker, NotMoved
from runtime.script import NoWorker
from runtime.worker_process import WorkerProcess

log = logging.getLogger("flora.runtime")

LOOK_EVERY = 10.0
# What is left in the old process, handlers that were told to wait no longer and loads that had
# begun there, is looked at so often.
POLL = 0.05
STOP_PATIENCE = 5.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Service:
    """When a worker has served long enough; 0: never for this reason. rss_bytes: what is its own,
    beside what it shares with the zygote. drain_seconds: how long an old process is let live for
    handlers that have not ended."""

    age_seconds: float
    isolates: int
    rss_bytes: int
    drain_seconds: float


class AlreadyRecycled(Exception):
    """The worker is being replaced, or started, this very moment."""


class Recycler:
    def __init__(self, hosting: Hosting, migration: Migration, service: Service) -> None:
        self._hosting = hosting
        self._migration = migration
        self._service = service
        self._recycling: dict[int, asyncio.Task[None]] = {}
        self._watch: asyncio.Task[None] | None = None
        self.recycled_total = 0

    def start(self) -> None:
        self._watch = asyncio.create_task(self._watch_workers(), name="watch-service")

    def stop(self) -> None:
        for task in (self._watch, *self._recycling.values()):
            if task is not None:
                task.cancel()

    def recycle(self, index: int, why: str) -> "asyncio.Task[None]":
        """Begins to replace a worker; the task ends with it. Raises NoSuchWorker or
        AlreadyRecycled."""
        pool = self._hosting.pool
        if not 0 <= index < pool.size:
            raise NoSuchWorker(f"there is no worker {index}: they are 0 to {pool.size - 1}")
        if index in self._recycling or pool.worker(index) is None:
            raise AlreadyRecycled(f"worker {index} is being replaced already")
        log.info("worker %d is replaced: %s", index, why)
        task = asyncio.create_task(self._recycle(index), name=f"recycle-worker-{index}")
        self._recycling[index] = task
        task.add_done_callback(lambda ended: self._ended(index, ended))
        return task

    def _ended(self, index: int, task: asyncio.Task[None]) -> None:
        del self._recycling[index]
        if not task.cancelled() and (error := task.exception()):
            log.error("worker %d could not be replaced: %s", index, error)

    async def _recycle(self, index: int) -> None:
        started = time.monotonic()
        old = await self._hosting.pool.start_successor(index)
        failed: set[str] = set()
        moved = await self._move_all(old, failed)
        moved += await self._until_drained(old, failed)
        left = len(self._hosting.guilds_in(old))
        await self._hosting.pool.retire(old, STOP_PATIENCE)
        self.recycled_total += 1
        milliseconds = round((time.monotonic() - started) * 1000)
        extra = {"ms": milliseconds, "moved": moved, "rebuilt": left}
        log.info("worker %d has been replaced", index, extra=extra)

    async def _move_all(self, old: WorkerProcess, failed: set[str]) -> int:
        """How many guilds have moved. One that cannot, because its script does not load any more,
        is left: it is rebuilt, or said not to load, when the old process ends."""
        moved = 0
        while guilds := [g for g in self._hosting.guilds_in(old) if g.guild_id not in failed]:
            for guild in guilds:
                try:
                    await self._hosting.worker(old.index)
                    await self._migration.move(guild.guild_id, old.index, forced=True)
                    moved += 1
                except (NotMoved, NoWorker):
                    failed.add(guild.guild_id)
        return moved

    async def _until_drained(self, old: WorkerProcess, failed: set[str]) -> int:
        """How many guilds have moved: a deployment that had begun before may have gone there."""
        moved, deadline = 0, time.monotonic() + self._service.drain_seconds
        while self._is_in_use(old) and time.monotonic() < deadline:
            await asyncio.sleep(POLL)
            moved += await self._move_all(old, failed)
        return moved

    def _is_in_use(self, old: WorkerProcess) -> bool:
        """Whether an isolate lives there that may still end by itself."""
        staying = {guild.live.number for guild in self._hosting.guilds_in(old) if guild.live}
        return old.alive and bool(old.listeners.keys() - staying)

    # --- by itself -------------------------------------------------------------------------

    async def _watch_workers(self) -> None:
        """One at a time: a fresh process needs memory beside the old one."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for index in range(self._hosting.pool.size):
                worker = self._hosting.pool.worker(index)
                if worker is None or not (why := self.reason(worker, time.monotonic())):
                    continue
                with contextlib.suppress(AlreadyRecycled):
                    await asyncio.wait({self.recycle(index, why)})

    def reason(self, worker: WorkerProcess, now: float) -> str:
        """Why this worker has served long enough, empty while it has not."""
        service = self._service
        age = now - worker.up_since
        if service.age_seconds and age >= service.age_seconds:
            return f"it has run for {age:.0f} s"
        if service.isolates and worker.isolates_made >= service.isolates:
            return f"it has made {worker.isolates_made} isolates"
        own = own_bytes(worker.forked.pid) if service.rss_bytes else 0
        if service.rss_bytes and own >= service.rss_bytes:
            return f"it has {own >> 20} MiB of its own"
        return ""


def own_bytes(pid: int) -> int:
    """Resident memory that the process does not share with files or shared memory; 0 when it is
    gone."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * _PAGE
