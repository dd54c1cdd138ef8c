"""Tells a guild's owner what became of the script: into the guild's log and the database."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from runtime import revisions
from runtime.database import Database, DatabaseAway
from runtime.guild_log import GuildLog
from runtime.isolate import HostedIsolate
from runtime.script import Script, ScriptError
from runtime.stack_traces import StackTraces

log = logging.getLogger("flora.runtime")

SCRIPT, RUNTIME = "flora:js", "flora:runtime"


class Reports:
    def __init__(
        self,
        guild_log: GuildLog,
        traces: StackTraces,
        database: Database,
        stopped: Callable[[Script, ScriptError], None],
    ) -> None:
        """stopped(script, error): an active revision does not load, and that is recorded."""
        self._guild_log = guild_log
        self._traces = traces
        self._database = database
        self._stopped = stopped
        self._tasks: set[asyncio.Task[None]] = set()

    def script_log(self, guild_id: str, level: str, text: str) -> None:
        self._guild_log.write(guild_id, level, SCRIPT, text)

    def runtime_note(self, guild_id: str, level: str, text: str) -> None:
        self._guild_log.write(guild_id, level, RUNTIME, text)

    def script_failed(self, isolate: HostedIsolate, stage: str, error: ScriptError) -> None:
        """stage: dispatch, load, …, for the original's `<stage> failed: <text>`; or unhandled, for
        what nobody has caught, which it did not tell.

        Explaining an error costs more than throwing it: one that would not be read is dropped.
        """
        if self._guild_log.claim(isolate.guild_id, SCRIPT):
            self._spawn(self._explain(isolate.script, stage, error))

    def load_failed(self, script: Script, error: ScriptError) -> None:
        """An active revision does not run: its owner sees why until it is deployed or resumed."""
        self._spawn(self._record_load_failure(script, error))

    async def _explain(self, script: Script, stage: str, error: ScriptError) -> None:
        try:
            trace = await self._traces.explain(error, script.revision_id)
        except DatabaseAway:
            text = str(error)
        else:
            text = str(trace)
        course = f" in {error.event}" if error.event else ""
        heading = f"unhandled error{course}" if stage == "unhandled" else f"{stage} failed"
        self._guild_log.put(script.guild_id, "error", RUNTIME, f"{heading}: {text}")

    async def _record_load_failure(self, script: Script, error: ScriptError) -> None:
        if self._guild_log.claim(script.guild_id, RUNTIME):
            await self._explain(script, "load", error)
        await self._database.run(
            partial(revisions.load_failed, script.guild_id, script.revision_id, str(error)),
            patience=60.0,
        )
        self._stopped(script, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a report could not be written", exc_info=error)
