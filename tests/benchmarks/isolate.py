"""What an isolate costs: its start and its memory, bare, with the SDK, with all it has touched."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from runtime.worker.drivers import choose_driver, prepare
from runtime.worker.link import Results
from runtime.worker.protocol import Load, TurnLimits
from runtime.worker.script import SEED_BYTES, start_text, wrapped
from runtime.worker.tenant import DRAIN_ONLY
from runtime.worker.v8 import Isolate, load_v8
from tests.benchmarks.figures import Figure, percentile

ISOLATES, WARM_UP = 60, 5
SCRIPT = "on('messageCreate', () => {})"
HEAP_BYTES = 64 << 20
BUDGET_MS, BUDGET_MIB, BUDGET_SDK_KB = 5.0, 1.2, 150.0
DIST = Path(__file__).resolve().parents[2] / "runtime" / "sdk" / "dist"
SDK, GLOBALS = DIST / "sdk.js", DIST / "globals.json"


def figures() -> Iterator[Figure]:
    size = len(SDK.read_bytes()) / 1000
    yield Figure("the SDK's text", size, "kB", size / BUDGET_SDK_KB, "budget")
    touch = f"for (const name of {json.dumps(_globals())}) globalThis[name]"
    bare_ms, bare_mib = _measured(None)
    ms, mib = _measured(SCRIPT)
    touched_ms, touched_mib = _measured(touch)
    thin_ms, thin_mib = _measured(SCRIPT, "thin")
    yield Figure("start of an isolate, V8's own", bare_ms, "ms CPU")
    yield Figure("start with the SDK and a script", ms, "ms CPU", ms / BUDGET_MS, "budget")
    yield Figure(
        "the same, all families touched", touched_ms, "ms CPU", touched_ms / ms, "untouched"
    )
    yield Figure(
        "the same over the driver in Python", thin_ms, "ms CPU", thin_ms / ms, "the one in C"
    )
    yield Figure("memory of an isolate, V8's own", bare_mib, "MiB")
    yield Figure("memory with the SDK and a script", mib, "MiB", mib / BUDGET_MIB, "budget")
    yield Figure(
        "the same, all families touched", touched_mib, "MiB", touched_mib / mib, "untouched"
    )
    yield Figure(
        "the same over the driver in Python", thin_mib, "MiB", thin_mib / mib, "the one in C"
    )


def _globals() -> list[str]:
    """Without the one whose touch says that the script may want every event."""
    names: list[str] = json.loads(GLOBALS.read_text())
    return [name for name in names if name != "__floraHandlers"]


def _measured(script: str | None, driver: str = "native") -> tuple[float, float]:
    """In a process of its own, which has freed nothing yet that an isolate could be given."""
    command = [sys.executable, "-m", "tests.benchmarks.isolate", driver, json.dumps(script)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    milliseconds, mib = json.loads(told)
    return milliseconds, mib


def _cost(driver: str, script: str | None) -> tuple[float, float]:
    """The median start in ms of CPU, and MiB of this process's own memory for each isolate.

    script: None leaves the SDK out too.
    """
    bench = _Bench(driver)
    kept = [bench.started(script) for _ in range(WARM_UP)]
    before = _private_bytes()
    starts = []
    for _ in range(ISOLATES):
        started = time.process_time()
        kept.append(bench.started(script))
        starts.append(time.process_time() - started)
    mib = (_private_bytes() - before) / ISOLATES / (1 << 20)
    for isolate in kept:
        isolate.close()
    return percentile(starts, 0.5) * 1000, mib


class _Bench:
    """A process as a worker is, as far as isolates go."""

    def __init__(self, driver: str) -> None:
        load_v8()
        self._sdk = SDK.read_bytes()
        prepared = prepare(driver, self._sdk)
        self._results = Results()
        chosen = choose_driver(prepared, self._results)
        assert chosen.name == driver, chosen.problem
        self._make = chosen.make

    def started(self, script: str | None) -> Isolate:
        isolate = self._make(1, HEAP_BYTES)
        if script is None:
            isolate.evaluate(b"1")
            self._answer()
            return isolate
        isolate.install_bridge(self._sdk)
        load = Load("1", script, "bench.js", TurnLimits(0, 0, 0, 0, HEAP_BYTES, HEAP_BYTES))
        isolate.turn(start_text(load, bytes(SEED_BYTES)))
        self._answer()
        isolate.evaluate(wrapped(load))
        self._answer()
        isolate.turn(DRAIN_ONLY)
        said = self._answer()
        assert b'"loaded"' in said, said
        return isolate

    def _answer(self) -> bytes:
        ((_, _, _, text),) = self._results.read(20)
        return text


def _private_bytes() -> int:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel does not tell a process its own memory")


if __name__ == "__main__":
    print(json.dumps(_cost(sys.argv[1], json.loads(sys.argv[2]))))  # noqa: T201
