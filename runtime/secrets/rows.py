"""What the runtime reads and writes about secrets. Each function is one transaction, run on a
database thread, and may be repeated."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from deployments.models import Guild
from deployments.models import Secret as Row
from runtime.secrets.secret import Secret


def secrets_of(guild_id: str) -> tuple[int, list[Secret]]:
    """The guild's secrets, and a version that is theirs or the one before: a change that falls
    between the two look-ups shows in the next comparison."""
    found = Guild.objects.filter(pk=int(guild_id)).values_list("secrets_version").first()
    rows = Row.objects.filter(guild_id=int(guild_id))
    return found[0] if found else 0, [_held(row) for row in rows]


def versions() -> dict[str, int]:
    """Of all guilds that have or had secrets."""
    rows = Guild.objects.filter(secrets_version__gt=0).values_list("pk", "secrets_version")
    return {str(guild): version for guild, version in rows}


def note_uses(used: Mapping[str, datetime]) -> None:
    """used: secrets' ids, and when each was sent last."""
    with transaction.atomic():
        for secret_id in sorted(used):
            Row.objects.filter(pk=UUID(secret_id)).update(last_used_at=used[secret_id])


def _held(row: Row) -> Secret:
    return Secret(str(row.pk), row.name, row.placeholder, row.identity, row.sealed)
