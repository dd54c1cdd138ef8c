"""The pool of workers: started one after the other, replaced when one dies."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.worker_process import WorkerProcess, describe
from runtime.zygote import Zygote

log = logging.getLogger("flora.runtime")

RESTART_FIRST_DELAY = 0.1
RESTART_LAST_DELAY = 5.0
WATCH_EVERY = 1.0
# Well above what the worker's own watchdog takes to cancel, close and report.
HUNG_AFTER = 5.0


@dataclass(frozen=True)
class PoolOptions:
    """driver: the fastest that workers may use, by runtime/worker/drivers.py's names."""

    workers: int
    pin: bool
    driver: str
    worker_capacity: int
    sdk: Path


class Pool:
    def __init__(
        self,
        options: PoolOptions,
        *,
        lost: Callable[[WorkerProcess, str], None],
        replaced: Callable[[WorkerProcess], None],
    ) -> None:
        """lost(worker, how it ended): at once, when a worker is gone; replaced(worker): when its
        successor is ready, under the same index."""
        self._options = options
        self._lost = lost
        self._replaced = replaced
        self._zygote = Zygote(options.sdk, options.driver, self._on_exit)
        # The one that gets new isolates, by index; and all processes, also those that are on their
        # way, and those that have had a successor.
        self._workers: dict[int, WorkerProcess] = {}
        self._processes: set[WorkerProcess] = set()
        self._restarts: dict[int, asyncio.Task[None]] = {}
        self._watch: asyncio.Task[None] | None = None
        self._stopping = False
        self.restarts_total = 0

    @property
    def size(self) -> int:
        return self._options.workers

    @property
    def indices(self) -> list[int]:
        """Of all workers: the pool's, and the one beside it where there is one."""
        return sorted({*range(self.size), *self._workers})

    def worker(self, index: int) -> WorkerProcess | None:
        """The worker with this index, or None while it is being started."""
        worker = self._workers.get(index)
        is_ready = worker is not None and worker.alive and worker.report is not None
        return worker if is_ready else None

    @property
    def ready(self) -> bool:
        return all(self.worker(index) is not None for index in range(self._options.workers))

    async def start(self) -> None:
        """Starts the workers one after the other. Raises RuntimeError when one does not come up."""
        for index in range(self._options.workers):
            await self._start_worker(index)
        self._watch = asyncio.create_task(self._watch_workers(), name="watch-workers")

    async def stop(self, timeout: float) -> None:
        """Asks the workers to end, waits for them, kills those that do not."""
        self._stopping = True
        if self._watch is not None:
            self._watch.cancel()
        for task in self._restarts.values():
            task.cancel()
        for worker in self._processes:
            if worker.alive:
                worker.stop()
        stopped = [asyncio.ensure_future(w.gone.wait()) for w in self._processes]
        if stopped:
            await asyncio.wait(stopped, timeout=timeout)
        for worker in self._processes:
            worker.kill("it did not stop in time")
            worker.close()
        await self._zygote.stop()

    def want(self, index: int) -> None:
        """Starts the worker with this index, one beside the pool, unless it is on its way."""
        if index in self._workers or index in self._restarts or self._stopping:
            return
        self._restarts[index] = asyncio.create_task(
            self._start_another(index), name=f"start-worker-{index}"
        )

    async def start_successor(self, index: int) -> WorkerProcess:
        """Starts a fresh process under this index and returns the one before, which gets no new
        isolates any more: to be given to `retire`. Raises OSError, RuntimeError or TimeoutError."""
        before = self._workers[index]
        await self._start_worker(index)
        return before

    async def retire(self, worker: WorkerProcess, timeout: float) -> None:
        """Ends a process that has a successor; what still lives in it ends with it."""
        if worker.alive:
            worker.stop()
            try:
                await asyncio.wait_for(worker.gone.wait(), timeout)
            except TimeoutError:
                worker.kill("it did not stop in time")
                await worker.gone.wait()

    async def _start_worker(self, index: int) -> WorkerProcess:
        started = time.monotonic()
        forked = await self._zygote.fork(self._cpu_of(index))
        worker = WorkerProcess(forked, index, self._options.worker_capacity, self._on_lost)
        self._processes.add(worker)
        try:
            report = await worker.start()
        except RuntimeError:
            self._forget(worker)
            raise
        self._workers[index] = worker
        if report.driver_problem:
            log.warning(
                "worker %d has the slower %s driver: %s",
                index,
                report.driver,
                report.driver_problem,
            )
        if lacking := [step for step in report.confinement if step.startswith("no ")]:
            log.warning("worker %d is less confined than it should be: %s", index, lacking)
        milliseconds = round((time.monotonic() - started) * 1000)
        log.info("worker %d ready", index, extra={"ms": milliseconds, **describe(report)})
        return worker

    def _cpu_of(self, index: int) -> int | None:
        if not self._options.pin:
            return None
        usable = sorted(os.sched_getaffinity(0))
        return usable[index % len(usable)]

    def _on_exit(self, ticket: int, status: int) -> None:
        for worker in self._processes:
            expected = self._stopping or worker.is_asked_to_stop
            if worker.forked.ticket == ticket and not expected:
                log.error("worker %d ended: %s", worker.index, describe_wait_status(status))

    def _on_lost(self, worker: WorkerProcess) -> None:
        if self._stopping or worker.report is None:
            return
        how = worker.killed_because or worker.last_words().partition("\n")[0] or "without a word"
        if worker.is_asked_to_stop:
            log.info("worker %d (pid %d) has stopped", worker.index, worker.forked.pid)
        else:
            log.error("worker %d (pid %d) has died: %s", worker.index, worker.forked.pid, how)
        self._lost(worker, how)
        if self._workers.get(worker.index) is not worker:
            self._forget(worker)  # its successor is there already
            return
        self._restarts[worker.index] = asyncio.create_task(
            self._restart(worker), name=f"restart-worker-{worker.index}"
        )

    async def _restart(self, dead: WorkerProcess) -> None:
        dead.close()
        await self._start_another(dead.index)
        self._processes.discard(dead)
        self.restarts_total += 1

    async def _start_another(self, index: int) -> None:
        delay = RESTART_FIRST_DELAY
        while True:
            try:
                worker = await self._start_worker(index)
                break
            except (OSError, RuntimeError, TimeoutError) as error:
                log.error("worker %d does not start: %s", index, error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RESTART_LAST_DELAY)
        self._replaced(worker)

    def _forget(self, worker: WorkerProcess) -> None:
        self._processes.discard(worker)
        worker.close()

    async def _watch_workers(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY)
            now = time.monotonic()
            for worker in list(self._processes):
                if worker.alive and worker.looks_hung(now, HUNG_AFTER):
                    worker.kill("its loop has stopped while an isolate computes")


def describe_wait_status(status: int) -> str:
    """How a process ended: "exit 70" or "signal SIGTRAP"."""
    if os.WIFSIGNALED(status):
        return f"signal {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit {os.waitstatus_to_exitcode(status)}"
