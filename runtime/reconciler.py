"""Compares what should run (the database) with what does, and makes it so.

Every EVERY seconds and whenever somebody tells it to: a message is only a wake-up, so a lost one
delays and loses nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from runtime import revisions
from runtime.capabilities import Capabilities
from runtime.command_sync import CommandSync
from runtime.database import Database, DatabaseAway
from runtime.deployer import Deployer
from runtime.hosting import Hosting
from runtime.limit_book import LimitBook
from runtime.mentions import MentionDefaults
from runtime.script import NoWorker
from runtime.secrets.vault import SecretVault

log = logging.getLogger("flora.runtime")

EVERY = 5.0
# How long a start waits for a database that is away; seconds.
AT_START = 3600.0
# At the start flora waits for its guilds' scripts while some come up: when none has for so long,
# the rest hangs, and is waited for by its own events only; seconds.
RESTORE_PATIENCE = 2.0


class Reconciler:
    def __init__(
        self,
        database: Database,
        hosting: Hosting,
        deployer: Deployer,
        command_sync: CommandSync,
        mentions: MentionDefaults,
        capabilities: Capabilities,
        secrets: SecretVault,
        limits: LimitBook,
    ) -> None:
        self._database = database
        self._hosting = hosting
        self._deployer = deployer
        self._command_sync = command_sync
        self._mentions = mentions
        self._capabilities = capabilities
        self._secrets = secrets
        self._limits = limits
        self._loop_task: asyncio.Task[None] | None = None
        self._tasks: dict[str, asyncio.Task[Any]] = {}  # by what they settle

    async def restore(self) -> int:
        """Brings up everything that should run, all at once; how many guilds have come up.

        A script that does not load is recorded and skipped; one that takes its time goes on
        loading, and the events of its guild wait for it. Raises DatabaseAway.
        """
        await self._mentions.refresh(patience=AT_START)
        await self._capabilities.refresh(patience=AT_START)
        await self._limits.refresh(patience=AT_START)
        desired = await self._database.run(revisions.desired, patience=AT_START)
        for guild_id in desired:
            self._attempt(guild_id, self._deployer.bring_up)
        loading = {self._tasks[guild_id] for guild_id in desired}
        while loading:
            done, loading = await asyncio.wait(loading, timeout=RESTORE_PATIENCE)
            if not done:
                break
        if late := [guild_id for guild_id in desired if guild_id in self._tasks]:
            log.warning("%d scripts are still loading; their guilds' events wait", len(late))
            subscriptions = partial(revisions.subscriptions_of, late)
            for guild_id, events in (await self._database.run(subscriptions)).items():
                if guild_id in self._tasks:
                    self._hosting.expect(guild_id, events)
        return sum(self._hosting.runs(guild_id) is not None for guild_id in desired)

    def start(self) -> None:
        self._loop_task = asyncio.create_task(self._run(), name="reconcile")

    def stop(self) -> None:
        for task in (self._loop_task, *self._tasks.values()):
            if task is not None:
                task.cancel()

    async def reconcile(self, guild_id: str) -> None:
        """Makes one guild's desired state true, its slash commands and secrets too."""
        await self._mentions.refresh()
        await self._capabilities.refresh()
        await self._secrets.refresh_held(guild_id)
        await self._follow_limits()
        await self._deployer.bring_up(guild_id)
        self._command_sync.request(guild_id)

    async def _run(self) -> None:
        while True:
            try:
                await self._compare()
            except DatabaseAway:
                pass  # the database says so itself, once
            except Exception:
                log.exception("the comparison of desired and actual state failed")
            await asyncio.sleep(EVERY)

    async def _compare(self) -> None:
        await self._mentions.refresh()
        await self._capabilities.refresh()
        await self._secrets.refresh_changed()
        await self._follow_limits()
        for revision_id, _ in await self._database.run(revisions.pending_ids):
            self._attempt(revision_id, self._deployer.settle)
        desired = await self._database.run(revisions.desired)
        actual = {guild_id: self._hosting.runs(guild_id) for guild_id in self._hosting.guilds}
        for guild_id in desired.keys() | actual.keys():
            if desired.get(guild_id) != actual.get(guild_id):
                self._attempt(guild_id, self._deployer.bring_up)
        for guild_id in await self._database.run(revisions.guilds_with_unsynced_commands):
            self._command_sync.request(guild_id)

    async def _follow_limits(self) -> None:
        """An isolate has the limits with which it was made."""
        for guild_id in await self._limits.refresh():
            if self._hosting.runs(guild_id):
                self._attempt(guild_id, self._deployer.load_anew)

    def _attempt(self, subject: str, settle: Callable[[str], Coroutine[Any, Any, Any]]) -> None:
        """Unless the last attempt is still under way: one may wait for a build, a load, a lock."""
        if subject not in self._tasks:
            task = self._tasks[subject] = asyncio.create_task(settle(subject))
            task.add_done_callback(lambda ended: self._ended(subject, ended))

    def _ended(self, subject: str, task: asyncio.Task[Any]) -> None:
        del self._tasks[subject]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, NoWorker):
            log.error("%s waits: %s", subject, error)
        elif error is not None and not isinstance(error, DatabaseAway):
            log.error("%s could not be settled", subject, exc_info=error)
