"""Deploys one revision: build, load beside the running script, commit, swap.

Until the commit nothing of the running script is touched; after it the swap cannot fail. A
revision is a job with its state in the database: whatever stops half way is finished, or
failed, by the next runtime.
"""

import asyncio
import logging
import time
from functools import partial
from weakref import WeakValueDictionary

from runtime import revisions
from runtime.builder.client import Build, Builder, BuildError, SourceFile
from runtime.capabilities import Capabilities
from runtime.command_sync import CommandSync
from runtime.database import Database, DatabaseAway
from runtime.hosting import Hosting
from runtime.isolate import HostedIsolate
from runtime.limits import LimitsOf
from runtime.reports import Reports
from runtime.revisions import Deployed, PendingRevision
from runtime.script import LoadFailed, NoWorker, Script
from runtime.stack_traces import StackTraces, Trace

log = logging.getLogger("flora.deployments")

# How long a database that is away may hold up a deploy before it is left pending; seconds.
PATIENCE = 60.0
DEFECT = "flora failed to deploy this script: its operator finds the reason in the log"


class Deployer:
    def __init__(
        self,
        database: Database,
        builder: Builder,
        hosting: Hosting,
        traces: StackTraces,
        reports: Reports,
        command_sync: CommandSync,
        capabilities: Capabilities,
        limits_of: LimitsOf,
    ) -> None:
        self._database = database
        self._builder = builder
        self._hosting = hosting
        self._traces = traces
        self._reports = reports
        self._command_sync = command_sync
        self._capabilities = capabilities
        self._limits_of = limits_of
        self._jobs: dict[str, asyncio.Task[str]] = {}
        # Of a guild only as long as somebody has it or waits for it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def settle(self, revision_id: str) -> str:
        """Finishes a pending revision; returns the status it has then. Any number of callers may
        wait for the same one, and leave. Raises DatabaseAway or NoWorker."""
        job = self._jobs.get(revision_id)
        if job is None:
            job = asyncio.create_task(self._settle(revision_id), name=f"deploy-{revision_id}")
            self._jobs[revision_id] = job
            job.add_done_callback(lambda _: self._jobs.pop(revision_id, None))
        return await asyncio.shield(job)

    async def bring_up(self, guild_id: str) -> None:
        """Makes the guild run what the database says: loads, replaces or releases.

        Raises DatabaseAway or NoWorker.
        """
        async with self.changes(guild_id):
            await self._bring_up(guild_id)

    async def load_anew(self, guild_id: str) -> None:
        """What the guild runs is loaded once more, beside the one that runs until then. Raises
        DatabaseAway or NoWorker."""
        async with self.changes(guild_id):
            await self._bring_up(guild_id, anew=True)

    def changes(self, guild_id: str) -> asyncio.Lock:
        """Held by whoever changes what the guild runs."""
        return self._locks.setdefault(guild_id, asyncio.Lock())

    def stop(self) -> None:
        for job in self._jobs.values():
            job.cancel()

    # --- a pending revision ----------------------------------------------------------------

    async def _settle(self, revision_id: str) -> str:
        guild_id = await self._database.run(partial(revisions.guild_of, revision_id))
        if guild_id is None:
            return "failed"
        async with self.changes(guild_id):
            # The one deployed last stays, in whatever order the wake-ups have come.
            next_until = partial(revisions.next_until, revision_id)
            while revision := await self._database.run(next_until, patience=PATIENCE):
                await self._deploy(revision)
            return await self._database.run(partial(revisions.status_of, revision_id))

    async def _deploy(self, revision: PendingRevision) -> None:
        """The revision has settled afterwards. Raises DatabaseAway or NoWorker."""
        started = time.monotonic()
        try:
            build = await self._build(revision)
            isolate = await self._load(revision, build)
            deployed = await self._commit(revision, build, isolate)
        except BuildError as error:
            await self._fail(revision, _build_error_as_json(error))
            return
        except _NotLoaded as failure:
            await self._fail(revision, failure.error)
            return
        except (DatabaseAway, NoWorker):
            raise
        except Exception:  # it would be the same each time the revision is taken up again
            log.exception("revision %s cannot be deployed", revision.id)
            await self._fail(revision, {"message": DEFECT})
            return
        if deployed is None:
            self._hosting.discard(isolate)
            return
        if not deployed.guild_runs:
            self._hosting.discard(isolate)
        elif not self._hosting.adopt(isolate):
            await self._bring_up(revision.guild_id)
        self._command_sync.request(revision.guild_id)
        self._hosting.metrics.deploys.add("success")
        milliseconds = round((time.monotonic() - started) * 1000)
        log.info(
            "guild %s runs revision %s", revision.guild_id, revision.id, extra={"ms": milliseconds}
        )

    async def _build(self, revision: PendingRevision) -> Build:
        """Raises BuildError."""
        if revision.bundle is not None:
            if revision.is_built:
                return Build(revision.bundle, revision.source_map or "")
            name = revision.source_map_path or revision.entry
            build = await self._builder.normalise(revision.bundle, revision.source_map, name)
        else:
            files = [SourceFile(path, contents) for path, contents in revision.files or ()]
            build = await self._builder.build(files, revision.entry)
        limit = self._limits_of(revision.guild_id).script_bytes
        if len(build.bundle.encode()) > limit:
            raise BuildError(f"script exceeds size limit (max {limit} bytes)")
        return build

    async def _load(self, revision: PendingRevision, build: Build) -> HostedIsolate:
        """Raises _NotLoaded."""
        script = Script(
            revision.guild_id, revision.id, build.bundle, permissions=revision.permissions
        )
        await self._require_rights(script, build)
        try:
            isolate = await self._hosting.load(script, trial=True)
        except LoadFailed as failure:
            trace = await self._traces.explain(failure.error, revision.id, build.source_map)
            raise _NotLoaded(trace.as_json()) from None
        if problem := isolate.commands_problem or isolate.jobs_problem:
            self._hosting.discard(isolate)
            raise _NotLoaded({"message": problem})
        return isolate

    async def _require_rights(self, script: Script, build: Build) -> None:
        """Raises _NotLoaded, with the place in the author's files."""
        if use := self._capabilities.forbidden_use(script):
            sentence, offset = use
            place = await self._traces.locate(script, offset, build.source_map)
            raise _NotLoaded(Trace(sentence, place, "").as_json())

    async def _commit(
        self, revision: PendingRevision, build: Build, isolate: HostedIsolate
    ) -> Deployed | None:
        try:
            return await self._database.run(
                partial(
                    revisions.succeed,
                    revision.id,
                    bundle=build.bundle,
                    source_map=build.source_map,
                    subscriptions=sorted(isolate.subscriptions),
                    commands=isolate.commands,
                ),
                patience=PATIENCE,
            )
        except BaseException:
            self._hosting.discard(isolate)
            raise

    async def _fail(self, revision: PendingRevision, error: dict[str, object]) -> None:
        await self._database.run(partial(revisions.fail, revision.id, error), patience=PATIENCE)
        self._hosting.metrics.deploys.add("failed")
        self._reports.runtime_note(
            revision.guild_id, "error", f"deploy failed: {error.get('message')}"
        )
        log.info("guild %s: revision %s was refused", revision.guild_id, revision.id)

    # --- what should run anyway ------------------------------------------------------------

    async def _bring_up(self, guild_id: str, *, anew: bool = False) -> None:
        async with self._hosting.fetches:
            script = await self._database.run(
                partial(revisions.desired_script, guild_id), patience=PATIENCE
            )
            if script is None:
                self._hosting.release(guild_id)
                return
            if not anew and self._hosting.runs(guild_id) == script.revision_id:
                return
            try:
                while not self._hosting.adopt(await self._hosting.load(script)):
                    pass  # its worker has died since
            except LoadFailed as failure:
                self._reports.load_failed(script, failure.error)
                if self._hosting.runs(guild_id) is None:
                    self._hosting.release(guild_id)  # nothing waits for it any more


class _NotLoaded(Exception):
    def __init__(self, error: dict[str, object]) -> None:
        super().__init__(error.get("message"))
        self.error = error


def _build_error_as_json(error: BuildError) -> dict[str, object]:
    return {
        "message": error.message,
        "file": error.file,
        "line": error.line,
        "column": error.column,
        "stack": "",
    }
