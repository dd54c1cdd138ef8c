"""The runtime's parts put together: who is handed to whom, in which order they start and stop, and
what they ask of each other.

They exist once it is known which Discord to speak to; the process around them is
runtime/supervisor.py's.
"""

import asyncio
import contextlib
import logging
import os
import time
from functools import partial
from typing import Any

from gateway.client import GatewayClient, GatewayOptions
from gateway.errors import GatewayRefused
from gateway.intents import KNOWN_EVENTS, needed_for
from gateway.rest import DiscordRest, Held
from gateway.scope import ObjectScope
from gateway.session import GatewaySession
from runtime import restart, revisions
from runtime.balancer import Balancer
from runtime.builder.client import Builder
from runtime.capabilities import Capabilities
from runtime.command_sync import CommandSync
from runtime.database import Database, DatabaseAway
from runtime.default_script import LISTENS_TO, default_script
from runtime.deployer import Deployer
from runtime.drainer import Drainer
from runtime.event import Event
from runtime.faults import Faults
from runtime.guild_log import GuildLog
from runtime.held_back import HeldBack
from runtime.hosting import Hosting, worker_count_warning
from runtime.interactions.interactions import Interactions
from runtime.isolate import HostedIsolate, Stage
from runtime.kv.engine import KvEngine
from runtime.limit_book import LimitBook
from runtime.listening import Listening
from runtime.load import Load
from runtime.mentions import MentionDefaults
from runtime.metrics import Metrics
from runtime.migration import Migration, MigrationOptions
from runtime.notices import Notices
from runtime.operations.call import HostServices
from runtime.operations.desk import OperationDesk
from runtime.options import SupervisorOptions
from runtime.overview import Overview
from runtime.reconciler import Reconciler
from runtime.recycler import Recycler
from runtime.reports import Reports
from runtime.retention import Sweeper
from runtime.roster import Roster
from runtime.router import Router
from runtime.schedule.clock import SystemClock
from runtime.schedule.scheduler import Scheduler
from runtime.schedule.tasks import Tasks
from runtime.script import Script, ScriptError
from runtime.script_states import ScriptStates
from runtime.secrets.vault import SecretVault
from runtime.stack_traces import StackTraces

log = logging.getLogger("flora.runtime")

TAKE_IN_TIMEOUT = 20.0
# What metrics call events that flora does not know by name: there may come any number of them.
OTHER_EVENTS = "other"
# How long a member is let wait for a script that has ended without an answer, where handlers have
# no limit of their own; seconds.
NO_LIMIT_PATIENCE = 30.0
# Of a stop, for scripts to say what they take along; seconds.
SUSPENDING = 1.0


class Assembly:
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
            held_back=self._on_held_back,
        )
        self._scope = ObjectScope(
            lambda guild_id, path, **parameters: rest.request(guild_id, "GET", path, **parameters)
        )
        mentions = MentionDefaults(database)
        capabilities = Capabilities(database)
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
        self._held_back = HeldBack(reports.runtime_note)
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
            capabilities,
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
            capabilities,
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
        self.drainer = Drainer(self.hosting, self.migration)
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
            notice=Notices(rest, self._scope, database, reports.runtime_note).send,
        )
        self.reconciler = Reconciler(
            database,
            self.hosting,
            self.deployer,
            self._command_sync,
            mentions,
            capabilities,
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
        self.drainer.stop()
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
        self._metrics.gateway_events.add(event if event in KNOWN_EVENTS else OTHER_EVENTS)
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

    def _on_held_back(self, guild_id: str, why: Held) -> None:
        self._held_back.count(guild_id, why)

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
        self._states.on_adopted(isolate.guild_id)
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
