"""The jobs of a script that has become its guild's live one, in the database. One transaction.

Knows nothing of what is due.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from deployments.models import CronJob, Guild, JobRun
from deployments.models.schedule import Outcome
from runtime.schedule.job import Job, next_slot
from runtime.schedule.rows import next_wakes

LOST = "flora ended while it was under way"


@dataclass(frozen=True, slots=True)
class LiveScript:
    """A guild's live script, with the jobs that it has registered. complete: it will register no
    more of them while it loads."""

    guild_id: str
    revision_id: str
    jobs: dict[str, Job]
    complete: bool


@dataclass(frozen=True, slots=True)
class Adoption:
    """wakes: when each guild has something due next. lost: runs that nobody ended."""

    wakes: dict[str, datetime | None]
    lost: list[JobRun]


def adopt(scripts: list[LiveScript], under_way: Collection[int], now: datetime) -> Adoption:
    """Makes the rows of these guilds those that their scripts have registered.

    An unchanged job keeps its next slot and its history, a changed expression starts anew, and
    what another revision had registered goes. under_way: the runs that this runtime knows of.
    """
    with transaction.atomic():
        running = set(
            Guild.objects.running()
            .filter(pk__in=[int(script.guild_id) for script in scripts])
            .order_by("pk")
            .select_for_update()
            .values_list("pk", flat=True)
        )
        # One that was paused meanwhile rests: its rows are left as the pause has left them.
        scripts = [script for script in scripts if int(script.guild_id) in running]
        rows: dict[int, dict[str, CronJob]] = defaultdict(dict)
        for row in CronJob.objects.filter(guild__in=running):
            rows[row.guild_id][row.name] = row
        for script in scripts:
            _adopt_jobs(script, rows[int(script.guild_id)], now)
        lost = [
            run
            for run in JobRun.objects.running().filter(guild__in=running)
            if run.pk not in under_way
        ]
        _lose(lost)
        return Adoption(next_wakes(running), lost)


def _adopt_jobs(script: LiveScript, rows: dict[str, CronJob], now: datetime) -> None:
    for job in script.jobs.values():
        row = rows.pop(job.name, None)
        options: dict[str, Any] = {
            "skip_if_running": job.skip_if_running,
            "catch_up": job.catch_up,
            "revision_id": UUID(script.revision_id),
        }
        if row is not None and row.expression == job.expression:
            options["next_at"] = row.next_at or next_slot(job.expression, now)
            options["resting"] = False
            if any(getattr(row, name) != value for name, value in options.items()):
                CronJob.objects.filter(pk=row.pk).update(**options)
            continue
        if row is not None:
            row.delete()
        CronJob.objects.create(
            guild_id=int(script.guild_id),
            name=job.name,
            expression=job.expression,
            next_at=next_slot(job.expression, now),
            **options,
        )
    for row in rows.values():
        if script.complete and row.revision_id != UUID(script.revision_id):
            row.delete()


def lose_runs_of_stopped_guilds() -> None:
    """At the start: nobody will adopt these guilds and find out."""
    runs = JobRun.objects.running()
    _lose(list(runs.exclude(guild__in=Guild.objects.running().filter(load_error=""))))


def _lose(runs: list[JobRun]) -> None:
    JobRun.objects.filter(pk__in=[run.pk for run in runs]).update(outcome=Outcome.LOST, error=LOST)
