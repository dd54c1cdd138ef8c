"""The driver in C (native/turns.c): an isolate's results leave its thread without Python.

An event with one operation costs a worker 111 µs instead of 181 (25 isolates, pinned, measured
2026-11-25). `make setup` compiles it where there is a C compiler.
"""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.worker.v8 import BridgedIsolate, BridgeError, load_v8

LIBRARY = Path(__file__).resolve().parent / "dist" / "turns.so"
_Number, _Pointer, _Text = ctypes.c_uint64, ctypes.c_void_p, ctypes.c_char_p
_HOOK = ctypes.CFUNCTYPE(None)


class NativeProblem(Exception):
    """Why the library cannot be used."""


class NativeDriver:
    """The library, and the socket that results are written to as frames: the isolate's number,
    the outcome's place in Outcome as kind, the CPU clock as number."""

    def __init__(self) -> None:
        """Opens a file: to be done before a worker is confined. Raises NativeProblem."""
        if not LIBRARY.exists():
            raise NativeProblem("it was not compiled: there was no C compiler at set-up")
        try:
            self._shared = ctypes.CDLL(str(LIBRARY))
            self._bind()
        except (OSError, AttributeError) as error:
            raise NativeProblem(str(error)) from None

    def _bind(self) -> None:
        load = self._function("flora_load", _Text, _Text)
        if missing := load(load_v8().path.encode()):
            raise NativeProblem(f"mini-racer has no {missing.decode()}")
        size, whole = ctypes.c_size_t, ctypes.c_int
        self.write_results_to = self._function("flora_write_results_to", None, whole)
        self.new = self._function("flora_new", _Pointer, _Number, size)
        self.context = self._function("flora_context", _Number, _Pointer)
        self.thread = self._function("flora_thread", whole, _Pointer)
        self.set_hook = self._function("flora_set_hook", _Number, _Pointer, _Pointer)
        self.report_rejections = self._function("flora_report_rejections", None, _Pointer, _Pointer)
        self.set_functions = self._function(
            "flora_set_functions", None, _Pointer, _Pointer, _Pointer, _Pointer
        )
        self.evaluate_now = self._function(
            "flora_evaluate_now", _Pointer, _Pointer, _Text, size, whole
        )
        self.evaluate = self._function("flora_evaluate", None, _Pointer, _Text, size)
        self.turn = self._function("flora_turn", None, _Pointer, _Text, size)
        self.cancel = self._function("flora_cancel", None, _Pointer)
        self.close = self._function("flora_close", None, _Pointer)

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        return ctypes.CFUNCTYPE(result, *arguments)((name, self._shared))


class NativeIsolate(BridgedIsolate):
    """See v8.Isolate for the methods; it has no sink, its answers are frames."""

    def __init__(self, driver: NativeDriver, number: int, heap_bytes: int) -> None:
        self._driver = driver
        self._isolate: int = driver.new(number, heap_bytes)
        self._kept_hook: Any = None
        super().__init__(load_v8(), driver.context(self._isolate))

    def evaluate(self, source: bytes) -> None:
        self._driver.evaluate(self._isolate, source, len(source))

    def turn(self, text: bytes) -> None:
        self._driver.turn(self._isolate, text, len(text))

    def cancel(self) -> None:
        self._driver.cancel(self._isolate)

    def close(self) -> None:
        self._driver.close(self._isolate)

    # --- BridgedIsolate --------------------------------------------------------------------

    def _evaluate_to_handle(self, source: bytes, timeout: float) -> int:
        milliseconds = int(timeout * 1000)
        value = self._driver.evaluate_now(self._isolate, source, len(source), milliseconds)
        if value is None:
            raise BridgeError(f"bootstrap timed out after {timeout:g} s")
        self._native_id = self._driver.thread(self._isolate)
        return self._checked(value)

    def _keep_functions(self, receive: int, drain: int, no_arguments: int) -> None:
        self._driver.set_functions(self._isolate, receive, drain, no_arguments)

    def _callback_number(self, hook: Callable[[], None]) -> int:
        self._kept_hook = _HOOK(hook)
        address = ctypes.cast(self._kept_hook, _Pointer)
        return int(self._driver.set_hook(self._isolate, address))

    def _report_rejections(self, isolate: int, function: int) -> None:
        """Without Python: a rejected promise that is caught at once costs 1 µs instead of 23."""
        self._driver.report_rejections(isolate, function)
