"""The limits that count: at none, one, one less than allowed, allowed, one more. Exact outcomes."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from deployments.models import Guild, LogEntry, Revision
from deployments.models.fault import FaultKind, FollowUp
from deployments.models.revision import ActorType, Status
from deployments.services.faults import Breach, Policy, record_fault
from deployments.source import InvalidSource, Source, SourceFile
from gateway.earned_refusals import WITHIN, EarnedRefusals
from runtime.database import Database
from runtime.guild_log import GuildLog
from runtime.limits import Limits
from runtime.window import Window
from runtime.worker.protocol import TurnLimits
from tests.runtime.test_desk import Isolate
from tests.runtime.test_handler_life import SlowKv, answers, asks, codes, desk_over

UNLIMITED = TurnLimits(0, 0, 0, 0, 0, 0)


# --- operations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most", "asked", "done"),
    [(0, 5000, 5000), (1, 1, 1), (1, 2, 1), (3, 1, 1), (3, 2, 2), (3, 3, 3), (3, 4, 3)],
)
def test_a_window_has_so_many_places(most: int, asked: int, done: int) -> None:
    window = Window(10.0)
    assert [window.claim(most, 5.0) for _ in range(asked)] == [n < done for n in range(asked)]
    assert window.dropped == asked - done
    # The last moment of the window, and the first of the next one.
    assert window.claim(most, 14.999) == (done < most or not most)
    assert window.claim(most, 15.0)


@pytest.mark.parametrize(
    ("most", "asked", "refused"), [(1, 1, 0), (1, 2, 1), (4, 3, 0), (4, 4, 0), (4, 5, 1), (4, 9, 5)]
)
async def test_so_many_operations_are_under_way(most: int, asked: int, refused: int) -> None:
    """As the supervisor counts them: whatever an isolate says, beside its own count."""
    kv, isolate = SlowKv(), Isolate("1", operations_under_way=0)
    desk = desk_over(kv, Limits(UNLIMITED, operations_under_way=most))
    for number in range(1, asked + 1):
        asks(desk, isolate, number)
    await answers(isolate, refused)
    over = range(asked - refused + 1, asked + 1)
    assert codes(isolate) == dict.fromkeys(over, "TOO_MANY_OPERATIONS")
    await kv.until_asked(asked - refused)


@pytest.mark.parametrize(
    ("most", "asked", "refused"), [(0, 100, 0), (1, 1, 0), (3, 2, 0), (3, 3, 0), (3, 4, 1)]
)
async def test_so_many_operations_in_ten_seconds(most: int, asked: int, refused: int) -> None:
    kv, isolate = SlowKv(), Isolate("1", operations_under_way=0)
    kv.is_quick = True
    desk = desk_over(kv, Limits(UNLIMITED, operations=most, operations_under_way=1000))
    for number in range(1, asked + 1):
        asks(desk, isolate, number)
    await answers(isolate, asked)
    over = range(asked - refused + 1, asked + 1)
    assert codes(isolate) == dict.fromkeys(over, "TOO_MANY_OPERATIONS")


# --- lines of the log ------------------------------------------------------------------------


async def written(limits: Limits, lines: Iterable[str]) -> list[str]:
    database = Database()
    await database.run(lambda: Guild.objects.get_or_create(pk=1))
    guild_log = GuildLog(database, lambda _: limits)
    for line in lines:
        guild_log.write("1", "info", "flora:js", line)
    await guild_log.stop()
    found = await database.run(
        lambda: list(LogEntry.objects.order_by("pk").values_list("message", flat=True))
    )
    database.close()
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("most", "said", "dropped"),
    [(1, 0, 0), (1, 1, 0), (1, 2, 1), (3, 2, 0), (3, 3, 0), (3, 4, 1), (3, 9, 6)],
)
async def test_so_many_lines(most: int, said: int, dropped: int) -> None:
    lines = [str(number) for number in range(said)]
    told = [f"{dropped} log lines dropped"] if dropped else []
    assert await written(Limits(UNLIMITED, log_lines=most), lines) == lines[:most] + told


CUT = " … (cut)"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("", ""),
        ("x", "x"),
        ("x" * 99, "x" * 99),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 100 + CUT),
        ("ü" * 50, "ü" * 50),
        ("x" + "ü" * 50, "x" + "ü" * 49 + CUT),  # a character is never halved
    ],
)
async def test_a_line_is_so_long(line: str, kept: str) -> None:
    assert await written(Limits(UNLIMITED, log_line_bytes=100), [line]) == [kept]


# --- what is deployed ------------------------------------------------------------------------


def a_bundle(size: int) -> Source:
    return Source("a.js", bundle="x" * size)


def files(count: int) -> Source:
    return Source("0.ts", tuple(SourceFile(f"{n}.ts", "") for n in range(count)))


def a_file(size: int) -> Source:
    return Source("a.ts", (SourceFile("a.ts", "x" * size),))


LIMITED = {"max_script_bytes": 10, "max_bundle_files": 3, "max_bundle_total_bytes": 10}
TOO_LONG = "script exceeds size limit (max 10 bytes)"
TOO_MANY = "`files` has {} files, at most 3 are allowed"
TOO_LARGE = "`files` has {} bytes in all, at most 10 are allowed"


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        (a_bundle(0), "`bundle` must not be empty"),
        (a_bundle(1), ""),
        (a_bundle(9), ""),
        (a_bundle(10), ""),
        (a_bundle(11), TOO_LONG),
        (Source("a.js", bundle="ü" * 5), ""),
        (Source("a.js", bundle="ü" * 5 + "x"), TOO_LONG),
        (files(0), "`files` must not be empty"),
        (files(1), ""),
        (files(2), ""),
        (files(3), ""),
        (files(4), TOO_MANY.format(4)),
        (a_file(0), ""),
        (a_file(1), ""),
        (a_file(9), ""),
        (a_file(10), ""),
        (a_file(11), TOO_LARGE.format(11)),
    ],
)
def test_a_deployment_is_so_large(source: Source, refused: str) -> None:
    limits = settings.FLORA.runtime.model_copy(update=LIMITED)
    if not refused:
        source.check(limits)
        return
    with pytest.raises(InvalidSource) as error:
        source.check(limits)
    assert str(error.value) == refused


# --- strikes and refusals --------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("most", "strikes", "is_suspended"),
    [(1, 0, False), (1, 1, True), (3, 1, False), (3, 2, False), (3, 3, True)],
)
def test_so_many_strikes_suspend(most: int, strikes: int, is_suspended: bool) -> None:
    guild = Guild.objects.create(pk=1)
    guild.active_revision = Revision.objects.create(
        guild=guild, entry="a.ts", status=Status.SUCCESS, actor_type=ActorType.SYSTEM
    )
    guild.save()
    policy, now = Policy(strikes=most, rolls_back=False), timezone.now()
    for number in range(strikes):
        at = now + timedelta(seconds=number)
        breach = Breach("1", str(guild.active_revision_id), FaultKind.CPU, "a loop", at=at)
        consequence = record_fault(breach, policy)
        assert consequence is not None
        last = is_suspended and number == strikes - 1
        assert consequence.follow_up == (FollowUp.SUSPENDED if last else FollowUp.RESTARTED)
    guild.refresh_from_db()
    assert (guild.suspended_until is not None) == is_suspended


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "follow_up"), [(0, FollowUp.RESTARTED), (1, FollowUp.SECLUDED)]
)
def test_who_kills_a_worker_is_kept_apart_for_so_long(seconds: int, follow_up: FollowUp) -> None:
    guild = Guild.objects.create(pk=1)
    revision = Revision.objects.create(
        guild=guild, entry="a.ts", status=Status.SUCCESS, actor_type=ActorType.SYSTEM
    )
    breach = Breach("1", str(revision.pk), FaultKind.STUCK, "it kills", kills_worker=True)
    consequence = record_fault(breach, Policy(seclusion=timedelta(seconds=seconds)))
    assert consequence is not None
    assert consequence.follow_up == follow_up


@pytest.mark.parametrize(
    ("most", "earned", "waits"),
    [(1, 0, 0), (1, 1, WITHIN), (3, 1, 0), (3, 2, 0), (3, 3, WITHIN), (3, 4, WITHIN)],
)
def test_so_many_refusals_of_discord_are_a_guilds(most: int, earned: int, waits: float) -> None:
    now = 0.0
    refusals = EarnedRefusals(of_guild=most, clock=lambda: now)
    for _ in range(earned):
        refusals.note("1")
    assert refusals.seconds_to_wait("1") == waits
    assert refusals.seconds_to_wait("2") == 0
    now = WITHIN
    assert refusals.seconds_to_wait("1") == 0
