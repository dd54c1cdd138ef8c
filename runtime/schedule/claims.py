"""Claims what is due: each slot and each task once, whatever the number of runtimes.

A slot is claimed by a compare-and-set of the row that says when it comes, a task by deleting its
row. The run is recorded in the same transaction, so that a start which never happens is known as
lost.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from deployments.models import CronJob, Guild, JobRun, Task
from deployments.models.schedule import CatchUp, Outcome, Trigger
from runtime.schedule.job import next_slot
from runtime.schedule.rows import next_wakes

# A slot that comes later than this was missed, and the job's catch-up policy decides: long enough
# for a restart, and for a guild's jobs that wait for each other.
ON_TIME = timedelta(seconds=60)
RUNS_KEPT = 50

MISSED = "missed: flora was not running, or the script was not loaded"
STILL_RUNNING = "the run before was still under way"
NOT_REGISTERED = "the script has not registered the job since it was loaded"


@dataclass(slots=True)
class Room:
    """What of a guild may start now.

    jobs: names that the live script has registered, all of them if complete. running: the jobs
    with a run under way. late_from: what was missed starts no earlier. free_…: how many more may
    start.
    """

    guild_id: str
    jobs: Collection[str]
    complete: bool
    running: set[int]
    late_from: datetime
    free_jobs: int
    free_tasks: int


@dataclass(frozen=True, slots=True)
class Run:
    """A claimed start. job_id: None for a task. data: a task's, JSON text."""

    id: int
    guild_id: str
    job_id: int | None
    name: str
    slot: datetime
    data: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What starts now. wakes: when each guild has something due next. crowded: guilds with
    something due that found no room."""

    runs: list[Run]
    wakes: dict[str, datetime | None]
    crowded: set[str]


def claim(rooms: list[Room], now: datetime) -> Claim:
    """Claims what is due in these guilds and finds room."""
    with transaction.atomic():
        claiming = _Claiming({int(room.guild_id): room for room in rooms}, now)
        claiming.claim_jobs()
        claiming.claim_tasks()
        return claiming.finish()


class _Claiming:
    def __init__(self, rooms: dict[int, Room], now: datetime) -> None:
        self._rooms = rooms
        self._now = now
        self._started: list[tuple[JobRun, str | None]] = []
        self._skipped: list[JobRun] = []
        self._deferred: dict[int, datetime] = {}
        self._crowded: set[str] = set()

    def claim_jobs(self) -> None:
        due = CronJob.objects.filter(
            Q(next_at__lte=self._now) | Q(run_requested_at__isnull=False), guild__in=self._rooms
        )
        for job in due.order_by(F("next_at").asc(nulls_last=True), "pk"):
            room = self._rooms[job.guild_id]
            if job.name not in room.jobs:
                if room.complete:
                    self._rest(job)
                continue
            if job.run_requested_at is not None:
                slot = job.run_requested_at
                self._start(job, room, slot, Trigger.MANUAL, run_requested_at=None)
            if job.next_at is not None and job.next_at <= self._now:
                self._claim_slot(job, room, job.next_at)

    def _rest(self, job: CronJob) -> None:
        """A job that the script registers later than while it loads has slots again from then."""
        requested_at = job.run_requested_at
        if self._take(job, next_at=None, run_requested_at=None) and requested_at is not None:
            self._skip(job, requested_at, Trigger.MANUAL, NOT_REGISTERED)

    def _claim_slot(self, job: CronJob, room: Room, slot: datetime) -> None:
        following = next_slot(job.expression, self._now)
        if not self._is_late(slot):
            self._start(job, room, slot, Trigger.SLOT, next_at=following)
        elif job.catch_up == CatchUp.SKIP:
            if self._take(job, next_at=following):
                self._skip(job, slot, Trigger.SLOT, MISSED)
        elif self._now < room.late_from:
            self._deferred[job.guild_id] = room.late_from
        else:
            self._start(job, room, slot, Trigger.CATCH_UP, next_at=following)

    def _start(
        self, job: CronJob, room: Room, slot: datetime, trigger: Trigger, **taken: Any
    ) -> None:
        if job.skip_if_running and job.pk in room.running:
            if self._take(job, **taken):
                self._skip(job, slot, trigger, STILL_RUNNING)
        elif room.free_jobs == 0:
            self._crowded.add(room.guild_id)
        elif self._take(job, **taken):
            room.free_jobs -= 1
            room.running.add(job.pk)
            run = JobRun(
                guild_id=job.guild_id,
                job=job,
                name=job.name,
                slot=slot,
                trigger=trigger,
                started_at=self._now,
            )
            self._started.append((run, None))

    def _take(self, job: CronJob, **values: Any) -> bool:
        """Sets these columns if they still are as they were read; whether they were."""
        unchanged = {name: getattr(job, name) for name in values}
        rows = CronJob.objects.filter(pk=job.pk, resting=False, **unchanged)
        return rows.update(**values) == 1

    def _skip(self, job: CronJob, slot: datetime, trigger: Trigger, reason: str) -> None:
        self._skipped.append(
            JobRun(
                guild_id=job.guild_id,
                job=job,
                name=job.name,
                slot=slot,
                trigger=trigger,
                outcome=Outcome.SKIPPED,
                error=reason,
            )
        )

    def claim_tasks(self) -> None:
        running = Guild.objects.running().filter(pk__in=self._rooms)
        due = Task.objects.filter(guild__in=running, due_at__lte=self._now)
        for guild_id in due.order_by("guild").values_list("guild_id", flat=True).distinct():
            room = self._rooms[guild_id]
            for task in due.filter(guild=guild_id).order_by("due_at", "pk")[: room.free_tasks + 1]:
                is_late = self._is_late(task.due_at)
                if is_late and self._now < room.late_from:
                    self._deferred[guild_id] = room.late_from
                elif room.free_tasks == 0:
                    self._crowded.add(room.guild_id)
                elif Task.objects.filter(pk=task.pk).delete()[0]:
                    room.free_tasks -= 1
                    run = JobRun(
                        guild_id=guild_id,
                        name=task.key,
                        slot=task.due_at,
                        trigger=Trigger.CATCH_UP if is_late else Trigger.SLOT,
                        started_at=self._now,
                    )
                    self._started.append((run, task.data))

    def _is_late(self, slot: datetime) -> bool:
        return self._now - slot > ON_TIME

    def finish(self) -> Claim:
        rows = [run for run, _ in self._started] + self._skipped
        JobRun.objects.bulk_create(rows)
        _prune(rows)
        wakes = next_wakes(self._rooms, after=self._now)
        for guild_id, deferred in self._deferred.items():
            known = wakes[str(guild_id)]
            wakes[str(guild_id)] = deferred if known is None else min(known, deferred)
        runs = [
            Run(run.pk, str(run.guild_id), run.job_id, run.name, run.slot, data)
            for run, data in self._started
        ]
        return Claim(runs, wakes, self._crowded)


def _prune(added: list[JobRun]) -> None:
    jobs = {run.job_id for run in added if run.job_id is not None}
    tasks_of = {run.guild_id for run in added if run.job_id is None}
    for runs, whose in (
        (JobRun.objects.filter(job__in=jobs), "job"),
        (JobRun.objects.filter(guild__in=tasks_of, job=None), "guild"),
    ):
        age = Window(RowNumber(), partition_by=whose, order_by="-pk")
        too_old = runs.annotate(age=age).filter(age__gt=RUNS_KEPT).values_list("pk", flat=True)
        if pks := list(too_old):
            JobRun.objects.filter(pk__in=pks).delete()
