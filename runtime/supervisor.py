"""The runtime as a whole: starts its parts in order, says what is still missing, stops them.

The order is the original's: database and migrations, Redis, V8 and the workers one after the
other, the guilds' scripts, the gateway. The web process answers from the first second.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

from deployments.control import (
    Deploy,
    Done,
    Drain,
    GetMetrics,
    GetStatus,
    GetWorkers,
    Message,
    Migrate,
    Migrated,
    Reconcile,
    Recycle,
    Refused,
    Reply,
    RunRequested,
    Settled,
    Status,
    TakeBack,
    Workers,
)
from gateway.client import GatewayOptions
from gateway.errors import GatewayRefused
from gateway.sandbox.process import SandboxProcess
from runtime.assembly import Assembly
from runtime.control import ControlOverRedis, ControlSocket
from runtime.database import Database
from runtime.drainer import NotPossibleNow
from runtime.migration import NoSuchWorker, NothingToMove, NotMoved
from runtime.options import SupervisorOptions
from runtime.recycler import AlreadyRecycled
from runtime.schema import migrate
from runtime.web import WebProcess

log = logging.getLogger("flora.runtime")

# Of the time to stop, what is kept for the end once handlers have had theirs; seconds.
CLOSING = 2.0
STEPS = ("database", "cache", "workers", "scripts", "gateway")


class Supervisor:
    def __init__(self, options: SupervisorOptions, web: WebProcess | None) -> None:
        """web: None when admin and API run elsewhere."""
        self._options = options
        self._web = web
        self._missing = list(STEPS)
        self._stopping = asyncio.Event()
        self._serving = asyncio.Event()
        self._database = Database()
        self._control_socket = ControlSocket(options.control_socket, self._handle)
        self._control_redis = (
            ControlOverRedis(options.redis_url, self._handle) if options.redis_url else None
        )
        self._sandbox = SandboxProcess() if options.gateway is None else None
        self._runtime: Assembly | None = None

    async def run(self) -> int:
        """Runs until a signal or until Discord refuses the bot; the process's exit status."""
        self._listen_to_signals()
        try:
            refused = await self._until_stopped(self._start_and_serve())
        finally:
            await self._shut_down()
        if refused is not None:
            log.critical("%s", refused)
            return 1
        return 0

    # --- starting --------------------------------------------------------------------------

    async def _start_and_serve(self) -> None:
        await self._control_socket.start()
        if self._web is not None:
            self._web.start()
        options = self._options
        async with self._step("database"):
            patience = float("inf")
            await self._database.run(partial(migrate, options.data_dir), patience=patience)
            await self._database.run(options.migrated, patience=patience)
        async with self._step("cache"):
            if self._control_redis is not None:
                await self._control_redis.start()
        gateway_options = options.gateway or await self._start_sandbox()
        runtime = self._runtime = Assembly(options, gateway_options, self._database)
        async with self._step("workers"):
            await runtime.start_workers()
        async with self._step("scripts"):
            guilds = await runtime.restore()
        self._serving.set()
        log.info("%d guilds restored", guilds)
        if self._sandbox is None:
            options.announce()
        async with self._step("gateway"):
            await runtime.connect()
        if self._sandbox is not None:
            await runtime.take_guilds_in()
            options.announce()
        await runtime.serve()

    async def _start_sandbox(self) -> GatewayOptions:
        assert self._sandbox is not None
        options = self._options
        address = await self._sandbox.start(options.sandbox_python, options.data_dir)
        log.info("simulated Discord ready", extra={"port": address.port})
        return GatewayOptions(address.token, address.api_base, options.intents)

    @contextlib.asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        started = time.monotonic()
        yield
        self._missing.remove(name)
        milliseconds = round((time.monotonic() - started) * 1000)
        log.info("%s ready", name, extra={"ms": milliseconds})

    # --- being asked -----------------------------------------------------------------------

    async def _handle(self, message: Message) -> Reply:
        match message:
            case GetStatus():
                return Status(self.missing())
            case GetMetrics():
                return await (await self._when_serving()).overview.metrics()
            case GetWorkers():
                return Workers(await (await self._when_serving()).overview.workers())
            case Deploy(revision_id):
                runtime = await self._when_serving()
                return Settled(revision_id, await runtime.deployer.settle(revision_id))
            case Reconcile(guild_id):
                runtime = await self._when_serving()
                await runtime.reconciler.reconcile(guild_id)
                return Done()
            case RunRequested(guild_id):
                (await self._when_serving()).scheduler.wake(guild_id)
                return Done()
            case Migrate(guild_id, worker):
                return await _migrate(await self._when_serving(), guild_id, worker)
            case Recycle(worker):
                recycler = (await self._when_serving()).recycler
                return _refusable(partial(recycler.recycle, why="an operator wants it"), worker)
            case Drain(worker):
                return _refusable((await self._when_serving()).drainer.drain, worker)
            case TakeBack(worker):
                return _refusable((await self._when_serving()).drainer.take_back, worker)

    def missing(self) -> list[str]:
        """What the runtime lacks right now, by the names of STEPS."""
        missing = list(self._missing)
        runtime = self._runtime
        present = {
            "database": self._database.available,
            "cache": self._control_redis is None or self._control_redis.connected,
            "workers": runtime is not None and runtime.hosting.pool.ready,
            "gateway": runtime is not None and runtime.gateway.connected,
        }
        return missing + [name for name, up in present.items() if not up and name not in missing]

    async def _when_serving(self) -> Assembly:
        """Deploys wait until the guilds' own scripts are up."""
        await self._serving.wait()
        assert self._runtime is not None
        return self._runtime

    # --- stopping --------------------------------------------------------------------------

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: int) -> None:
        if self._stopping.is_set():
            os._exit(128 + number)
        if self._runtime is not None:
            self._runtime.hold_intake()
        log.info("stopping on %s; once more stops at once", signal.Signals(number).name)
        self._stopping.set()

    async def _until_stopped(self, work: Any) -> GatewayRefused | None:
        serving = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not serving.done():
            serving.cancel()
            await asyncio.wait({serving})
            return None
        try:
            serving.result()
        except GatewayRefused as refused:
            return refused
        return None

    async def _shut_down(self) -> None:
        seconds = self._options.stop_seconds
        deadline = time.monotonic() + seconds
        self._stopping.set()
        with _end_at_last(seconds):
            await self._stop_parts(deadline - min(CLOSING, seconds / 2), deadline)
        log.info("stopped")

    async def _stop_parts(self, drained_by: float, deadline: float) -> None:
        parts = []
        if self._runtime is not None:
            self._runtime.hold_intake()
            parts.append(self._runtime.stop(drained_by, deadline))
        if self._web is not None:
            parts.append(self._web.stop())
        await asyncio.gather(*parts)
        await self._control_socket.stop()
        if self._control_redis is not None:
            await self._control_redis.stop()
        if self._sandbox is not None:
            await self._sandbox.stop()
        self._database.close()


@contextlib.contextmanager
def _end_at_last(seconds: float) -> Iterator[None]:
    """Ends the process when what stands inside has not ended after so long: a database that hangs
    holds its thread for as long as it likes. All other processes end with this one."""

    def end() -> None:
        log.critical("not stopped after %g s: what is still under way is lost", seconds)
        logging.shutdown()
        os._exit(1)

    last = threading.Timer(seconds, end)
    last.daemon = True
    last.start()
    try:
        yield
    finally:
        last.cancel()


async def _migrate(runtime: Assembly, guild_id: str, worker: int) -> Reply:
    try:
        moved = await runtime.migration.move(guild_id, worker)
    except NotMoved as reason:
        return Refused(str(reason), isinstance(reason, NoSuchWorker | NothingToMove))
    return Migrated(moved.source, moved.target, round(moved.seconds * 1000, 3))


def _refusable(act: Callable[[int], object], worker: int) -> Reply:
    try:
        act(worker)
    except (NoSuchWorker, AlreadyRecycled, NotPossibleNow) as reason:
        return Refused(str(reason), isinstance(reason, NoSuchWorker))
    return Done()
