"""What follows when a guild's script breaks a limit: strikes, a ladder of suspensions, a way back.

The rows decide, so that neither a restart nor a second runtime forgets a strike.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deployments import control
from deployments.actor import Actor
from deployments.models import AuditEvent, CronJob, Fault, Guild, Revision
from deployments.models.fault import FaultKind, FollowUp
from deployments.models.revision import Origin
from deployments.services.notices import Recipient, recipient_of
from deployments.services.roll_back import roll_back

# A guild that has behaved for so long begins at the foot of the ladder again.
FORGIVEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Policy:
    """strikes: so many within `window` suspend a guild, for the next of `ladder`, then for good.
    fresh: a revision that young is rolled back instead, if `rolls_back`. seclusion: how long a
    script that has killed a worker is kept apart."""

    strikes: int = 3
    window: timedelta = timedelta(minutes=10)
    ladder: tuple[timedelta, ...] = (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
    )
    rolls_back: bool = True
    fresh: timedelta = timedelta(minutes=10)
    seclusion: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Breach:
    """A fault that is to be recorded; the fields are the model's. kills_worker: it has cost a
    worker; goes_on: it has cost nothing but time."""

    guild_id: str
    revision_id: str
    kind: FaultKind
    message: str
    event: str = ""
    file: str = ""
    line: int | None = None
    cpu_ms: int | None = None
    peak_bytes: int | None = None
    strike: bool = True
    kills_worker: bool = False
    goes_on: bool = False
    at: datetime = field(default_factory=timezone.now)


@dataclass(frozen=True, slots=True)
class Consequence:
    """strikes: of the window, this one included. step: of the ladder, from 1, when the guild is
    suspended. recipient: who is told on Discord. rollback_id: the pending revision that brings the
    last good one back."""

    follow_up: FollowUp
    until: datetime | None
    strikes: int
    guild_name: str
    recipient: Recipient
    rollback_id: str | None = None
    step: int = 0


def record_fault(breach: Breach, policy: Policy) -> Consequence | None:
    """Writes the fault and what follows from it; None when the guild is not there any more."""
    with transaction.atomic():
        guild = Guild.objects.select_for_update().filter(pk=int(breach.guild_id)).first()
        if guild is None:
            return None
        revision = Revision.objects.without_contents().filter(pk=UUID(breach.revision_id)).first()
        strikes = guild.faults.strikes_since(_counted_from(guild, revision, breach.at, policy))
        strikes += breach.strike
        follow_up, until, rollback_id = _follow(guild, revision, breach, strikes, policy)
        guild.faults.create(
            revision=revision,
            at=breach.at,
            kind=breach.kind,
            message=breach.message,
            event=breach.event,
            file=breach.file[:512],
            line=breach.line,
            cpu_ms=breach.cpu_ms,
            peak_bytes=breach.peak_bytes,
            strike=breach.strike,
            follow_up=follow_up,
            until=until,
        )
    step = guild.suspensions if follow_up == FollowUp.SUSPENDED else 0
    return Consequence(
        follow_up, until, strikes, str(guild), recipient_of(guild), rollback_id, step
    )


def lift_suspension(*, guild: Guild, actor: Actor) -> Guild:
    """The script runs again at once, from the foot of the ladder; nothing when it is not
    suspended."""
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        if guild.suspended_at is not None:
            guild.forgive()
            guild.save(update_fields=[*Guild.SUSPENSION, "updated_at"])
            AuditEvent.record(actor=actor, action="lift_suspension", guild=guild)
            transaction.on_commit(lambda: control.tell(control.Reconcile(str(guild.pk))))
    return guild


def _counted_from(
    guild: Guild, revision: Revision | None, now: datetime, policy: Policy
) -> datetime:
    """Strikes count once: not those that led to the last suspension, nor another revision's."""
    moments = [now - policy.window, guild.suspended_at, revision.deployed_at if revision else None]
    return max(moment for moment in moments if moment is not None)


def _follow(
    guild: Guild, revision: Revision | None, breach: Breach, strikes: int, policy: Policy
) -> tuple[FollowUp, datetime | None, str | None]:
    """What becomes of the guild, which is changed accordingly."""
    is_active = revision is not None and guild.active_revision_id == revision.pk
    if breach.kills_worker:
        guild.secluded_until = breach.at + policy.seclusion
        guild.save(update_fields=["secluded_until", "updated_at"])
    is_over = breach.kind == FaultKind.LOAD or (breach.strike and strikes >= policy.strikes)
    if is_over and is_active:
        assert revision is not None
        if rollback_id := _roll_back_if_fresh(guild, revision, breach.at, policy):
            return FollowUp.ROLLED_BACK, None, rollback_id
        if breach.kind != FaultKind.LOAD:
            return FollowUp.SUSPENDED, _suspend(guild, breach.at, policy), None
    if breach.kind == FaultKind.LOAD:
        return FollowUp.STOPPED, None, None
    if breach.goes_on:
        slowed = breach.kind == FaultKind.BUSY
        return (FollowUp.SLOWED if slowed else FollowUp.GOES_ON), None, None
    secluded = breach.kills_worker and policy.seclusion
    return (FollowUp.SECLUDED if secluded else FollowUp.RESTARTED), None, None


def _roll_back_if_fresh(
    guild: Guild, revision: Revision, now: datetime, policy: Policy
) -> str | None:
    """The last good revision comes back when a new one fails right after its deployment: one that
    ran before it, and had no strikes itself."""
    deployed_at = revision.deployed_at
    if not policy.rolls_back or deployed_at is None or now - deployed_at > policy.fresh:
        return None
    if revision.rolled_back_to_id is not None:
        return None  # what was good before is not good now: no second way back
    struck = Fault.objects.filter(guild=guild, strike=True).values("revision")
    earlier = guild.revisions.successful().before(deployed_at, revision.pk)
    good = earlier.exclude(pk__in=struck.filter(revision__isnull=False)).newest_first().first()
    if good is None:
        return None
    back = roll_back(guild=guild, target=good, actor=Actor.system(), origin=Origin.UNKNOWN)
    return str(back.pk)


def _suspend(guild: Guild, now: datetime, policy: Policy) -> datetime | None:
    """Until when; None: until its owner acts."""
    if guild.suspended_at is not None and now - guild.suspended_at > FORGIVEN_AFTER:
        guild.suspensions = 0
    step = guild.suspensions
    guild.suspensions += 1
    guild.suspended_at = now
    guild.suspended_until = now + policy.ladder[step] if step < len(policy.ladder) else None
    guild.save(update_fields=[*Guild.SUSPENSION, "updated_at"])
    CronJob.objects.filter(guild=guild).rest()
    AuditEvent.record(
        actor=Actor.system(),
        action="suspend",
        guild=guild,
        until=guild.suspended_until.isoformat() if guild.suspended_until else None,
    )
    return guild.suspended_until
