"""Roll a guild back: a new revision with an old one's content, through the same checks."""

from django.db import transaction

from deployments import control
from deployments.access import permissions_in
from deployments.actor import Actor
from deployments.models import AuditEvent, Guild, Revision
from deployments.models.revision import ActorType, Status
from deployments.source import changed_files


class NotRollbackable(Exception):
    """Only a revision that once ran can be gone back to."""


def roll_back(*, guild: Guild, target: Revision, actor: Actor, origin: str) -> Revision:
    """Records a pending revision with the target's content. Raises NotRollbackable."""
    if target.guild_id != guild.pk or target.status != Status.SUCCESS:
        raise NotRollbackable("Rollback target must be a successful revision")
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        base = guild.revisions.successful().newest_first().first()
        revision = Revision.objects.create(
            guild=guild,
            entry=target.entry,
            files=target.files,
            bundle=target.bundle,
            source_map=target.source_map,
            source_map_path=target.source_map_path,
            build_id=target.build_id,
            origin=origin,
            actor_type=actor.type,
            actor_user_id=actor.user_id,
            actor_username=actor.username,
            deployer_permissions=_permissions(actor, guild, target),
            base_revision=base,
            rolled_back_to=target,
            change_summary=changed_files(target.files, base.files if base else None),
        )
        AuditEvent.record(
            actor=actor,
            action="roll_back",
            guild=guild,
            revision=str(revision.pk),
            target=str(target.pk),
            origin=origin,
        )
        transaction.on_commit(lambda: control.tell(control.Deploy(str(revision.pk))))
    return revision


def _permissions(actor: Actor, guild: Guild, target: Revision) -> int:
    """Of who goes back; flora itself makes of nobody's script more than it was."""
    if actor.type == ActorType.SYSTEM:
        return target.deployer_permissions
    return permissions_in(actor, guild)
