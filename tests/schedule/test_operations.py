"""The operations behind `cron` and `tasks`: limits to the last one, and nothing believed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.models import Guild, Task
from runtime.operations import schedule
from runtime.operations.call import OpCall
from runtime.operations.errors import OperationError
from runtime.operations.schedule import LAST_MILLISECOND, MAX_DATA_BYTES, MAX_REGISTRATIONS
from runtime.schedule.job import Job
from runtime.schedule.tasks import CHANGES_PER_MINUTE, MAX_PENDING
from tests.examples import examples
from tests.schedule.conftest import GUILD, NOON, OTHER, Runtime, job, minutes

NOW = int(NOON.timestamp() * 1000)


@dataclass
class Isolate:
    """What these operations use of an isolate."""

    jobs: dict[str, Job] = field(default_factory=dict)
    job_registrations: int = 0
    jobs_problem: str = ""


@dataclass
class Services:
    """What they use of the host."""

    clock: Any
    tasks: Any
    changed: list[Isolate] = field(default_factory=list)
    most_jobs: int = 32

    def max_cron_jobs(self, guild_id: str) -> int:
        return self.most_jobs

    def jobs_changed(self, isolate: Isolate) -> None:
        self.changed.append(isolate)


class Host:
    """Does operations for one isolate of GUILD as the desk does: from JSON to an answer."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.isolate = Isolate()
        self.services = Services(runtime.clock, runtime.tasks)

    def __call__(self, name: str, arguments: Any) -> Any:
        payload = arguments if isinstance(arguments, bytes) else json.dumps(arguments).encode()
        operation = schedule.OPERATIONS[name]
        decoded = msgspec.json.decode(payload, type=operation.arguments)
        call = OpCall(GUILD, self.isolate, self.services)  # type: ignore[arg-type]
        return self.runtime.run(operation.perform(call, decoded))

    def failure(self, name: str, arguments: Any) -> tuple[str, str]:
        with pytest.raises(OperationError) as raised:
            self(name, arguments)
        return raised.value.code, str(raised.value)


@pytest.fixture
def host(runtime: Runtime) -> Host:
    return Host(runtime)


# --- cron.register -------------------------------------------------------------------------------


def register(name: str = "report", expression: str = "@daily", **options: Any) -> dict[str, Any]:
    return {"name": name, "expression": expression, **options}


def test_a_job_is_noted_with_its_isolate(host: Host) -> None:
    options = {"skipIfRunning": True, "catchUp": "once"}
    assert host("cron.register", register(**options)) is None
    assert host.isolate.jobs == {
        "report": job(expression="@daily", skip_if_running=True, catch_up="once")
    }
    assert host.services.changed == [host.isolate]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (register(""), "INVALID_CRON_JOB", "cron name must be a non-empty string"),
        (
            register("n" * 201),
            "INVALID_CRON_JOB",
            "cron name must have at most 200 characters, none of them NUL",
        ),
        (
            register("a\0"),
            "INVALID_CRON_JOB",
            "cron name must have at most 200 characters, none of them NUL",
        ),
        (
            register(expression=" "),
            "INVALID_CRON_JOB",
            "cron expression must be a non-empty string",
        ),
        (
            register(expression="*" * 257),
            "INVALID_CRON_JOB",
            "cron expression must have at most 256 characters, none of them NUL",
        ),
        (
            register(expression="* * *"),
            "INVALID_CRON_JOB",
            "invalid cron expression '* * *': 5 to 7 fields are expected, there are 3",
        ),
        (
            register(expression="0 0 0 1 1 * 2025"),
            "INVALID_CRON_JOB",
            "cron schedule has no future occurrences: 0 0 0 1 1 * 2025",
        ),
    ],
)
def test_a_job_that_is_wrong_is_refused(
    arguments: Any, code: str, message: str, host: Host
) -> None:
    assert host.failure("cron.register", arguments) == (code, message)
    assert host.isolate.jobs_problem == message
    assert host.isolate.jobs == {}
    assert host.services.changed == []


def test_limits_are_met_exactly(host: Host) -> None:
    for number in range(32):
        host("cron.register", register("n" * (200 - number)))
    taken = host.failure("cron.register", register("n" * 200))
    assert taken == ("CRON_JOB_EXISTS", f"cron job with name '{'n' * 200}' already exists")
    assert host.failure("cron.register", register("one more")) == (
        "TOO_MANY_CRON_JOBS",
        "max cron jobs exceeded for this guild/runtime",
    )
    assert len(host.isolate.jobs) == 32


@pytest.mark.parametrize("most", [0, 1, 3])
def test_a_guild_may_have_no_jobs_or_few(most: int, host: Host) -> None:
    host.services.most_jobs = most
    for number in range(most):
        host("cron.register", register(f"{number}"))
    assert host.failure("cron.register", register("more"))[0] == "TOO_MANY_CRON_JOBS"
    assert len(host.isolate.jobs) == most


def test_trying_for_ever_comes_to_an_end(host: Host) -> None:
    for number in range(MAX_REGISTRATIONS):
        code, _ = host.failure("cron.register", register(f"{number}", "0 0 30 2 *"))
        assert code == "INVALID_CRON_JOB"
    assert host.failure("cron.register", register())[0] == "TOO_MANY_CRON_JOBS"


