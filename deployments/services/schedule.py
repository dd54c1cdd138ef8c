"""Run a guild's cron job now, and take a pending task back."""

from django.db import transaction
from django.utils import timezone

from deployments import control
from deployments.actor import Actor
from deployments.models import AuditEvent, CronJob, Guild, Task
from deployments.models.guild import GuildState


class NotRunnable(Exception):
    """Nothing of the guild can be started now; the message says why."""


def run_job(*, job: CronJob, actor: Actor) -> CronJob:
    """Notes that the job is to run now, besides its slots, and wakes the runtime.

    A wish that still waits is not noted twice. Raises NotRunnable.
    """
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=job.guild_id)
        if guild.state != GuildState.RUNNING:
            raise NotRunnable(f"the guild's script does not run: it is {guild.state.value}")
        current = CronJob.objects.select_for_update().filter(pk=job.pk).first()
        if current is None:
            raise NotRunnable(f"the script has no cron job {job.name!r} any more")
        if current.run_requested_at is None:
            current.run_requested_at = timezone.now()
            current.save(update_fields=["run_requested_at"])
        AuditEvent.record(actor=actor, action="run_job", guild=guild, job=job.name)
        transaction.on_commit(lambda: control.tell(control.RunRequested(str(guild.pk))))
    return current


def cancel_task(*, task: Task, actor: Actor) -> bool:
    """Whether it was still pending: one that has started goes on."""
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=task.guild_id)
        # By its own id: a script may have replaced it, which makes another one of the same key.
        deleted, _ = Task.objects.filter(pk=task.pk).delete()
        if deleted:
            AuditEvent.record(actor=actor, action="cancel_task", guild=guild, task=task.key)
    return deleted > 0
