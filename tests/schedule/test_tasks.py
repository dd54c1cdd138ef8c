"""Tasks: set, replaced, taken back, started once, whatever happens in between."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from deployments.actor import Actor
from deployments.models import Guild, JobRun, Task
from deployments.services.desired_state import pause, resume
from runtime.schedule.scheduler import TASKS_AT_ONCE
from runtime.schedule.tasks import MAX_PENDING, PendingTask, TooManyTasks
from tests.schedule.conftest import (
    GUILD,
    NOON,
    OTHER,
    Runtime,
    at_once,
    history,
    job,
    minutes,
)

SECOND = timedelta(seconds=1)


def pending(runtime: Runtime, guild_id: str = GUILD) -> list[tuple[str, datetime]]:
    return runtime.run(runtime.tasks.pending(guild_id))


def test_a_task_starts_once_at_its_time_with_its_data(runtime: Runtime) -> None:
    runtime.adopt()
    runtime.schedule("remind:1", minutes(1), '{"text":"tea ☕","n":[1,2.5,null]}')
    assert runtime.at(minutes(1) - SECOND) == []
    (started,) = runtime.at(minutes(1))
    assert (started.guild_id, started.kind, started.event.stage) == (GUILD, "FLORA_TASK", "task")
    assert started.event.name == "task 'remind:1'"
    assert started.payload == {
        "key": "remind:1",
        "data": {"text": "tea ☕", "n": [1, 2.5, None]},
        "scheduledAt": "2026-11-25T12:01:00.000Z",
    }
    started.end()
    assert runtime.at(minutes(2)) == []
    assert pending(runtime) == []
    assert history("remind:1") == [(minutes(1), "slot", "ok")]


def test_milliseconds_count(runtime: Runtime) -> None:
    runtime.adopt()
    due = NOON + timedelta(milliseconds=1234)
    runtime.schedule("soon", due)
    assert runtime.at(due - timedelta(milliseconds=1)) == []
    (started,) = runtime.at(due)
    assert started.payload["scheduledAt"] == "2026-11-25T12:00:01.234Z"


def test_tasks_start_in_the_order_of_their_times(runtime: Runtime) -> None:
    runtime.adopt()
    order = list(range(12))
    random.Random(5).shuffle(order)
    for number in order:
        runtime.schedule(str(number), minutes(number))
    started: list[str] = []
    for number in range(12):
        for offered in runtime.at(minutes(number)):
            started.append(offered.name)
            offered.end()
    assert started == [str(number) for number in range(12)]


def test_the_same_key_replaces(runtime: Runtime) -> None:
    runtime.adopt()
    runtime.schedule("a", minutes(1), '"old"')
    runtime.schedule("a", minutes(2), '"new"')
    assert pending(runtime) == [("a", minutes(2))]
    assert runtime.at(minutes(1)) == []
    (started,) = runtime.at(minutes(2))
    assert started.payload["data"] == "new"


def test_an_earlier_time_is_not_slept_through(runtime: Runtime) -> None:
    runtime.adopt()
    runtime.schedule("a", minutes(60))
    runtime.schedule("b", minutes(30))
    runtime.schedule("a", minutes(1))
    assert [o.name for o in runtime.at(minutes(1))] == ["a"]
    assert [o.name for o in runtime.at(minutes(30))] == ["b"]


def test_a_task_is_taken_back(runtime: Runtime) -> None:
    runtime.adopt()
    runtime.schedule("a", minutes(1))
    assert runtime.run(runtime.tasks.cancel(GUILD, "a")) is True
    assert runtime.run(runtime.tasks.cancel(GUILD, "a")) is False
    assert runtime.at(minutes(1)) == []


def test_a_task_is_looked_at(runtime: Runtime) -> None:
    runtime.schedule("b", minutes(2), "[1]")
    runtime.schedule("a", minutes(1))
    assert pending(runtime) == [("a", minutes(1)), ("b", minutes(2))]
    found = runtime.run(runtime.tasks.get(GUILD, "b"))
    assert found == PendingTask("b", minutes(2), "[1]")
    assert runtime.run(runtime.tasks.get(GUILD, "c")) is None


def test_guilds_have_tasks_of_their_own(runtime: Runtime) -> None:
    runtime.adopt(guild_id=OTHER)
    runtime.schedule("a", minutes(1), "1", OTHER)
    assert runtime.run(runtime.tasks.cancel(GUILD, "a")) is False
    assert runtime.run(runtime.tasks.get(GUILD, "a")) is None
    assert pending(runtime) == []
    runtime.schedule("a", minutes(1), "2", GUILD)
    (started,) = runtime.at(minutes(1))
    assert (started.guild_id, started.payload["data"]) == (OTHER, 1)


def test_a_guild_has_a_thousand_at_most(runtime: Runtime) -> None:
    guild = Guild.objects.get(pk=int(GUILD))
    Task.objects.bulk_create(
        Task(guild=guild, key=str(number), due_at=minutes(1)) for number in range(MAX_PENDING - 1)
    )
    runtime.schedule("the last", minutes(2))
    with pytest.raises(TooManyTasks):
        runtime.schedule("one more", minutes(2))
    runtime.schedule("the last", minutes(3))
    runtime.schedule("elsewhere", minutes(2), guild_id=OTHER)
    assert Task.objects.filter(guild=guild).count() == MAX_PENDING
    assert Task.objects.get(key="the last").due_at == minutes(3)
    runtime.run(runtime.tasks.cancel(GUILD, "0"))
    runtime.schedule("one more", minutes(2))


def test_the_far_future_is_kept(runtime: Runtime) -> None:
    end = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
    runtime.adopt()
    runtime.schedule("a", end)
    assert pending(runtime) == [("a", end)]


def test_tasks_wait_for_each_other_and_hold_up_no_job(runtime: Runtime) -> None:
    runtime.adopt(job(expression="* * * * *"))
    for number in range(TASKS_AT_ONCE + 1):
        runtime.schedule(str(number), NOON + number * SECOND)
    started = runtime.at(minutes(1))
    assert [o.name for o in started] == ["report", *(str(n) for n in range(TASKS_AT_ONCE))]
    started[1].end()
    assert [o.name for o in runtime.round()] == [str(TASKS_AT_ONCE)]


def test_a_task_waits_for_flora_to_come_back(make_runtime: Callable[..., Runtime]) -> None:
    make_runtime().schedule("a", minutes(1), "1")
    returned = make_runtime(at=minutes(60))
    returned.adopt()
    (late,) = returned.at(minutes(60) + SECOND)
    assert late.payload == {"key": "a", "data": 1, "scheduledAt": "2026-11-25T12:01:00.000Z"}
    late.end()
    returned.round()
    assert history("a") == [(minutes(1), "catch_up", "ok")]


def test_a_task_waits_for_a_paused_guild(runtime: Runtime) -> None:
    guild = Guild.objects.get(pk=int(GUILD))
    runtime.adopt()
    runtime.schedule("a", minutes(1))
    pause(guild=guild, actor=Actor.system())
    # The runtime has not heard of it yet.
    assert runtime.at(minutes(1)) == []
    runtime.scheduler.release(GUILD)
    resume(guild=guild, actor=Actor.system())
    runtime.clock.set(minutes(30))
    runtime.adopt()
    assert [o.name for o in runtime.at(minutes(30) + SECOND)] == ["a"]


def test_of_two_runtimes_one_starts_a_task(make_runtime: Callable[..., Runtime]) -> None:
    runtimes = [make_runtime(), make_runtime()]
    for runtime in runtimes:
        runtime.adopt()
    for number in range(10):
        runtimes[0].schedule(str(number), minutes(number))
        for runtime in runtimes:
            runtime.clock.set(minutes(number))
            runtime.scheduler.wake(GUILD)
        first, second = at_once(*(runtime.round for runtime in runtimes))
        (started,) = [*first, *second]
        started.end()


def test_a_task_that_a_dying_runtime_has_claimed_is_lost(
    make_runtime: Callable[..., Runtime],
) -> None:
    dying = make_runtime()
    dying.adopt()
    dying.schedule("a", minutes(1))
    dying.at(minutes(1))
    next_ = make_runtime(at=minutes(2))
    assert next_.adopt() == []
    assert history("a") == [(minutes(1), "slot", "lost")]
    assert next_.notes == [
        (
            GUILD,
            "error",
            "task 'a' of 2026-11-25T12:01:00.000Z was lost: flora ended while it was under way",
        )
    ]


def test_a_task_may_set_itself_again(runtime: Runtime) -> None:
    runtime.adopt()
    runtime.schedule("a", minutes(1), "1")
    (first,) = runtime.at(minutes(1))
    runtime.schedule("a", minutes(2), "2")
    first.end()
    (second,) = runtime.at(minutes(2))
    assert second.payload["data"] == 2


def test_the_newest_fifty_runs_of_a_guild_are_kept(runtime: Runtime) -> None:
    runtime.adopt()
    runtime.adopt(guild_id=OTHER)
    for number in range(52):
        runtime.schedule(str(number), minutes(number))
        runtime.schedule("other", minutes(number), guild_id=OTHER) if number == 0 else None
        for offered in runtime.at(minutes(number)):
            offered.end()
    runtime.round()
    kept = JobRun.objects.filter(guild=int(GUILD)).order_by("pk").values_list("name", flat=True)
    assert list(kept) == [str(number) for number in range(2, 52)]
    assert history("other") == [(NOON, "slot", "ok")]
