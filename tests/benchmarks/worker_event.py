"""What an event costs inside a worker, against the bare driver and mini-racer's public interface.

Each script awaits one operation, which is answered at once by whoever drives it: two turns.
"""

import asyncio
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from flora_site.composition import SDK
from runtime.worker.protocol import Load, ToWorker, TurnLimits
from runtime.worker.public_v8 import PublicIsolate
from runtime.worker.script import SEED_BYTES, start_text, wrapped
from runtime.worker.thin_v8 import ThinIsolate
from runtime.worker.v8 import Answer, Isolate, Sink
from runtime.worker_process import WorkerProcess
from runtime.zygote import Zygote
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.message import message_text

GUILD, CHANNEL = "300000000000000001", "100000000000000001"
EVENT = message_text(GUILD, CHANNEL)
SCRIPT = "on('messageCreate', async () => { await kv.store('s').get('k') })"
ROUNDS, WARM_UP = 3000, 500
AT_ONCE, ISOLATES = 64, 25
BUDGET_US = 100.0


def figures() -> Iterator[Figure]:
    cpu = max(os.sched_getaffinity(0))
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        bare = _bare_driver(ThinIsolate, b"E1\nMESSAGE_CREATE\n" + EVENT)
        yield Figure("one turn of the bare driver, 2 KB, no handler", bare, "µs")
        thin = _with_operation(ThinIsolate)
        yield Figure("event with one operation, driver", thin, "µs", thin / bare, "a bare turn")
        public = _with_operation(PublicIsolate)
        yield Figure(
            "the same over mini-racer's public interface", public, "µs", public / thin, "driver"
        )
    finally:
        os.sched_setaffinity(0, everywhere)
    one, saturated, computed = asyncio.run(_in_a_worker(cpu, "native"))
    _, in_python, computed_in_python = asyncio.run(_in_a_worker(cpu, "thin"))
    yield Figure(
        "event with one operation in a worker, 64 at once",
        saturated,
        "µs",
        saturated / thin,
        "driver",
    )
    yield Figure(
        "the same over the driver in Python", in_python, "µs", in_python / saturated, "the one in C"
    )
    yield Figure(
        "CPU that it takes of the worker", computed, "µs CPU", computed / BUDGET_US, "budget"
    )
    yield Figure(
        "the same over the driver in Python",
        computed_in_python,
        "µs CPU",
        computed_in_python / computed,
        "the one in C",
    )
    yield Figure("one at a time (p50, there and back twice)", one, "µs", one / thin, "driver")


class _Driven:
    """An isolate with the SDK and the script, driven from this thread."""

    def __init__(self, make: Callable[[Sink, int], Isolate]) -> None:
        self._answered = threading.Event()
        self._answer: Answer | None = None
        self.isolate = make(self._sink, 64 << 20)
        self.isolate.install_bridge(SDK.read_bytes())
        load = Load(GUILD, SCRIPT, "bench.js", _LIMITS)
        self.turn(start_text(load, bytes(SEED_BYTES)))
        self.isolate.evaluate(wrapped(load))
        self._wait()
        self.turn(b"T[]")

    def turn(self, text: bytes) -> bytes:
        self.isolate.turn(text)
        return self._wait().text

    def _sink(self, answer: Answer) -> None:
        self._answer = answer
        self._answered.set()

    def _wait(self) -> Answer:
        self._answered.wait()
        self._answered.clear()
        assert self._answer is not None
        return self._answer


_LIMITS = TurnLimits(0, 0, 0, 0, 64 << 20, 64 << 20)


def _bare_driver(make: Callable[[Sink, int], Isolate], text: bytes) -> float:
    isolate = _Driven(make)
    unheard = text.replace(b"MESSAGE_CREATE", b"TYPING_START", 1)
    return _median_us(lambda: isolate.turn(unheard))


def _with_operation(make: Callable[[Sink, int], Isolate]) -> float:
    isolate = _Driven(make)
    numbers = itertools.count(1)

    def event() -> None:
        drained = isolate.turn(b"E%d\nMESSAGE_CREATE\n%b" % (next(numbers), EVENT))
        operation = msgspec.json.decode(drained)[0][0]
        isolate.turn(b'A[[%d,1,"42"]]' % operation)

    return _median_us(event)


