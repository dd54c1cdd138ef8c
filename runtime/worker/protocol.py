"""What the supervisor and a worker say to each other over their socket pair.

A frame is a header and a payload. Isolates are known by numbers that the supervisor gives;
a worker knows nothing of guilds. docs/event-path.md shows the frames in motion.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

# length of the payload, kind, isolate, number (its meaning depends on the kind)
HEADER = struct.Struct("<IBQQ")
MAX_FRAME_BYTES = 64 << 20


class ToWorker(IntEnum):
    LOAD = 1  # a Load: make an isolate and run a script in it
    EVENT = 2  # number: the dispatch; payload: b"MESSAGE_CREATE\n{…}"
    ANSWERS = 3  # number: how many of them answer gated operations; payload: the JSON list
    CLOSE = 4  # throw the isolate away
    # number: the isolate that gets the events which this one has not started; 0: they come back
    HAND_OVER = 5
    STOP = 6  # close everything and exit
    SECRETS = 7  # payload: JSON, placeholders by the names of the guild's secrets


class FromWorker(IntEnum):
    READY = 1  # a WorkerReport
    RECORDS = 2  # number: CPU nanoseconds of the turn; payload: what drain() gave
    BREACH = 3  # a Breach: the isolate is being thrown away
    CLOSED = 4  # the isolate is gone
    HANDED_OVER = 5  # number: the isolate that got them, or 0; payload: their dispatches, msgpack
    WAITING = 6  # a script that loads can go on only when operations are answered


class TurnLimits(msgspec.Struct, frozen=True):
    """What one turn of an isolate may use; 0 turns a limit off. Seconds and bytes.

    boot_seconds: for the SDK, before anything of the script. operations: how many may be
    unanswered at once.
    """

    cpu_seconds: float
    wall_seconds: float
    load_cpu_seconds: float
    load_wall_seconds: float
    heap_bytes: int
    external_bytes: int
    boot_seconds: float = 5.0
    operations: int = 0


class Load(msgspec.Struct, frozen=True):
    """A script to run in a new isolate. guild is what `__floraGuildId` says; secrets: placeholders
    by name."""

    guild: str | None
    source: str
    source_name: str
    limits: TurnLimits
    secrets: dict[str, str] = {}


# Characters of a stack: ten frames need less.
MAX_STACK = 8192


class Breach(msgspec.Struct, frozen=True):
    """Why a worker threw an isolate away.

    kind: cpu, timeout, memory, protocol, crowded (no fault of its own: the worker's memory runs
    out, and it has grown most), or stuck (it could not even be closed: the worker must be
    killed). cpu_ms: of the turn; peak_bytes: the worker's resident size at the breach. stack:
    where the script was shortly before, as V8 writes stacks; empty where nobody knows.
    """

    kind: str
    message: str
    cpu_ms: Annotated[int, Meta(ge=0, lt=1 << 31)]
    peak_bytes: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    stack: Annotated[str, Meta(max_length=MAX_STACK)] = ""


class WorkerReport(msgspec.Struct, frozen=True):
    """What a worker got at its start. driver: native, thin or public; confinement: what it
    dropped; descriptors: what it has open, by kind; environment: the names in it; entropy: where
    V8 takes it from."""

    pid: int
    v8_version: str
    driver: str
    driver_problem: str
    cpu: int
    confinement: list[str]
    descriptors: list[str] = []
    environment: list[str] = []
    entropy: str = ""


class Fork(msgspec.Struct, frozen=True):
    """Asks the zygote for a worker. Socket, journal and error pipe travel with the message."""

    ticket: int
    cpu: int | None


class Forked(msgspec.Struct, frozen=True, tag="forked"):
    ticket: int
    pid: int


class Exited(msgspec.Struct, frozen=True, tag="exited"):
    """A worker has ended; status as waitpid gives it."""

    ticket: int
    status: int


def frame(kind: int, isolate: int, number: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload), kind, isolate, number) + payload


class FrameBuffer:
    """Cuts a byte stream into frames. Raises ValueError for a frame over the limit."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
        """Yields (kind, isolate, number, payload) for each frame that is complete now."""
        buffer = self._buffer
        buffer += data
        position, end, size = 0, len(buffer), HEADER.size
        try:
            while end - position >= size:
                length, kind, isolate, number = HEADER.unpack_from(buffer, position)
                if length > MAX_FRAME_BYTES:
                    raise ValueError(f"a frame of {length} bytes is over {MAX_FRAME_BYTES}")
                after = position + size + length
                if end < after:
                    break
                payload = bytes(memoryview(buffer)[position + size : after])
                position = after
                yield kind, isolate, number, payload
        finally:
            if position:
                del buffer[:position]


# --- the journal: which dispatches of a worker have started ---------------------------------

JOURNAL_SLOTS = 4096
JOURNAL_LANES = 12
JOURNAL_BYTES = JOURNAL_SLOTS + 8 * (JOURNAL_LANES + 1)


class Journal:
    """Memory shared by supervisor and worker that outlives the worker.

    One byte a slot says that its dispatch has started; twelve lanes name the isolates that
    compute now; a counter rises while the worker's loop turns. A dead worker's journal tells
    the culprit from the neighbours, and what may be delivered again from what may not.
    """

    def __init__(self, memory: memoryview) -> None:
        self._started = memory[:JOURNAL_SLOTS]
        words = memory[JOURNAL_SLOTS:JOURNAL_BYTES].cast("Q")
        self._lanes, self._beats = words[:JOURNAL_LANES], words[JOURNAL_LANES:]

    def beat(self) -> None:
        self._beats[0] += 1

    @property
    def beats(self) -> int:
        return self._beats[0]

    def mark_started(self, dispatch: int) -> None:
        self._started[dispatch & (JOURNAL_SLOTS - 1)] = 1

    def has_started(self, dispatch: int) -> bool:
        return self._started[dispatch & (JOURNAL_SLOTS - 1)] != 0

    def clear(self, dispatch: int) -> None:
        self._started[dispatch & (JOURNAL_SLOTS - 1)] = 0

    def enter(self, lane: int, isolate: int) -> None:
        self._lanes[lane] = isolate

    def leave(self, lane: int) -> None:
        self._lanes[lane] = 0

    def computing(self) -> list[int]:
        """The isolates that were computing, by lane."""
        return [isolate for isolate in self._lanes if isolate]
