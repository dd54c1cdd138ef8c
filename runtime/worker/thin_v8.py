"""The driver in Python: an isolate's results are taken on its own thread, under the interpreter.

See v8.py for what it speaks to; native_v8.py does the same in C.
"""

import ctypes
import threading
import time
from typing import Any

from runtime.worker.v8 import (
    ERRORS,
    STRING,
    Answer,
    BridgedIsolate,
    BridgeError,
    Outcome,
    Sink,
    heap_limits,
    kind_of,
    load_v8,
    text_of,
)

# Callback numbers tell the results of posted tasks apart.
_SYNCHRONOUS, _EVALUATED, _RECEIVED, _DRAINED, _HOOK = 0, 1, 2, 3, 4
# Globals that stand while the bridge is installed, for V8's own interface to find it.
_HOOK_NAME, _REJECTED_NAME = b"__floraHook", b"__floraRejected"
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
        self._told_of_rejections: Any = None
        self._callback = _CALLBACK(self._on_result)
        super().__init__(library, library.init_context(self._callback))
        soft, hard = heap_limits(heap_bytes)
        library.set_soft_memory_limit(self._context, soft)
        library.set_hard_memory_limit(self._context, hard)

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

    def sample(self) -> None:
        """Python would have to run on the isolate's thread."""

    def stack(self) -> str:
        return ""

    def close(self) -> None:
        self._library.free_context(self._context)

    # --- the bridge ------------------------------------------------------------------------

    def install_bridge(self, sdk: bytes, timeout: float = 5.0) -> None:
        self._no_arguments = self._evaluate_to_handle(b"[]", timeout)
        bridge = self._evaluate_to_handle(sdk, timeout)
        self._receive, self._drain, rejected = self._bridge_functions(bridge)
        self._hook_into_rejections(rejected, timeout)
        self._library.free_value(self._context, bridge)

    def _evaluate_to_handle(self, source: bytes, timeout: float) -> int:
        """Waits for a value's handle. Notes the isolate's thread. Raises BridgeError."""
        self._waiting.clear()
        text = self._string(source)
        self._library.evaluate(self._context, text, _SYNCHRONOUS)
        if not self._waiting.wait(timeout or None):
            raise BridgeError(f"bootstrap timed out after {timeout:g} s")
        self._library.free_value(self._context, text)
        assert self._evaluated is not None
        return self._checked(self._evaluated)

    def _hook_into_rejections(self, rejected: int, timeout: float) -> None:
        """V8 tells the bridge of promises that nobody handles: from inside of a script, since
        only there V8's own interface knows the isolate."""
        library, context = self._library, self._context
        scope = self._evaluate_to_handle(b"globalThis", timeout)
        hook = library.make_js_callback(context, _HOOK)
        for name, value in ((_REJECTED_NAME, rejected), (_HOOK_NAME, hook)):
            key = self._string(name)
            library.set_item(context, scope, key, value)
            library.free_value(context, key)
        done = self._evaluate_to_handle(
            b"%b();delete globalThis.%b;delete globalThis.%b"
            % (_HOOK_NAME, _HOOK_NAME, _REJECTED_NAME),
            timeout,
        )
        for value in (scope, hook, rejected, done):
            library.free_value(context, value)

    def _on_result(self, callback: int, address: int) -> None:
        """Runs on the isolate's thread: decode, free, hand over, nothing else."""
        if callback == _RECEIVED:
            if kind_of(address) in ERRORS:
                self._receive_error = self._answer(address)
            self._library.free_value(self._context, address)
        elif callback == _HOOK:
            internals = self._library.internals
            self._told_of_rejections = internals.report_rejections(
                *internals.global_function(_REJECTED_NAME)
            )
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
