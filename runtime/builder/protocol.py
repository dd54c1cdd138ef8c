"""What the supervisor and the builder's process say to each other over their socket pair.

A frame is a length and a msgpack message. The compiler inside the process speaks the same
messages as JSON text.
"""

import struct

import msgspec

LENGTH = struct.Struct("<I")
# A bundle of 8 MiB with a map of twice that, and room for what they become.
MAX_FRAME_BYTES = 64 << 20
# V8's heap in the process. Resident are 125 MiB when idle, 470 after a project of 850 kB, 560
# after a ready ES module of 7.4 MB (measured 2026-11-25).
HEAP_BYTES = 1024 << 20


class BuildFiles(msgspec.Struct, frozen=True, tag="build"):
    """files: (path, contents) of the whole project."""

    files: list[tuple[str, str]]
    entry: str


class NormaliseBundle(msgspec.Struct, frozen=True, tag="normalise"):
    """A ready bundle. name: where in the project its source map lies."""

    bundle: str
    source_map: str | None
    name: str


class Built(msgspec.Struct, frozen=True, tag="built"):
    bundle: str
    source_map: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The sources do not build. line and column count from 1."""

    message: str
    file: str | None
    line: int | None
    column: int | None


class Broken(msgspec.Struct, frozen=True, tag="broken"):
    """The compiler itself failed, over `file` if that is known: it may not be used again."""

    message: str
    file: str | None = None
    stack: str = ""
    out_of_memory: bool = False


Outcome = Built | Refused | Broken


class Ready(msgspec.Struct, frozen=True):
    """The compiler is loaded. confinement: what the process dropped, as a worker reports it."""

    confinement: list[str]


class Answer(msgspec.Struct, frozen=True):
    """resident_bytes: the process's size afterwards."""

    outcome: Outcome
    resident_bytes: int


def frame(message: msgspec.Struct) -> bytes:
    """Raises ValueError for a message that is too large."""
    payload = msgspec.msgpack.encode(message)
    if len(payload) > MAX_FRAME_BYTES:
        raise ValueError(f"a message of {len(payload)} bytes is over {MAX_FRAME_BYTES}")
    return LENGTH.pack(len(payload)) + payload
