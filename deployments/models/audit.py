"""Who did what to which guild. Rows are only added; they outlive what they speak of."""

from typing import Any

from django.db import models
from django.utils import timezone

from deployments.actor import Actor
from deployments.models.guild import Guild
from deployments.models.revision import ActorType


class AuditEvent(models.Model):
    """guild_id and guild_name are copies, not a key: a deleted guild keeps its history."""

    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    action = models.CharField(max_length=32)
    guild_id = models.BigIntegerField(null=True, db_index=True)
    guild_name = models.CharField(max_length=100, blank=True)
    actor_type = models.CharField(max_length=7, choices=ActorType.choices)
    actor_user_id = models.CharField(max_length=32, blank=True)
    actor_username = models.CharField(max_length=150, blank=True)
    details: "models.JSONField[Any, Any]" = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_username or self.actor_type}"

    @classmethod
    def record(
        cls, *, actor: Actor, action: str, guild: Guild | None, **details: Any
    ) -> "AuditEvent":
        return cls.objects.create(
            action=action,
            guild_id=guild.pk if guild else None,
            guild_name=guild.name if guild else "",
            actor_type=actor.type,
            actor_user_id=actor.user_id,
            actor_username=actor.username,
            details=details,
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("an audit event is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("an audit event is never deleted")
