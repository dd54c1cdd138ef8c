"""Looks after isolates that have no turn: those that compute all the same, and those that hold most
of a memory that is running out. It knows nothing of turns; what follows is the caller's.

What a script leaves to V8's own tasks (cleanup callbacks of the garbage collector, promises that
settle while a turn is drained) runs when no watchdog looks. And all heaps of a process lie in one
cage of 4 GiB, which pages of large objects fill early: 100 isolates of 45 MiB each ended their
process near 2 GiB (V8 14.4, measured 2026-11-21).
"""

from collections.abc import Callable, Collection

from runtime.worker.tenant import Stage, Tenant

# Seconds; scripts that grow together fill a cage within a few.
CHECK_EVERY, CHECK_CROWDED_EVERY = 0.5, 0.05
# More than V8 computes for itself between two turns.
UNWATCHED_NS = 20_000_000
CROWDED_BYTES = 1536 << 20


class Resting:
    """due: when `check` is to be called next; monotonic seconds."""

    def __init__(
        self, resident_bytes: Callable[[], int], crowded_bytes: int = CROWDED_BYTES
    ) -> None:
        self.due = 0.0
        self._measure = resident_bytes
        self._crowded_bytes = crowded_bytes
        self._resident_bytes = resident_bytes()
        self._cpu_ns: dict[int, int] = {}

    def check(self, tenants: Collection[Tenant], now: float) -> tuple[list[Tenant], Tenant | None]:
        """Who computes without a turn; and who is to go because memory runs out: of those at rest
        the one that has grown most."""
        self._charge(tenants)
        # Those that go already have not given their memory back yet.
        going = sum(tenant.held_bytes for tenant in tenants if _goes(tenant))
        is_crowded = self._resident_bytes > self._crowded_bytes
        self.due = now + (CHECK_CROWDED_EVERY if is_crowded else CHECK_EVERY)
        resting = [tenant for tenant in tenants if _is_at_rest(tenant)]
        busy = [each for each in resting if self._cpu_ns[each.number] - each.cpu_ns > UNWATCHED_NS]
        if self._resident_bytes - going <= self._crowded_bytes:
            return busy, None
        return busy, max(resting, key=lambda tenant: tenant.held_bytes, default=None)

    def _charge(self, tenants: Collection[Tenant]) -> None:
        """What the process has grown by is held by those who computed meanwhile, in proportion."""
        before, self._resident_bytes = self._resident_bytes, self._measure()
        clocks = {
            tenant.number: tenant.isolate.cpu_ns()
            for tenant in tenants
            if tenant.isolate is not None and not tenant.closing
        }
        used = {number: ns - self._cpu_ns.get(number, 0) for number, ns in clocks.items()}
        self._cpu_ns = clocks
        growth, total = max(0, self._resident_bytes - before), sum(used.values())
        if growth and total:
            for tenant in tenants:
                tenant.held_bytes += growth * used.get(tenant.number, 0) // total


def _is_at_rest(tenant: Tenant) -> bool:
    return tenant.isolate is not None and not _goes(tenant) and not tenant.computing


def _goes(tenant: Tenant) -> bool:
    return tenant.closing or tenant.stage is Stage.LEAVING
