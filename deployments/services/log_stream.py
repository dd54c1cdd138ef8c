"""Follows a guild's log in the database, for whoever watches it live.

The runtime writes entries in batches; looking for new ones by key costs one index look-up.
"""

import asyncio
import time
from collections.abc import AsyncIterator

from channels.db import database_sync_to_async

from deployments.models import LogEntry

# How often it is looked, and how often nothing is said to be there; seconds.
LOOK_EVERY = 0.5
KEEP_ALIVE = 15.0
BATCH = 200


class Tail:
    def __init__(self, guild_id: int, *, after: int | None) -> None:
        """after: the key of the last entry that is known; None: only what comes from now on."""
        self._guild_id = guild_id
        self._after = after

    async def batches(self) -> AsyncIterator[list[LogEntry]]:
        """New entries in order, as they come; an empty list each KEEP_ALIVE seconds without one."""
        if self._after is None:
            self._after = await database_sync_to_async(self._newest)()
        said_at = time.monotonic()
        while True:
            entries = await database_sync_to_async(self._next)()
            if entries:
                self._after = entries[-1].pk
            now = time.monotonic()
            if entries or now - said_at >= KEEP_ALIVE:
                said_at = now
                yield entries
            if len(entries) < BATCH:
                await asyncio.sleep(LOOK_EVERY)

    def _newest(self) -> int:
        found = LogEntry.objects.filter(guild_id=self._guild_id).order_by("-pk").first()
        return found.pk if found else 0

    def _next(self) -> list[LogEntry]:
        entries = LogEntry.objects.filter(guild_id=self._guild_id, pk__gt=self._after)
        return list(entries.order_by("pk")[:BATCH])
