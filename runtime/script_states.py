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
        # Guilds whose scripts were still loading when states were handed back: their events wait
        # until they have theirs.
        self._owed: set[str] = set()
        self._paying: dict[str, asyncio.Task[None]] = {}

    async def suspend_all(self, seconds: float) -> int:
        """Asks every script that has something to take along, for at most so long; how many have
        answered. Whoever is late or fails begins anew next time; whoever has not been given yet
        what it has left is not asked, and keeps that."""
        deadline, room = time.monotonic() + seconds, asyncio.Semaphore(AT_ONCE)
        guilds = [
            guild
            for guild in self._hosting.guilds.values()
            if guild.live and guild.live.hands_over and guild.guild_id not in self._owed
        ]
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
        """To the scripts that run again, before any event; to those that still load as soon as they
        do, and if flora stops before that it is there for the next start."""
        try:
            await self._hand_back()
        except DatabaseAway as away:
            log.error("scripts begin anew, what they had taken along is out of reach: %s", away)

    async def _hand_back(self) -> None:
        for guild_id in await self._database.run(guilds_with_state, patience=60.0):
            guild = self._hosting.guilds.get(guild_id)
            if guild is not None and guild.live is None:
                guild.hold()
                self._owed.add(guild_id)
            else:
                await self._give(guild_id)

    def on_adopted(self, guild_id: str) -> None:
        """The guild's script is there: it gets what it was owed, before its events go on."""
        guild = self._hosting.guilds.get(guild_id)
        if guild is not None and guild_id in self._owed and guild_id not in self._paying:
            task = asyncio.create_task(self._pay(guild), name=f"state-{guild_id}")
            self._paying[guild_id] = task
            task.add_done_callback(lambda _: self._paying.pop(guild_id))

    async def _pay(self, guild: GuildRuntime) -> None:
        try:
            await self._give(guild.guild_id)
        except DatabaseAway as away:
            log.error("guild %s begins anew, its state is out of reach: %s", guild.guild_id, away)
        finally:
            self._owed.discard(guild.guild_id)
            guild.let_go()

    async def _give(self, guild_id: str) -> None:
        revision_id = self._hosting.runs(guild_id) or ""
        state = await self._database.run(partial(take_state, guild_id, revision_id))
        if state is not None and (guild := self._hosting.guilds.get(guild_id)) is not None:
            payload = b"%b\n%b" % (RESUME.encode(), state)
            guild.offer_first(Event(RESUME, payload, stage="resume"))


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
