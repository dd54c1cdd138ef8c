"""The timers of all isolates of a worker, by when they are due. It knows nothing of turns.

A script sets and clears as it likes: what is cleared, or was an isolate's that has gone, is swept
out once it is more than what is left.
"""

import heapq
import itertools
import math
import time

from runtime.worker.tenant import Tenant

# Of one isolate.
MAX_TIMERS = 4096
# Below this many it is not worth looking for what is over.
SWEPT_FROM = 1024


class Timers:
    def __init__(self) -> None:
        # (due in monotonic seconds, number of the setting, whose, timer)
        self._heap: list[tuple[float, int, Tenant, int]] = []
        self._settings = itertools.count()
        self._live = 0

    def __len__(self) -> int:
        """How many it keeps, also those that are over."""
        return len(self._heap)

    @property
    def next_due(self) -> float:
        """Infinite when there is none."""
        return self._heap[0][0] if self._heap else math.inf

    def set(self, tenant: Tenant, timer: int, milliseconds: float) -> None:
        """Anew if it is set already. Raises ValueError when the isolate has too many."""
        self.clear(tenant, timer)
        if len(tenant.live_timers) >= MAX_TIMERS:
            raise ValueError(f"more than {MAX_TIMERS} timers")
        setting = tenant.live_timers[timer] = next(self._settings)
        due = time.monotonic() + max(0.0, milliseconds) / 1000
        heapq.heappush(self._heap, (due, setting, tenant, timer))
        self._live += 1
        if len(self._heap) > max(SWEPT_FROM, 2 * self._live):
            self._heap = [entry for entry in self._heap if _is_live(entry)]
            heapq.heapify(self._heap)

    def clear(self, tenant: Tenant, timer: int) -> None:
        if tenant.live_timers.pop(timer, None) is not None:
            self._live -= 1

    def forget(self, tenant: Tenant) -> None:
        """The isolate has gone."""
        self._live -= len(tenant.live_timers)
        tenant.live_timers.clear()

    def take_due(self, now: float) -> dict[Tenant, list[int]]:
        """Takes out what is due, in order."""
        due: dict[Tenant, list[int]] = {}
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            if _is_live(entry):
                _, _, tenant, timer = entry
                self.clear(tenant, timer)
                due.setdefault(tenant, []).append(timer)
        return due


def _is_live(entry: tuple[float, int, Tenant, int]) -> bool:
    _, setting, tenant, timer = entry
    return tenant.live_timers.get(timer) == setting
