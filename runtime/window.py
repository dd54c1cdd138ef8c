"""Counts what happens in steps of some seconds: so many in each, and no more."""


class Window:
    """Times are monotonic seconds. dropped: how many of the step were refused."""

    __slots__ = ("_ends_at", "_seconds", "dropped", "taken")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends_at = 0.0
        self.taken = 0
        self.dropped = 0

    def turn(self, now: float) -> int:
        """Begins a new step if it is time; how many the last one has refused, once."""
        if now < self._ends_at:
            return 0
        dropped = self.dropped
        self._ends_at = now + self._seconds
        self.taken = self.dropped = 0
        return dropped

    def claim(self, limit: int, now: float) -> bool:
        """Takes one place of the step; False when there is none. limit 0: there always is."""
        self.turn(now)
        if limit and self.taken >= limit:
            self.dropped += 1
            return False
        self.taken += 1
        return True

    def left(self, now: float) -> float:
        """Seconds until the next step."""
        return max(0.0, self._ends_at - now)