def _median_us(step: Callable[[], Any]) -> float:
    for _ in range(WARM_UP):
        step()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return percentile(times, 0.5) * 1e6


class _Answering:
    """Answers the operations of a worker, and sends its isolates events while any are left."""

    def __init__(self, worker: WorkerProcess) -> None:
        self.worker = worker
        self.times: list[float] = []
        self._loaded: dict[int, asyncio.Future[None]] = {}
        self._next = itertools.cycle(range(1, ISOLATES + 1))
        self._sent_at: dict[int, float] = {}
        self._left = 0
        self._finished: asyncio.Future[None] | None = None

    async def load(self) -> None:
        body = msgspec.msgpack.encode(Load(GUILD, SCRIPT, "bench.js", _LIMITS))
        for number in range(1, ISOLATES + 1):
            self.worker.listeners[number] = _Listener(self, number)
            self._loaded[number] = asyncio.get_running_loop().create_future()
            self.worker.send(ToWorker.LOAD, number, 0, body)
        await asyncio.gather(*self._loaded.values())

    async def run(self, events: int, at_once: int) -> float:
        """Seconds for all of them."""
        self.times.clear()
        self._left = events
        self._finished = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        for _ in range(at_once):
            self._send()
        await self._finished
        return time.perf_counter() - started

    def _send(self) -> None:
        if self._left:
            self._left -= 1
            dispatch = self.worker.take_dispatch()
            assert dispatch is not None
            self._sent_at[dispatch] = time.perf_counter()
            payload = b"MESSAGE_CREATE\n" + EVENT
            self.worker.send(ToWorker.EVENT, next(self._next), dispatch, payload)
        elif not self._sent_at and self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    def take(self, isolate: int, text: bytes) -> None:
        answers = []
        for number, name, payload, *_ in msgspec.json.decode(text):
            if number:
                answers.append([number, 1, "42"])
            elif name == "done":
                self.times.append(time.perf_counter() - self._sent_at.pop(payload))
                self.worker.release_dispatch(payload)
                self._send()
            elif name == "loaded":
                self._loaded[isolate].set_result(None)
        if answers:
            body = msgspec.json.encode(answers)
            self.worker.send(ToWorker.ANSWERS, isolate, len(answers), body)


class _Listener:
    def __init__(self, bench: _Answering, isolate: int) -> None:
        self._bench, self._isolate = bench, isolate

    def on_records(self, text: bytes, cpu_ns: int) -> None:
        self._bench.take(self._isolate, text)

    def on_breach(self, breach: Any) -> None:
        raise AssertionError(breach)

    def on_waiting(self) -> None: ...

    def on_closed(self) -> None: ...

    def on_handed_over(self, successor: int, dispatches: list[int]) -> None: ...


async def _in_a_worker(cpu: int, driver: str) -> tuple[float, float, float]:
    """(median of one at a time, mean of 64 at once, CPU of the worker in the latter),
    microseconds an event; of the latter the best of three, for what has run is compiled better."""
    zygote = Zygote(SDK, driver, lambda ticket, status: None)
    worker = WorkerProcess(await zygote.fork(cpu), 0, 1024, lambda lost: None)
    await worker.start()
    bench = _Answering(worker)
    await bench.load()
    await bench.run(WARM_UP, AT_ONCE)
    await bench.run(ROUNDS, 1)
    one = percentile(bench.times, 0.5)
    clock = _process_cpu_clock(worker.forked.pid)
    runs = [await _saturated(bench, clock) for _ in range(3)]
    worker.stop()
    await worker.gone.wait()
    worker.close()
    await zygote.stop()
    saturated, computed = (min(found) for found in zip(*runs, strict=True))
    return one * 1e6, saturated, computed


async def _saturated(bench: _Answering, clock: int) -> tuple[float, float]:
    """(mean, CPU of the worker), microseconds an event."""
    started = time.clock_gettime(clock)
    seconds = await bench.run(ROUNDS * 3, AT_ONCE)
    computed = time.clock_gettime(clock) - started
    return seconds / (ROUNDS * 3) * 1e6, computed / (ROUNDS * 3) * 1e6


def _process_cpu_clock(pid: int) -> int:
    """What clock_getcpuclockid computes on Linux."""
    return (~pid << 3) | 2
