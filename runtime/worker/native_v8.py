"""The driver in C (native/): an isolate's results leave its thread without Python.

An event with one operation costs a worker 111 µs instead of 181 (25 isolates, pinned, measured
2026-11-25). All isolates share the SDK's text, and its code where that was compiled ahead
(compiled_ahead.py). `make setup` compiles the driver where there is a C compiler.
"""

import ctypes
from pathlib import Path
from typing import Any

from runtime.worker.v8 import BridgedIsolate, BridgeError, heap_limits, load_v8

LIBRARY = Path(__file__).resolve().parent / "dist" / "turns.so"
_Number, _Pointer, _Text = ctypes.c_uint64, ctypes.c_void_p, ctypes.c_char_p
# What sdk.c calls a bridge, until it is taken from there.
_BRIDGE = b"((bridge)=>{delete globalThis.__floraBridge;return bridge})(globalThis.__floraBridge)"


# Of native/place.h.
_STACK_BYTES = 4096


class _Code(ctypes.Structure):
    _fields_ = [("bytes", _Pointer), ("length", ctypes.c_int)]


class NativeProblem(Exception):
    """Why the library cannot be used."""


class NativeDriver:
    """The library, and the socket that results are written to as frames: the isolate's number,
    the outcome's place in Outcome as kind, the CPU clock as number."""

    def __init__(self) -> None:
        """Opens a file: to be done before a worker is confined. Raises NativeProblem."""
        self._sdks: dict[bytes, int] = {}
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
        self.new = self._function("flora_new", _Pointer, _Number, size, size)
        self.context = self._function("flora_context", _Number, _Pointer)
        self.thread = self._function("flora_thread", whole, _Pointer)
        self.install = self._function("flora_install", _Pointer, _Pointer, _Pointer, whole)
        self.take_code = self._function("flora_take_code", _Pointer, _Pointer, _Pointer, whole)
        self.set_functions = self._function(
            "flora_set_functions", None, _Pointer, _Pointer, _Pointer
        )
        self._new_sdk = self._function("flora_sdk", _Pointer, _Text, size, _Text, size)
        self._code_taken = self._function("flora_code_taken", whole, _Pointer)
        self.evaluate_now = self._function(
            "flora_evaluate_now", _Pointer, _Pointer, _Text, size, whole
        )
        self.evaluate = self._function("flora_evaluate", None, _Pointer, _Text, size)
        self.turn = self._function("flora_turn", None, _Pointer, _Text, size)
        self.cancel = self._function("flora_cancel", None, _Pointer)
        self.ask_for_place = self._function("flora_ask_for_place", None, _Pointer)
        self.copy_place = self._function("flora_copy_place", size, _Pointer, _Pointer)
        self.close = self._function("flora_close", None, _Pointer)

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        return ctypes.CFUNCTYPE(result, *arguments)((name, self._shared))

    def share(self, sdk: bytes, code: bytes) -> None:
        """From now on isolates with this SDK take its code instead of compiling its text. code:
        NativeIsolate.code() of an isolate of this process or of one forked from it."""
        self._sdks[sdk] = self._new_sdk(sdk, len(sdk), code, len(code))

    def sdk(self, text: bytes) -> int:
        """The one copy of the text. Raises BridgeError for one that is not ASCII."""
        if text not in self._sdks:
            if not text.isascii():
                raise BridgeError("the SDK is not ASCII")
            self.share(text, b"")
        return self._sdks[text]

    def code_taken(self, sdk: bytes) -> int:
        """How many isolates of this process have taken the code of this SDK."""
        return int(self._code_taken(self.sdk(sdk)))


class NativeIsolate(BridgedIsolate):
    """See v8.Isolate for the methods; it has no sink, its answers are frames."""

    def __init__(self, driver: NativeDriver, number: int, heap_bytes: int) -> None:
        self._driver = driver
        self._isolate: int = driver.new(number, *heap_limits(heap_bytes))
        super().__init__(load_v8(), driver.context(self._isolate))

    def evaluate(self, source: bytes) -> None:
        self._driver.evaluate(self._isolate, source, len(source))

    def turn(self, text: bytes) -> None:
        self._driver.turn(self._isolate, text, len(text))

    def cancel(self) -> None:
        self._driver.cancel(self._isolate)

    def sample(self) -> None:
        self._driver.ask_for_place(self._isolate)

    def stack(self) -> str:
        text = ctypes.create_string_buffer(_STACK_BYTES)
        length = self._driver.copy_place(self._isolate, text)
        return text.raw[:length].decode(errors="replace")

    def close(self) -> None:
        self._driver.close(self._isolate)

    # --- the bridge ------------------------------------------------------------------------

    def install_bridge(self, sdk: bytes, timeout: float = 5.0) -> None:
        shared, milliseconds = self._driver.sdk(sdk), int(timeout * 1000)
        done = self._finished(self._driver.install(self._isolate, shared, milliseconds), timeout)
        bridge = self._evaluate_to_handle(_BRIDGE, timeout)
        receive, drain, rejected = self._bridge_functions(bridge)
        self._driver.set_functions(self._isolate, receive, drain)
        for value in (done, bridge, rejected):
            self._library.free_value(self._context, value)

    def code(self, timeout: float = 5.0) -> bytes:
        """What V8 has compiled of the SDK so far in this isolate, for NativeDriver.share. Raises
        BridgeError."""
        code = _Code()
        address = ctypes.addressof(code)
        taken = self._driver.take_code(self._isolate, address, int(timeout * 1000))
        self._library.free_value(self._context, self._finished(taken, timeout))
        return ctypes.string_at(code.bytes, code.length)

    def _evaluate_to_handle(self, source: bytes, timeout: float) -> int:
        """Waits for a value's handle. Notes the isolate's thread. Raises BridgeError."""
        milliseconds = int(timeout * 1000)
        value = self._driver.evaluate_now(self._isolate, source, len(source), milliseconds)
        return self._finished(value, timeout)

    def _finished(self, value: int | None, timeout: float) -> int:
        if value is None:
            raise BridgeError(f"bootstrap timed out after {timeout:g} s")
        self._native_id = self._driver.thread(self._isolate)
        return self._checked(value)
