"""What a script has done that must not be: as the guild's room in the runtime sees it."""

from dataclasses import dataclass

from deployments.models.fault import FaultKind
from runtime.script import ScriptError

# How many workers it costs: a script that does this must not share its worker with others.
KILLS_WORKERS = frozenset({FaultKind.STUCK, FaultKind.WORKER})


@dataclass(frozen=True, slots=True)
class Offence:
    """event: Discord's name of the newest that had started, empty when it was none, or a timer.
    cpu_ms: of the turn; peak_bytes: the worker's resident size. goes_on: the isolate lives.
    is_sure: no other script computed in the worker that died."""

    kind: FaultKind
    error: ScriptError
    event: str = ""
    cpu_ms: int | None = None
    peak_bytes: int | None = None
    goes_on: bool = False
    is_sure: bool = True
