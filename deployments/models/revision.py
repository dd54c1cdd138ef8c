"""One deployment of a guild's script: what came in, what was built of it, how it went."""

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from deployments.models.guild import ADMINISTRATOR, Guild


class Status(models.TextChoices):
    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"


class Origin(models.TextChoices):
    """Where a deployment came from: the original's `x-flora-deploy-source`."""

    CLI = "cli"
    WEBUI = "webui"
    BOOTSTRAP = "bootstrap"
    API = "api"
    UNKNOWN = "unknown"


class ActorType(models.TextChoices):
    SESSION = "session"
    TOKEN = "token"  # noqa: S105 (a kind of actor)
    SYSTEM = "system"


class CommandSync(models.TextChoices):
    """Whether Discord has the slash commands of a revision."""

    NONE = "none"  # not active, or nothing to change
    PENDING = "pending"
    SYNCED = "synced"
    FAILED = "failed"


class RevisionQuerySet(models.QuerySet["Revision"]):
    def successful(self) -> "RevisionQuerySet":
        return self.filter(status=Status.SUCCESS)

    def pending(self) -> "RevisionQuerySet":
        return self.filter(status=Status.PENDING).order_by("created_at", "pk")

    def newest_first(self) -> "RevisionQuerySet":
        return self.order_by("-deployed_at", "-pk")

    def active(self) -> "RevisionQuerySet":
        """The one of each guild that should run."""
        return self.filter(guild__active_revision=models.F("pk"))

    def with_first_deployment(self) -> "RevisionQuerySet":
        """Adds first_deployed_at: when the guild's first successful revision was deployed."""
        first = Revision.objects.filter(guild=models.OuterRef("guild")).successful()
        return self.annotate(
            first_deployed_at=models.Subquery(
                first.order_by("deployed_at").values("deployed_at")[:1]
            )
        )

    def before(self, deployed_at: datetime, revision_id: uuid.UUID) -> "RevisionQuerySet":
        """What follows this revision in newest_first()."""
        same_time = models.Q(deployed_at=deployed_at, pk__lt=revision_id)
        return self.filter(models.Q(deployed_at__lt=deployed_at) | same_time)

    def without_contents(self) -> "RevisionQuerySet":
        """For lists: bundles and maps are megabytes."""
        return self.defer("files", "bundle", "source_map", "source_map_path")


class Revision(models.Model):
    """Pending until the runtime has built and loaded it, then success or failed, for good.

    files: [{"path", "contents"}] as deployed, null when a ready bundle came. bundle: the script
    that runs. error: {"message", "file", "line", "column", "stack"}.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="revisions")
    entry = models.CharField(max_length=255)
    files: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    bundle = models.TextField(null=True)
    source_map = models.TextField(null=True)
    source_map_path = models.CharField(max_length=255, blank=True)
    build_id = models.CharField(max_length=64, blank=True)

    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    error: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    subscriptions: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    commands: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    command_sync = models.CharField(
        max_length=8, choices=CommandSync.choices, default=CommandSync.NONE
    )
    command_sync_error = models.TextField(blank=True)

    origin = models.CharField(max_length=9, choices=Origin.choices, default=Origin.UNKNOWN)
    actor_type = models.CharField(max_length=7, choices=ActorType.choices)
    actor_user_id = models.CharField(max_length=32, blank=True)
    actor_username = models.CharField(max_length=150, blank=True)
    deployer_permissions = models.BigIntegerField(
        default=ADMINISTRATOR,
        help_text="Discord's permission bits of who deployed it: the script may do no more.",
    )
    base_revision = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="successors"
    )
    rolled_back_to = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="rollbacks"
    )
    change_summary: "models.JSONField[Any, Any]" = models.JSONField(null=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deployed_at = models.DateTimeField(
        default=timezone.now, help_text="When it was deployed or failed; until then when it came."
    )

    objects = RevisionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["guild", "-deployed_at", "-id"], name="revision_history"),
            models.Index(fields=["guild", "status", "-deployed_at"], name="revision_by_status"),
        ]

    def __str__(self) -> str:
        return f"{str(self.pk)[:8]} of {self.guild_id}"

    @property
    def error_message(self) -> str | None:
        """The error as one line: file, line and column before the message, where known."""
        if not self.error:
            return None
        place = ":".join(
            str(self.error[key]) for key in ("file", "line", "column") if self.error.get(key)
        )
        message = str(self.error.get("message", ""))
        return f"{place}: {message}" if place else message
