"""Brings each guild's slash commands at Discord to what its script declares.

A job of its own with its own state on the revision: a failed sync never undoes a deploy. One
request replaces all of a guild's commands, only when they have changed; a script without any
leaves none behind.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from gateway.commands import digest, send_commands
from gateway.errors import DiscordError
from gateway.rest import DiscordRest
from runtime import revisions
from runtime.database import Database, DatabaseAway

log = logging.getLogger("flora.runtime")

RETRY_FIRST, RETRY_LAST = 1.0, 300.0


class CommandSync:
    def __init__(
        self,
        database: Database,
        rest: DiscordRest,
        application_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._rest = rest
        self._application_id = application_id
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def request(self, guild_id: str) -> None:
        """The guild's commands may have changed. One job a guild; later requests run it again."""
        if guild_id in self._jobs:
            self._again.add(guild_id)
            return
        job = asyncio.create_task(self._sync(guild_id), name=f"commands-{guild_id}")
        self._jobs[guild_id] = job
        job.add_done_callback(lambda ended: self._ended(guild_id, ended))

    def stop(self) -> None:
        for job in self._jobs.values():
            job.cancel()

    def _ended(self, guild_id: str, job: asyncio.Task[None]) -> None:
        self._jobs.pop(guild_id, None)
        if job.cancelled():
            return
        if (error := job.exception()) and not isinstance(error, DatabaseAway):
            log.error("command sync of guild %s failed", guild_id, exc_info=error)
        if guild_id in self._again:
            self._again.discard(guild_id)
            self.request(guild_id)

    async def _sync(self, guild_id: str) -> None:
        delay = RETRY_FIRST
        while True:
            run = self._database.run
            state = await run(partial(revisions.command_state, guild_id))
            if state is None:
                return
            wanted = digest(state.commands)
            if wanted == state.synced:
                await run(partial(revisions.commands_synced, guild_id, state.revision_id, wanted))
                return
            await run(partial(revisions.commands_pending, state.revision_id))
            try:
                await send_commands(self._rest, self._application_id(), guild_id, state.commands)
            except DiscordError as error:
                final = error.status is not None and error.status not in (429, 500, 502, 503, 504)
                failed = partial(
                    revisions.commands_failed, state.revision_id, str(error), final=final
                )
                await run(failed)
                log.warning("guild %s: slash commands were not taken: %s", guild_id, error)
                if final:
                    return
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_LAST)
            else:
                await run(partial(revisions.commands_synced, guild_id, state.revision_id, wanted))
                log.info("guild %s: %d slash commands sent", guild_id, len(state.commands))
                return
