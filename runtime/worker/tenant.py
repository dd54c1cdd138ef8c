"""One script's isolate inside a worker, with what waits for it: events, answers, due timers.

It decides what the isolate may receive next (the KV gate); when it may run is the scheduler's.
"""

from collections import deque
from enum import Enum

from runtime.worker.protocol import Load
from runtime.worker.v8 import Isolate


class Stage(Enum):
    LOADING = "loading"  # the script's top-level code has not settled
    LIVE = "live"
    LEAVING = "leaving"  # being closed: nothing reaches it any more


class InputKind(Enum):
    START = "start"  # the bridge's `S`, before the script
    SCRIPT = "script"  # evaluated, not received
    GATED_ANSWERS = "gated answers"
    OTHER = "other"  # everything else that is received


class Input:
    """What one turn brings into the isolate. dispatch: of an event, else 0."""

    __slots__ = ("dispatch", "gated_count", "kind", "text")

    def __init__(self, kind: InputKind, text: bytes, dispatch: int = 0, gated_count: int = 0):
        self.kind = kind
        self.text = text
        self.dispatch = dispatch
        self.gated_count = gated_count


# Asks the isolate for nothing: a turn with it only drains what a finished script left.
DRAIN_ONLY = b"T[]"


class Tenant:
    def __init__(self, number: int, load: Load) -> None:
        self.number = number
        self.limits = load.limits
        self.source_name = load.source_name
        self.stage = Stage.LOADING
        self.isolate: Isolate | None = None
        self.cpu_ns = 0
        # Of turns that had nothing to say: told with the next that has, or when it is much.
        self.untold_cpu_ns = 0
        self.held_bytes = 0
        self.queued = False
        self.computing = False
        self.closing = False
        # By their numbers, those that are set: what runtime/worker/timers.py knows each by.
        self.live_timers: dict[int, int] = {}
        self._unanswered_gated = 0
        self._gated: deque[Input] = deque()
        self._inputs: deque[Input] = deque()

    @property
    def has_work(self) -> bool:
        if self._gated:
            return True
        return bool(self._inputs) and self._unanswered_gated == 0

    @property
    def is_at_rest(self) -> bool:
        """Only an answer can make it go on: nothing waits for it and no timer runs, or the gate
        lets neither through."""
        return not self.has_work and bool(self._unanswered_gated or not self.live_timers)

    def put(self, item: Input) -> None:
        (self._gated if item.kind is InputKind.GATED_ANSWERS else self._inputs).append(item)

    def take(self) -> Input:
        """The next input; only when has_work."""
        if self._gated:
            item = self._gated.popleft()
            self._unanswered_gated = max(0, self._unanswered_gated - item.gated_count)
            return item
        return self._inputs.popleft()

    def give_up_events(self) -> list[Input]:
        """Takes out the events that have not started, in order."""
        events = [item for item in self._inputs if item.dispatch]
        self._inputs = deque(item for item in self._inputs if not item.dispatch)
        return events

    def asked_gated(self, count: int) -> None:
        """The script asks `count` gated operations: the gate is closed until their answers."""
        self._unanswered_gated += count

    @property
    def cpu_limit(self) -> float:
        loading = self.stage is Stage.LOADING
        return self.limits.load_cpu_seconds if loading else self.limits.cpu_seconds

    @property
    def wall_limit(self) -> float:
        loading = self.stage is Stage.LOADING
        return self.limits.load_wall_seconds if loading else self.limits.wall_seconds
