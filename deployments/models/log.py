"""What a guild's script and the runtime have said about it: the owner's window."""

from django.db import models
from django.utils import timezone

from deployments.models.guild import Guild


class LogEntry(models.Model):
    """target: `flora:js` for the script's own lines, `flora:runtime` for what happened to it."""

    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="log_entries")
    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=5)
    target = models.CharField(max_length=32)
    message = models.TextField()

    class Meta:
        verbose_name_plural = "log entries"
        indexes = [models.Index(fields=["guild", "-id"], name="log_by_guild")]

    def __str__(self) -> str:
        return self.message[:80]
