"""Create and revoke API tokens. The token itself is seen once, by whoever creates it."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from deployments.actor import Actor
from deployments.models import ApiToken, AuditEvent, Guild, User


def create_token(
    *,
    actor: Actor,
    user: User | None,
    label: str,
    operator: bool = False,
    guilds: list[Guild] | None = None,
    lifetime: timedelta | None = None,
) -> tuple[ApiToken, str]:
    """Returns the token's row and the token. guilds: none means all that the user administers."""
    with transaction.atomic():
        row, token = ApiToken.objects.create(
            user=user, expiry=lifetime, label=label, operator=operator
        )
        row.guilds.set(guilds or [])
        AuditEvent.record(
            actor=actor,
            action="create_token",
            guild=None,
            token=row.token_key,
            label=label,
            operator=operator,
            user=user.get_username() if user else None,
            guilds=[str(guild.pk) for guild in guilds or []],
        )
    return row, token


def revoke_token(*, actor: Actor, token: ApiToken) -> None:
    """The token stops working at once; its row stays, so that the audit can name it."""
    if token.revoked_at is not None:
        return
    with transaction.atomic():
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        AuditEvent.record(
            actor=actor, action="revoke_token", guild=None, token=token.token_key, label=token.label
        )
