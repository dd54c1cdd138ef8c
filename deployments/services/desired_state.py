"""Pause, resume and undeploy: changes of what should run, which the runtime then makes true."""

from django.db import transaction
from django.utils import timezone

from deployments import control
from deployments.actor import Actor
from deployments.models import AuditEvent, CronJob, Guild
from deployments.models.revision import Status

SUPERSEDED = {"message": "the guild was undeployed before this script was loaded"}


def pause(*, guild: Guild, actor: Actor) -> Guild:
    """The guild's script stops receiving anything; its revision stays the active one."""
    return _change(guild, actor, "pause", stops=True, paused_at=timezone.now())


def resume(*, guild: Guild, actor: Actor) -> Guild:
    """The active revision runs again, also after a suspension that waits for its owner. One that
    ends by itself goes on to its end."""
    return _change(guild, actor, "resume", starts=True, paused_at=None, load_error="")


def undeploy(*, guild: Guild, actor: Actor) -> Guild:
    """No script runs for the guild any more and its slash commands go; the history stays.

    What was deployed before and has not been loaded yet is not loaded any more.
    """
    with transaction.atomic():
        guild = _change(guild, actor, "undeploy", stops=True, active_revision=None, load_error="")
        guild.revisions.filter(status=Status.PENDING).update(
            status=Status.FAILED, error=SUPERSEDED, deployed_at=timezone.now()
        )
    return guild


def _change(
    guild: Guild,
    actor: Actor,
    action: str,
    *,
    starts: bool = False,
    stops: bool = False,
    **desired: object,
) -> Guild:
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        if starts and guild.suspended_at is not None and guild.suspended_until is None:
            desired["suspended_until"] = timezone.now()
        for field, value in desired.items():
            setattr(guild, field, value)
        guild.save(update_fields=[*desired, "updated_at"])
        if stops:
            CronJob.objects.filter(guild=guild).rest()
        AuditEvent.record(actor=actor, action=action, guild=guild)
        transaction.on_commit(lambda: control.tell(control.Reconcile(str(guild.pk))))
    return guild
