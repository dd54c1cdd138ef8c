"""What a script wants to be woken for: cron jobs, one-shot tasks, and how their runs went.

The rows are the truth: a runtime claims a slot or a task here before it starts it, so that no two
start the same one and none is started twice.
"""

from django.db import models
from django.db.models import OuterRef, Prefetch, Q, Subquery
from django.utils import timezone

from deployments.models.guild import Guild


class CatchUp(models.TextChoices):
    """What becomes of slots that passed while flora was not running."""

    SKIP = "skip"
    ONCE = "once"  # run once for all of them


class Outcome(models.TextChoices):
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"  # the handler threw
    TIMEOUT = "timeout"
    SKIPPED = "skipped"  # its time had come and it was not started
    LOST = "lost"  # started, and nobody knows how far it came


class Trigger(models.TextChoices):
    """Why a run was started."""

    SLOT = "slot"
    CATCH_UP = "catch_up"
    MANUAL = "manual"


class CronJobQuerySet(models.QuerySet["CronJob"]):
    def rest(self) -> int:
        """Nothing of theirs starts until the runtime runs their guild's script again; what passes
        until then is not made up."""
        return self.update(resting=True, next_at=None, run_requested_at=None)

    def requested(self) -> "CronJobQuerySet":
        """Those that somebody wants to run now."""
        return self.filter(run_requested_at__isnull=False)

    def with_last_run(self) -> "CronJobQuerySet":
        """Brings along what last_run needs."""
        newest = JobRun.objects.filter(job=OuterRef("job")).newest_first().values("pk")[:1]
        runs = JobRun.objects.filter(pk=Subquery(newest))
        return self.prefetch_related(Prefetch("runs", queryset=runs, to_attr="last_runs"))


class CronJob(models.Model):
    """A job as the guild's script has registered it.

    revision: the one that registered it last; a later one that does not takes it away.
    next_at: its next slot; None when there is none. resting: since the guild was paused, or its
    script taken away.
    """

    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="cron_jobs")
    name = models.CharField(max_length=200)
    expression = models.CharField(max_length=256)
    skip_if_running = models.BooleanField(default=False)
    catch_up = models.CharField(max_length=4, choices=CatchUp.choices, default=CatchUp.SKIP)
    revision = models.ForeignKey(
        "deployments.Revision", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    next_at = models.DateTimeField(null=True)
    resting = models.BooleanField(default=False)
    run_requested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CronJobQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["guild", "name"], name="one_job_a_name")]
        indexes = [
            models.Index(
                fields=["run_requested_at"],
                name="job_requested",
                condition=Q(run_requested_at__isnull=False),
            ),
            models.Index(fields=["guild"], name="job_resting", condition=Q(resting=True)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_run(self) -> "JobRun | None":
        """Of a job that came from with_last_run(); None when it never ran."""
        runs: list[JobRun] = vars(self)["last_runs"]
        return runs[0] if runs else None


class Task(models.Model):
    """Something that a script wants to be called for once. A replaced task is a new row.

    data: JSON text.
    """

    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="tasks")
    key = models.CharField(max_length=256)
    due_at = models.DateTimeField()
    data = models.TextField(default="null")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["guild", "key"], name="one_task_a_key")]
        indexes = [models.Index(fields=["guild", "due_at"], name="task_by_time")]

    def __str__(self) -> str:
        return self.key


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def newest_first(self) -> "JobRunQuerySet":
        return self.order_by("-pk")

    def running(self) -> "JobRunQuerySet":
        return self.filter(outcome=Outcome.RUNNING)


class JobRun(models.Model):
    """One start of a job, or of a task when job is None; also a slot that was not started.

    name: the job's, or the task's key. slot: the time that it was for. The newest 50 of a job,
    and of a guild's tasks, are kept.
    """

    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="job_runs")
    job = models.ForeignKey(CronJob, null=True, on_delete=models.CASCADE, related_name="runs")
    name = models.CharField(max_length=256)
    slot = models.DateTimeField()
    trigger = models.CharField(max_length=8, choices=Trigger.choices, default=Trigger.SLOT)
    outcome = models.CharField(max_length=7, choices=Outcome.choices, default=Outcome.RUNNING)
    started_at = models.DateTimeField(null=True)
    duration_ms = models.IntegerField(null=True)
    error = models.TextField(blank=True)

    objects = JobRunQuerySet.as_manager()

    job_id: int | None

    class Meta:
        verbose_name = "run"
        indexes = [
            models.Index(fields=["job", "-id"], name="run_by_job"),
            models.Index(fields=["guild", "-id"], name="run_by_guild"),
            models.Index(
                fields=["guild"], name="run_under_way", condition=Q(outcome=Outcome.RUNNING)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.slot:%Y-%m-%d %H:%M:%S}"
