"""A value that a guild's script may use and never sees. Sealed by deployments/sealing.py."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone

from deployments.models.guild import Guild
from deployments.sealing import Identity, Sealed

PLACEHOLDER = "__FLORA_SECRET__"


class Secret(models.Model):
    """Keeps its id for as long as it has its name, so that placeholders stay valid.

    allowed_hosts: patterns as deployments/hosts.py writes them. tag: of the placeholder, for good.
    created_by: the name of whoever made it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=64)
    tag = models.CharField(max_length=12)
    allowed_hosts: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    key_id = models.CharField(max_length=16)
    nonce = models.BinaryField(max_length=12)
    ciphertext = models.BinaryField()
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["guild", "name"], name="one_secret_a_name")]

    guild_id: int

    def __str__(self) -> str:
        return self.name

    @property
    def placeholder(self) -> str:
        return f"{PLACEHOLDER}:{self.pk}:{self.tag}"

    @property
    def identity(self) -> Identity:
        return Identity(
            str(self.pk), str(self.guild_id), self.name, self.tag, tuple(self.allowed_hosts)
        )

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.key_id, bytes(self.nonce), bytes(self.ciphertext))

    @sealed.setter
    def sealed(self, sealed: Sealed) -> None:
        self.key_id, self.nonce, self.ciphertext = sealed.key_id, sealed.nonce, sealed.ciphertext
