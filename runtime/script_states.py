"""What scripts take along over a restart of the runtime: asked for at the stop, handed back at the
next start, once.

A runtime that is killed asks nobody: what must not be lost belongs into the key-value store.
"""

import asyncio
import logging
import time
from functools import partial

from django.db import transaction

from deployments.models import ScriptState
from runtime.database import Database, DatabaseAway
from runtime.event import Event
from runtime.guild import GuildRuntime
from runtime.hosting import Hosting
from runtime.isolate import RESUME
from runtime.migration import Migration, NotMoved

log = logging.getLogger("flora.runtime")

# Scripts that say what they take along at the same time, with their states in memory.
AT_ONCE = 16


class ScriptStates:
    def __init__(self, database: Database, hosting: Hosting, migration: Migration) -> None:
        self._database = database
        self._hosting = hosting
        self._migration = migration

    async def suspend_all(self, seconds: float) -> int:
        """Asks every script that has something to take along, for at most so long; how many have
        answered. Whoever is late or fails begins anew next time."""
        deadline, room = time.monotonic() + seconds, asyncio.Semaphore(AT_ONCE)
        guilds = [g for g in self._hosting.guilds.values() if g.live and g.live.hands_over]
        asked = [asyncio.create_task(self._suspend(guild, room, deadline)) for guild in guilds]
        if not asked:
            return 0
        done, late = await asyncio.wait(asked, timeout=max(0.0, seconds))
        for task in late:
            task.cancel()
        kept = sum(task.result() for task in done)
        log.info("%d of %d scripts have said what they take along", kept, len(asked))
        return kept

    async def _suspend(self, guild: GuildRuntime, room: asyncio.Semaphore, deadline: float) -> bool:
        async with room:
            try:
                state = await self._migration.suspend(guild)
                patience = deadline - time.monotonic()
                keep = partial(keep_state, guild.guild_id, guild.revision_id or "", state)
                await self._database.run(keep, patience=patience)
            except (NotMoved, DatabaseAway) as reason:
                log.warning("guild %s takes nothing along: %s", guild.guild_id, reason)
                return False
            except Exception:
                log.exception("the state of guild %s cannot be kept", guild.guild_id)
                return False
        return True

    async def hand_back(self) -> None:
        """To the scripts that run again, before any event."""
        try:
            await self._hand_back()
        except DatabaseAway as away:
            log.error("scripts begin anew, what they had taken along is out of reach: %s", away)

    async def _hand_back(self) -> None:
        for guild_id in await self._database.run(guilds_with_state, patience=60.0):
            revision_id = self._hosting.runs(guild_id) or ""
            state = await self._database.run(partial(take_state, guild_id, revision_id))
            if state is not None and (guild := self._hosting.guilds.get(guild_id)) is not None:
                guild.offer(Event(RESUME, b"%b\n%b" % (RESUME.encode(), state), stage="resume"))


def keep_state(guild_id: str, revision_id: str, state: bytes) -> None:
    ScriptState.objects.update_or_create(
        guild_id=int(guild_id), defaults={"revision_id": revision_id, "state": state}
    )


def guilds_with_state() -> list[str]:
    return [str(guild_id) for guild_id in ScriptState.objects.values_list("pk", flat=True)]


def take_state(guild_id: str, revision_id: str) -> bytes | None:
    """What this revision has left, once; what another one has left is forgotten."""
    with transaction.atomic():
        row = ScriptState.objects.select_for_update().filter(pk=int(guild_id)).first()
        if row is None:
            return None
        row.delete()
    return bytes(row.state) if str(row.revision_id) == revision_id else None
