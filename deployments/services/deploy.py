"""Deploy a script to a guild: a pending revision, which the runtime then builds and loads."""

from django.db import transaction

from deployments import control
from deployments.access import permissions_in
from deployments.actor import Actor
from deployments.limits import limits_of
from deployments.models import AuditEvent, Guild, Revision
from deployments.source import Source


def deploy(*, guild: Guild, source: Source, actor: Actor, origin: str) -> Revision:
    """Records a pending revision and wakes the runtime; what runs goes on running meanwhile.

    `services.outcome.wait_for` tells how it went. Raises InvalidSource when the source breaks
    a rule, before anything is written.
    """
    runtime, _ = limits_of(guild.pk)
    source.check(runtime)
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        base = guild.revisions.successful().newest_first().first()
        revision = Revision.objects.create(
            guild=guild,
            entry=source.entry,
            files=source.files_as_json(),
            bundle=source.bundle,
            source_map=source.source_map.contents if source.source_map else None,
            source_map_path=source.source_map.path if source.source_map else "",
            build_id=source.build_id,
            origin=origin,
            actor_type=actor.type,
            actor_user_id=actor.user_id,
            actor_username=actor.username,
            deployer_permissions=permissions_in(actor, guild),
            base_revision=base,
            change_summary=source.changes_since(base.files if base else None),
        )
        AuditEvent.record(
            actor=actor,
            action="deploy",
            guild=guild,
            revision=str(revision.pk),
            origin=origin,
            entry=source.entry,
        )
        transaction.on_commit(lambda: control.tell(control.Deploy(str(revision.pk))))
    return revision
