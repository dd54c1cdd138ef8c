"""Watches turns from outside the isolate's thread and ends those that break a limit.

The ladder: cancel; CLOSE_AFTER later, when a flood of microtasks ignored that, close the isolate
on a thread of its own; when a long built-in holds even that and has computed for KILL_AFTER more,
report the worker as stuck so that the supervisor kills the process.
"""

import math
import os
import threading
from collections.abc import Callable
from enum import Enum

from runtime.worker.tenant import Tenant
from runtime.worker.v8 import Isolate

# Past this a turn no longer holds up the other guilds of its worker (design: fairness).
SLOW_AFTER = 0.020
# How often a running turn's CPU and memory are looked at. All in seconds.
POLL_EVERY = 0.010
CLOSE_AFTER = 0.050
# Of CPU: on a busy machine a large heap takes long to be given up, and its worker is worth more
# than a while without one lane. KILL_AT_LAST is the wall time that even that may take.
KILL_AFTER = 0.300
KILL_AT_LAST = 3.0
# A turn that has become slow lets the threads of others go first until it ends.
NICENESS, SLOW_NICENESS = 0, 10

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Phase(Enum):
    RUNNING = "running"
    CANCELLED = "cancelled"
    CLOSING = "closing"
    STUCK = "stuck"


class Turn:
    """One input's way through an isolate. Times are monotonic seconds.

    stack: where the script was shortly before it broke a limit, as far as its driver can tell;
    grown_bytes: what the process has grown by, less what it has given back, while this turn
    computed, in proportion to the CPU time of all turns that did.
    """

    __slots__ = (
        "breach",
        "closing_since",
        "cpu_ns",
        "cpu_ns_at_closing",
        "grown_bytes",
        "lane",
        "next_check",
        "phase",
        "slow",
        "stack",
        "started_at",
        "tenant",
    )

    def __init__(self, tenant: Tenant, lane: int, now: float) -> None:
        self.tenant = tenant
        self.lane = lane
        self.started_at = now
        self.next_check = now + POLL_EVERY
        self.phase = Phase.RUNNING
        self.slow = False
        self.breach = ""
        self.stack = ""
        self.closing_since = 0.0
        self.cpu_ns = 0
        self.cpu_ns_at_closing = 0
        self.grown_bytes = 0


class ResidentSize:
    """This process's resident memory; its file is opened before the worker is confined."""

    def __init__(self) -> None:
        self._descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def bytes(self) -> int:
        return int(os.pread(self._descriptor, 128, 0).split()[1]) * _PAGE


class Watchdog:
    def __init__(
        self,
        resident: ResidentSize,
        *,
        may_lower_priority: bool,
        closed: Callable[[Tenant], None],
        stuck: Callable[[Turn], None],
    ) -> None:
        """closed is called on another thread; stuck on the caller's."""
        self._resident = resident
        self._may_lower_priority = may_lower_priority
        self._closed = closed
        self._stuck = stuck
        self._sampled_at = 0.0
        self._resident_bytes = 0

    def check(self, turns: list[Turn], now: float) -> None:
        """Looks at all turns under way, and acts on those whose next_check is due."""
        self._sample([turn for turn in turns if turn.phase is Phase.RUNNING], now)
        for turn in turns:
            if turn.next_check <= now:
                self._follow(turn, now)

    def _follow(self, turn: Turn, now: float) -> None:
        match turn.phase:
            case Phase.RUNNING:
                self._check_limits(turn, now)
            case Phase.CANCELLED:
                self.end(turn, now)
            case Phase.CLOSING:
                self._follow_closing(turn, now)
            case Phase.STUCK:
                turn.next_check = math.inf

    def end(self, turn: Turn, now: float) -> None:
        """Closes the isolate under a turn; `stuck` is told when that does not come to an end."""
        isolate = turn.tenant.isolate
        assert isolate is not None
        isolate.cancel()
        self.finish(turn)
        turn.phase = Phase.CLOSING
        turn.closing_since = now
        turn.cpu_ns_at_closing = isolate.cpu_ns()
        turn.next_check = now + POLL_EVERY
        self.close(turn.tenant)

    def finish(self, turn: Turn) -> None:
        """Gives a slow turn's isolate its priority back: its next turn is as good as any."""
        if turn.slow and self._may_lower_priority:
            assert turn.tenant.isolate is not None
            turn.tenant.isolate.set_niceness(NICENESS)

    def _follow_closing(self, turn: Turn, now: float) -> None:
        turn.next_check = now + POLL_EVERY
        try:
            assert turn.tenant.isolate is not None
            computed = (turn.tenant.isolate.cpu_ns() - turn.cpu_ns_at_closing) / 1e9
        except OSError:
            computed = 0.0  # its thread is gone: all that is left is to free its memory
        if computed >= KILL_AFTER or now - turn.closing_since >= KILL_AT_LAST:
            turn.phase = Phase.STUCK
            turn.next_check = math.inf
            self._stuck(turn)

    def close(self, tenant: Tenant) -> None:
        """Frees the tenant's isolate, once, on a thread of its own: a long built-in would hold us
        up. Nobody else touches the isolate from here on."""
        if tenant.closing:
            return
        tenant.closing = True
        isolate = tenant.isolate
        assert isolate is not None

        def free(isolate: Isolate = isolate) -> None:
            isolate.close()
            self._closed(tenant)

        threading.Thread(target=free, name=f"close-{tenant.number}", daemon=True).start()

    def _sample(self, running: list[Turn], now: float) -> None:
        """Takes each turn's CPU time, and charges the process's growth to those that computed."""
        resident = self._resident.bytes()
        in_a_row = now - self._sampled_at < 3 * POLL_EVERY
        growth = resident - self._resident_bytes if in_a_row else 0
        self._sampled_at, self._resident_bytes = now, resident
        used = []
        for turn in running:
            assert turn.tenant.isolate is not None
            cpu_ns = turn.tenant.isolate.cpu_ns() - turn.tenant.cpu_ns
            used.append(max(0, cpu_ns - turn.cpu_ns))
            turn.cpu_ns = cpu_ns
        total = sum(used)
        if growth and total:
            for turn, ns in zip(running, used, strict=True):
                turn.grown_bytes = max(0, turn.grown_bytes + growth * ns // total)

    def _check_limits(self, turn: Turn, now: float) -> None:
        isolate = turn.tenant.isolate
        assert isolate is not None
        if not turn.slow and now - turn.started_at >= SLOW_AFTER:
            turn.slow = True
            if self._may_lower_priority:
                isolate.set_niceness(SLOW_NICENESS)
        turn.breach = self._breach(turn, now)
        turn.next_check = now + POLL_EVERY
        if turn.breach:
            turn.stack = isolate.stack()
            turn.phase = Phase.CANCELLED
            turn.next_check = now + CLOSE_AFTER
            self.finish(turn)
            isolate.cancel()
        else:
            # Not when it is cancelled: V8 ends a script before it tells where it was.
            isolate.sample()

    def _breach(self, turn: Turn, now: float) -> str:
        tenant, limits = turn.tenant, turn.tenant.limits
        if turn.grown_bytes > limits.heap_bytes + limits.external_bytes:
            return "memory"
        wall = now - turn.started_at
        if tenant.wall_limit and wall >= tenant.wall_limit:
            return "timeout"
        if tenant.cpu_limit and turn.cpu_ns >= tenant.cpu_limit * 1e9:
            return "cpu"
        return ""
