"""An event on its way to a guild's script, and what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from runtime.script import ScriptError


class Ending(Enum):
    """What has become of an event."""

    DONE = "done"
    FAILED = "failed"  # a handler threw
    OVERDUE = "overdue"  # its handlers live on, nobody waits for them any more
    LOST = "lost"  # it had started when its isolate ended
    DROPPED = "dropped"  # it never started: a full queue, or no script any more


@dataclass(slots=True)
class Event:
    """name: Discord's, or what the guild's owner calls it; payload: what the worker's EVENT frame
    carries.

    ended(ending, error): called once, when the event is over; error: of FAILED and OVERDUE, and of
    LOST where a limit has ended the isolate. stage: what its failures are called in the log.
    seconds: how long its handlers may take, None for as long as any. again: it may go to another
    isolate when it has not started in this one.
    """

    name: str
    payload: bytes
    ended: Callable[[Ending, ScriptError | None], None] | None = None
    stage: str = "dispatch"
    seconds: float | None = None
    again: bool = True

    @property
    def may_wait(self) -> bool:
        """Whether it means the same in another process: an event of Discord's whose end nobody
        waits for. READY is each process's own."""
        return self.ended is None and self.name != "READY" and not self.name.startswith("FLORA_")

    def end(self, ending: Ending, error: ScriptError | None = None) -> None:
        if self.ended is not None:
            self.ended(ending, error)
