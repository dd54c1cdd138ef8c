"""What a runtime that stops leaves to the next one. Rows live from a stop to the start after it."""

from django.db import models
from django.utils import timezone

from deployments.models.fields import SnowflakeField


class GatewaySession(models.Model):
    """A session at Discord's gateway: whoever resumes it is sent what came after `sequence`.

    refused: ids of interactions that were told that flora restarts. Discord sends them again.
    """

    bot_id = SnowflakeField()
    api_base = models.CharField(max_length=255)
    intents = models.BigIntegerField()
    shard = models.IntegerField()
    shards = models.IntegerField()
    session_id = models.CharField(max_length=255)
    sequence = models.BigIntegerField()
    resume_address = models.CharField(max_length=255, blank=True)
    refused: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    kept_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["shard"]

    def __str__(self) -> str:
        return f"shard {self.shard} of {self.shards}"


class WaitingEvent(models.Model):
    """An event that was taken from Discord and had not started when the time to stop was over.

    guild_id is no key: whether there still is a script for it is found out at the start.
    payload: what a worker gets.
    """

    guild_id = SnowflakeField()
    name = models.CharField(max_length=64)
    payload = models.BinaryField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name} of {self.guild_id}"
