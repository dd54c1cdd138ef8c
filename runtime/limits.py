"""What one guild may use, and how long things may take. Configuration fills it in at start."""

from collections.abc import Callable
from dataclasses import dataclass, field

from deployments.kv.rules import Limits as KvLimits
from gateway.rest_limits import RestLimits
from runtime.fetch.limits import FetchLimits
from runtime.worker.protocol import TurnLimits


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes and counts; a time of 0 turns that limit off."""

    turn: TurnLimits
    # Top-level code of a script, from the isolate's creation to its last await.
    load_seconds: float = 30.0
    # An event's handlers, from the moment the event is sent to its worker.
    handler_seconds: float = 30.0
    # CPU time of a guild in any minute; over it the guild gets slower, then strikes.
    minute_cpu_seconds: float = 10.0
    # Operations that a guild's script may ask in 10 seconds, and at once.
    operations: int = 1000
    operations_under_way: int = 64
    # Lines of a guild's log in 10 seconds, and the bytes of one.
    log_lines: int = 100
    log_line_bytes: int = 10_000
    # Events of one guild that may be under way at once; the rest waits in the guild's queue.
    started_events: int = 32
    guild_queue: int = 256
    # A cron job's handler, and how many jobs one guild may have.
    cron_seconds: float = 5.0
    cron_jobs: int = 32
    # How long a script that has killed a worker is kept apart from the others.
    seclusion_seconds: float = 1800.0
    # Dispatches under way in one worker.
    worker_queue: int = 1024
    # What the guild's script may keep.
    kv: KvLimits = field(default_factory=KvLimits)
    rest: RestLimits = field(default_factory=RestLimits)
    fetch: FetchLimits = field(default_factory=FetchLimits)
    script_bytes: int = 8 << 20
    bundle_files: int = 200
    bundle_total_bytes: int = 1 << 20


# Those of one guild.
LimitsOf = Callable[[str], Limits]

# Somebody waits for the answer to these.
URGENT_EVENTS = frozenset({"INTERACTION_CREATE"})
# The events that make room for others when a guild's queue is full. Interactions never do:
# somebody waits for their answer.
DROPPABLE_EVENTS = frozenset(
    {
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "TYPING_START",
        "PRESENCE_UPDATE",
        "MESSAGE_REACTION_ADD",
        "MESSAGE_REACTION_REMOVE",
        "MESSAGE_REACTION_REMOVE_ALL",
        "MESSAGE_REACTION_REMOVE_EMOJI",
    }
)
