"""Strikes, the ladder of suspensions, the way back: decided in the database."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.actor import Actor
from deployments.models import AuditEvent, CronJob, Fault, Guild, Revision
from deployments.models.fault import FaultKind, FollowUp
from deployments.models.guild import GuildState
from deployments.models.revision import ActorType, Status
from deployments.services.desired_state import resume
from deployments.services.faults import Breach, Policy, lift_suspension, record_fault

pytestmark = pytest.mark.django_db

NOW = timezone.now()
MINUTE = timedelta(minutes=1)
POLICY = Policy(rolls_back=False)


@pytest.fixture
def guild() -> Guild:
    guild = Guild.objects.create(pk=300000000000000001, name="Garden")
    guild.active_revision = deployed(guild, NOW - timedelta(days=1))
    guild.save()
    return guild


def deployed(guild: Guild, at: datetime, **fields: Any) -> Revision:
    return Revision.objects.create(
        guild=guild,
        entry="main.ts",
        bundle="1",
        status=Status.SUCCESS,
        actor_type=ActorType.SYSTEM,
        deployed_at=at,
        **fields,
    )


def strike(
    guild: Guild, at: datetime = NOW, policy: Policy = POLICY, **fields: Any
) -> tuple[FollowUp, timedelta | None]:
    """What follows, and how long a suspension lasts."""
    breach = Breach(
        str(guild.pk),
        str(guild.active_revision_id),
        **{"kind": FaultKind.CPU, "message": "a loop", "at": at, **fields},
    )
    consequence = record_fault(breach, policy)
    assert consequence is not None
    guild.refresh_from_db()
    return consequence.follow_up, consequence.until - at if consequence.until else None


def test_the_third_strike_in_ten_minutes_suspends(guild: Guild) -> None:
    assert strike(guild, NOW) == (FollowUp.RESTARTED, None)
    assert strike(guild, NOW + 5 * MINUTE) == (FollowUp.RESTARTED, None)
    assert strike(guild, NOW + 9 * MINUTE) == (FollowUp.SUSPENDED, MINUTE)
    assert [fault.follow_up for fault in guild.faults.newest_first()] == [
        FollowUp.SUSPENDED,
        FollowUp.RESTARTED,
        FollowUp.RESTARTED,
    ]


def test_a_strike_is_forgotten_after_ten_minutes(guild: Guild) -> None:
    for minute in (0, 5, 11, 16, 22):
        assert strike(guild, NOW + minute * MINUTE) == (FollowUp.RESTARTED, None)


def test_errors_that_are_no_strikes_never_suspend(guild: Guild) -> None:
    for _ in range(10):
        assert strike(guild, strike=False) == (FollowUp.RESTARTED, None)
    assert guild.suspended_at is None


def test_each_suspension_is_longer_and_the_fourth_waits_for_the_owner(guild: Guild) -> None:
    lengths, at = [], NOW
    for _ in range(4):
        for _ in range(POLICY.strikes):
            follow_up, length = strike(guild, at)
            at += MINUTE
        assert follow_up == FollowUp.SUSPENDED
        lengths.append(length)
        at += length or timedelta(0)
    assert lengths == [MINUTE, 5 * MINUTE, 30 * MINUTE, None]
    assert guild.suspended_until is None
    assert guild.state == GuildState.SUSPENDED


def test_after_a_day_without_a_suspension_the_ladder_begins_anew(guild: Guild) -> None:
    for at in (NOW, NOW + timedelta(hours=25)):
        for _ in range(2):
            strike(guild, at)
        assert strike(guild, at) == (FollowUp.SUSPENDED, MINUTE)


def test_strikes_of_another_revision_do_not_count(guild: Guild) -> None:
    strike(guild)
    strike(guild)
    guild.active_revision = deployed(guild, NOW + MINUTE)
    guild.save()
    assert strike(guild, NOW + 2 * MINUTE) == (FollowUp.RESTARTED, None)


def test_an_old_revision_is_no_reason_to_suspend_what_runs_now(guild: Guild) -> None:
    """Its isolate was still draining when it broke its limit."""
    old, guild.active_revision = guild.active_revision, deployed(guild, NOW)
    guild.save()
    for _ in range(5):
        breach = Breach(str(guild.pk), str(old.pk), FaultKind.CPU, "a loop", at=NOW)  # type: ignore[union-attr]
        consequence = record_fault(breach, POLICY)
        assert consequence is not None
        assert consequence.follow_up == FollowUp.RESTARTED


def test_nothing_runs_while_suspended_and_cron_jobs_rest(guild: Guild) -> None:
    CronJob.objects.create(guild=guild, name="report", expression="0 9 * * *", next_at=NOW)
    for _ in range(3):
        strike(guild, timezone.now())
    assert list(Guild.objects.running()) == []
    assert list(Guild.objects.in_state(GuildState.SUSPENDED)) == [guild]
    job = CronJob.objects.get()
    assert (job.resting, job.next_at) == (True, None)
    later = timezone.now() - timedelta(seconds=1)
    Guild.objects.update(suspended_until=later)
    assert list(Guild.objects.running()) == [guild]
    assert list(Guild.objects.in_state(GuildState.RUNNING)) == [guild]


def test_who_kills_a_worker_is_kept_apart_before_the_guild_is_suspended(guild: Guild) -> None:
    kill = {"kind": FaultKind.WORKER, "kills_worker": True}
    assert strike(guild, **kill) == (FollowUp.SECLUDED, None)
    assert guild.secluded_until == NOW + 30 * MINUTE
    assert strike(guild, **kill) == (FollowUp.SECLUDED, None)
    assert strike(guild, **kill) == (FollowUp.SUSPENDED, MINUTE)


# --- the way back -------------------------------------------------------------------------------

ROLLS_BACK = Policy()


def strike_out(guild: Guild, policy: Policy = ROLLS_BACK) -> FollowUp:
    for _ in range(policy.strikes):
        follow_up, _ = strike(guild, policy=policy)
    return follow_up


def make_active(guild: Guild, age: timedelta, **fields: Any) -> Revision:
    guild.active_revision = deployed(guild, NOW - age, **fields)
    guild.save()
    return guild.active_revision


def test_a_fresh_revision_gives_way_to_the_last_good_one(guild: Guild) -> None:
    good = guild.active_revision
    make_active(guild, MINUTE)
    assert strike_out(guild) == FollowUp.ROLLED_BACK
    back = guild.revisions.pending().get()
    assert (back.rolled_back_to, back.actor_type) == (good, ActorType.SYSTEM)
    assert guild.suspended_at is None


def test_a_revision_with_strikes_of_its_own_is_not_gone_back_to(guild: Guild) -> None:
    good = guild.active_revision
    make_active(guild, 9 * MINUTE)
    strike(guild, NOW - 8 * MINUTE, ROLLS_BACK)
    make_active(guild, MINUTE)
    assert strike_out(guild) == FollowUp.ROLLED_BACK
    assert guild.revisions.pending().get().rolled_back_to == good


@pytest.mark.parametrize(
    ("age", "fields", "policy"),
    [
        (timedelta(minutes=11), {}, ROLLS_BACK),  # it has run well for a while
        (MINUTE, {}, POLICY),  # switched off
    ],
)
def test_what_is_suspended_instead(
    guild: Guild, age: timedelta, fields: dict[str, Any], policy: Policy
) -> None:
    make_active(guild, age, **fields)
    assert strike_out(guild, policy) == FollowUp.SUSPENDED
    assert not guild.revisions.pending().exists()


def test_there_is_one_way_back_and_none_without_an_earlier_revision(guild: Guild) -> None:
    make_active(guild, MINUTE, rolled_back_to=guild.active_revision)
    assert strike_out(guild) == FollowUp.SUSPENDED
    Fault.objects.all().delete()
    Revision.objects.exclude(pk=guild.active_revision_id).delete()
    Guild.objects.update(suspended_at=None, suspended_until=None)
    guild.refresh_from_db()
    make_active(guild, MINUTE)
    Revision.objects.exclude(pk=guild.active_revision_id).delete()
    assert strike_out(guild) == FollowUp.SUSPENDED


def test_a_fresh_revision_that_does_not_load_again_gives_way_too(guild: Guild) -> None:
    load = {"kind": FaultKind.LOAD, "strike": False}
    assert strike(guild, policy=ROLLS_BACK, **load) == (FollowUp.STOPPED, None)
    make_active(guild, MINUTE)
    assert strike(guild, policy=ROLLS_BACK, **load) == (FollowUp.ROLLED_BACK, None)


# --- the owner acts, and the operator -------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends_in", "state"), [(None, GuildState.RUNNING), (30 * MINUTE, GuildState.SUSPENDED)]
)
def test_resuming_ends_what_waits_for_the_owner_only(
    guild: Guild, ends_in: timedelta | None, state: GuildState
) -> None:
    Guild.objects.update(
        suspended_at=NOW, suspensions=3, suspended_until=NOW + ends_in if ends_in else None
    )
    guild = resume(guild=guild, actor=Actor.system())
    assert (guild.state, guild.suspensions) == (state, 3)


def test_an_operator_lifts_any_suspension_and_the_ladder_begins_anew(guild: Guild) -> None:
    Guild.objects.update(suspended_at=NOW, suspensions=3, suspended_until=NOW + 30 * MINUTE)
    guild = lift_suspension(guild=guild, actor=Actor.system())
    assert (guild.state, guild.suspensions) == (GuildState.RUNNING, 0)
    lift_suspension(guild=guild, actor=Actor.system())
    assert AuditEvent.objects.filter(action="lift_suspension").count() == 1


def test_a_guild_that_is_gone_has_no_faults(guild: Guild) -> None:
    breach = Breach(str(guild.pk), str(guild.active_revision_id), FaultKind.CPU, "a loop")
    guild.delete()
    assert record_fault(breach, POLICY) is None
