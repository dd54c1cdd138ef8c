"""Plain Python in V8's place, in a real worker: what somebody could do who had got out of V8.

Imported into a zygote's process. A "script" is Python, executed on an isolate's thread as V8 is;
what it leaves in `said` comes out as one line of its log.
"""

import threading
import time
import traceback

import msgspec

from runtime.worker import main as worker
from runtime.worker.drivers import Driver
from runtime.worker.link import Results
from runtime.worker.script import PREFIX, SUFFIX
from runtime.worker.v8 import Outcome

_COMPLETED = list(Outcome).index(Outcome.COMPLETED)


class PlainPython:
    """See runtime/worker/v8.py's Isolate for the methods."""

    def __init__(self, results: Results, number: int) -> None:
        self._results = results
        self._number = number
        self._records: list[list[object]] = []

    def install_bridge(self, sdk: bytes, timeout: float = 5.0) -> None: ...

    def evaluate(self, source: bytes) -> None:
        threading.Thread(target=self._execute, args=(source.decode(),), daemon=True).start()

    def turn(self, text: bytes) -> None:
        records, self._records = self._records, []
        self._answer(msgspec.json.encode(records) if records else b"")

    def _execute(self, source: str) -> None:
        names: dict[str, object] = {"said": {}}
        try:
            exec(source.removeprefix(PREFIX).partition(SUFFIX)[0], names)
        except BaseException:
            names["said"] = traceback.format_exc()
        text = msgspec.json.encode(names["said"]).decode()
        self._records += [[0, "log", ["info", text]], [0, "loaded", None]]
        self._answer(b"")

    def _answer(self, text: bytes) -> None:
        self._results.put(_COMPLETED, self._number, time.process_time_ns(), text)

    def cancel(self) -> None: ...

    def cpu_ns(self) -> int:
        return time.process_time_ns()

    def set_niceness(self, niceness: int) -> None: ...

    def sample(self) -> None: ...

    def stack(self) -> str:
        return ""

    def close(self) -> None: ...


def _choose(prepared: object, results: Results) -> Driver:
    return Driver("plain Python", lambda number, heap_bytes: PlainPython(results, number), "")


worker.choose_driver = _choose  # type: ignore[assignment]
