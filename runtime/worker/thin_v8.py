"""The driver in Python: an isolate's results are taken on its own thread, under the interpreter.

See v8.py for what it speaks to; native_v8.py does the same in C.
"""

import ctypes
import threading
import time
from collections.abc import Callable

from runtime.worker.v8 import (
    ERRORS,
    STRING,
    Answer,
    BridgedIsolate,
    BridgeError,
    Outcome,
    Sink,
    kind_of,
    load_v8,
    text_of,
)

# Callback numbers tell the results of posted tasks apart.
_SYNCHRONOUS, _EVALUATED, _RECEIVED, _DRAINED, _HOOK = 0, 1, 2, 3, 4
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_void_p)


class ThinIsolate(BridgedIsolate):
    """See v8.Isolate for the methods."""

    def __init__(self, sink: Sink, heap_bytes: int) -> None:
        library = load_v8()
        self._sink = sink
        self._receive_error: Answer | None = None
        self._waiting = threading.Event()
        self._evaluated: int | None = None
        self._tasks: tuple[int, ...] = ()
        self._receive = self._drain = self._no_arguments = 0
        self._hook: Callable[[], None] | None = None
        self._callback = _CALLBACK(self._on_result)
        super().__init__(library, library.init_context(self._callback))
        library.set_hard_memory_limit(self._context, heap_bytes)

    def evaluate(self, source: bytes) -> None:
        context, text = self._context, self._string(source)
        self._tasks = (self._library.evaluate(context, text, _EVALUATED),)
        self._library.free_value(context, text)

    def turn(self, text: bytes) -> None:
        library, context = self._library, self._context
        this = library.alloc_string(context, text, len(text), STRING)
        none = self._no_arguments
        self._tasks = (
            library.call_function(context, self._receive, this, none, _RECEIVED),
            library.call_function(context, self._drain, none, none, _DRAINED),
        )
        library.free_value(context, this)

    def cancel(self) -> None:
        for task in self._tasks:
            self._library.cancel_task(self._context, task)

    def close(self) -> None:
        self._library.free_context(self._context)

    # --- BridgedIsolate --------------------------------------------------------------------

    def _evaluate_to_handle(self, source: bytes, timeout: float) -> int:
        self._waiting.clear()
        text = self._string(source)
        self._library.evaluate(self._context, text, _SYNCHRONOUS)
        if not self._waiting.wait(timeout or None):
            raise BridgeError(f"bootstrap timed out after {timeout:g} s")
        self._library.free_value(self._context, text)
        assert self._evaluated is not None
        return self._checked(self._evaluated)

    def _keep_functions(self, receive: int, drain: int, no_arguments: int) -> None:
        self._receive, self._drain, self._no_arguments = receive, drain, no_arguments

    def _callback_number(self, hook: Callable[[], None]) -> int:
        self._hook = hook
        return _HOOK

    def _on_result(self, callback: int, address: int) -> None:
        """Runs on the isolate's thread: decode, free, hand over, nothing else."""
        if callback == _RECEIVED:
            if kind_of(address) in ERRORS:
                self._receive_error = self._answer(address)
            self._library.free_value(self._context, address)
        elif callback == _HOOK:
            assert self._hook is not None
            self._hook()
            self._library.free_value(self._context, address)
        elif callback == _SYNCHRONOUS:
            self._native_id = threading.get_native_id()
            self._evaluated = address
            self._waiting.set()
        else:
            answer = self._answer(address)
            self._library.free_value(self._context, address)
            if callback == _DRAINED and self._receive_error is not None:
                answer, self._receive_error = self._receive_error, None
            if self._library.hard_memory_limit_reached(self._context):
                answer = Answer(Outcome.OUT_OF_MEMORY, b"", answer.cpu_ns)
            self._sink(answer)

    def _answer(self, address: int) -> Answer:
        kind = kind_of(address)
        outcome = ERRORS.get(kind, Outcome.COMPLETED)
        is_text = kind == STRING or outcome is not Outcome.COMPLETED
        return Answer(outcome, text_of(address) if is_text else b"", time.thread_time_ns())
