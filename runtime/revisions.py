"""What the runtime reads and writes about revisions and guilds. Each function is one transaction,
run on a database thread, and may be repeated."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deployments.actor import Actor
from deployments.models import AuditEvent, Guild, Revision
from deployments.models.revision import ActorType, CommandSync, Origin, Status
from runtime.script import Script


@dataclass(frozen=True, slots=True)
class PendingRevision:
    """A deployment that waits. bundle: a ready one, instead of files. is_built: the bundle is
    flora's own output already (a rollback's). permissions: Discord's bits of who deploys it."""

    id: str
    guild_id: str
    entry: str
    files: list[tuple[str, str]] | None
    bundle: str | None
    source_map: str | None
    source_map_path: str
    is_built: bool
    permissions: int


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment has become, once it is committed."""

    guild_runs: bool


def pending_ids() -> list[tuple[str, str]]:
    """(revision, guild) of all that wait, oldest first."""
    rows = Revision.objects.pending().values_list("pk", "guild_id")
    return [(str(revision), str(guild)) for revision, guild in rows]


def next_until(revision_id: str) -> PendingRevision | None:
    """The oldest that waits in the revision's guild, None when the revision itself does not."""
    last = Revision.objects.filter(pk=UUID(revision_id), status=Status.PENDING)
    revision = Revision.objects.pending().filter(guild__in=last.values("guild")).first()
    if revision is None:
        return None
    files = revision.files
    return PendingRevision(
        id=str(revision.pk),
        guild_id=str(revision.guild_id),
        entry=revision.entry,
        files=None if files is None else [(file["path"], file["contents"]) for file in files],
        bundle=revision.bundle,
        source_map=revision.source_map,
        source_map_path=revision.source_map_path,
        is_built=revision.rolled_back_to_id is not None,
        permissions=revision.deployer_permissions,
    )


def guild_of(revision_id: str) -> str | None:
    guild_id = Revision.objects.filter(pk=UUID(revision_id)).values_list("guild_id").first()
    return str(guild_id[0]) if guild_id else None


def status_of(revision_id: str) -> str:
    return str(Revision.objects.values_list("status", flat=True).get(pk=UUID(revision_id)))


def succeed(
    revision_id: str,
    *,
    bundle: str,
    source_map: str | None,
    subscriptions: list[str],
    commands: list[dict[str, Any]],
) -> Deployed | None:
    """One transaction: the revision has succeeded and is the guild's active one. None when it
    does not wait any more: the guild was undeployed meanwhile."""
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(revisions=UUID(revision_id))
        revision = Revision.objects.get(pk=UUID(revision_id))
        if revision.status == Status.FAILED:
            return None
        revision.status = Status.SUCCESS
        revision.deployed_at = timezone.now()
        revision.bundle = bundle
        revision.source_map = source_map
        revision.subscriptions = subscriptions
        revision.commands = commands
        revision.error = None
        revision.save()
        guild.active_revision = revision
        guild.load_error = ""
        guild.suspended_until = timezone.now() if guild.is_suspended else guild.suspended_until
        guild.save(update_fields=["active_revision", "load_error", "suspended_until", "updated_at"])
    return Deployed(guild_runs=guild.paused_at is None and guild.left_at is None)


def fail(revision_id: str, error: dict[str, Any]) -> None:
    Revision.objects.filter(pk=UUID(revision_id), status=Status.PENDING).update(
        status=Status.FAILED, error=error, deployed_at=timezone.now()
    )


def load_failed(guild_id: str, revision_id: str, error: str) -> None:
    """The guild's active revision does not load, if it is still this one."""
    Guild.objects.filter(pk=int(guild_id), active_revision=UUID(revision_id)).update(
        load_error=error
    )


def desired() -> dict[str, str]:
    """Guild → revision of all that should run now; those that cannot load are left out."""
    rows = Guild.objects.running().filter(load_error="").values_list("pk", "active_revision_id")
    return {str(guild): str(revision) for guild, revision in rows}


def subscriptions_of(guild_ids: list[str]) -> dict[str, list[str]]:
    """What the active revisions of these guilds listened to when they were deployed."""
    rows = Guild.objects.running().filter(pk__in=[int(guild_id) for guild_id in guild_ids])
    return {
        str(guild): list(events)
        for guild, events in rows.values_list("pk", "active_revision__subscriptions")
    }


