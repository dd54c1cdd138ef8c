"""A worker's loop: frames in, turns made one after the other, records out.

One thread waits on one queue, which the link's reader and the isolates' threads fill. A few
turns are under way at once; one that has run for 20 ms lets others pass. The flow, queue by
queue, is written down in docs/event-path.md.
"""

import math
import mmap
import os
import socket
import time
from collections import deque

import msgspec

from runtime.worker.confinement import confine, open_descriptors
from runtime.worker.drivers import OUTCOMES, MakeIsolate, Prepared, choose_driver
from runtime.worker.link import BACKLOG_WRITTEN, Link, Results
from runtime.worker.protocol import (
    JOURNAL_BYTES,
    JOURNAL_LANES,
    Breach,
    FromWorker,
    Journal,
    Load,
    ToWorker,
    WorkerReport,
    frame,
)
from runtime.worker.records import (
    UNREADABLE,
    Record,
    decode_records,
    encode_records,
    is_gated,
)
from runtime.worker.resting import Resting
from runtime.worker.script import SEED_BYTES, load_failure, start_text, wrapped
from runtime.worker.tenant import DRAIN_ONLY, Input, InputKind, Stage, Tenant
from runtime.worker.timers import Timers
from runtime.worker.v8 import Answer, BridgeError, Outcome, load_v8
from runtime.worker.watchdog import Phase, ResidentSize, Turn, Watchdog

# Turns handed to their isolates' threads together. On one CPU the system runs them one after the
# other all the same, and this loop wakes up for many answers at once: 188 µs an event instead of
# 367 (two turns of 25 isolates, pinned, measured 2026-11-25). Without a CPU of its own a worker
# would only make its threads fight for the interpreter.
AT_ONCE_PINNED, AT_ONCE_UNPINNED = 8, 1
# With those that have become slow, which go on at lower priority.
MAX_COMPUTING = JOURNAL_LANES
MAX_RECORDS_BYTES = 16 << 20
# Three times what the bridge lets a script cause in one turn: the rest are its own notices.
MAX_RECORDS = 30_000
# CPU time of silent turns that is told at once.
TOLD_CPU_NS = 10_000_000

NO_RECORDS = b"[]"

# What the loop finds among its results besides answers and BACKLOG_WRITTEN: an isolate is closed.
_CLOSED = 100


def work(
    connection: socket.socket,
    journal_descriptor: int,
    sdk: bytes,
    cpu: int | None,
    prepared: Prepared,
) -> None:
    """Runs a worker in this process until the supervisor says stop or goes away.

    prepared: what drivers.prepare() gave before the fork.
    """
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
    resident = ResidentSize()
    memory = mmap.mmap(journal_descriptor, JOURNAL_BYTES)
    os.close(journal_descriptor)
    results = Results()
    descriptors = open_descriptors()
    confinement = confine()
    driver = choose_driver(prepared, results)
    report = WorkerReport(
        pid=os.getpid(),
        v8_version=load_v8().version,
        driver=driver.name,
        driver_problem=driver.problem,
        cpu=-1 if cpu is None else cpu,
        confinement=confinement,
        descriptors=descriptors,
        environment=sorted(os.environ),
        entropy=load_v8().entropy,
    )
    at_once = AT_ONCE_UNPINNED if cpu is None else AT_ONCE_PINNED
    journal = Journal(memoryview(memory))
    worker = _Worker(connection, results, journal, sdk, driver.make, resident, at_once)
    worker.run(report)


