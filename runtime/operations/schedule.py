"""Operations by which a script registers cron jobs and sets tasks."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from runtime.database import DatabaseAway
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import OperationError, invalid_input
from runtime.schedule.clock import rfc3339
from runtime.schedule.job import InvalidJob, Job
from runtime.schedule.tasks import (
    CHANGES_PER_MINUTE,
    MAX_PENDING,
    PendingTask,
    TooManyChanges,
    TooManyTasks,
)

# Of one isolate, failed ones included: an expression that names no day costs milliseconds.
MAX_REGISTRATIONS = 256
MAX_KEY = 256
MAX_DATA_BYTES = 64 << 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# The last one of the year 9999, which is the last year that databases know.
LAST_MILLISECOND = 253402300799999

Key = Annotated[str, Meta(min_length=1, max_length=MAX_KEY, pattern=r"\A[^\x00]*\Z")]


class Register(msgspec.Struct, rename="camel"):
    name: str
    expression: str
    skip_if_running: bool = False
    catch_up: Literal["skip", "once"] = "skip"


class Schedule(msgspec.Struct):
    """at: unix milliseconds; what is past is due now."""

    key: Key
    at: float
    data: msgspec.Raw = msgspec.Raw(b"null")


class ByKey(msgspec.Struct):
    key: Key


class Nothing(msgspec.Struct):
    pass


async def register(call: OpCall, args: Register) -> None:
    """Noted here; scheduled once the script is the guild's."""
    isolate = call.isolate
    try:
        _register(call, args)
    except OperationError as problem:
        # The load fails with it, unless it counts as loaded before it has heard of it.
        isolate.jobs_problem = isolate.jobs_problem or str(problem)
        raise
    call.services.jobs_changed(isolate)


def _register(call: OpCall, args: Register) -> None:
    isolate = call.isolate
    isolate.job_registrations += 1
    limit = call.services.max_cron_jobs(call.guild_id)
    if args.name in isolate.jobs:
        raise OperationError(f"cron job with name '{args.name}' already exists", "CRON_JOB_EXISTS")
    if len(isolate.jobs) >= limit or isolate.job_registrations > MAX_REGISTRATIONS:
        raise OperationError(
            "max cron jobs exceeded for this guild/runtime", "TOO_MANY_CRON_JOBS", limit=limit
        )
    job = Job(args.name, args.expression, args.skip_if_running, args.catch_up)
    try:
        job.check(call.services.clock.now())
    except InvalidJob as problem:
        raise OperationError(str(problem), "INVALID_CRON_JOB") from None
    isolate.jobs[job.name] = job


async def schedule(call: OpCall, args: Schedule) -> dict[str, Any]:
    data = bytes(args.data)
    if len(data) > MAX_DATA_BYTES:
        raise invalid_input("data", f"{len(data)} bytes of JSON, at most {MAX_DATA_BYTES}")
    if args.at > LAST_MILLISECOND:
        raise invalid_input("when", "later than the year 9999")
    now = call.services.clock.now()
    due_at = max(now, EPOCH + int(max(args.at, 0)) * MILLISECOND)
    with _refusals():
        task = PendingTask(args.key, due_at, _storable(data))
        await call.services.tasks.schedule(call.guild_id, task)
    return {"key": args.key, "scheduledAt": rfc3339(due_at)}


async def cancel(call: OpCall, args: ByKey) -> bool:
    with _refusals():
        return await call.services.tasks.cancel(call.guild_id, args.key)


async def get(call: OpCall, args: ByKey) -> dict[str, Any] | None:
    with _refusals():
        task = await call.services.tasks.get(call.guild_id, args.key)
    if task is None:
        return None
    data = msgspec.Raw(task.data.encode())
    return {"key": task.key, "scheduledAt": rfc3339(task.due_at), "data": data}


async def list_(call: OpCall, args: Nothing) -> list[dict[str, Any]]:
    with _refusals():
        tasks = await call.services.tasks.pending(call.guild_id)
    return [{"key": key, "scheduledAt": rfc3339(due_at)} for key, due_at in tasks]


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """What the tasks refuse, in words for a script's author."""
    try:
        yield
    except TooManyTasks:
        text = f"a guild may have {MAX_PENDING} pending tasks"
        raise OperationError(text, "TOO_MANY_TASKS", limit=MAX_PENDING) from None
    except TooManyChanges:
        text = "task rate limit exceeded; retry later"
        raise OperationError(text, "TASKS_RATE_LIMITED", limit=CHANGES_PER_MINUTE) from None
    except DatabaseAway:
        text = "task storage is not available; retry later"
        raise OperationError(text, "TASKS_UNAVAILABLE") from None


def _storable(json: bytes) -> str:
    """Undecoded JSON may be none: a script that has got round the SDK breaks its own task."""
    return json.decode(errors="replace").replace("\x00", "\ufffd")


OPERATIONS: dict[str, Operation[Any]] = {
    "cron.register": Operation(Register, register, has_effect=False),
    "tasks.schedule": Operation(Schedule, schedule, has_effect=True),
    "tasks.cancel": Operation(ByKey, cancel, has_effect=True),
    "tasks.get": Operation(ByKey, get, has_effect=False),
    "tasks.list": Operation(Nothing, list_, has_effect=False),
}
