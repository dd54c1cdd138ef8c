"""`manage.py rotatesecrets`: seals every secret with the first master key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from deployments.actor import Actor
from deployments.services.secrets import rotate_secrets


class Command(BaseCommand):
    help = (
        "Seals every secret with the first key of SECRETS_MASTER_KEYS. Put a new key first, "
        "restart flora, run this, then take the old key away: nothing needs it any more."
    )
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        rotation = rotate_secrets(actor=Actor.system())
        self.stdout.write(
            f"{rotation.resealed} secrets sealed anew, {rotation.current} had the first key already"
        )
        if rotation.unreadable:
            listed = ", ".join(rotation.unreadable)
            raise CommandError(
                f"No key opens {len(rotation.unreadable)} secrets: {listed}. Configure the key "
                "that they were sealed with and run this again, or give them a new value."
            )