def desired_script(guild_id: str) -> Script | None:
    """The script that the guild should run now."""
    guild = (
        Guild.objects.running()
        .filter(pk=int(guild_id), load_error="")
        .select_related("active_revision")
        .only("active_revision__bundle", "active_revision__deployer_permissions", "secluded_until")
        .first()
    )
    if guild is None or guild.active_revision is None or guild.active_revision.bundle is None:
        return None
    revision = guild.active_revision
    secluded = guild.secluded_until - timezone.now() if guild.secluded_until else timedelta(0)
    return Script(
        guild_id,
        str(revision.pk),
        revision.bundle or "",
        secluded_seconds=max(0.0, secluded.total_seconds()),
        permissions=revision.deployer_permissions,
    )


def guilds_with_any_mention() -> list[str]:
    """Guilds whose scripts' messages ping as Discord has it by default."""
    rows = Guild.objects.filter(safe_mentions=False).values_list("pk", flat=True)
    return [str(guild_id) for guild_id in rows]


def withheld_capabilities() -> dict[str, list[str]]:
    """What scripts may not do, of the guilds where that is something."""
    rows = Guild.objects.exclude(withheld_capabilities=[])
    return {str(guild): names for guild, names in rows.values_list("pk", "withheld_capabilities")}


def guilds_with_own_limits() -> dict[str, dict[str, Any]]:
    rows = Guild.objects.exclude(limits={}).values_list("pk", "limits")
    return {str(guild_id): limits for guild_id, limits in rows}


def source_map(revision_id: str) -> str | None:
    row = Revision.objects.filter(pk=UUID(revision_id)).values_list("source_map").first()
    return row[0] if row else None


def create_default(guild_id: str, entry: str, files: list[dict[str, str]]) -> str | None:
    """A pending revision of the default script, if the guild never had one that ran."""
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=int(guild_id))
        if guild.revisions.filter(status__in=[Status.SUCCESS, Status.PENDING]).exists():
            return None
        revision = Revision.objects.create(
            guild=guild,
            entry=entry,
            files=files,
            origin=Origin.BOOTSTRAP,
            actor_type=ActorType.SYSTEM,
            actor_username=Actor.system().username,
        )
        AuditEvent.record(
            actor=Actor.system(),
            action="deploy",
            guild=guild,
            revision=str(revision.pk),
            origin=Origin.BOOTSTRAP,
            entry=entry,
        )
    return str(revision.pk)


# --- slash commands at Discord ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CommandState:
    """What Discord has of ours (a digest) and what the active revision declares."""

    synced: str
    revision_id: str | None
    commands: list[dict[str, Any]]


def command_state(guild_id: str) -> CommandState | None:
    guild = Guild.objects.select_related("active_revision").filter(pk=int(guild_id)).first()
    if guild is None or guild.left_at is not None:
        return None
    revision = guild.active_revision
    return CommandState(
        guild.synced_commands,
        str(revision.pk) if revision else None,
        revision.commands if revision else [],
    )


def guilds_with_unsynced_commands() -> list[str]:
    rows = Revision.objects.filter(
        command_sync=CommandSync.PENDING, guild__left_at=None
    ).values_list("guild_id", flat=True)
    return [str(guild_id) for guild_id in rows]


def commands_declared(revision_id: str, commands: list[dict[str, Any]]) -> None:
    Revision.objects.filter(pk=UUID(revision_id)).update(commands=commands)


def commands_pending(revision_id: str | None) -> None:
    _set_sync(revision_id, CommandSync.PENDING, "")


def commands_synced(guild_id: str, revision_id: str | None, digest: str) -> None:
    with transaction.atomic():
        Guild.objects.filter(pk=int(guild_id)).update(synced_commands=digest)
        _set_sync(revision_id, CommandSync.SYNCED, "")


def commands_failed(revision_id: str | None, error: str, *, final: bool) -> None:
    _set_sync(revision_id, CommandSync.FAILED if final else CommandSync.PENDING, error)


def _set_sync(revision_id: str | None, state: CommandSync, error: str) -> None:
    if revision_id is not None:
        Revision.objects.filter(pk=UUID(revision_id)).update(
            command_sync=state, command_sync_error=error
        )
