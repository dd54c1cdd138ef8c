"""A script in a real isolate of the test's own process, spoken to turn by turn as a worker does.

It knows the bridge (docs/bridge.md) and nothing of what travels over it.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import msgspec
import pytest

from runtime.worker.main import MAX_RECORDS_BYTES
from runtime.worker.protocol import Load, TurnLimits
from runtime.worker.records import decode_records
from runtime.worker.script import SEED_BYTES, start_text, wrapped
from runtime.worker.tenant import DRAIN_ONLY
from runtime.worker.thin_v8 import ThinIsolate
from runtime.worker.v8 import Answer, Isolate, Outcome, Sink
from tests.sdk.discord import CHANNEL, GUILD, INTERACTION, MESSAGE, ROLE, TOKEN, USER

DIST = Path(__file__).resolve().parents[2] / "runtime" / "sdk" / "dist"
SDK = DIST / "sdk.js"

# Whom a message pings when it does not say: nobody by role, and never everyone.
SAFE_MENTIONS = {"parse": ["users"], "replied_user": True}

SOURCE_NAME = "flora/3/rev/bundle.js"
HEAP_BYTES = 256 << 20

# Before any script: constants that are no properties of the global object, and captured
# built-ins, so that what a test looks at stays true in a poisoned isolate.
_BENCH = f"""
const GUILD = "{GUILD}", CHANNEL = "{CHANNEL}", MESSAGE = "{MESSAGE}", USER = "{USER}",
      INTERACTION = "{INTERACTION}", ROLE = "{ROLE}", TOKEN = "{TOKEN}";
