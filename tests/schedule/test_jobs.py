"""Cron jobs over time: slots, claims, missed ones, pauses, deploys, restarts, history."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from deployments.actor import Actor
from deployments.models import CronJob, Guild, JobRun
from deployments.services.desired_state import pause, resume, undeploy
from runtime.event import Ending
from runtime.schedule.scheduler import JOBS_AT_ONCE
from runtime.script import ScriptError
from tests.schedule.conftest import (
    GUILD,
    NOON,
    OTHER,
    Runtime,
    at_once,
    deploy,
    history,
    job,
    minutes,
    next_slot,
)

SECOND = timedelta(seconds=1)
MISSED = "missed: flora was not running, or the script was not loaded"


def guild() -> Guild:
    return Guild.objects.get(pk=int(GUILD))


# --- slots -----------------------------------------------------------------------------------


def test_a_job_starts_at_each_of_its_slots_and_at_no_other_time(runtime: Runtime) -> None:
    assert runtime.adopt(job()) == []
    assert runtime.at(minutes(10) - SECOND) == []
    (first,) = runtime.at(minutes(10))
    assert (first.guild_id, first.kind) == (GUILD, "FLORA_CRON")
    assert first.payload == {"name": "report", "scheduledAt": "2026-11-25T12:10:00.000Z"}
    first.end()
    assert runtime.at(minutes(10) + SECOND) == []
    (second,) = runtime.at(minutes(20))
    assert second.payload["scheduledAt"] == "2026-11-25T12:20:00.000Z"
    second.end()
    runtime.round()
    assert history() == [(minutes(10), "slot", "ok"), (minutes(20), "slot", "ok")]


def test_a_late_start_is_for_its_slot(runtime: Runtime) -> None:
    runtime.adopt(job())
    (late,) = runtime.at(minutes(10) + timedelta(seconds=59.5))
    assert late.payload["scheduledAt"] == "2026-11-25T12:10:00.000Z"
    assert next_slot() == minutes(20)


def test_a_run_is_on_record_before_anything_of_it_starts(runtime: Runtime) -> None:
    runtime.adopt(job())
    runtime.at(minutes(10))
    (run,) = JobRun.objects.all()
    assert (run.outcome, run.started_at, run.duration_ms) == ("running", minutes(10), None)
    assert next_slot() == minutes(20)


def test_a_job_whose_years_are_over_is_quiet(runtime: Runtime) -> None:
    runtime.adopt(job(expression="0 30 12 25 11 * 2026"))
    (only,) = runtime.at(minutes(30))
    only.end()
    assert next_slot() is None
    for second in range(1, 5):
        assert runtime.at(minutes(30) + second * SECOND) == []


def test_a_script_cannot_fill_its_guild_with_jobs(runtime: Runtime) -> None:
    """The rest waits, in the order of its slots, and starts as soon as others have ended."""
    names = [f"job {number}" for number in range(JOBS_AT_ONCE + 2)]
    runtime.adopt(*(job(name) for name in names))
    started = runtime.at(minutes(10))
    assert [offered.name for offered in started] == names[:JOBS_AT_ONCE]
    assert runtime.round() == []
    started[0].end()
    started[1].end()
    assert [offered.name for offered in runtime.at(minutes(10) + SECOND)] == names[JOBS_AT_ONCE:]
    assert all(slot == minutes(20) for slot in CronJob.objects.values_list("next_at", flat=True))


def test_guilds_do_not_wait_for_each_other(runtime: Runtime) -> None:
    runtime.adopt(*(job(f"job {number}") for number in range(JOBS_AT_ONCE)))
    runtime.adopt(job(), guild_id=OTHER)
    started = runtime.at(minutes(10))
    assert [o.guild_id for o in started].count(GUILD) == JOBS_AT_ONCE
    assert [o.name for o in started if o.guild_id == OTHER] == ["report"]


# --- claims ----------------------------------------------------------------------------------


def test_of_two_runtimes_one_starts_a_slot(make_runtime: Callable[..., Runtime]) -> None:
    runtimes = [make_runtime(), make_runtime()]
    for runtime in runtimes:
        runtime.adopt(job())
    for number in range(1, 11):
        for runtime in runtimes:
            runtime.clock.set(minutes(10 * number))
        (started,) = chain.from_iterable(at_once(*(runtime.round for runtime in runtimes)))
        started.end()
    for runtime in runtimes:
        runtime.round()
    assert history() == [(minutes(10 * number), "slot", "ok") for number in range(1, 11)]


def test_a_start_that_a_dying_runtime_has_claimed_is_lost_and_never_repeated(
    make_runtime: Callable[..., Runtime],
) -> None:
    dying = make_runtime()
    dying.adopt(job())
    dying.at(minutes(10))  # nobody ever hears of it again
    next_ = make_runtime(at=minutes(10) + 2 * SECOND)
    assert next_.adopt(job()) == []
    assert history() == [(minutes(10), "slot", "lost")]
    text = "cron job 'report' of 2026-11-25T12:10:00.000Z was lost"
    assert next_.notes == [(GUILD, "error", f"{text}: flora ended while it was under way")]
    assert JobRun.objects.get().error == "flora ended while it was under way"
    (following,) = next_.at(minutes(20))
    assert following.payload["scheduledAt"] == "2026-11-25T12:20:00.000Z"


def test_lost_runs_of_a_guild_that_no_runtime_takes_over_are_found_too(
    make_runtime: Callable[..., Runtime],
) -> None:
    dying = make_runtime()
    dying.adopt(job())
    dying.at(minutes(10))
    pause(guild=guild(), actor=Actor.system())
    next_ = make_runtime(at=minutes(11))

    async def live() -> None:
        next_.scheduler.start()
        while not next_.clock.waits:
            await next_.database.run(lambda: None)
        await next_.scheduler.stop(timeout=5)

    next_.run(live())
    assert history() == [(minutes(10), "slot", "lost")]


def test_a_runtime_that_stops_says_what_it_leaves_behind(runtime: Runtime) -> None:
    runtime.adopt(job("done"), job("never"))
    done, _ = runtime.at(minutes(10))

    async def stop() -> None:
        await runtime.scheduler.stop(timeout=5)
        done.end()
        await runtime.scheduler.close(patience=5)

    runtime.run(stop())
    assert history("done") == [(minutes(10), "slot", "ok")]
    assert history("never") == [(minutes(10), "slot", "lost")]


def test_a_guild_that_goes_while_its_job_is_claimed_loses_the_start(
    make_runtime: Callable[..., Runtime],
) -> None:
    runtime = make_runtime(hosts=lambda guild_id: guild_id != GUILD)
    runtime.adopt(job())
    assert runtime.at(minutes(10)) == []
    runtime.round()
    assert history() == [(minutes(10), "slot", "lost")]
    assert JobRun.objects.get().error.startswith("it was not started")


def test_a_row_that_cannot_be_read_stops_no_other_guild(runtime: Runtime) -> None:
    runtime.adopt(job())
    runtime.adopt(job(), guild_id=OTHER)
    CronJob.objects.filter(guild=int(GUILD)).update(expression="nonsense")
    assert [offered.guild_id for offered in runtime.at(minutes(10))] == [OTHER]
    CronJob.objects.filter(guild=int(GUILD)).update(expression="*/10 * * * *")
    assert [o.guild_id for o in runtime.at(minutes(10) + 6 * SECOND)] == [GUILD]


# --- what was missed ---------------------------------------------------------------------------


def test_what_passed_while_flora_was_away_is_left_out(make_runtime: Callable[..., Runtime]) -> None:
    make_runtime().adopt(job())
    assert make_runtime(at=minutes(35)).adopt(job()) == []
    assert history() == [(minutes(10), "slot", "skipped")]
    assert JobRun.objects.get().error == MISSED
    assert next_slot() == minutes(40)


def test_or_made_up_for_once(make_runtime: Callable[..., Runtime]) -> None:
    make_runtime().adopt(job(catch_up="once"))
    returned = make_runtime(at=minutes(35))
    returned.adopt(job(catch_up="once"))
    (late,) = returned.at(minutes(35) + SECOND)
    assert late.payload["scheduledAt"] == "2026-11-25T12:10:00.000Z"
    late.end()
    assert returned.at(minutes(36)) == []
    assert history() == [(minutes(10), "catch_up", "ok")]
    assert next_slot() == minutes(40)


@pytest.mark.parametrize(("late", "starts"), [(60.0, True), (60.1, False)])
def test_a_restart_is_no_reason_to_miss_a_slot(
    late: float, starts: bool, make_runtime: Callable[..., Runtime]
) -> None:
    make_runtime().adopt(job())
    after = minutes(10) + timedelta(seconds=late)
    assert len(make_runtime(at=after).adopt(job())) == starts


def test_catching_up_is_spread_over_time_and_delays_nothing_else(
    make_runtime: Callable[..., Runtime],
) -> None:
    jobs = (job("missed", "0 1 * * *", catch_up="once"), job("on time", "*/30 * * * *"))
    for number in range(20):
        Guild.objects.create(pk=int(OTHER) + 1 + number)
    ids = [str(guild.pk) for guild in Guild.objects.order_by("pk")]
    first = make_runtime()
    for guild_id in ids:
        revision = deploy(guild_id)
        first.scheduler.adopt(guild_id, revision, {each.name: each for each in jobs}, complete=True)
    first.round()
    returned = make_runtime(at=minutes(24 * 60))
    for guild_id in ids:
        revision = str(Guild.objects.get(pk=int(guild_id)).active_revision_id)
        returned.scheduler.adopt(
            guild_id, revision, {each.name: each for each in jobs}, complete=True
        )
    assert {o.name for o in returned.round()} == set()
    started_by: list[int] = []
    for milliseconds in range(0, 1200, 100):
        now = minutes(24 * 60) + timedelta(milliseconds=milliseconds)
        for offered in returned.at(now):
            assert offered.name == "missed"
            offered.end()
        started_by.append(len([o for o in returned.offered if o.name == "missed"]))
    assert started_by == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]
    CronJob.objects.filter(name="on time").update(next_at=minutes(24 * 60 + 30))
    again = make_runtime(at=minutes(24 * 60 + 30))
    CronJob.objects.filter(name="missed").update(next_at=minutes(0))
    for guild_id in ids:
        revision = str(Guild.objects.get(pk=int(guild_id)).active_revision_id)
        again.scheduler.adopt(guild_id, revision, {each.name: each for each in jobs}, complete=True)
    assert [o.name for o in again.round()] == ["on time"] * len(ids)


# --- a run before that is still under way --------------------------------------------------------


def test_a_job_may_leave_out_slots_while_it_runs(runtime: Runtime) -> None:
    runtime.adopt(job(skip_if_running=True))
    (long,) = runtime.at(minutes(10))
    assert runtime.at(minutes(20)) == []
    assert runtime.at(minutes(30)) == []
    long.end()
    (next_,) = runtime.at(minutes(40))
    next_.end()
    runtime.round()
    assert history() == [
        (minutes(10), "slot", "ok"),
        (minutes(20), "slot", "skipped"),
        (minutes(30), "slot", "skipped"),
        (minutes(40), "slot", "ok"),
    ]
    assert JobRun.objects.get(slot=minutes(20)).error == "the run before was still under way"


def test_or_run_beside_itself(runtime: Runtime) -> None:
    runtime.adopt(job())
    started = [*runtime.at(minutes(10)), *runtime.at(minutes(20)), *runtime.at(minutes(30))]
    assert len(started) == 3
    assert history() == [(minutes(10 * n), "slot", "running") for n in (1, 2, 3)]


# --- how runs end --------------------------------------------------------------------------------

THROWN = ScriptError("TypeError", "x is not a function\0")
BREACH = ScriptError("", "dispatch timed out: 1001 ms of CPU in one turn, at most 1 s")
OVERDUE = ScriptError("", "cron timed out: cron job 'report' took over 5 s")


@pytest.mark.parametrize(
    ("ending", "error", "outcome", "text"),
    [
        (Ending.DONE, None, "ok", ""),
        (Ending.FAILED, THROWN, "failed", "TypeError: x is not a function\\0"),
        (Ending.OVERDUE, OVERDUE, "timeout", str(OVERDUE)),
        (Ending.LOST, BREACH, "failed", str(BREACH)),
        (Ending.LOST, None, "lost", "its isolate ended while it was under way"),
        (
            Ending.DROPPED,
            None,
            "lost",
            "it was not started: the script stopped, or too many events waited",
        ),
    ],
)
def test_each_end_is_written_down(
    ending: Ending, error: ScriptError | None, outcome: str, text: str, runtime: Runtime
) -> None:
    runtime.adopt(job())
    (started,) = runtime.at(minutes(10))
    runtime.clock.set(minutes(10) + timedelta(milliseconds=1234))
    started.end(ending, error)
    runtime.round()
    run = JobRun.objects.get()
    assert (run.outcome, run.error, run.duration_ms) == (outcome, text, 1234)


def test_the_log_calls_a_job_by_its_name(make_runtime: Callable[..., Runtime]) -> None:
    runtime = make_runtime(job_seconds=5.0)
    runtime.adopt(job())
    (started,) = runtime.at(minutes(10))
    event = started.event
    assert (event.name, event.stage, event.seconds) == ("cron job 'report'", "cron", 5.0)
    unlimited = make_runtime(at=minutes(11), job_seconds=0)
    unlimited.adopt(job())
    (started,) = unlimited.at(minutes(20))
    assert started.event.seconds is None


def test_the_newest_fifty_runs_are_kept(runtime: Runtime) -> None:
    runtime.adopt(job(), job("rare", "0 0 * * *"))
    JobRun.objects.bulk_create(
        JobRun(guild=guild(), job=CronJob.objects.get(name="rare"), name="rare", slot=NOON)
        for _ in range(3)
    )
    for number in range(1, 53):
        for offered in runtime.at(minutes(10 * number)):
            offered.end()
    runtime.round()
    slots = [slot for slot, _, _ in history()]
    assert slots == [minutes(10 * number) for number in range(3, 53)]
    assert len(history("rare")) == 3


# --- deploys -------------------------------------------------------------------------------------


def test_a_deploy_keeps_what_is_unchanged_and_takes_away_what_is_gone(runtime: Runtime) -> None:
    runtime.adopt(job("same"), job("other"), job("gone"), job("options"))
    for offered in runtime.at(minutes(10)):
        offered.end()
    runtime.clock.set(minutes(12))
    runtime.adopt(
        job("same"),
        job("other", "*/5 * * * *"),
        job("new", "*/7 * * * *"),
        job("options", skip_if_running=True, catch_up="once"),
        revision=deploy(),
    )
    slots = dict(CronJob.objects.values_list("name", "next_at"))
    assert slots == {
        "same": minutes(20),
        "other": minutes(15),
        "new": minutes(14),
        "options": minutes(20),
    }
    assert history("same") == history("options") == [(minutes(10), "slot", "ok")]
    assert history("other") == history("gone") == []
    options = CronJob.objects.get(name="options")
    assert (options.skip_if_running, options.catch_up) == (True, "once")


def test_a_deploy_does_not_lose_a_slot_that_comes_meanwhile(runtime: Runtime) -> None:
    runtime.adopt(job())
    runtime.clock.set(minutes(10))
    assert len(runtime.adopt(job(), revision=deploy())) == 1


def test_a_run_under_way_survives_a_deploy(runtime: Runtime) -> None:
    runtime.adopt(job(skip_if_running=True))
    (running,) = runtime.at(minutes(10))
    runtime.clock.set(minutes(12))
    runtime.adopt(job(skip_if_running=True), revision=deploy())
    assert history() == [(minutes(10), "slot", "running")]
    assert runtime.at(minutes(20)) == []  # the old script's run still counts as one
    running.end()
    runtime.round()
    assert history() == [(minutes(10), "slot", "ok"), (minutes(20), "slot", "skipped")]


def test_a_job_that_a_rebuilt_script_registers_later_waits_for_that(runtime: Runtime) -> None:
    """Some scripts register in a handler: their job outlives the isolate, without slots."""
    runtime.adopt(job("early"), job("later"))
    runtime.clock.set(minutes(5))
    runtime.adopt(job("early"))
    (only,) = runtime.at(minutes(10))
    assert only.name == "early"
    assert next_slot("later") is None
    runtime.clock.set(minutes(12))
    runtime.adopt(job("early"), job("later"))
    assert next_slot("later") == minutes(20)
    assert history("later") == []


def test_a_script_that_still_loads_takes_nothing_away(runtime: Runtime) -> None:
    """On trial a script counts as loaded while its first operations wait for the swap."""
    runtime.adopt(job("early"), job("later"), job("gone"))
    for offered in runtime.at(minutes(10)):
        offered.end()
    runtime.clock.set(minutes(15))
    revision = deploy()
    runtime.adopt(job("early"), revision=revision, complete=False)
    (only,) = runtime.at(minutes(20))
    assert only.name == "early"
    late = runtime.adopt(job("early"), job("later"), revision=revision)
    assert [(o.name, o.payload["scheduledAt"]) for o in late] == [
        ("later", "2026-11-25T12:20:00.000Z")
    ]
    assert history("later")[0] == (minutes(10), "slot", "ok")
    assert not CronJob.objects.filter(name="gone").exists()


# --- pauses --------------------------------------------------------------------------------------

STOPS: list[Callable[..., Any]] = [pause, undeploy]


@pytest.mark.parametrize("stop", STOPS)
def test_a_stopped_guild_starts_nothing(stop: Callable[..., Any], runtime: Runtime) -> None:
    runtime.adopt(job(catch_up="once"))
    stop(guild=guild(), actor=Actor.system())
    # The runtime has not heard of it yet.
    assert runtime.at(minutes(10)) == []
    runtime.scheduler.release(GUILD)
    assert runtime.at(minutes(20)) == []
    assert history() == []


def test_what_passes_in_a_pause_is_not_made_up(runtime: Runtime) -> None:
    runtime.adopt(job(catch_up="once"))
    pause(guild=guild(), actor=Actor.system())
    runtime.scheduler.release(GUILD)
    runtime.clock.set(minutes(35))
    resume(guild=guild(), actor=Actor.system())
    runtime.adopt(job(catch_up="once"))
    assert runtime.at(minutes(39)) == []
    (next_,) = runtime.at(minutes(40))
    assert next_.payload["scheduledAt"] == "2026-11-25T12:40:00.000Z"
    assert len(history()) == 1


def test_a_pause_that_the_runtime_never_noticed_ends_too(runtime: Runtime) -> None:
    runtime.adopt(job())
    pause(guild=guild(), actor=Actor.system())
    resume(guild=guild(), actor=Actor.system())
    assert next_slot() is None
    runtime.at(NOON + 5 * SECOND)
    assert next_slot() == minutes(10)
    assert len(runtime.at(minutes(10))) == 1


def test_a_script_that_was_paused_while_it_was_started_rests(runtime: Runtime) -> None:
    runtime.adopt(job())
    pause(guild=guild(), actor=Actor.system())
    runtime.adopt(job())
    assert next_slot() is None


# --- run now -------------------------------------------------------------------------------------


def request(name: str, at: datetime) -> None:
    CronJob.objects.filter(name=name).update(run_requested_at=at)


def test_a_job_is_run_by_hand_once_and_keeps_its_slots(runtime: Runtime) -> None:
    runtime.adopt(job())
    request("report", minutes(3))
    runtime.clock.set(minutes(3) + SECOND)
    runtime.scheduler.wake(GUILD)
    (started,) = runtime.round()
    assert started.payload["scheduledAt"] == "2026-11-25T12:03:00.000Z"
    started.end()
    assert runtime.at(minutes(4)) == []
    assert history() == [(minutes(3), "manual", "ok")]
    assert CronJob.objects.get().run_requested_at is None
    assert next_slot() == minutes(10)


def test_without_a_message_it_takes_five_seconds(runtime: Runtime) -> None:
    runtime.adopt(job())
    request("report", NOON)
    assert runtime.at(NOON + timedelta(seconds=4.9)) == []
    assert len(runtime.at(NOON + 5 * SECOND)) == 1


def test_running_by_hand_skips_as_a_slot_would(runtime: Runtime) -> None:
    runtime.adopt(job(skip_if_running=True))
    runtime.at(minutes(10))
    request("report", minutes(11))
    assert runtime.at(minutes(11)) == []
    assert history()[1:] == [(minutes(11), "manual", "skipped")]


def test_a_job_that_the_script_has_not_registered_again_cannot_be_run(runtime: Runtime) -> None:
    runtime.adopt(job())
    runtime.adopt()
    request("report", minutes(1))
    assert runtime.at(minutes(1)) == []
    assert history() == [(minutes(1), "manual", "skipped")]
    assert JobRun.objects.get().error == "the script has not registered the job since it was loaded"


# --- the loop ------------------------------------------------------------------------------------


def test_it_sleeps_until_something_is_due(runtime: Runtime) -> None:
    """A look at what others have written every five seconds, and nothing in between."""
    runtime.scheduler.adopt(
        GUILD,
        str(guild().active_revision_id),
        {"report": job(expression="*/8 * * * * *")},
        complete=True,
    )
    clock = runtime.clock

    async def asleep() -> None:
        while not clock.waits or clock.waits[-1] <= clock.now():
            await runtime.database.run(lambda: None)

    async def live() -> None:
        runtime.scheduler.start()
        await asleep()
        for seconds in range(1, 17):
            clock.set(NOON + seconds * SECOND)
            await asleep()
        await runtime.scheduler.stop(timeout=5)

    runtime.run(live())
    assert [o.payload["scheduledAt"][17:19] for o in runtime.offered] == ["08", "16"]
    wakes = [(until - NOON).total_seconds() for until in dict.fromkeys(clock.waits)]
    assert wakes == [5, 8, 10, 15, 16, 20]
