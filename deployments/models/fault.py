"""What has stopped a guild's script, and what followed: one row each time, for its owner to read.

The rows are the strikes too: whoever decides what follows counts those of the last minutes.
"""

from datetime import datetime

from django.db import models
from django.utils import timezone

from deployments.models.guild import Guild


class FaultKind(models.TextChoices):
    CPU = "cpu"  # one turn computed for too long
    TIMEOUT = "timeout"  # a turn without an end, or a cron handler over its time
    MEMORY = "memory"
    STUCK = "stuck"  # it could not even be interrupted: its worker process was killed
    WORKER = "worker"  # its worker process died while it computed
    BUSY = "busy"  # more CPU in a minute than a guild's share
    LOAD = "load"  # the active revision does not load
    PROTOCOL = "protocol"  # it said what no script of ours says


class FollowUp(models.TextChoices):
    """What became of the guild."""

    RESTARTED = "restarted"  # its script runs again, from the beginning
    GOES_ON = "goes_on"  # nothing but the one handler was given up
    SLOWED = "slowed"  # its events start more slowly
    SECLUDED = "secluded"  # it runs again, in a worker that others do not share
    ROLLED_BACK = "rolled_back"  # the last revision that ran well is back
    SUSPENDED = "suspended"  # until `until`; for good when that is empty
    STOPPED = "stopped"  # it does not load: until its owner acts


class FaultQuerySet(models.QuerySet["Fault"]):
    def newest_first(self) -> "FaultQuerySet":
        return self.order_by("-pk")

    def strikes_since(self, moment: datetime) -> int:
        return self.filter(strike=True, at__gt=moment).count()


class Fault(models.Model):
    """message: what happened. event: Discord's name of the one that was handled; empty when it is
    not known. cpu_ms: of the turn; peak_bytes: the worker's resident size at the breach.
    follow_up, until: what became of it."""

    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="faults")
    revision = models.ForeignKey(
        "deployments.Revision", null=True, on_delete=models.SET_NULL, related_name="faults"
    )
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=8, choices=FaultKind.choices)
    message = models.TextField()
    event = models.CharField(max_length=64, blank=True)
    file = models.CharField(max_length=512, blank=True)
    line = models.PositiveIntegerField(null=True)
    cpu_ms = models.PositiveIntegerField(null=True)
    peak_bytes = models.PositiveBigIntegerField(null=True)
    strike = models.BooleanField(default=True)
    follow_up = models.CharField(max_length=11, choices=FollowUp.choices)
    until = models.DateTimeField(null=True)

    objects = FaultQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["guild", "-id"], name="fault_by_guild")]

    def __str__(self) -> str:
        return self.message[:80]
