"""Takes workers out of service: their guilds move off to the others, no guild is placed there any
more, and the process stays up, empty, until it is taken back.

Which worker is out of service is known here and in the hosting, not in the database: after a
restart of flora all serve.
"""

import asyncio
import contextlib
import logging
import time

from runtime.hosting import Hosting
from runtime.migration import Migration, NoSuchWorker, NotMoved
from runtime.script import NoWorker

log = logging.getLogger("flora.runtime")

# A deployment that had begun before may bring a guild in: it is looked for so often; seconds.
LOOK_EVERY = 1.0
# A guild that cannot move, because its script does not load any more, is tried again ever later.
LAST_PAUSE = 60.0


class NotPossibleNow(Exception):
    """The worker stays as it is; the message says why."""


class _Drain:
    def __init__(self) -> None:
        self.emptied = asyncio.Event()
        self.taken_back = asyncio.Event()


class Drainer:
    def __init__(self, hosting: Hosting, migration: Migration) -> None:
        self._hosting = hosting
        self._migration = migration
        self._drains: dict[int, _Drain] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def drain(self, index: int) -> asyncio.Event:
        """From now on no guild is placed in the worker, and those that it has move off; the event
        is set when it is empty for the first time. Raises NoSuchWorker or NotPossibleNow."""
        self._require_worker(index)
        if index in self._drains:
            raise NotPossibleNow(f"worker {index} is out of service already")
        if self._hosting.in_service == [index]:
            raise NotPossibleNow(
                f"worker {index} is the last one in service: take another one back first"
            )
        log.info("worker %d is taken out of service: an operator wants it", index)
        drain = self._drains[index] = _Drain()
        self._hosting.out_of_service.add(index)
        task = asyncio.create_task(self._keep_empty(index, drain), name=f"drain-worker-{index}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return drain.emptied

    def take_back(self, index: int) -> None:
        """Guilds are placed in the worker again. Those that have left come back with their next
        load, or are moved. Raises NoSuchWorker or NotPossibleNow."""
        self._require_worker(index)
        if index not in self._drains:
            raise NotPossibleNow(f"worker {index} is in service")
        log.info("worker %d is taken back into service", index)
        self._hosting.out_of_service.discard(index)
        self._drains.pop(index).taken_back.set()

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _require_worker(self, index: int) -> None:
        size = self._hosting.pool.size
        if not 0 <= index < size:
            raise NoSuchWorker(f"there is no worker {index}: they are 0 to {size - 1}")

    async def _keep_empty(self, index: int, drain: _Drain) -> None:
        """A move that is under way when the worker is taken back comes to its end."""
        started, pause = time.monotonic(), LOOK_EVERY
        while not drain.taken_back.is_set():
            try:
                stuck = await self._move_off(index, drain)
            except Exception:
                log.exception("worker %d could not be drained; it is tried again", index)
                stuck = True
            pause = min(pause * 2, LAST_PAUSE) if stuck else LOOK_EVERY
            if not stuck and not drain.emptied.is_set() and not drain.taken_back.is_set():
                milliseconds = round((time.monotonic() - started) * 1000)
                log.info("worker %d is drained", index, extra={"ms": milliseconds})
                drain.emptied.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(drain.taken_back.wait(), pause)

    async def _move_off(self, index: int, drain: _Drain) -> bool:
        """Whether guilds are left that could not move."""
        failed: set[str] = set()
        while guilds := [g for g in self._hosting.guilds_at(index) if g.guild_id not in failed]:
            for guild in guilds:
                if drain.taken_back.is_set():
                    return False
                target = self._hosting.place_of(guild.guild_id)
                try:
                    await self._hosting.worker(target)
                    await self._migration.move(guild.guild_id, target, forced=True, lasting=False)
                except (NotMoved, NoWorker):
                    failed.add(guild.guild_id)
        return bool(failed)
