"""A guild's pending tasks: set, taken back and listed by its script.

One transaction each, one after the other within a guild, so that a busy script holds up its own.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from weakref import WeakValueDictionary

from django.db import transaction

from deployments.models import Guild, Task
from runtime.database import Database
from runtime.schedule.clock import Clock

MAX_PENDING = 1000
CHANGES_PER_MINUTE = 600
# How long a script waits for a database that is away; seconds.
PATIENCE = 3.0

Result = TypeVar("Result")


class TooManyTasks(Exception):
    """The guild has MAX_PENDING of them."""


class TooManyChanges(Exception):
    """The guild has set and taken back CHANGES_PER_MINUTE of them within this minute."""


@dataclass(frozen=True, slots=True)
class PendingTask:
    """data: JSON text."""

    key: str
    due_at: datetime
    data: str


class Tasks:
    def __init__(
        self, database: Database, clock: Clock, wake: Callable[[str, datetime], None]
    ) -> None:
        """wake(guild_id, at): something of the guild is due at that time."""
        self._database = database
        self._clock = clock
        self._wake = wake
        # The minute, and the changes of each guild in it.
        self._minute = clock.now()
        self._changes: Counter[str] = Counter()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # Each raises DatabaseAway.

    async def schedule(self, guild_id: str, task: PendingTask) -> None:
        """Replaces a pending task with the same key. Raises TooManyTasks or TooManyChanges."""
        self._count_change(guild_id)
        await self._run(guild_id, partial(_put, int(guild_id), task))
        self._wake(guild_id, task.due_at)

    async def cancel(self, guild_id: str, key: str) -> bool:
        """Whether there was such a task and it will not start any more. Raises TooManyChanges."""
        self._count_change(guild_id)
        return await self._run(guild_id, partial(_remove, int(guild_id), key))

    async def get(self, guild_id: str, key: str) -> PendingTask | None:
        return await self._run(guild_id, partial(_get, int(guild_id), key))

    async def pending(self, guild_id: str) -> list[tuple[str, datetime]]:
        """Keys and times of all, the next first."""
        return await self._run(guild_id, partial(_pending, int(guild_id)))

    def _count_change(self, guild_id: str) -> None:
        minute = self._clock.now().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._changes = minute, Counter()
        if self._changes[guild_id] >= CHANGES_PER_MINUTE:
            raise TooManyChanges
        self._changes[guild_id] += 1

    async def _run(self, guild_id: str, work: Callable[[], Result]) -> Result:
        lock = self._locks.get(guild_id)
        if lock is None:
            lock = self._locks[guild_id] = asyncio.Lock()
        async with lock:
            return await self._database.run(work, patience=PATIENCE)


def _put(guild_id: int, task: PendingTask) -> None:
    with transaction.atomic():
        Guild.objects.select_for_update().only("pk").get(pk=guild_id)
        tasks = Task.objects.filter(guild=guild_id)
        tasks.filter(key=task.key).delete()
        if tasks.count() >= MAX_PENDING:
            raise TooManyTasks
        Task.objects.create(guild_id=guild_id, key=task.key, due_at=task.due_at, data=task.data)


def _remove(guild_id: int, key: str) -> bool:
    return Task.objects.filter(guild=guild_id, key=key).delete()[0] > 0


def _get(guild_id: int, key: str) -> PendingTask | None:
    task = Task.objects.filter(guild=guild_id, key=key).first()
    return PendingTask(task.key, task.due_at, task.data) if task is not None else None


def _pending(guild_id: int) -> list[tuple[str, datetime]]:
    return list(Task.objects.filter(guild=guild_id).values_list("key", "due_at")[:MAX_PENDING])
