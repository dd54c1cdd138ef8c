"""What a guild's administrators choose for its script beside the script itself."""

from django.db import transaction

from deployments import control
from deployments.actor import Actor
from deployments.models import AuditEvent, Guild


def choose_mentions(*, guild: Guild, actor: Actor, safe: bool) -> Guild:
    """Whether messages ping only users, unless the script says otherwise, or as Discord has it.

    It holds for the next message, without a new deployment.
    """
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        if guild.safe_mentions != safe:
            guild.safe_mentions = safe
            guild.save(update_fields=["safe_mentions", "updated_at"])
            AuditEvent.record(actor=actor, action="choose_mentions", guild=guild, safe=safe)
            transaction.on_commit(lambda: control.tell(control.Reconcile(str(guild.pk))))
    return guild
