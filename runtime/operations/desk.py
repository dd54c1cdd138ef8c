"""Takes the operations of all isolates, does them, and sends the answers of one round together."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from runtime.isolate import HostedIsolate, Overdue
from runtime.limits import LimitsOf
from runtime.metrics import Metrics
from runtime.operations.call import HostServices, OpCall, Operation
from runtime.operations.errors import OperationError, as_answer
from runtime.operations.table import OPERATIONS
from runtime.worker.records import ONE_OF_SEVERAL, Record, is_gated

log = logging.getLogger("flora.runtime")

# Of one isolate: the bytes of what its operations were asked with.
MAX_BYTES_UNDER_WAY = 32 << 20
# The largest single answer, many values out of KV, stays below what a frame may hold.
MAX_FRAME_TEXT = 16 << 20
# An operation over the number of its time is refused so many seconds late: who asks again and
# again must not keep this loop busy with saying no.
REFUSED_AFTER = 0.25
_UNKNOWN = OperationError("Internal error: the operation failed on the host", "INTERNAL_ERROR")
_CANCELLED = OperationError("the operation was cancelled", "CANCELLED")


class _TooOften(OperationError):
    """More operations than the guild has in their time."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """at: monotonic seconds."""

    record: Record
    at: float


class OperationDesk:
    def __init__(
        self, services: HostServices, limits_of: LimitsOf, metrics: Metrics | None = None
    ) -> None:
        self._services = services
        self._limits_of = limits_of
        self._metrics = metrics or Metrics()
        self._answers: dict[tuple[HostedIsolate, bool], list[msgspec.Raw]] = {}
        self._bytes: Counter[HostedIsolate] = Counter()
        # What is under way, by who has asked; None: answered already.
        self._open: dict[HostedIsolate, dict[asyncio.Future[Any], _Asked | None]] = {}
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            name: msgspec.json.Decoder(operation.arguments)
            for name, operation in OPERATIONS.items()
        }

    def has_effect(self, name: str) -> bool:
        operation = OPERATIONS.get(name)
        return operation is not None and operation.has_effect

    def perform(self, isolate: HostedIsolate, record: Record) -> None:
        """Begins an operation; its answer goes to the isolate when it is there."""
        self._bytes[isolate] += len(record.payload)
        try:
            awaitable = self._begin(isolate, record)
        except _TooOften as error:
            refuse = partial(self._answer, isolate, record, error=error)
            asyncio.get_running_loop().call_later(REFUSED_AFTER, refuse)
            return
        except Exception as error:
            self._answer(isolate, record, error=error)
            return
        task = asyncio.ensure_future(awaitable)
        self._open.setdefault(isolate, {})[task] = _Asked(record, time.monotonic())
        task.add_done_callback(lambda done: self._finish(isolate, done))

    def reject(self, isolate: HostedIsolate) -> None:
        """The script is told that it waits in vain; what has begun ends as it would have."""
        self._reject(isolate, lambda _: True, _migrated())

    def reject_overdue(
        self, isolate: HostedIsolate, handler: Overdue, others_began_at: float
    ) -> None:
        """The same for what this handler waits for: what it is known to have asked, and, of what
        one of several has asked, that which none of those can have asked who live."""

        def is_waited_for(asked: _Asked) -> bool:
            if asked.at >= handler.ended_at:
                return False  # it has been told, and goes on
            if asked.record.dispatch == ONE_OF_SEVERAL:
                return handler.began_at <= asked.at < others_began_at
            return asked.record.dispatch == handler.dispatch

        self._reject(isolate, is_waited_for, _timed_out(handler.seconds))

    def _reject(
        self, isolate: HostedIsolate, concerns: Callable[[_Asked], bool], error: OperationError
    ) -> None:
        under_way = self._open.get(isolate, {})
        for task, asked in under_way.items():
            if asked is not None and concerns(asked):
                under_way[task] = None
                self._answer(isolate, asked.record, error=error)

    def _begin(self, isolate: HostedIsolate, record: Record) -> Any:
        operation: Operation[Any] | None = OPERATIONS.get(record.name)
        if operation is None:
            raise OperationError(f"unknown operation {record.name[:64]!r}", "UNKNOWN_OPERATION")
        if isolate.evicted:
            raise _migrated()
        self._claim(isolate)
        arguments = self._decoders[record.name].decode(record.payload)
        return operation.perform(OpCall(isolate.guild_id, isolate, self._services), arguments)

    def _claim(self, isolate: HostedIsolate) -> None:
        """Raises OperationError when the script asks for too much at a time."""
        limits = self._limits_of(isolate.guild_id)
        # What was answered before its end goes on all the same, and counts.
        under_way = max(isolate.operations_under_way, len(self._open.get(isolate, ())) + 1)
        if under_way > limits.operations_under_way:
            raise OperationError(
                f"more than {limits.operations_under_way} operations are under way: "
                "await some first",
                "TOO_MANY_OPERATIONS",
            )
        if self._bytes[isolate] > MAX_BYTES_UNDER_WAY:
            raise OperationError(
                f"more than {MAX_BYTES_UNDER_WAY >> 20} MiB are under way: "
                "await some operations first",
                "TOO_MANY_OPERATIONS",
            )
        if not isolate.operations.claim(limits.operations, time.monotonic()):
            raise _TooOften(
                f"more than {limits.operations} operations in 10 seconds: do less, or later",
                "TOO_MANY_OPERATIONS",
            )

    def _finish(self, isolate: HostedIsolate, done: "asyncio.Future[Any]") -> None:
        error = _CANCELLED if done.cancelled() else done.exception()
        asked = self._open[isolate].pop(done)
        if not self._open[isolate]:
            del self._open[isolate]
        if asked is None:
            return
        if isinstance(error, Exception):
            self._answer(isolate, asked.record, error=error)
        else:
            self._answer(isolate, asked.record, result=done.result())

    def _answer(
        self,
        isolate: HostedIsolate,
        record: Record,
        *,
        result: Any = None,
        error: Exception | None = None,
    ) -> None:
        known = record.name if record.name in OPERATIONS else "unknown"
        self._metrics.operations.add(known, "ok" if error is None else "refused")
        answer = self._encoded(record, result, error)
        if not self._answers:
            asyncio.get_running_loop().call_soon(self._flush)
        self._answers.setdefault((isolate, is_gated(record.name)), []).append(answer)
        self._bytes[isolate] -= len(record.payload)
        if self._bytes[isolate] <= 0:
            del self._bytes[isolate]
        isolate.operation_ended()

    def _encoded(self, record: Record, result: Any, error: Exception | None) -> msgspec.Raw:
        """At once: an answer that cannot be sent must not take those of other guilds with it."""
        try:
            if error is None:
                return msgspec.Raw(msgspec.json.encode([record.number, 1, result]))
        except Exception as unsendable:
            error = unsendable
        return msgspec.Raw(msgspec.json.encode([record.number, 0, self._describe(record, error)]))

    def _describe(self, record: Record, error: Exception) -> dict[str, Any]:
        described = as_answer(error)
        if described is None:
            log.error("operation %s failed", record.name, exc_info=error)
            described = as_answer(_UNKNOWN)
        assert described is not None
        return described

    def _flush(self) -> None:
        answers, self._answers = self._answers, {}
        for (isolate, gated), list_ in answers.items():
            _send(isolate, list_, gated=gated)


def _migrated() -> OperationError:
    return OperationError(
        "the guild has moved to another worker: nothing waits for this operation", "MIGRATED"
    )


def _timed_out(seconds: float) -> OperationError:
    return OperationError(
        f"timed out: the handler that asked it took over {seconds:g} s; "
        "it may still be done all the same",
        "TIMEOUT",
    )


def _send(isolate: HostedIsolate, answers: list[msgspec.Raw], *, gated: bool) -> None:
    """In one frame, or in several where one would be too long for the worker."""
    text = msgspec.json.encode(answers)
    if len(text) > MAX_FRAME_TEXT and len(answers) > 1:
        half = len(answers) // 2
        _send(isolate, answers[:half], gated=gated)
        _send(isolate, answers[half:], gated=gated)
    else:
        isolate.answer(text, len(answers) if gated else 0)
