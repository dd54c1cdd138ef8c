"""What a guild's administrators choose for its script beside the script itself."""

from typing import Any

from django.db import transaction

from deployments import control
from deployments.actor import Actor
from deployments.capabilities import withheld_from
from deployments.limits import checked
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


def set_limits(*, guild: Guild, actor: Actor, limits: dict[str, Any]) -> Guild:
    """The guild's own limits from now on, by their settings' names; what is not named is as for
    all guilds. The script is loaded anew where that needs it. Raises InvalidLimit."""
    limits = checked(limits)
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        if guild.limits != limits:
            guild.limits = limits
            guild.save(update_fields=["limits", "updated_at"])
            AuditEvent.record(actor=actor, action="set_limits", guild=guild, limits=limits)
            transaction.on_commit(lambda: control.tell(control.Reconcile(str(guild.pk))))
    return guild


def choose_capabilities(*, guild: Guild, actor: Actor, allowed: list[str]) -> Guild:
    """What the guild's scripts may do, by the words of `Capability`; the rest they may not.

    It holds from the next operation on, without a new deployment. Raises UnknownCapability.
    """
    withheld = withheld_from(allowed)
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        if guild.withheld_capabilities != withheld:
            guild.withheld_capabilities = withheld
            guild.save(update_fields=["withheld_capabilities", "updated_at"])
            AuditEvent.record(
                actor=actor, action="choose_capabilities", guild=guild, withheld=withheld
            )
            transaction.on_commit(lambda: control.tell(control.Reconcile(str(guild.pk))))
    return guild