# --- tasks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (NOW + 1, "2026-11-25T12:00:00.001Z"),
        (NOW + 1.9, "2026-11-25T12:00:00.001Z"),
        (NOW, "2026-11-25T12:00:00.000Z"),
        (NOW - 1, "2026-11-25T12:00:00.000Z"),
        (0, "2026-11-25T12:00:00.000Z"),
        (-1, "2026-11-25T12:00:00.000Z"),
        (-1e308, "2026-11-25T12:00:00.000Z"),
        (LAST_MILLISECOND, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_the_past_is_now_and_the_far_future_is_kept(at: float, due: str, host: Host) -> None:
    answer = {"key": "k", "scheduledAt": due}
    assert host("tasks.schedule", {"key": "k", "at": at, "data": [1]}) == answer
    assert host("tasks.list", {}) == [answer]
    found = msgspec.json.decode(msgspec.json.encode(host("tasks.get", {"key": "k"})))
    assert found == {**answer, "data": [1]}
    assert host("tasks.cancel", {"key": "k"}) is True
    assert host("tasks.get", {"key": "k"}) is None


@pytest.mark.parametrize("at", [LAST_MILLISECOND + 1, 2.0**53, 1e308])
def test_no_time_lies_beyond_the_calendar(at: float, host: Host) -> None:
    assert host.failure("tasks.schedule", {"key": "k", "at": at}) == (
        "INVALID_INPUT",
        "Invalid input for when: later than the year 9999",
    )


@pytest.mark.parametrize("key", ["k", "k" * 256, "🌷" * 256, "a b/c\n"])
def test_a_key_is_any_text(key: str, host: Host) -> None:
    assert host("tasks.schedule", {"key": key, "at": NOW})["key"] == key
    assert Task.objects.get().key == key


@pytest.mark.parametrize("key", ["", "k" * 257, "a\0", "\0", "a\0\n", None, 5, ["k"]])
@pytest.mark.parametrize("name", ["tasks.schedule", "tasks.cancel", "tasks.get"])
def test_but_not_too_long_empty_or_with_nul(name: str, key: Any, host: Host) -> None:
    with pytest.raises(msgspec.ValidationError):
        host(name, {"key": key, "at": NOW})


def test_data_has_a_size(host: Host) -> None:
    host("tasks.schedule", {"key": "k", "at": NOW, "data": "x" * (MAX_DATA_BYTES - 2)})
    code, message = host.failure(
        "tasks.schedule", {"key": "k", "at": NOW, "data": "y" * (MAX_DATA_BYTES - 1)}
    )
    assert (code, message) == (
        "INVALID_INPUT",
        "Invalid input for data: 65537 bytes of JSON, at most 65536",
    )
    assert Task.objects.get().data[1] == "x"


def test_bytes_that_are_no_json_harm_nobody_else(host: Host) -> None:
    """A script that has got round the SDK: msgspec does not look into data that it passes on."""
    host("tasks.schedule", b'{"key":"k","at":0,"data":"\xff\xfe"}')
    host("tasks.schedule", b'{"key":"l","at":0,"data":"\\u0000"}')
    assert Task.objects.count() == 2
    assert sorted(offered.payload["key"] for offered in host.runtime.adopt()) == ["k", "l"]


def test_too_many_say_how_many_there_may_be(host: Host) -> None:
    guild = Guild.objects.get(pk=int(GUILD))
    Task.objects.bulk_create(
        Task(guild=guild, key=str(number), due_at=NOON) for number in range(MAX_PENDING)
    )
    assert host.failure("tasks.schedule", {"key": "k", "at": NOW}) == (
        "TOO_MANY_TASKS",
        "a guild may have 1000 pending tasks",
    )


def test_a_script_may_not_set_tasks_without_end(host: Host) -> None:
    for _ in range(CHANGES_PER_MINUTE // 2):
        host("tasks.schedule", {"key": "k", "at": NOW})
        host("tasks.cancel", {"key": "k"})
    refused = ("TASKS_RATE_LIMITED", "task rate limit exceeded; retry later")
    assert host.failure("tasks.schedule", {"key": "k", "at": NOW}) == refused
    assert host.failure("tasks.cancel", {"key": "k"}) == refused
    assert host("tasks.list", {}) == []
    host.runtime.schedule("elsewhere", NOON, guild_id=OTHER)
    host.runtime.clock.set(minutes(1))
    host("tasks.schedule", {"key": "k", "at": NOW})


# --- anything ------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
NAMES = ["name", "expression", "skipIfRunning", "catchUp", "key", "at", "data"]


@settings(max_examples=examples(300), deadline=None)
@given(
    st.sampled_from(sorted(schedule.OPERATIONS)),
    st.dictionaries(st.sampled_from(NAMES), values) | values,
)
def test_arguments_are_taken_whole_or_refused(name: str, arguments: Any) -> None:
    arguments_type: Callable[..., Any] = schedule.OPERATIONS[name].arguments
    try:
        decoded = msgspec.json.decode(msgspec.json.encode(arguments), type=arguments_type)
    except msgspec.ValidationError:
        return
    assert isinstance(decoded, arguments_type)  # type: ignore[arg-type]
