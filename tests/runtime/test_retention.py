"""What the daily sweep deletes, and what it must leave alone."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from deployments.actor import Actor
from deployments.models import (
    ApiToken,
    AuditEvent,
    CronJob,
    Fault,
    Guild,
    JobRun,
    KvEntry,
    KvStore,
    LogEntry,
    Revision,
    Secret,
    Task,
    User,
)
from deployments.models.revision import ActorType, Status
from deployments.services.forget_guild import forget_guild
from deployments.services.tokens import create_token
from runtime.database import Database
from runtime.retention import RULES, Retention, Sweeper

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
GUILD, OTHER = 300000000000000001, 300000000000000002
NOTHING = dict.fromkeys(RULES, 0)

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """Each wait ends when its time has come, at once."""

    def __init__(self) -> None:
        self.time = NOW
        self.waits: list[datetime] = []

    def now(self) -> datetime:
        return self.time

    async def wait(self, changed: asyncio.Event, until: datetime) -> None:
        self.waits.append(until)
        self.time = until
        await asyncio.sleep(0)


def sweep(**kept: int) -> dict[str, int]:
    """What was deleted; a second time there must be nothing left to delete."""
    database = Database()
    sweeper = Sweeper(database, Retention(**kept), Clock())
    deleted = asyncio.run(sweeper.sweep())
    assert asyncio.run(Sweeper(database, Retention(**kept), Clock()).sweep()) == NOTHING
    database.close()
    return {what: count for what, count in deleted.items() if count}


def ago(**age: float) -> datetime:
    return NOW - timedelta(**age)


def a_guild(pk: int = GUILD, **fields: Any) -> Guild:
    return Guild.objects.create(pk=pk, name=f"Guild {pk}", **fields)


def revision(guild: Guild, age: int, status: str = Status.SUCCESS, **fields: Any) -> Revision:
    return Revision.objects.create(
        guild=guild,
        entry="src/main.ts",
        bundle="x" * 1000,
        status=status,
        actor_type=ActorType.SYSTEM,
        deployed_at=ago(minutes=age),
        **fields,
    )


def test_the_newest_revisions_stay_and_the_active_one_however_old() -> None:
    guild, other = a_guild(), a_guild(OTHER)
    good = [revision(guild, age) for age in range(60)]
    failed = [revision(guild, age, Status.FAILED) for age in range(45)]
    waiting = [revision(guild, 1000, Status.PENDING), revision(other, 1000, Status.PENDING)]
    others = [revision(other, age) for age in range(40, 90)]
    guild.active_revision = good[-1]
    guild.save()
    rollback = revision(guild, 0, Status.PENDING, rolled_back_to=good[-2])
    assert sweep(revisions=40) == {"old revisions": 18 + 5 + 10}
    kept = [*good[:40], *good[-2:], *failed[:40], *waiting, rollback, *others[:40]]
    assert set(Revision.objects.values_list("pk", flat=True)) == {one.pk for one in kept}


def test_what_came_from_a_deleted_revision_stays() -> None:
    guild = a_guild()
    old = revision(guild, 10)
    new = revision(guild, 1, base_revision=old, rolled_back_to=old)
    assert sweep(revisions=1) == {"old revisions": 1}
    new.refresh_from_db()
    assert (new.base_revision, new.rolled_back_to, new.bundle) == (None, None, "x" * 1000)


def test_log_lines_go_by_age_and_by_number() -> None:
    guild, other = a_guild(), a_guild(OTHER)
    lines = [(guild, ago(days=31)), (guild, ago(days=29)), (other, ago(days=40))]
    lines += [(other, ago(seconds=9 - second)) for second in range(9)]
    LogEntry.objects.bulk_create(
        LogEntry(guild=whose, at=at, level="info", target="flora:js", message=str(number))
        for number, (whose, at) in enumerate(lines)
    )
    assert sweep(log_lines=5) == {"old log lines": 2, "log lines of noisy guilds": 4}
    kept = set(LogEntry.objects.values_list("message", flat=True))
    assert kept == {"1", "7", "8", "9", "10", "11"}


def test_faults_go_by_age() -> None:
    guild = a_guild()
    for days in (89, 91):
        guild.faults.create(at=ago(days=days), kind="cpu", message=str(days))
    assert sweep() == {"old faults": 1}
    assert list(guild.faults.values_list("message", flat=True)) == ["89"]


def furnish(guild: Guild) -> None:
    """Something of everything that a guild may own."""
    guild.active_revision = revision(guild, 1)
    guild.save()
    store = KvStore.objects.create(guild=guild, name="s", bytes_used=2, entry_count=1)
    KvEntry.objects.create(store=store, key=b"k", value=b"v", size=2)
    job = CronJob.objects.create(guild=guild, name="j", expression="@daily")
    JobRun.objects.create(guild=guild, job=job, name="j", slot=NOW)
    Task.objects.create(guild=guild, key="t", due_at=NOW)
    Secret.objects.create(guild=guild, name="S", tag="tag", key_id="1", nonce=b"n", ciphertext=b"c")
    LogEntry.objects.create(guild=guild, at=NOW, level="info", target="flora:js", message="m")
    guild.faults.create(revision=guild.active_revision, at=NOW, kind="cpu", message="m")


OWNED = (Guild, Revision, KvStore, KvEntry, CronJob, JobRun, Task, Secret, LogEntry, Fault)


def counts() -> list[int]:
    return [model.objects.count() for model in OWNED]


def test_a_guild_that_the_bot_has_left_for_long_enough_goes_with_all_it_had() -> None:
    furnish(a_guild(left_at=ago(days=30, seconds=1)))
    furnish(a_guild(OTHER, left_at=ago(days=30)))
    furnish(a_guild(OTHER + 1))
    assert counts() == [3] * len(OWNED)
    assert sweep() == {"guilds that the bot has left": 1}
    assert counts() == [2] * len(OWNED)
    assert not Guild.objects.filter(pk=GUILD).exists()
    event = AuditEvent.objects.get(action="forget_guild")
    assert (event.guild_id, event.guild_name, event.actor_type) == (
        GUILD,
        f"Guild {GUILD}",
        "system",
    )


def test_a_guild_that_the_bot_has_come_back_to_keeps_everything() -> None:
    guild = a_guild(left_at=ago(days=99))
    furnish(guild)
    Guild.objects.update(left_at=None)
    assert not forget_guild(guild=guild, left_before=NOW, actor=Actor.system())
    assert counts() == [1] * len(OWNED)
    assert not AuditEvent.objects.exists()


def test_a_token_for_a_deleted_guild_reaches_no_other() -> None:
    """Without guilds a token reaches all that its person administers."""
    gone, other = a_guild(left_at=ago(days=99)), a_guild(OTHER)
    user = User.objects.create_user("ann")
    for label, guilds in {"one": [gone], "two": [gone, other], "all": []}.items():
        create_token(actor=Actor.system(), user=user, label=label, guilds=guilds)
    sweep()
    tokens = {token.label: token for token in ApiToken.objects.all()}
    assert {label: token.works for label, token in tokens.items()} == {
        "one": False,
        "two": True,
        "all": True,
    }
    assert tokens["two"].guild_ids == [str(OTHER)]


def test_a_rule_that_fails_keeps_no_other_from_its_work() -> None:
    def fails(kept: Retention, now: datetime) -> int:
        raise IntegrityError("a row that nobody has thought of")

    a_guild(left_at=ago(days=99))
    rules = {"broken rows": fails, **RULES}
    database = Database()
    deleted = asyncio.run(Sweeper(database, Retention(), Clock(), rules).sweep())
    database.close()
    assert deleted == {**NOTHING, "guilds that the bot has left": 1}


def test_it_sweeps_soon_after_the_start_and_then_each_day() -> None:
    async def some_days() -> list[datetime]:
        database, clock = Database(), Clock()
        sweeper = Sweeper(database, Retention(), clock)
        sweeper.start()
        async with asyncio.timeout(20):
            while len(clock.waits) < 3:  # noqa: ASYNC110 (a clock that tells nobody)
                await asyncio.sleep(0)
        sweeper.stop()
        database.close()
        return clock.waits[:3]

    first = NOW + timedelta(minutes=10)
    assert asyncio.run(some_days()) == [first, first + timedelta(days=1), first + timedelta(days=2)]
