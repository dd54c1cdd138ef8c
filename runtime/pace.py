"""How much one guild has computed in the last minute, and how slowly it goes on when that is
too much.

Over its share a guild pauses after each turn for so long that it uses no more than its share: it
gets slower, it is not stopped.
"""

import math
from collections import deque

WINDOW = 60.0
SLOT = 1.0
# Under this part of its share it goes at full speed again.
RECOVERED = 0.8


class Pace:
    """Times are monotonic seconds."""

    def __init__(self, cpu_seconds: float) -> None:
        """cpu_seconds: a guild's share of a minute; 0: no limit."""
        self.cpu_seconds = cpu_seconds
        self.slowed_since: float | None = None
        self._slots: deque[tuple[float, float]] = deque()
        self._used = 0.0
        self._resumes_at = 0.0

    def used(self, now: float) -> float:
        """Seconds of CPU in the last minute."""
        while self._slots and self._slots[0][0] <= now - WINDOW:
            self._used -= self._slots.popleft()[1]
        if not self._slots:
            self._used = 0.0  # floats add up to almost nothing
        return self._used

    def spend(self, seconds: float, now: float) -> None:
        slot = math.floor(now / SLOT) * SLOT
        if self._slots and self._slots[-1][0] == slot:
            self._slots[-1] = (slot, self._slots[-1][1] + seconds)
        else:
            self._slots.append((slot, seconds))
        self._used += seconds
        if not self.cpu_seconds:
            return
        if self.used(now) >= self.cpu_seconds and self.slowed_since is None:
            self.slowed_since = now
        if self.slowed_since is not None:
            pause = seconds * (WINDOW / self.cpu_seconds - 1)
            self._resumes_at = max(self._resumes_at, now) + max(0.0, pause)

    def pause(self, now: float) -> float:
        """Seconds until the next event may start; 0 at full speed."""
        if self.slowed_since is None:
            return 0.0
        if self.used(now) < self.cpu_seconds * RECOVERED:
            self.slowed_since = None
            self._resumes_at = 0.0
            return 0.0
        return max(0.0, self._resumes_at - now)
