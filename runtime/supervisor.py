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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from deployments.control import (
    Deploy,
    Done,
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
    Workers,
)
from deployments.sealing import Sealer
from deployments.services.faults import Policy
from gateway.client import GatewayClient, GatewayOptions
from gateway.errors import GatewayRefused
from gateway.intents import needed_for
from gateway.rest import DiscordRest
from gateway.sandbox.process import SandboxProcess
from gateway.scope import ObjectScope
from gateway.session import GatewaySession
from runtime import restart, revisions
from runtime.balancer import Balancer
from runtime.builder.client import Builder
from runtime.command_sync import CommandSync
from runtime.control import ControlOverRedis, ControlSocket
from runtime.database import Database, DatabaseAway
from runtime.default_script import LISTENS_TO, default_script
from runtime.deployer import Deployer
from runtime.faults import Faults
from runtime.fetch.client import GuardedClient
from runtime.fetch.limits import FetchLimitsOf
from runtime.guild import Event
from runtime.guild_log import GuildLog
from runtime.hosting import Hosting, worker_count_warning
from runtime.interactions.interactions import Interactions
from runtime.isolate import HostedIsolate, Stage
from runtime.kv.engine import KvEngine
from runtime.limit_book import LimitBook, LimitsWith
from runtime.listening import Listening
from runtime.load import Load
from runtime.mentions import MentionDefaults
from runtime.metrics import Metrics
from runtime.migration import Migration, MigrationOptions, NoSuchWorker, NothingToMove, NotMoved
from runtime.migrations import migrate
from runtime.notices import Notices
from runtime.operations.call import HostServices
from runtime.operations.desk import OperationDesk
from runtime.overview import Overview
from runtime.pool import PoolOptions
from runtime.reconciler import Reconciler
from runtime.recycler import AlreadyRecycled, Recycler, Service
from runtime.reports import Reports
from runtime.retention import Retention, Sweeper
from runtime.roster import Roster
from runtime.router import Router
from runtime.schedule.clock import SystemClock
from runtime.schedule.scheduler import Scheduler
from runtime.schedule.tasks import Tasks
from runtime.script import Script, ScriptError
from runtime.script_states import ScriptStates
from runtime.secrets.vault import SecretVault
from runtime.stack_traces import StackTraces
from runtime.web import WebProcess

log = logging.getLogger("flora.runtime")

TAKE_IN_TIMEOUT = 20.0
# Of the time to stop, what is kept for the end once handlers have had theirs; seconds.
CLOSING = 2.0
# How long a member is let wait for a script that has ended without an answer, where handlers have
# no limit of their own; seconds.
NO_LIMIT_PATIENCE = 30.0
# Of a stop, for scripts to say what they take along; seconds.
SUSPENDING = 1.0
STEPS = ("database", "cache", "workers", "scripts", "gateway")


@dataclass(frozen=True)
class SupervisorOptions:
    """What flora_site composes from the configuration.

    gateway is None with a simulated Discord, whose interpreter is sandbox_python. migrated is
    called on a database thread once the tables are there, announce when all that is here is up:
    with the simulated Discord when its guild has its script, else before Discord is asked at all.
    """

    data_dir: Path
    control_socket: Path
    redis_url: str
    pool: PoolOptions
    limits_with: LimitsWith
    faults: Policy
    fetch: Callable[[FetchLimitsOf], GuardedClient]
    sealer: Sealer
    gateway: GatewayOptions | None
    intents: tuple[str, ...]
    sandbox_python: Path
    default_script: bool
    show_internal_frames: bool
    build_seconds: float
    stop_seconds: float
    retention: Retention
    migration_seconds: float
    balances: bool
    moves_all: bool
    service: Service
    migrated: Callable[[], None]
    announce: Callable[[], None]


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
        self._runtime: _Runtime | None = None

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
        runtime = self._runtime = _Runtime(options, gateway_options, self._database)
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
                return _recycle(await self._when_serving(), worker)

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

    async def _when_serving(self) -> "_Runtime":
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


