"""Make somebody the owner of a guild here, or take that back."""

from django.db import transaction

from deployments.actor import Actor
from deployments.models import AuditEvent, Guild, GuildMember, User


def grant_ownership(*, guild: Guild, user: User, actor: Actor) -> GuildMember:
    with transaction.atomic():
        member, _ = GuildMember.objects.update_or_create(
            guild=guild, user=user, defaults={"owner": True}
        )
        AuditEvent.record(
            actor=actor, action="grant_ownership", guild=guild, user=user.get_username()
        )
    return member


def revoke_ownership(*, guild: Guild, user: User, actor: Actor) -> None:
    with transaction.atomic():
        GuildMember.objects.filter(guild=guild, user=user).update(owner=False)
        AuditEvent.record(
            actor=actor, action="revoke_ownership", guild=guild, user=user.get_username()
        )
