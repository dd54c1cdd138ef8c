"""The limits that a worker keeps, in a real one: none, just enough, too much.

CPU time, wall time and memory cannot be met exactly: what stays under its limit uses a tenth of
it at most, what goes over has no end. Operations are counted one by one.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from runtime.worker.protocol import TurnLimits
from runtime.worker_process import WorkerProcess
from tests.worker.conftest import Workshop
from tests.worker.test_limits import on_message

NONE = TurnLimits(0, 0, 0, 0, 256 << 20, 256 << 20, boot_seconds=0)
# 100 ms by the clock, so no more of CPU time.
A_WHILE = "const end = Date.now() + 100; while (Date.now() < end);"
FOR_EVER = "for (;;) {}"
A_MEGABYTE = "const a = []; for (let i = 0; i < 1 << 17; i++) a.push(i + 0.5);"
EVER_MORE = "const a = []; for (;;) a.push({ n: a.length });"
BUFFER = "new Uint8Array(1 << 20).fill(1);"
EVER_MORE_BUFFERS = "const a = []; for (;;) a.push(new Uint8Array(8 << 20).fill(1));"
MIB = 1 << 20

# One worker for all of them.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workshop() -> AsyncIterator[Workshop]:
    workshop = Workshop()
    yield workshop
    await workshop.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(workshop: Workshop) -> WorkerProcess:
    return await workshop.worker()


Case = tuple[dict[str, Any], str, str]
TURNS: dict[str, Case] = {
    "no limits": ({}, A_WHILE, "done"),
    "CPU, under": ({"cpu_seconds": 10.0}, A_WHILE, "done"),
    "CPU, over": ({"cpu_seconds": 0.1}, FOR_EVER, "cpu"),
    "wall, under": ({"wall_seconds": 30.0}, A_WHILE, "done"),
    "wall, over": ({"wall_seconds": 0.1}, FOR_EVER, "timeout"),
    "heap, under": ({"heap_bytes": 32 * MIB}, A_MEGABYTE, "done"),
    "heap, over": ({"heap_bytes": 32 * MIB, "external_bytes": 32 * MIB}, EVER_MORE, "memory"),
    "buffers, under": ({"external_bytes": 32 * MIB}, BUFFER, "done"),
    "buffers, over": (
        {"heap_bytes": 32 * MIB, "external_bytes": 32 * MIB},
        EVER_MORE_BUFFERS,
        "memory",
    ),
}
LOADS: dict[str, Case] = {
    "no limits": ({}, A_WHILE, "done"),
    "CPU, under": ({"load_cpu_seconds": 10.0}, A_WHILE, "done"),
    "CPU, over": ({"load_cpu_seconds": 0.1}, FOR_EVER, "cpu"),
    "wall, under": ({"load_wall_seconds": 30.0}, A_WHILE, "done"),
    "wall, over": ({"load_wall_seconds": 0.1}, FOR_EVER, "timeout"),
    # Another limit holds for turns.
    "a turn's CPU": ({"cpu_seconds": 0.001}, A_WHILE, "done"),
    "the SDK's time": ({"boot_seconds": 30.0}, "1", "done"),
}


@pytest.mark.parametrize("case", TURNS)
async def test_a_turn(workshop: Workshop, worker: WorkerProcess, case: str) -> None:
    limits, body, outcome = TURNS[case]
    script = await workshop.load(worker, on_message(body), msgspec.structs.replace(NONE, **limits))
    dispatch = script.event("go")
    if outcome == "done":
        assert await script.settled(dispatch) == "done"
        assert script.breaches == []
    else:
        (breach,) = await script.until(lambda s: s.breaches, timeout=60)
        assert breach.kind == outcome


@pytest.mark.parametrize("case", LOADS)
async def test_a_load(workshop: Workshop, worker: WorkerProcess, case: str) -> None:
    limits, body, outcome = LOADS[case]
    script = await workshop.start_loading(worker, body, msgspec.structs.replace(NONE, **limits))
    if outcome == "done":
        await script.until(lambda s: s.notices("loaded"), timeout=30)
        assert script.breaches == []
    else:
        (breach,) = await script.until(lambda s: s.breaches, timeout=60)
        assert breach.kind == outcome


@pytest.mark.parametrize(
    ("most", "asked", "refused"),
    [(0, 100, 0), (1, 0, 0), (1, 1, 0), (1, 2, 1), (4, 3, 0), (4, 4, 0), (4, 5, 1), (4, 9, 5)],
)
async def test_operations_under_way(
    workshop: Workshop, worker: WorkerProcess, most: int, asked: int, refused: int
) -> None:
    body = (
        f"const all = Array.from({{ length: {asked} }},"
        " () => rest.fetchChannel({ channelId: '1' }).catch((e) => e.code));"
        f"for (const each of all.slice({asked - refused})) console.log(await each);"
    )
    limits = msgspec.structs.replace(NONE, operations=most)
    script = await workshop.load(worker, on_message(body), limits)
    assert await script.settled(script.event("go")) == "done"
    assert len(script.operations()) == asked - refused
    assert script.logged == ["TOO_MANY_OPERATIONS"] * refused
