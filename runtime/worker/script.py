"""How a script's text enters an isolate, and what V8 says when it cannot be parsed."""

import re

import msgspec

from runtime.worker.protocol import Load
from runtime.worker.records import Record
from runtime.worker.v8 import Answer

# On the first line, so that line numbers stay the script's own; columns of that line shift by
# its length.
PREFIX = '__floraMain(async()=>{"use strict";'
SUFFIX = "\n})"

_V8_POSITION = re.compile(r"^(?P<name>[^\n]*?):(?P<line>\d+): (?P<message>[^\n]*)")
_V8_NAME = "<anonymous>"  # what a script is called as long as it does not parse


SEED_BYTES = 32


def start_text(load: Load, seed: bytes) -> bytes:
    """seed: SEED_BYTES of the system's entropy, for this isolate alone."""
    settings = {
        "guild": load.guild,
        "secrets": load.secrets,
        "seed": seed.hex(),
        "operations": load.limits.operations,
    }
    return b"S" + msgspec.json.encode(settings)


def wrapped(load: Load) -> bytes:
    return f"{PREFIX}{load.source}{SUFFIX}\n//# sourceURL={load.source_name}".encode(
        errors="replace"
    )


def load_failure(answer: Answer, source_name: str) -> Record:
    """V8's text for a script that does not evaluate, as the bridge's `load_failed` record."""
    text = answer.text.decode(errors="replace").replace(_V8_NAME, source_name, 1)
    found = _V8_POSITION.match(text)
    message = found["message"] if found else text.partition("\n")[0]
    name, _, rest = message.partition(": ")
    error = {
        "name": name if rest else "SyntaxError",
        "message": (rest or message)[:2048],
        "stack": text[:8192],
    }
    return Record(0, "load_failed", msgspec.Raw(msgspec.json.encode(error)))
