"""The one door to a guild: who may see it and act on it."""

from uuid import UUID

from deployments.actor import Actor
from deployments.models import CronJob, Guild, GuildMember, Revision
from deployments.models.fields import is_snowflake
from deployments.models.guild import ADMINISTRATOR, GuildQuerySet
from deployments.models.revision import RevisionQuerySet


class InvalidGuildId(Exception):
    """The text is no Discord id."""


class GuildNotFound(Exception):
    """There is no such guild, or the actor may not know of it: both look alike from outside."""


class RevisionNotFound(Exception):
    """The guild has no such revision."""


class JobNotFound(Exception):
    """The guild's script has registered no such cron job."""


def guilds_for(actor: Actor) -> GuildQuerySet:
    """The guilds whose scripts the actor may see and change."""
    guilds = Guild.objects.all()
    if actor.is_operator:
        return guilds
    if actor.user is None:
        return guilds.none()
    guilds = guilds.administered_by(actor.user)
    if actor.token is not None and actor.token.guilds.exists():
        guilds = guilds.filter(pk__in=actor.token.guilds.values("pk"))
    return guilds


class OperatorsOnly(Exception):
    """Nobody but an operator may do this."""


def require_operator(actor: Actor) -> None:
    """Raises OperatorsOnly."""
    if not actor.is_operator:
        raise OperatorsOnly("only operators may do this")


def guild_for(actor: Actor, guild_id: str) -> Guild:
    """Raises InvalidGuildId or GuildNotFound."""
    if not is_snowflake(guild_id):
        raise InvalidGuildId(guild_id)
    try:
        return guilds_for(actor).get(pk=int(guild_id))
    except Guild.DoesNotExist:
        raise GuildNotFound(guild_id) from None


def permissions_in(actor: Actor, guild: Guild) -> int:
    """Discord's permission bits of the actor there; operators have all of them."""
    if actor.is_operator:
        return ADMINISTRATOR
    member = GuildMember.objects.filter(guild=guild, user=actor.user).first()
    return member.bits if member else 0


def revision_for(guild: Guild, revision_id: str, revisions: RevisionQuerySet) -> Revision:
    """That revision of the guild, out of `revisions`. Raises RevisionNotFound."""
    try:
        return revisions.get(guild=guild, pk=UUID(revision_id))
    except (ValueError, Revision.DoesNotExist):
        raise RevisionNotFound(revision_id) from None


def job_for(guild: Guild, name: str) -> CronJob:
    """The guild's cron job of that name. Raises JobNotFound."""
    job = None if "\x00" in name else CronJob.objects.filter(guild=guild, name=name).first()
    if job is None:
        raise JobNotFound(name)
    return job