const bench = {{
  stringify: JSON.stringify,
  attempts: {{}},
  told: (error) => error instanceof Error
    ? {{name: error.name, message: `${{error.message}}`.toWellFormed(), ...error}}
    : {{thrown: String(error)}},
}};
"""


def invalid(field: str, reason: str) -> dict[str, str]:
    """The error of an argument that cannot be used, as Script.failure gives it."""
    message = f"Invalid input for {field}: {reason}"
    return {"name": "Error", "message": message, "code": "INVALID_INPUT"}


class Operation(NamedTuple):
    """What a script asked of the host; number is the id that the answer must carry."""

    number: int
    name: str
    payload: Any


class Attempt:
    """An expression of a test that waits for the host. asked: the operations so far, all told."""

    def __init__(self, script: "Script", number: int, asked: list[Operation]) -> None:
        self.asked = asked
        self._script = script
        self._number = number

    @property
    def result(self) -> Any:
        """`{"value": …}`, `{"error": {name, message, code, …}}`, None as long as it waits."""
        return self._script.value(f"bench.attempts[{self._number}] ?? null")


class Script:
    """One script and everything that it has said, in order."""

    def __init__(
        self,
        source: str,
        *,
        guild: str | None = GUILD,
        isolate: Callable[[Sink, int], Isolate] = ThinIsolate,
        seed: bytes = bytes(SEED_BYTES),
        operations: int = 0,
    ) -> None:
        self.notices: list[tuple[str, Any]] = []
        self.operations: list[Operation] = []
        # The dispatch in whose course each operation was asked, by its number.
        self.asked_by: dict[int, int] = {}
        self._answered: set[int] = set()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._dispatches = itertools.count(1)
        self._attempts = itertools.count(1)
        self._isolate = isolate(self._answers.put, HEAP_BYTES)
        self._isolate.install_bridge(SDK.read_bytes())
        limits = TurnLimits(0, 0, 0, 0, HEAP_BYTES, HEAP_BYTES, operations=operations)
        load = Load(guild, source, SOURCE_NAME, limits)
        self.turn(start_text(load, seed))
        self._evaluate(_BENCH.encode())
        self._evaluate(wrapped(load))
        self.turn(DRAIN_ONLY)

    def close(self) -> None:
        self._isolate.close()

    # --- what the host does ----------------------------------------------------------------

    def turn(self, text: str | bytes) -> list[Any]:
        """Sends a text and gives what was drained after it: `[number, name, payload]` each.

        Fails on anything that a worker would throw the isolate away for.
        """
        self._isolate.turn(text.encode() if isinstance(text, str) else text)
        answer = self._answers.get(timeout=60)
        assert answer.outcome is Outcome.COMPLETED, answer
        assert len(answer.text) <= MAX_RECORDS_BYTES
        records = decode_records(answer.text) if answer.text else []
        self.asked_by |= {r.number: r.dispatch for r in records if r.number}
        drained = [[r.number, r.name, msgspec.json.decode(r.payload)] for r in records]
        for number, name, payload in drained:
            if number:
                self.operations.append(Operation(number, name, payload))
            else:
                self.notices.append((name, payload))
        return drained

    def event(self, name: str, data: Any) -> int:
        """Sends a gateway event and gives its dispatch. data: Discord's `d`."""
        dispatch = next(self._dispatches)
        self.turn(f"E{dispatch}\n{name}\n{msgspec.json.encode(data).decode()}")
        return dispatch

    def answer(self, operation: Operation, value: Any = None) -> None:
        self._answered.add(operation.number)
        self.turn(b"A" + msgspec.json.encode([[operation.number, 1, value]]))

    def refuse(self, operation: Operation, message: str, **properties: Any) -> None:
        error = {"message": message, **properties}
        self._answered.add(operation.number)
        self.turn(b"A" + msgspec.json.encode([[operation.number, 0, error]]))

    def fire(self, *timers: int) -> None:
        self.turn(b"T" + msgspec.json.encode(timers))

    # --- what the script said --------------------------------------------------------------

    def said(self, name: str) -> list[Any]:
        """The payloads of all notices of that name."""
        return [payload for notice, payload in self.notices if notice == name]

    @property
    def unanswered(self) -> list[Operation]:
        return [each for each in self.operations if each.number not in self._answered]

    @property
    def logged(self) -> list[str]:
        return [text for _, text in self.said("log")]

    def outcome(self, dispatch: int) -> Any:
        """`done`, the error that ended the event, or None while it is under way."""
        if dispatch in self.said("done"):
            return "done"
        return next((error for failed, error in self.said("failed") if failed == dispatch), None)

    # --- what a test wants to know ---------------------------------------------------------

    def value(self, expression: str) -> Any:
        """The JSON value of an expression; functions and undefined are null."""
        answer = self._evaluate(f"bench.stringify({expression}) ?? 'null'".encode())
        return msgspec.json.decode(answer.text)

    def run(self, statements: str) -> list[Any]:
        """Runs statements in the global scope, outside any handler, and drains."""
        self._evaluate(f"{{ {statements}\n}}".encode())
        return self.turn(DRAIN_ONLY)

    def declare(self, declarations: str) -> None:
        """Declarations that later statements of the test see."""
        self._evaluate(declarations.encode())

    def attempt(self, expression: str) -> Attempt:
        """Evaluates an expression, which may throw or be a promise of either kind."""
        number, before = next(self._attempts), len(self.operations)
        self.run(
            f"(async () => {{ try {{ bench.attempts[{number}] = {{value: await ({expression})}} }}"
            f" catch (error) {{ bench.attempts[{number}] = {{error: bench.told(error)}} }} }})()"
        )
        return Attempt(self, number, self.operations[before:])

    def asks(self, expression: str) -> list[tuple[str, Any]]:
        """The operations that an expression asks for: (name, payload) each."""
        return [(name, payload) for _, name, payload in self.attempt(expression).asked]

    def failure(self, expression: str) -> Any:
        """The error of an expression that must fail before the host hears of it."""
        attempt = self.attempt(expression)
        assert attempt.asked == []
        return attempt.result["error"]

    def _evaluate(self, source: bytes) -> Answer:
        self._isolate.evaluate(source)
        answer = self._answers.get(timeout=60)
        assert answer.outcome is Outcome.COMPLETED, answer.text.decode(errors="replace")
        return answer


@pytest.fixture
def load() -> Iterator[Callable[..., Script]]:
    """Loads a script into an isolate of its own."""
    if not SDK.exists():
        pytest.fail("the SDK is not built: run `make setup`")
    scripts: list[Script] = []

    def loaded(source: str = "", **settings: Any) -> Script:
        scripts.append(Script(source, **settings))
        return scripts[-1]

    yield loaded
    for script in scripts:
        script.close()


@pytest.fixture
def script(load: Callable[..., Script]) -> Script:
    """A script without any code."""
    return load()
