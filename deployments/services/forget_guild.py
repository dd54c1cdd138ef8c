"""Delete a guild that the bot has left for good, with everything that belonged to it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from deployments.actor import Actor
from deployments.models import ApiToken, AuditEvent, Guild, JobRun, KvEntry, LogEntry, Revision
from deployments.services.kv_transfer import delete_exports
from deployments.services.tokens import revoke_token

# Rows of one transaction: nobody waits for more. Revisions are megabytes each.
ROWS_AT_ONCE, REVISIONS_AT_ONCE = 1000, 20


def forget_guild(*, guild: Guild, left_before: datetime, actor: Actor) -> bool:
    """In steps, the guild itself last; False when the bot is back, or has left later than this.

    Tokens for this guild alone are revoked: without it they would reach all of their person's.
    """
    still_left = Guild.objects.filter(pk=guild.pk, left_at__lt=left_before)
    for rows, at_once in _large_tables(guild):
        while _delete_some(still_left, rows, at_once):
            pass
    with transaction.atomic():
        leaving = still_left.select_for_update().first()
        if leaving is None:
            return False
        for token in ApiToken.objects.filter(guilds=leaving):
            if token.guilds.count() == 1:
                revoke_token(actor=actor, token=token)
        AuditEvent.record(
            actor=actor, action="forget_guild", guild=leaving, left_at=str(leaving.left_at)
        )
        leaving.delete()
        transaction.on_commit(lambda: delete_exports(guild))
    return True


def _large_tables(guild: Guild) -> list[tuple["QuerySet[Any]", int]]:
    return [
        (LogEntry.objects.filter(guild=guild), ROWS_AT_ONCE),
        (KvEntry.objects.filter(store__guild=guild), ROWS_AT_ONCE),
        (JobRun.objects.filter(guild=guild), ROWS_AT_ONCE),
        (Revision.objects.filter(guild=guild), REVISIONS_AT_ONCE),
    ]


def _delete_some(still_left: "QuerySet[Guild]", rows: "QuerySet[Any]", at_once: int) -> bool:
    """Whether there was anything, and the bot is not back."""
    with transaction.atomic():
        if not still_left.select_for_update().exists():
            return False
        pks = list(rows.order_by("pk").values_list("pk", flat=True)[:at_once])
        if pks:
            rows.filter(pk__in=pks).only("pk").delete()
        return bool(pks)