async def _migrate(runtime: "_Runtime", guild_id: str, worker: int) -> Reply:
    try:
        moved = await runtime.migration.move(guild_id, worker)
    except NotMoved as reason:
        return Refused(str(reason), isinstance(reason, NoSuchWorker | NothingToMove))
    return Migrated(moved.source, moved.target, round(moved.seconds * 1000, 3))


def _recycle(runtime: "_Runtime", worker: int) -> Reply:
    try:
        runtime.recycler.recycle(worker, "an operator wants it")
    except (NoSuchWorker, AlreadyRecycled) as reason:
        return Refused(str(reason), isinstance(reason, NoSuchWorker))
    return Done()


class _Runtime:
    """The parts that exist once it is known which Discord to speak to."""

    def __init__(
        self, options: SupervisorOptions, gateway_options: GatewayOptions, database: Database
    ) -> None:
        self._limits = LimitBook(database, options.limits_with)
        limits = self._limits.usual
        self._options = options
        self._database = database
        self._bootstrap = options.default_script
        metrics = self._metrics = Metrics()
        self.gateway = GatewayClient(
            gateway_options,
            self._take,
            intents_refused=self._on_intents_refused,
            resuming=self._on_resuming,
        )
        rest = self._rest = DiscordRest(
            self.gateway.http,
            lambda guild_id: self._limits.of(guild_id).rest,
            ended=metrics.rest_requests.add,
        )
        self._scope = ObjectScope(
            lambda guild_id, path, **parameters: rest.request(guild_id, "GET", path, **parameters)
        )
        mentions = MentionDefaults(database)
        self._interactions = Interactions(
            rest,
            lambda: self.gateway.application_id,
            asyncio.get_running_loop(),
            patience=limits.handler_seconds or NO_LIMIT_PATIENCE,
            declared_ephemeral=self._declares_ephemeral,
        )
        self._kv = KvEngine(database, lambda guild_id: self._limits.of(guild_id).kv)
        self._secrets = SecretVault(database, options.sealer, self._on_secrets_changed)
        self._guild_log = GuildLog(database, self._limits.of, self._secrets.redacted)
        traces = StackTraces(self._fetch_map, show_internal=options.show_internal_frames)
        reports = Reports(self._guild_log, traces, database, self._on_load_failed)
        clock = SystemClock()
        self.scheduler = Scheduler(
            database,
            clock,
            reports,
            self._offer,
            job_seconds=lambda guild_id: self._limits.of(guild_id).cron_seconds,
        )
        self._fetch = options.fetch(lambda guild_id: self._limits.of(guild_id).fetch)
        self._services = HostServices(
            self._kv,
            rest,
            self._scope,
            self._interactions,
            mentions,
            self._fetch,
            self._secrets,
            application_id="",
            commands_changed=self._commands_changed,
            clock=clock,
            tasks=Tasks(database, clock, self.scheduler.wake),
            max_cron_jobs=lambda guild_id: self._limits.of(guild_id).cron_jobs,
            jobs_changed=self._jobs_changed,
        )
        self._listening = Listening(self.gateway, reports.runtime_note)
        if self._bootstrap:
            # Or the first guild's script would cost a new session.
            self.gateway.need(needed_for(LISTENS_TO))
        self.hosting = Hosting(
            options.pool,
            self._limits.of,
            OperationDesk(self._services, self._limits.of, metrics),
            reports,
            self._fetch_script,
            secrets=self._secrets,
            adopted=self._on_adopted,
            released=self._on_released,
            subscribed=self._listening.on_subscribed,
            offended=lambda isolate, offence: self._faults.report(isolate.script, offence),
            metrics=metrics,
        )
        self._load = Load(self.hosting.pool, self.hosting.guilds)
        self.overview = Overview(self.hosting, self.gateway, self._load)
        self._builder = Builder(timeout=options.build_seconds)
        self._command_sync = CommandSync(database, rest, lambda: self.gateway.application_id)
        self.deployer = Deployer(
            database,
            self._builder,
            self.hosting,
            traces,
            reports,
            self._command_sync,
            self._limits.of,
        )
        self.migration = Migration(
            self.hosting,
            self._fetch_script,
            self.deployer.changes,
            reports.runtime_note,
            MigrationOptions(
                options.migration_seconds,
                succeeded=metrics.migration_succeeded,
                timed_out=metrics.migration_timed_out,
            ),
        )
        self.recycler = Recycler(self.hosting, self.migration, options.service)
        self._balancer = Balancer(self.hosting, self.migration, moves_all=options.moves_all)
        self._states = ScriptStates(database, self.hosting, self.migration)
        self._faults = Faults(
            database,
            traces,
            options.faults,
            reports.runtime_note,
            metrics,
            bring_up=self.deployer.bring_up,
            settle=self.deployer.settle,
            notice=Notices(rest, self._scope).send,
        )
        self.reconciler = Reconciler(
            database,
            self.hosting,
            self.deployer,
            self._command_sync,
            mentions,
            self._secrets,
            self._limits,
        )
        self._sweeper = Sweeper(database, options.retention, clock)
        self._roster = Roster(database, joined=self._on_joined, left=self.reconciler.reconcile)
        self._router = Router(self.hosting, self._scope, self._roster, self._interactions)
        self._intake_open = True
        # Events that the process before has left; they come first, once scripts know the bot.
        self._waiting: list[tuple[str, Event]] = []
        self._gateway_task: asyncio.Task[None] | None = None

    async def start_workers(self) -> None:
        pool = self._options.pool
        if warning := worker_count_warning(pool.workers, len(os.sched_getaffinity(0))):
            log.warning("%s", warning)
        self._kv.start()
        self._guild_log.start()
        await self._builder.start()
        await self.hosting.start()
        self._load.start()

    async def restore(self) -> int:
        restored = await self.reconciler.restore()
        await self._states.hand_back()
        return restored

    async def connect(self) -> None:
        """Raises GatewayRefused."""
        await self.gateway.log_in()
        self._services.application_id = self.gateway.application_id
        # Gone from the database before it is used: whoever is killed from here on leaves nothing.
        left = await self._database.run(restart.take, patience=float("inf"))
        self.gateway.go_on_with(left.sessions)
        self._router.remember_refused(left.refused)
        self._waiting = left.events
        self._roster.start()
        self._sweeper.start()
        self.reconciler.start()
        self.scheduler.start()
        self.recycler.start()
        if self._options.balances:
            self._balancer.start()
        self._gateway_task = asyncio.create_task(self.gateway.run(), name="gateway")
        connected = asyncio.create_task(self.gateway.wait_connected())
        await asyncio.wait({self._gateway_task, connected}, return_when=asyncio.FIRST_COMPLETED)
        connected.cancel()
        if self._gateway_task.done():
            await self.serve()

    async def take_guilds_in(self) -> None:
        """Waits until the bot's guilds have their scripts; a broken one holds nothing up."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._roster.wait_taken_in(), TAKE_IN_TIMEOUT)

    async def serve(self) -> None:
        """Until cancelled. Raises GatewayRefused."""
        assert self._gateway_task is not None
        try:
            # While flora stops it still tells whoever begins an interaction.
            await asyncio.shield(self._gateway_task)
        except* GatewayRefused as group:
            raise group.exceptions[0] from None

    def hold_intake(self) -> None:
        """Takes no event any more; Discord sends those that come now to the next process."""
        self._intake_open = False
        self.gateway.hold()

    async def stop(self, drained_by: float, deadline: float) -> None:
        """After `hold_intake`: lets running handlers finish until drained_by, then ends everything
        and leaves to the next process what it can go on with."""
        self._sweeper.stop()
        self.reconciler.stop()
        self.deployer.stop()
        self._balancer.stop()
        self.recycler.stop()
        self._command_sync.stop()
        self._load.stop()
        _, roster_is_kept = await asyncio.gather(
            self.scheduler.stop(timeout=1.0), self._roster.stop(timeout=1.0)
        )
        await self.hosting.drain(_until(drained_by - SUSPENDING))
        await self._states.suspend_all(_until(drained_by))
        await self.hosting.stop(max(0.5, _until(deadline - 1.0)))
        self._waiting += self.hosting.abandon()
        if self._gateway_task is not None:
            self._gateway_task.cancel()
            await asyncio.wait({self._gateway_task})
            await self._leave(self.gateway.sessions() if roster_is_kept else [])
        await self._faults.stop(patience=1.0)
        await self._builder.close()
        await self.scheduler.close(patience=1.0)
        await asyncio.to_thread(self._kv.stop)
        await self._guild_log.stop()
        await self._interactions.drain(_until(deadline - 0.5))
        self._interactions.stop()
        await self._fetch.close()
        await self._secrets.stop()
        await self.gateway.close()
        await self._rest.close()

    async def _leave(self, sessions: list[GatewaySession]) -> None:
        """Before anything else that may hang: from here on it is safe to be killed."""
        left = restart.Left(sessions, self._router.refused, self._waiting)
        try:
            await self._database.run(partial(restart.keep, left), patience=1.0)
        except DatabaseAway:
            log.error("the next start begins new sessions: what comes until then is lost")
        if (lost := len(left.events) - restart.MAX_EVENTS) > 0:
            log.error("%d events that had not started are lost", lost)

    # --- what the parts ask of each other --------------------------------------------------

    def _take(self, event: str, data: dict[str, Any]) -> None:
        self._metrics.gateway_events.add(event)
        if self._intake_open:
            self._router.take(event, data)
            if self._waiting and event == "READY":
                self._offer_waiting()
        else:
            self._router.refuse(event, data)

    def _on_resuming(self) -> None:
        """The sessions of the process before go on: what READY and GUILD_CREATE would bring."""
        self._router.greet(self.gateway.user, self.gateway.application)
        self._offer_waiting()
        if self._bootstrap:
            self._roster.take_in_unscripted()

    def _offer_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for guild_id, event in waiting:
            if (guild := self.hosting.guild_that_wants(guild_id, event.name)) is not None:
                guild.offer(event)

    def _offer(self, guild_id: str, event: Event) -> bool:
        guild = self.hosting.guilds.get(guild_id)
        if guild is None:
            return False
        guild.offer(event)
        return True

    def _jobs_changed(self, isolate: HostedIsolate) -> None:
        """A live script has registered one more; those of its load come with the adoption."""
        if isolate.stage is Stage.LIVE:
            self._on_adopted(isolate)

    def _on_load_failed(self, script: Script, error: ScriptError) -> None:
        self._faults.load_failed(script, error)

    def _on_intents_refused(self) -> None:
        self._listening.on_refusal()

    def _declares_ephemeral(self, guild_id: str, command: str) -> bool:
        return self.hosting.declares_ephemeral(guild_id, command)

    def _commands_changed(self, isolate: HostedIsolate) -> None:
        """A live script has declared its commands anew; while it loads the deployer sees to it."""
        if isolate.stage is Stage.LIVE:
            task = asyncio.create_task(self._store_commands(isolate))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _store_commands(self, isolate: HostedIsolate) -> None:
        revision_id, commands = isolate.script.revision_id, isolate.commands
        await self._database.run(partial(revisions.commands_declared, revision_id, commands))
        self._command_sync.request(isolate.guild_id)

    def _on_adopted(self, isolate: HostedIsolate) -> None:
        self.scheduler.adopt(
            isolate.guild_id,
            isolate.script.revision_id,
            isolate.jobs,
            complete=isolate.load_ended,
        )

    def _on_released(self, guild_id: str) -> None:
        self.scheduler.release(guild_id)
        self._listening.on_released(guild_id)
        self._secrets.forget(guild_id)

    def _on_secrets_changed(self, guild_id: str, placeholders: dict[str, str]) -> None:
        self.hosting.tell_placeholders(guild_id, placeholders)

    async def _fetch_script(self, guild_id: str) -> Any:
        return await self._database.run(
            partial(revisions.desired_script, guild_id), patience=float("inf")
        )

    async def _fetch_map(self, revision_id: str) -> str | None:
        return await self._database.run(partial(revisions.source_map, revision_id))

    async def _on_joined(self, guild_id: str) -> None:
        if self._bootstrap:
            script = default_script()
            create = partial(revisions.create_default, guild_id, script.entry, script.files)
            revision_id = await self._database.run(create)
            if revision_id is not None:
                await self.deployer.settle(revision_id)
                return
        await self.reconciler.reconcile(guild_id)


def _until(time_: float) -> float:
    """Seconds until then, at least 0."""
    return max(0.0, time_ - time.monotonic())
