"""Deletes what is not kept any longer: a sweep, once a day, over the tables that only grow.

One rule a table, each in steps that hold up nobody. Who adds a table that grows adds its rule to
RULES. Runs are cut to the newest of each job when one is added (runtime/schedule/claims.py),
expired key-value entries go within a minute (runtime/kv/engine.py), audit events stay.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from deployments.actor import Actor
from deployments.models import Fault, Guild, LogEntry, Revision
from deployments.models.revision import Status
from deployments.services.forget_guild import forget_guild
from runtime.database import Database, DatabaseAway
from runtime.schedule.clock import Clock

log = logging.getLogger("flora.runtime")

# The start is busy with other things.
FIRST_AFTER, EVERY = timedelta(minutes=10), timedelta(days=1)
# Rows of one transaction. Revisions are megabytes each.
ROWS_AT_ONCE, REVISIONS_AT_ONCE = 1000, 20


@dataclass(frozen=True, slots=True)
class Retention:
    """revisions: of each guild, those that have run and those that failed counted apart.
    log_days, log_lines, fault_days: of each guild. left_guild_days: all of a guild, after the bot
    has left."""

    revisions: int = 50
    log_days: int = 30
    log_lines: int = 20_000
    fault_days: int = 90
    left_guild_days: int = 30


# step(retention, now) deletes some rows and says how many; 0: nothing is left to delete.
Step = Callable[[Retention, datetime], int]


class Sweeper:
    def __init__(
        self,
        database: Database,
        retention: Retention,
        clock: Clock,
        rules: Mapping[str, Step] | None = None,
    ) -> None:
        """rules: what is deleted, by what it is called; RULES by default."""
        self._rules = RULES if rules is None else rules
        self._database = database
        self._retention = retention
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="retention")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def sweep(self) -> dict[str, int]:
        """Applies all rules; how much each has deleted. A rule that fails is logged and does not
        keep the others from theirs. Raises DatabaseAway."""
        deleted = {}
        for what, step in self._rules.items():
            try:
                deleted[what] = await self._apply(step)
            except DatabaseAway:
                raise
            except Exception:
                log.exception("%s could not be swept", what)
        return deleted

    async def _apply(self, step: Step) -> int:
        total = 0
        while count := await self._database.run(partial(step, self._retention, self._clock.now())):
            total += count
        return total

    async def _run(self) -> None:
        never = asyncio.Event()
        due = self._clock.now() + FIRST_AFTER
        while True:
            while self._clock.now() < due:
                await self._clock.wait(never, due)
            due = self._clock.now() + EVERY
            try:
                deleted = await self.sweep()
            except DatabaseAway:
                continue  # it says so itself, once; the rest goes tomorrow
            if found := ", ".join(f"{count} {what}" for what, count in deleted.items() if count):
                log.info("deleted what is not kept any longer: %s", found)


def _old_revisions(retention: Retention, now: datetime) -> int:
    """The active one stays, and what waits to be deployed."""
    age = Window(
        RowNumber(), partition_by=["guild", "status"], order_by=[F("deployed_at").desc(), "-pk"]
    )
    settled = Revision.objects.filter(status__in=[Status.SUCCESS, Status.FAILED])
    old = settled.annotate(age=age).filter(age__gt=retention.revisions).values("pk")
    active = Guild.objects.exclude(active_revision=None).values("active_revision")
    # A rollback that waits needs what it goes back to.
    needed = Revision.objects.pending().exclude(rolled_back_to=None).values("rolled_back_to")
    gone = Revision.objects.filter(pk__in=old).exclude(pk__in=active).exclude(pk__in=needed)
    with transaction.atomic():
        some = list(gone.values_list("pk", flat=True)[:REVISIONS_AT_ONCE])
        Revision.objects.filter(pk__in=some).only("pk").delete()
    return len(some)


def _old_log_lines(retention: Retention, now: datetime) -> int:
    oldest = now - timedelta(days=retention.log_days)
    return _delete(LogEntry.objects.filter(at__lt=oldest).order_by("pk"))


def _too_many_log_lines(retention: Retention, now: datetime) -> int:
    noisy = LogEntry.objects.values("guild").annotate(lines=Count("pk"))
    for row in noisy.filter(lines__gt=retention.log_lines).order_by("guild"):
        too_many = min(row["lines"] - retention.log_lines, ROWS_AT_ONCE)
        return _delete(LogEntry.objects.filter(guild=row["guild"]).order_by("pk"), too_many)
    return 0


def _old_faults(retention: Retention, now: datetime) -> int:
    oldest = now - timedelta(days=retention.fault_days)
    return _delete(Fault.objects.filter(at__lt=oldest).order_by("pk"))


def _left_guilds(retention: Retention, now: datetime) -> int:
    """One guild a step: that may take its time."""
    left_before = now - timedelta(days=retention.left_guild_days)
    for guild in Guild.objects.filter(left_at__lt=left_before).order_by("left_at")[:1]:
        forget_guild(guild=guild, left_before=left_before, actor=Actor.system())
        return 1
    return 0


def _delete(rows: "QuerySet[Any]", at_once: int = ROWS_AT_ONCE) -> int:
    """The first of these rows; how many."""
    with transaction.atomic():
        pks = list(rows.values_list("pk", flat=True)[:at_once])
        if pks:
            rows.model._default_manager.filter(pk__in=pks).delete()
    return len(pks)


RULES: dict[str, Step] = {
    "guilds that the bot has left": _left_guilds,
    "old revisions": _old_revisions,
    "old log lines": _old_log_lines,
    "log lines of noisy guilds": _too_many_log_lines,
    "old faults": _old_faults,
}
