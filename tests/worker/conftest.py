"""Real workers: forked from a real zygote, with the real SDK, spoken to frame by frame."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from flora_site.composition import SDK
from runtime.worker.protocol import Breach, Load, ToWorker, TurnLimits
from runtime.worker_process import WorkerProcess
from runtime.zygote import Zygote

LIMITS = TurnLimits(
    cpu_seconds=0.3,
    wall_seconds=30.0,  # the machine may be busy with other tests
    load_cpu_seconds=0.5,
    load_wall_seconds=30.0,
    heap_bytes=32 << 20,
    external_bytes=32 << 20,
)


class LoadedScript:
    """One isolate of a worker: everything that it says, in order, to be waited for."""

    def __init__(self, worker: WorkerProcess, number: int) -> None:
        self.worker = worker
        self.number = number
        self.records: list[list[Any]] = []
        self.breaches: list[Breach] = []
        self.handed_over: list[int] = []
        self.closed = False
        self._changed = asyncio.Event()

    def on_records(self, text: bytes, cpu_ns: int) -> None:
        assert cpu_ns > 0
        self.records += msgspec.json.decode(text)
        self._changed.set()

    def on_breach(self, breach: Breach) -> None:
        self.breaches.append(breach)
        self._changed.set()

    def on_waiting(self) -> None: ...

    def on_closed(self) -> None:
        self.closed = True
        self._changed.set()

    def on_handed_over(self, successor: int, dispatches: list[int]) -> None:
        self.handed_over = dispatches
        self._changed.set()

    async def until(self, condition: Callable[["LoadedScript"], Any], timeout: float = 10) -> Any:
        """Waits until condition(self) is true and returns it."""
        async with asyncio.timeout(timeout):
            while not (result := condition(self)):
                self._changed.clear()
                await self._changed.wait()
        return result

    def notices(self, name: str) -> list[Any]:
        return [
            payload for number, record, payload, *_ in self.records if not number and record == name
        ]

    def operations(self, name: str = "") -> list[tuple[int, Any]]:
        return [
            (number, payload)
            for number, record, payload, *_ in self.records
            if number and record.startswith(name)
        ]

    def operations_from(self, position: int) -> list[tuple[int, Any]]:
        return self.operations()[position:]

    @property
    def logged(self) -> list[str]:
        return [text for _, text in self.notices("log")]

    def event(self, content: str) -> int:
        """Sends a message event; returns its dispatch."""
        dispatch = self.worker.take_dispatch()
        assert dispatch is not None
        author = {"id": "200000000000000001", "username": "alice"}
        message = {"id": "1", "channel_id": "2", "guild_id": "3", "content": content}
        payload = msgspec.json.encode({**message, "author": author})
        self.worker.send(ToWorker.EVENT, self.number, dispatch, b"MESSAGE_CREATE\n" + payload)
        return dispatch

    def answer(self, operation: int, value: Any, *, gated: bool = False) -> None:
        answers = msgspec.json.encode([[operation, 1, value]])
        self.worker.send(ToWorker.ANSWERS, self.number, int(gated), answers)

    async def settled(self, dispatch: int) -> str:
        """`done`, or the text of what the handler threw."""

        def outcome(script: "LoadedScript") -> str | None:
            if dispatch in script.notices("done"):
                return "done"
            for failed, error in script.notices("failed"):
                if failed == dispatch:
                    return str(error["message"])
            return None

        return str(await self.until(outcome))

    def close(self) -> None:
        self.worker.send(ToWorker.CLOSE, self.number)


class Workshop:
    """Makes workers and loads scripts into them."""

    def __init__(self, driver: str = "native", zygote: type[Zygote] = Zygote) -> None:
        self.lost: list[WorkerProcess] = []
        self.exits: dict[int, int] = {}
        self.changed = asyncio.Event()
        self.zygote = zygote(SDK, driver, self._on_exit)
        self._numbers = itertools.count(1)
        self._workers: list[WorkerProcess] = []

    def _on_exit(self, ticket: int, status: int) -> None:
        self.exits[ticket] = status
        self.changed.set()

    def _on_lost(self, worker: WorkerProcess) -> None:
        self.lost.append(worker)
        self.changed.set()

    async def worker(self, cpu: int | None = None) -> WorkerProcess:
        forked = await self.zygote.fork(cpu)
        worker = WorkerProcess(forked, len(self._workers), 1024, self._on_lost)
        self._workers.append(worker)
        await worker.start()
        return worker

    async def start_loading(
        self, worker: WorkerProcess, source: str, limits: TurnLimits = LIMITS
    ) -> LoadedScript:
        script = LoadedScript(worker, next(self._numbers))
        worker.listeners[script.number] = script
        load = Load("300000000000000001", source, "flora/3/rev/bundle.js", limits)
        worker.send(ToWorker.LOAD, script.number, 0, msgspec.msgpack.encode(load))
        return script

    async def load(
        self, worker: WorkerProcess, source: str, limits: TurnLimits = LIMITS
    ) -> LoadedScript:
        script = await self.start_loading(worker, source, limits)
        await script.until(lambda s: s.notices("loaded") or s.notices("load_failed"))
        assert script.notices("load_failed") == []
        return script

    async def until(self, condition: Callable[[], Any], timeout: float = 10) -> Any:
        async with asyncio.timeout(timeout):
            while not (result := condition()):
                self.changed.clear()
                await self.changed.wait()
        return result

    async def close(self) -> None:
        for worker in self._workers:
            worker.kill("the test is over")
            await worker.gone.wait()
            worker.close()
        await self.zygote.stop()


@pytest_asyncio.fixture
async def workshop() -> AsyncIterator[Workshop]:
    if not SDK.exists():
        pytest.fail("the SDK is not built: run `make setup`")
    workshop = Workshop()
    yield workshop
    await workshop.close()


@pytest_asyncio.fixture
async def worker(workshop: Workshop) -> WorkerProcess:
    return await workshop.worker()
