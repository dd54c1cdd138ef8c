"""Tokens for scripted deploys: hashed, scoped to guilds or to every guild, expiring."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken

from deployments.models.guild import Guild


class ApiToken(AbstractAuthToken):  # type: ignore[misc]
    """Belongs to a person, whose rights it never exceeds, or to the operators (user is null).

    guilds: empty means every guild that the person administers; operators' tokens reach all.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="auth_token_set",
    )
    label = models.CharField(max_length=100, blank=True)
    operator = models.BooleanField(default=False, help_text="May act on every guild.")
    guilds = models.ManyToManyField(Guild, blank=True, related_name="tokens")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | models.Q(operator=True),
                name="token_belongs_to_somebody",
            )
        ]

    def __str__(self) -> str:
        return self.label or f"{self.token_key}…"

    @property
    def works(self) -> bool:
        """Neither revoked nor expired; its account is another matter."""
        return self.revoked_at is None and (self.expiry is None or self.expiry > timezone.now())

    @property
    def guild_ids(self) -> list[str]:
        return [str(guild.pk) for guild in self.guilds.all()]
