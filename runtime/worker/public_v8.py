"""The same isolate over mini-racer's public interface: slower, but stable across its releases.

A worker uses it, with a warning, when the thin driver cannot be used. Each isolate has a thread
with an event loop of its own, on which mini-racer's cancelable calls run.
"""

import asyncio
import threading
import time
from typing import Any

from py_mini_racer import JSEvalException, JSOOMException, JSParseException, mini_racer

from runtime.worker.v8 import Answer, BridgeError, Outcome, Sink, heap_limits

# The public interface passes arguments, the bridge takes its text as `this`.
_ADAPTER = "((bridge)=>[(text)=>{bridge.receive.call(text)},()=>bridge.drain()])"


class PublicIsolate:
    """See runtime.worker.v8.Isolate for the methods."""

    def __init__(self, sink: Sink, heap_bytes: int) -> None:
        self._sink = sink
        self._heap_bytes = heap_bytes
        self._loop = asyncio.new_event_loop()
        self._running: asyncio.Task[None] | None = None
        self._bridge_error = ""
        self._ready, self._closed = threading.Event(), threading.Event()

    def install_bridge(self, sdk: bytes, timeout: float = 5.0) -> None:
        main = self._live(f"{_ADAPTER}({sdk.decode().rstrip().rstrip(';')})")
        thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(main), name="public-isolate", daemon=True
        )
        thread.start()
        if not self._ready.wait(timeout or None):
            raise BridgeError(f"bootstrap timed out after {timeout:g} s")
        if self._bridge_error:
            raise BridgeError(self._bridge_error)

    def evaluate(self, source: bytes) -> None:
        self._post(self._evaluate(source.decode()))

    def turn(self, text: bytes) -> None:
        self._post(self._turn(text.decode()))

    def cancel(self) -> None:
        self._loop.call_soon_threadsafe(lambda: self._running and self._running.cancel())

    def cpu_ns(self) -> int:
        # Not to be had from outside: wall time stands in, which only ends a turn earlier.
        return time.monotonic_ns()

    def sample(self) -> None:
        """The public interface does not know where a script is."""

    def stack(self) -> str:
        return ""

    def set_niceness(self, niceness: int) -> None:
        """The public interface does not say which thread computes."""

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set_result, None)
        self._closed.wait()

    async def _live(self, bridge: str) -> None:
        self._end: asyncio.Future[None] = self._loop.create_future()
        with mini_racer(self._loop) as racer:
            self._racer: Any = racer
            soft, hard = heap_limits(self._heap_bytes)
            racer.set_soft_memory_limit(soft)
            racer.set_hard_memory_limit(hard)
            try:
                functions: Any = racer.eval(bridge)
                self._receive, self._drain = (functions[i].cancelable() for i in (0, 1))
            except JSEvalException as error:
                self._bridge_error = str(error)
            self._ready.set()
            await self._end
        self._closed.set()

    def _post(self, step: Any) -> None:
        def start() -> None:
            self._running = self._loop.create_task(step)

        self._loop.call_soon_threadsafe(start)

    async def _evaluate(self, source: str) -> None:
        await self._answer(self._racer.eval_cancelable(source))

    async def _turn(self, text: str) -> None:
        async def both() -> Any:
            await self._receive(text)
            return await self._drain()

        await self._answer(both())

    async def _answer(self, step: Any) -> None:
        outcome, text = Outcome.COMPLETED, ""
        try:
            result = await step
            text = result if isinstance(result, str) else ""
        except asyncio.CancelledError:
            outcome = Outcome.TERMINATED
        except JSParseException as error:
            outcome, text = Outcome.DID_NOT_PARSE, str(error)
        except JSOOMException:
            outcome = Outcome.OUT_OF_MEMORY
        except JSEvalException as error:
            outcome, text = Outcome.THREW, str(error)
        # Microtasks run between calls: none of these is told that they hit the limit.
        if self._racer.was_hard_memory_limit_reached():
            outcome, text = Outcome.OUT_OF_MEMORY, ""
        self._sink(Answer(outcome, text.encode(errors="replace"), time.monotonic_ns()))
