"""Runs one script here and now: real builder, real worker, real isolate, and no Discord.

What production puts together for a guild is put together for one run: the same operations on the
same services. Only where requests would leave stands something that tells of them.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from deployments.sealing import Sealer
from deployments.source import Source
from gateway.scope import ObjectScope
from runtime.builder.client import Build, Builder, BuildError, SourceFile
from runtime.capabilities import Capabilities
from runtime.database import Database
from runtime.event import Ending, Event
from runtime.hosting import Hosting
from runtime.interactions.interactions import Interactions
from runtime.isolate import HostedIsolate
from runtime.kv.engine import KvEngine
from runtime.limits import Limits
from runtime.local import storage
from runtime.local.local_fetch import LocalClient
from runtime.local.recorded_discord import RecordedDiscord
from runtime.local.transcript import Began, Built, Failed, Loaded, Noted, Tell, Transcript
from runtime.local.wishes import CRON, TASK, Happening, Wish, happening
from runtime.local.world import APPLICATION, GUILD, Json, World
from runtime.mentions import MentionDefaults
from runtime.operations.call import HostServices
from runtime.operations.desk import OperationDesk
from runtime.pool import PoolOptions
from runtime.roster import Roster
from runtime.router import Router, as_event
from runtime.schedule.clock import SystemClock
from runtime.schedule.tasks import Tasks
from runtime.script import LoadFailed, Script
from runtime.secrets.vault import SecretVault
from runtime.stack_traces import StackTraces

# How long, after an event has ended, what it has set going may still take; seconds.
PATIENCE = 30.0
LOOK_EVERY = 0.01


@dataclass(frozen=True)
class LocalOptions:
    """wait: seconds that the script goes on after the last event, for its timers."""

    limits: Limits
    pool: PoolOptions
    sealer: Sealer
    fetch: LocalClient
    build_seconds: float
    show_internal_frames: bool
    wait: float = 0.0


class LocalRun:
    """On a database that storage.create has made."""

    def __init__(self, options: LocalOptions, world: World, tell: Tell) -> None:
        self._options = options
        self._world = world
        self._revision_id = str(uuid.uuid4())
        self._source_map = ""
        self._script: Script | None = None
        self._isolate: HostedIsolate | None = None
        self._database = Database()
        self._builder = Builder(timeout=options.build_seconds)
        traces = StackTraces(self._fetch_map, show_internal=options.show_internal_frames)
        self._transcript = Transcript(tell, traces)
        self._kv = KvEngine(self._database, lambda _: options.limits.kv)
        self._vault = SecretVault(self._database, options.sealer, lambda *_: None)
        scope = ObjectScope(_everything_is_here)
        rest = RecordedDiscord(world, self._transcript)
        clock = SystemClock()
        self._interactions = Interactions(
            rest,
            lambda: APPLICATION,
            asyncio.get_running_loop(),
            patience=options.limits.handler_seconds or PATIENCE,
            declared_ephemeral=self._declares_ephemeral,
        )
        services = HostServices(
            kv=self._kv,
            rest=rest,
            scope=scope,
            interactions=self._interactions,
            mentions=MentionDefaults(self._database),
            capabilities=Capabilities(self._database),
            fetch=options.fetch,
            secrets=self._vault,
            application_id=APPLICATION,
            commands_changed=lambda _: None,
            clock=clock,
            tasks=Tasks(self._database, clock, lambda *_: None),
            max_cron_jobs=lambda _: options.limits.cron_jobs,
            jobs_changed=lambda _: None,
        )
        self._hosting = Hosting(
            options.pool,
            lambda _: options.limits,
            OperationDesk(services, lambda _: options.limits),
            self._transcript,
            self._fetch_script,
            secrets=self._vault,
            adopted=self._on_adopted,
            released=lambda _: None,
            subscribed=lambda _: None,
            offended=lambda *_: None,  # the transcript says it
        )
        roster = Roster(self._database, joined=_nobody_waits, left=_nobody_waits)
        self._router = Router(self._hosting, scope, roster, self._interactions)
        self._router.take("GUILD_CREATE", world.guild())

    async def run(self, source: Source, wishes: list[Wish]) -> bool:
        """Whether all went well; everything else is told. Raises InvalidWish."""
        async with self._started():
            if not await self._build_and_load(source):
                return False
            for wish in wishes:
                await self._fulfil(wish)
            if self._options.wait:
                await asyncio.sleep(self._options.wait)
            await self._settled()
            self._transcript(await self._database.run(storage.kept))
        return self._transcript.ok

    # --- the script ------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _started(self) -> AsyncIterator[None]:
        self._kv.start()
        try:
            await self._hosting.start()
            yield
        finally:
            await self._hosting.stop(timeout=2.0)
            await self._builder.close()
            await asyncio.to_thread(self._kv.stop)
            self._interactions.stop()
            await self._options.fetch.close()
            await self._vault.stop()
            self._database.close()

    async def _build_and_load(self, source: Source) -> bool:
        files = source.files or ()
        sources = [SourceFile(file.path, file.contents) for file in files]
        try:
            build = await self._builder.build(sources, source.entry)
        except BuildError as error:
            place = (error.file, error.line, error.column)
            self._transcript(Failed("build", error.message, None, *place))
            return False
        self._transcript(Built(source.entry, len(files), len(build.bundle.encode())))
        self._source_map = build.source_map
        return await self._load(build)

    async def _load(self, build: Build) -> bool:
        self._script = Script(GUILD, self._revision_id, build.bundle)
        try:
            isolate = await self._hosting.load(self._script, trial=True)
        except LoadFailed as failure:
            await self._transcript.fail("load", failure.error, self._revision_id)
            return False
        if problem := isolate.commands_problem or isolate.jobs_problem:
            self._transcript(Failed("load", problem))
            return False
        jobs = {name: job.expression for name, job in isolate.jobs.items()}
        self._transcript(Loaded(sorted(isolate.subscriptions), isolate.commands, jobs))
        self._hosting.adopt(isolate)
        await self._settled()
        return True

    def _declares_ephemeral(self, guild_id: str, command: str) -> bool:
        return self._hosting.declares_ephemeral(guild_id, command)

    async def _fetch_map(self, _revision_id: str) -> str | None:
        return self._source_map or None

    async def _fetch_script(self, _guild_id: str) -> Script | None:
        """What has broken a limit starts anew, as it would in a guild."""
        return self._script

    def _on_adopted(self, isolate: HostedIsolate) -> None:
        self._isolate = isolate

    # --- its events ------------------------------------------------------------------------

    async def _fulfil(self, wish: Wish) -> None:
        """Raises InvalidWish."""
        event = happening(wish, self._world, self._commands())
        self._transcript(Began(event.name, wish.source))
        if GUILD not in self._hosting.guilds:
            self._transcript(Noted("the script does not run any more"))  # it could not start anew
        elif event.name in (CRON, TASK):
            await self._start_now(event)
        elif self._hosting.guild_that_wants(GUILD, event.name) is None:
            self._transcript(Noted("the script does not listen to it"))
        else:
            self._router.take(event.name, event.data)
        await self._settled()

    def _commands(self) -> list[Json]:
        return self._isolate.commands if self._isolate is not None else []

    async def _start_now(self, event: Happening) -> None:
        """What comes from flora's clock takes no router."""
        data, limits = event.data, self._options.limits
        if event.name == TASK:
            task = await self._database.run(partial(storage.take_task, data["key"]))
            if task is None:
                self._transcript(Noted("the script has set no such task"))
                return
            data = task
        offered: Event = as_event(event.name, data)
        if event.name == CRON:
            offered.stage, offered.seconds = "cron", limits.cron_seconds or None
        ended = asyncio.Event()

        def end(_ending: Ending, _error: object) -> None:
            ended.set()

        offered.ended = end
        self._hosting.guilds[GUILD].offer(offered)
        await ended.wait()

    async def _settled(self) -> None:
        """Returns when no handler and no operation is under way, and all is told."""
        deadline = time.monotonic() + PATIENCE
        await self._hosting.drain(PATIENCE + (self._options.limits.handler_seconds or PATIENCE))
        while self._is_busy() and time.monotonic() < deadline:  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(LOOK_EVERY)
        await self._interactions.drain(PATIENCE)
        await self._transcript.explained()

    def _is_busy(self) -> bool:
        return self._isolate is not None and self._isolate.operations_under_way > 0


async def _everything_is_here(_guild_id: str, _path: str, **_parameters: str) -> Json:
    """What the scope asks Discord for: any id that a script names is taken for its guild's."""
    return {"guild_id": GUILD}


async def _nobody_waits(_guild_id: str) -> None:
    """Nobody asks which guilds there are."""