def _may_restore_priority() -> bool:
    """Whether this process may raise a thread's priority again; without it none is lowered."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, 1)
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    except OSError:
        return False
    return True


class _Worker:
    def __init__(
        self,
        connection: socket.socket,
        results: Results,
        journal: Journal,
        sdk: bytes,
        make_isolate: MakeIsolate,
        resident: ResidentSize,
        at_once: int,
    ) -> None:
        self._link = Link(connection, results)
        self._journal = journal
        self._sdk = sdk
        self._make_isolate = make_isolate
        self._at_once = at_once
        self._watchdog = Watchdog(
            resident,
            may_lower_priority=_may_restore_priority(),
            closed=lambda tenant: results.put(_CLOSED, tenant.number, 0),
            stuck=self._report_stuck,
        )
        self._resident = resident
        self._resting = Resting(resident.bytes)
        self._tenants: dict[int, Tenant] = {}
        self._ready: deque[Tenant] = deque()
        self._turns: dict[Tenant, Turn] = {}
        self._free_lanes = list(range(MAX_COMPUTING))
        self._timers = Timers()
        self._out: list[bytes] = []
        self._running = True

    def run(self, report: WorkerReport) -> None:
        self._link.start()
        self._send(FromWorker.READY, 0, 0, msgspec.msgpack.encode(report))
        self._flush()
        while self._running:
            for from_supervisor, frame_ in self._link.wait(self._seconds_to_deadline()):
                if from_supervisor:
                    self._obey(*frame_)
                else:
                    self._note(*frame_)
            self._watch()
            self._start_turns()
            self._journal.beat()
            self._flush()
        self._flush()
        for tenant in list(self._tenants.values()):
            if tenant.isolate is not None and not tenant.computing:
                tenant.isolate.close()

    # --- what comes in ---------------------------------------------------------------------

    def _note(self, kind: int, number: int, value: int, text: bytes) -> None:
        """A result of this process's own threads."""
        if kind == BACKLOG_WRITTEN:
            self._link.written(value)
        elif tenant := self._tenants.get(number):
            if kind == _CLOSED:
                self._forget(tenant)
            else:
                self._end_turn(tenant, Answer(OUTCOMES[kind], text, value))

    def _obey(self, kind: int, subject: int, number: int, payload: bytes) -> None:
        """A frame of the supervisor's."""
        if kind == ToWorker.EVENT:
            if tenant := self._tenants.get(subject):
                text = b"E%d\n%b" % (number, payload)
                self._give(tenant, Input(InputKind.OTHER, text, dispatch=number))
        elif kind == ToWorker.ANSWERS:
            if tenant := self._tenants.get(subject):
                gated = InputKind.GATED_ANSWERS if number else InputKind.OTHER
                self._give(tenant, Input(gated, b"A" + payload, gated_count=number))
        elif kind == ToWorker.LOAD:
            self._load(subject, msgspec.msgpack.decode(payload, type=Load))
        elif kind == ToWorker.HAND_OVER:
            self._hand_over(subject, number)
        elif kind == ToWorker.CLOSE:
            if tenant := self._tenants.get(subject):
                self._dismiss(tenant)
        elif kind == ToWorker.SECRETS:
            if tenant := self._tenants.get(subject):
                self._give(tenant, Input(InputKind.OTHER, b"P" + payload))
        elif kind == ToWorker.STOP:
            self._running = False

    def _load(self, number: int, load: Load) -> None:
        tenant = self._tenants[number] = Tenant(number, load)
        tenant.isolate = self._make_isolate(number, load.limits.heap_bytes)
        try:
            tenant.isolate.install_bridge(self._sdk, load.limits.boot_seconds)
        except BridgeError as error:
            self._breach(tenant, "protocol", f"the SDK does not load: {error}", 0)
            return
        self._give(tenant, Input(InputKind.START, start_text(load, os.urandom(SEED_BYTES))))
        self._give(tenant, Input(InputKind.SCRIPT, wrapped(load)))

    def _hand_over(self, old_number: int, new_number: int) -> None:
        old, new = self._tenants.get(old_number), self._tenants.get(new_number)
        if old is None or (new is None and new_number):
            return
        events = old.give_up_events()
        if new is not None:
            for event in events:
                self._give(new, event)
        dispatches = msgspec.msgpack.encode([event.dispatch for event in events])
        self._send(FromWorker.HANDED_OVER, old_number, new_number, dispatches)

    def _give(self, tenant: Tenant, item: Input) -> None:
        if tenant.stage is not Stage.LEAVING:
            tenant.put(item)
            self._queue(tenant)

    def _queue(self, tenant: Tenant) -> None:
        if not tenant.queued and not tenant.computing and tenant.has_work:
            tenant.queued = True
            self._ready.append(tenant)

    # --- turns -----------------------------------------------------------------------------

    def _start_turns(self) -> None:
        while self._ready and self._free_lanes and not self._link.congested:
            if sum(not turn.slow for turn in self._turns.values()) >= self._at_once:
                return
            tenant = self._ready.popleft()
            tenant.queued = False
            if tenant.stage is not Stage.LEAVING and tenant.has_work:
                self._start_turn(tenant, tenant.take())

    def _start_turn(self, tenant: Tenant, item: Input) -> None:
        assert tenant.isolate is not None
        lane = self._free_lanes.pop()
        if item.dispatch:
            self._journal.mark_started(item.dispatch)
        self._journal.enter(lane, tenant.number)
        tenant.computing = True
        self._turns[tenant] = Turn(tenant, lane, time.monotonic())
        if item.kind is InputKind.SCRIPT:
            tenant.isolate.evaluate(item.text)
            tenant.put(Input(InputKind.OTHER, DRAIN_ONLY))
        else:
            tenant.isolate.turn(item.text)

    def _end_turn(self, tenant: Tenant, answer: Answer) -> None:
        turn = self._turns.get(tenant)
        if turn is None or turn.phase in (Phase.CLOSING, Phase.STUCK):
            return  # the isolate is being closed: what it still says does not count
        self._watchdog.finish(turn)
        self._release(turn)
        cpu_ns = answer.cpu_ns - tenant.cpu_ns
        tenant.cpu_ns = answer.cpu_ns
        tenant.untold_cpu_ns += max(0, cpu_ns)
        if answer.outcome is Outcome.OUT_OF_MEMORY:
            turn.breach = "memory"
        elif answer.outcome is Outcome.TERMINATED:
            turn.breach = turn.breach or "timeout"
        if turn.breach:
            assert tenant.isolate is not None
            self._breach(tenant, turn.breach, "", cpu_ns, turn.stack or tenant.isolate.stack())
        elif answer.outcome is not Outcome.COMPLETED:
            # Only evaluating the script may throw; receive and drain never do.
            failure = load_failure(answer, tenant.source_name)
            self._send_records(tenant, encode_records([failure]))
        elif answer.text:
            self._pass_on(tenant, answer.text, cpu_ns)
        if tenant.untold_cpu_ns >= TOLD_CPU_NS:
            self._send_records(tenant, NO_RECORDS)
        if tenant.stage is Stage.LOADING and tenant.is_at_rest:
            self._send(FromWorker.WAITING, tenant.number, 0)
        self._queue(tenant)

    def _release(self, turn: Turn) -> None:
        del self._turns[turn.tenant]
        self._journal.leave(turn.lane)
        self._free_lanes.append(turn.lane)
        turn.tenant.computing = False

    # --- records ---------------------------------------------------------------------------

    def _pass_on(self, tenant: Tenant, text: bytes, cpu_ns: int) -> None:
        """Sends drained records to the supervisor, keeping timers and the KV gate here."""
        try:
            if len(text) > MAX_RECORDS_BYTES:
                raise ValueError(f"{len(text)} bytes of records, at most {MAX_RECORDS_BYTES}")
            records = decode_records(text)
            if len(records) > MAX_RECORDS:
                raise ValueError(f"{len(records)} records of one turn, at most {MAX_RECORDS}")
            passed = [record for record in records if not self._keep(tenant, record)]
        except (ValueError, *UNREADABLE) as error:
            self._breach(tenant, "protocol", str(error), cpu_ns)
            return
        if len(passed) < len(records):
            text = encode_records(passed)
        if passed:
            self._send_records(tenant, text)

    def _keep(self, tenant: Tenant, record: Record) -> bool:
        if record.number:
            if is_gated(record.name):
                tenant.asked_gated(1)
            return False
        if record.name == "timer":
            timer, milliseconds = msgspec.json.decode(record.payload, type=tuple[int, float])
            self._timers.set(tenant, timer, milliseconds)
            return True
        if record.name == "clear":
            self._timers.clear(tenant, msgspec.json.decode(record.payload, type=int))
            return True
        if record.name == "loaded" and tenant.stage is Stage.LOADING:
            tenant.stage = Stage.LIVE
        return False

    def _fire_timers(self, now: float) -> None:
        for tenant, timers in self._timers.take_due(now).items():
            self._give(tenant, Input(InputKind.OTHER, b"T" + msgspec.json.encode(timers)))

    # --- limits ----------------------------------------------------------------------------

    def _seconds_to_deadline(self) -> float | None:
        deadline = self._timers.next_due
        if self._tenants:
            deadline = min(deadline, self._resting.due)
        for turn in self._turns.values():
            deadline = min(deadline, turn.next_check)
        return None if deadline == math.inf else max(0.0, deadline - time.monotonic())

    def _watch(self) -> None:
        if not self._tenants:
            return
        now = time.monotonic()
        if self._resting.due <= now:
            self._look_after_resting(now)
        turns = list(self._turns.values())
        if any(turn.next_check <= now for turn in turns):
            self._watchdog.check(turns, now)
        if self._timers.next_due <= now:
            self._fire_timers(now)

    def _look_after_resting(self, now: float) -> None:
        busy, too_large = self._resting.check(self._tenants.values(), now)
        for tenant in busy:
            # A turn that asks for nothing: what computes there is watched from now on.
            self._give(tenant, Input(InputKind.OTHER, DRAIN_ONLY))
        if too_large is not None:
            self._breach(too_large, "crowded", "", 0)

    def _breach(
        self, tenant: Tenant, kind: str, message: str, cpu_ns: int, stack: str = ""
    ) -> None:
        self._send_breach(tenant, kind, message, cpu_ns, stack)
        self._dismiss(tenant)

    def _send_breach(
        self, tenant: Tenant, kind: str, message: str, cpu_ns: int, stack: str
    ) -> None:
        breach = Breach(kind, message, cpu_ns // 1_000_000, self._resident.bytes(), stack)
        self._send(FromWorker.BREACH, tenant.number, 0, msgspec.msgpack.encode(breach))

    def _report_stuck(self, turn: Turn) -> None:
        self._send_breach(turn.tenant, "stuck", turn.breach, turn.cpu_ns, turn.stack)

    def _dismiss(self, tenant: Tenant) -> None:
        """Closes an isolate; one that computes is cancelled first and followed up by its turn."""
        if tenant.stage is Stage.LEAVING:
            return
        tenant.stage = Stage.LEAVING
        turn = self._turns.get(tenant)
        if turn is not None and turn.phase is not Phase.CLOSING:
            self._watchdog.end(turn, time.monotonic())
        else:
            self._watchdog.close(tenant)

    def _forget(self, tenant: Tenant) -> None:
        if turn := self._turns.get(tenant):
            if turn.phase is Phase.CLOSING and turn.breach:
                self._send_breach(tenant, turn.breach, "", turn.cpu_ns, turn.stack)
            self._release(turn)
        self._tenants.pop(tenant.number, None)
        self._timers.forget(tenant)
        self._send(FromWorker.CLOSED, tenant.number, 0)

    # --- what goes out ---------------------------------------------------------------------

    def _send_records(self, tenant: Tenant, text: bytes) -> None:
        self._send(FromWorker.RECORDS, tenant.number, tenant.untold_cpu_ns, text)
        tenant.untold_cpu_ns = 0

    def _send(self, kind: FromWorker, isolate: int, number: int, payload: bytes = b"") -> None:
        self._out.append(frame(kind, isolate, number, payload))

    def _flush(self) -> None:
        if self._out:
            self._link.send(b"".join(self._out))
            self._out.clear()
