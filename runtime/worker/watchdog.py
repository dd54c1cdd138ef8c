"""Watches turns from outside the isolate's thread and ends those that break a limit.

The ladder: cancel; CLOSE_AFTER later, when a flood of microtasks ignored that, close the isolate
on a thread of its own; KILL_AFTER later, when a long built-in holds even that, report the worker
as stuck so that the supervisor kills the process.
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
KILL_AFTER = 0.300

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Phase(Enum):
    RUNNING = "running"
    CANCELLED = "cancelled"
    CLOSING = "closing"
    STUCK = "stuck"


class Turn:
    """One input's way through an isolate. Times are monotonic seconds.

    grown_bytes: what the process has grown by while this turn computed, in proportion to the
    CPU time of all turns that did.
    """

    __slots__ = (
        "breach",
        "cpu_ns",
        "grown_bytes",
        "lane",
        "next_check",
        "phase",
        "slow",
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
        self.cpu_ns = 0
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
                turn.phase = Phase.STUCK
                turn.next_check = math.inf
                self._stuck(turn)
            case Phase.STUCK:
                turn.next_check = math.inf

    def end(self, turn: Turn, now: float) -> None:
        """Closes the isolate under a turn; `stuck` is told when that does not come to an end."""
        assert turn.tenant.isolate is not None
        turn.tenant.isolate.cancel()
        turn.phase = Phase.CLOSING
        turn.next_check = now + KILL_AFTER
        self.close(turn.tenant)

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
        growth = max(0, resident - self._resident_bytes) if in_a_row else 0
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
                turn.grown_bytes += growth * ns // total

    def _check_limits(self, turn: Turn, now: float) -> None:
        isolate = turn.tenant.isolate
        assert isolate is not None
        if not turn.slow and now - turn.started_at >= SLOW_AFTER:
            turn.slow = True
            if self._may_lower_priority:
                isolate.lower_priority()
        turn.breach = self._breach(turn, now)
        turn.next_check = now + POLL_EVERY
        if turn.breach:
            turn.phase = Phase.CANCELLED
            turn.next_check = now + CLOSE_AFTER
            isolate.cancel()

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
