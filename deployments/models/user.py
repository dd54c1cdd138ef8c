"""A person who logs in: an operator, or somebody who may administer guilds."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):  # type: ignore[django-manager-missing]
    """is_superuser makes an operator; what others may do is in GuildMember."""

    discord_id = models.CharField(
        max_length=20,
        null=True,
        blank=True,
        unique=True,
        help_text="The account at Discord that logs in as this user.",
    )

    class Meta:
        verbose_name = "account"

    @property
    def is_operator(self) -> bool:
        return self.is_active and self.is_superuser
