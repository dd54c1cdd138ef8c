"""The supervisor's end of one worker: frames, dispatch numbers, the journal, the error pipe.

It knows isolates by number only; what they mean is runtime/hosting.py's.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from runtime.worker.protocol import (
    JOURNAL_SLOTS,
    Breach,
    FrameBuffer,
    FromWorker,
    ToWorker,
    WorkerReport,
    frame,
)
from runtime.zygote import ForkedWorker

log = logging.getLogger("flora.runtime")

READY_TIMEOUT = 30.0
ERROR_TEXT_BYTES = 16 << 10
# Of dispatch numbers: a guild that moves has dispatches in two workers at a time.
_generations = itertools.count(1)


class IsolateListener(Protocol):
    """Who is told what an isolate says. cpu_ns: of the turn that drained the records."""

    def on_records(self, text: bytes, cpu_ns: int) -> None: ...
    def on_breach(self, breach: Breach) -> None: ...
    def on_waiting(self) -> None: ...
    def on_closed(self) -> None: ...
    def on_handed_over(self, successor: int, dispatches: list[int]) -> None: ...


class WorkerProcess(asyncio.Protocol):
    def __init__(
        self,
        forked: ForkedWorker,
        index: int,
        capacity: int,
        lost: Callable[["WorkerProcess"], None],
    ) -> None:
        """capacity: dispatches under way at once; lost(self) is called once, when it is gone."""
        self.index = index
        self.forked = forked
        self.report: WorkerReport | None = None
        self.listeners: dict[int, IsolateListener] = {}
        # What it may be recycled for: since when it runs, unix seconds and monotonic ones, and how
        # many isolates it has had.
        self.started_at, self.up_since = time.time(), time.monotonic()
        self.isolates_made = 0
        self.alive = True
        self.killed_because = ""
        self.is_asked_to_stop = False
        # The isolate that it was killed for, 0 for none.
        self.accused = 0
        self.gone = asyncio.Event()
        self._waiters = deque[Callable[[], None]]()
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._frames = FrameBuffer()
        self._out: list[bytes] = []
        self._ready: asyncio.Future[WorkerReport] = asyncio.get_running_loop().create_future()
        self._capacity = min(capacity, JOURNAL_SLOTS)
        self._free_slots = deque(range(self._capacity))
        # Since it had no room until half of it is free: how often somebody had to wait.
        self._refusals = 0
        self._error_text = b""
        self._beats_seen = (-1, 0.0)
        self._is_closed = False

    async def start(self) -> WorkerReport:
        """Waits until the worker is ready. Raises RuntimeError with its own words if it is not."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.forked.errors, self._read_errors)
        await loop.create_connection(lambda: self, sock=self.forked.connection)
        try:
            self.report = await asyncio.wait_for(self._ready, READY_TIMEOUT)
        except TimeoutError:
            self.kill("did not become ready")
            raise RuntimeError(
                f"worker {self.index} was not ready in {READY_TIMEOUT:g} s"
            ) from None
        return self.report

    @property
    def dispatches(self) -> int:
        """Events under way in it."""
        return self._capacity - len(self._free_slots)

    # --- towards the worker ----------------------------------------------------------------

    def send(self, kind: ToWorker, isolate: int, number: int = 0, payload: bytes = b"") -> None:
        """Queues a frame; those of one round of the loop leave in one write."""
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        if kind is ToWorker.LOAD:
            self.isolates_made += 1
        self._out.append(frame(kind, isolate, number, payload))

    def take_dispatch(self) -> int | None:
        """A number for a new dispatch, or None while the worker has as many as it may."""
        if not self._free_slots:
            if not self._refusals:
                log.warning(
                    "worker %d is full: %d events are under way, more wait for them in their "
                    "guilds' queues",
                    self.index,
                    self._capacity,
                )
            self._refusals += 1
            return None
        return next(_generations) * JOURNAL_SLOTS + self._free_slots.popleft()

    def release_dispatch(self, dispatch: int) -> None:
        """The dispatch has ended; whoever waits for room is called until somebody takes it."""
        self.forked.journal.clear(dispatch)
        self._free_slots.append(dispatch % JOURNAL_SLOTS)
        if self._refusals and len(self._free_slots) * 2 >= self._capacity:
            log.info(
                "worker %d has room again: guilds had to wait %d times", self.index, self._refusals
            )
            self._refusals = 0
        while self._waiters and self._free_slots:
            self._waiters.popleft()()

    def when_room(self, call: Callable[[], None], *, urgent: bool) -> None:
        """Calls once when a dispatch can be taken: guilds in turn, but first the urgent ones."""
        (self._waiters.appendleft if urgent else self._waiters.append)(call)

    def kill(self, why: str) -> None:
        if self.alive:
            self.killed_because = why
            log.warning("killing worker %d (pid %d): %s", self.index, self.forked.pid, why)
            self.forked.kill()

    def suspects(self) -> list[int]:
        """The isolates that it may have died of: who computed beside the accused was only near."""
        return [self.accused] if self.accused else self.forked.journal.computing()

    def hang_up(self) -> None:
        """Closes the socket; the worker ends by itself."""
        if self._transport is not None:
            self._transport.abort()

    def looks_hung(self, now: float, patience: float) -> bool:
        """Whether an isolate computes while the worker's own loop has not turned for `patience`
        seconds: then nobody in there watches that isolate any more."""
        journal = self.forked.journal
        beats, since = self._beats_seen
        if not journal.computing() or journal.beats != beats:
            self._beats_seen = (journal.beats, now)
            return False
        return now - since > patience

    def stop(self) -> None:
        self.is_asked_to_stop = True
        self.send(ToWorker.STOP, 0)

    def last_words(self) -> str:
        """What the worker wrote to its error pipe, V8's fatal text above all; capped."""
        self._read_errors()
        return self._error_text.decode(errors="replace").strip()

    # --- asyncio.Protocol ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for kind, isolate, number, payload in self._frames.feed(data):
                if kind == FromWorker.RECORDS:
                    if listener := self.listeners.get(isolate):
                        listener.on_records(payload, number)
                elif kind == FromWorker.BREACH:
                    if listener := self.listeners.get(isolate):
                        listener.on_breach(msgspec.msgpack.decode(payload, type=Breach))
                elif kind == FromWorker.CLOSED:
                    if listener := self.listeners.pop(isolate, None):
                        listener.on_closed()
                elif kind == FromWorker.HANDED_OVER:
                    if listener := self.listeners.get(isolate):
                        dispatches = msgspec.msgpack.decode(payload, type=list[int])
                        listener.on_handed_over(number, dispatches)
                elif kind == FromWorker.WAITING:
                    if listener := self.listeners.get(isolate):
                        listener.on_waiting()
                elif kind == FromWorker.READY and not self._ready.done():
                    self._ready.set_result(msgspec.msgpack.decode(payload, type=WorkerReport))
        except (ValueError, RecursionError, msgspec.MsgspecError) as error:
            self.kill(f"it sent what is no frame: {error}")
            self.hang_up()  # what else it has sent is not read

    def connection_lost(self, _: Exception | None) -> None:
        if not self.alive:
            return
        self.alive = False
        self.gone.set()
        if not self._ready.done():
            self._ready.set_exception(
                RuntimeError(f"worker {self.index} ended at its start: {self.last_words()}")
            )
            self._ready.exception()
        self._read_errors()
        asyncio.get_running_loop().remove_reader(self.forked.errors)
        self._lost(self)

    def close(self) -> None:
        """Gives back what the operating system lent for this worker, once."""
        if self._is_closed:
            return
        self._is_closed = True
        for descriptor in (self.forked.errors, self.forked.pidfd):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    # --- inside ----------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._transport is not None and self.alive:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _read_errors(self) -> None:
        try:
            text = os.read(self.forked.errors, 1 << 16)
        except OSError:
            return
        if not text:
            with contextlib.suppress(Exception):
                asyncio.get_running_loop().remove_reader(self.forked.errors)
        self._error_text = (self._error_text + text)[-ERROR_TEXT_BYTES:]


def describe(report: WorkerReport) -> dict[str, Any]:
    """The report as fields of a log line."""
    return {
        "pid": report.pid,
        "v8": report.v8_version,
        "driver": report.driver,
        "cpu": report.cpu if report.cpu >= 0 else "any",
        "confinement": ", ".join(report.confinement),
        "descriptors": ", ".join(report.descriptors),
        "environment": ", ".join(report.environment),
        "entropy": report.entropy,
    }
