"""V8 isolates over the C interface that py_mini_racer itself uses: what all drivers share.

It knows nothing of guilds, events or operations: isolates evaluate scripts and make *turns*. A
turn is two posted tasks, and its argument is the `this` of a strict function instead of an array
built element by element: mini-racer's public call interface costs 170–300 µs a call, this way
24–65 µs (measured 2026-11-22 on 0.14.1).

The interface is private to mini-racer 0.14.1 and pinned. Three drivers stand on it: native_v8.py,
thin_v8.py where no C compiler was, and public_v8.py where the self-test of the others fails.
"""

import contextlib
import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from typing import Any, Protocol

from runtime.worker.v8_internals import V8Internals

V8_FLAGS = ("--single-threaded", "--stack-size=984")
SUPPORTED_MINI_RACER = "0.14.1"


class Outcome(Enum):
    """How a piece of script ended."""

    COMPLETED = "completed"
    THREW = "threw"
    DID_NOT_PARSE = "did not parse"
    OUT_OF_MEMORY = "out of memory"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an isolate says at the end of a turn or an evaluation.

    text: the drained records of a turn (UTF-8 JSON, empty for none), or V8's error text.
    cpu_ns: the isolate thread's CPU clock at that moment; it only ever rises.
    """

    outcome: Outcome
    text: bytes
    cpu_ns: int


Sink = Callable[[Answer], None]


class Isolate(Protocol):
    """One V8 isolate. Its sink is called on another thread, once for each evaluate and turn."""

    def install_bridge(self, sdk: bytes, timeout: float = 5.0) -> None:
        """Evaluates the SDK and keeps its bridge. Blocks, 1–3 ms as a rule, at most `timeout`
        seconds (0: for ever). Raises BridgeError."""

    def evaluate(self, source: bytes) -> None:
        """Posts a script; its Answer has an empty text when it completed."""

    def turn(self, text: bytes) -> None:
        """Posts `receive(this=text)` and `drain()` back to back; the Answer is the drained text."""

    def cancel(self) -> None:
        """Interrupts what runs now. Does not stop a flood of microtasks or a long built-in."""

    def sample(self) -> None:
        """Has it noted where the script is that runs now, as soon as it comes to a point where V8
        can tell: not inside of a long built-in. Only the native driver can."""

    def stack(self) -> str:
        """What was noted last in the turn that is under way, or was the last: the lines of a stack
        as V8 writes them. Empty when nothing was."""

    def cpu_ns(self) -> int:
        """The CPU clock of the isolate's thread, readable while it computes. Raises OSError when
        the thread is gone."""

    def set_niceness(self, niceness: int) -> None:
        """How far the isolate's thread lets others go first: 0 as all do, up to 19. Quiet where
        the thread is gone."""

    def close(self) -> None:
        """Frees the isolate. Blocks while a built-in runs: never call it on a loop's thread."""


def heap_limits(heap_bytes: int) -> tuple[int, int]:
    """mini-racer's soft and hard limit for what a script may keep, in bytes.

    Both are judged after any collection, also one that leaves large dead strings where they are:
    over the soft one V8 collects all that is dead, over the hard one the script ends.
    """
    return heap_bytes, heap_bytes + heap_bytes // 2


class BridgeError(Exception):
    """The SDK could not be installed into an isolate: a defect of flora, never of a script."""


class _RawValue(ctypes.Structure):
    """mini-racer's BinaryValue: eight bytes of value or pointer, a length and a type."""

    _fields_ = [("pointer", ctypes.c_void_p), ("length", ctypes.c_size_t), ("type", ctypes.c_uint8)]
    _pack_ = 1


STRING, _FUNCTION = 5, 100
ERRORS = {
    200: Outcome.THREW,
    201: Outcome.DID_NOT_PARSE,
    202: Outcome.OUT_OF_MEMORY,
    203: Outcome.TERMINATED,
    204: Outcome.TERMINATED,
    205: Outcome.THREW,
    206: Outcome.THREW,
}


class Library:
    """libmini_racer with prototypes that take raw addresses, loaded once per process."""

    def __init__(self) -> None:
        from py_mini_racer import init_mini_racer

        public = init_mini_racer(flags=V8_FLAGS, ignore_duplicate_init=True)
        self.path: str = public._name
        self.shared_object = ctypes.CDLL(self.path)
        address, number = ctypes.c_void_p, ctypes.c_uint64
        self.init_context = self._function("mr_init_context", number, address)
        self.free_context = self._function("mr_free_context", None, number)
        self.evaluate = self._function("mr_eval", number, number, address, number)
        self.call_function = self._function(
            "mr_call_function", number, number, address, address, address, number
        )
        self.cancel_task = self._function("mr_cancel_task", None, number, number)
        self.free_value = self._function("mr_free_value", None, number, address)
        self.alloc_string = self._function(
            "mr_alloc_string_val", address, number, ctypes.c_char_p, number, ctypes.c_uint8
        )
        self.get_item = self._function("mr_get_object_item", address, number, address, address)
        self.set_item = self._function(
            "mr_set_object_item", None, number, address, address, address
        )
        self.make_js_callback = self._function("mr_make_js_callback", address, number, number)
        self.set_soft_memory_limit = self._function(
            "mr_set_soft_memory_limit", None, number, ctypes.c_size_t
        )
        self.set_hard_memory_limit = self._function(
            "mr_set_hard_memory_limit", None, number, ctypes.c_size_t
        )
        self.hard_memory_limit_reached = self._function(
            "mr_hard_memory_limit_reached", ctypes.c_bool, number
        )
        self.internals = V8Internals(self.shared_object)
        version_text = ctypes.cast(public.mr_v8_version(), ctypes.c_char_p).value or b""
        self.version = version_text.decode()
        # Where V8 takes its random numbers from.
        self.entropy = "/dev/urandom"

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        return ctypes.CFUNCTYPE(result, *arguments)((name, self.shared_object))


_library: Library | None = None


# Of <malloc.h>; a C library without it has no arenas.
_M_ARENA_MAX = -8


def load_v8() -> Library:
    """Initialises V8 in this process, once, without an isolate.

    Entropy comes from getrandom(2) afterwards: V8 opens /dev/urandom for each isolate
    otherwise, which a confined worker may not. Memory comes from one arena: an isolate is a
    thread, and glibc would give each thread an arena of its own.
    """
    global _library
    if _library is None:
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
        _library = Library()
        _take_entropy_from_getrandom(_library.shared_object)
        _library.entropy = "getrandom"
    return _library


_entropy_source: Any = None


def _take_entropy_from_getrandom(shared_object: ctypes.CDLL) -> None:
    global _entropy_source

    def fill(buffer: int, length: int) -> bool:
        ctypes.memmove(buffer, os.getrandom(length), length)
        return True

    _entropy_source = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_size_t)(fill)
    # v8::V8::SetEntropySource(bool (*)(unsigned char*, size_t))
    set_source = shared_object["_ZN2v82V816SetEntropySourceEPFbPhmE"]
    set_source.argtypes = [ctypes.c_void_p]
    set_source(ctypes.cast(_entropy_source, ctypes.c_void_p))


def thread_cpu_clock(native_id: int) -> int:
    """The clock id of another thread's CPU time: what pthread_getcpuclockid computes on Linux."""
    return (~native_id << 3) | 6


class BridgedIsolate:
    """What drivers over the C interface have in common: values, the bridge's functions, threads."""

    def __init__(self, library: Library, context: int) -> None:
        self._library = library
        self._context = context
        self._native_id = 0

    def cpu_ns(self) -> int:
        return time.clock_gettime_ns(thread_cpu_clock(self._native_id))

    def set_niceness(self, niceness: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, self._native_id, niceness)

    def _checked(self, handle: int) -> int:
        if kind_of(handle) in ERRORS:
            raise BridgeError(text_of(handle).decode(errors="replace"))
        return handle

    def _string(self, text: bytes) -> int:
        handle: int = self._library.alloc_string(self._context, text, len(text), STRING)
        return handle

    def _bridge_functions(self, bridge: int) -> tuple[int, int, int]:
        """Handles of receive, drain and rejected. Raises BridgeError."""
        receive, drain = self._function_of(bridge, b"receive"), self._function_of(bridge, b"drain")
        return receive, drain, self._function_of(bridge, b"rejected")

    def _function_of(self, bridge: int, name: bytes) -> int:
        key = self._string(name)
        function: int = self._library.get_item(self._context, bridge, key)
        self._library.free_value(self._context, key)
        if kind_of(function) != _FUNCTION:
            raise BridgeError(f"the SDK's bridge has no function {name.decode()!r}")
        return function


def kind_of(handle: int) -> int:
    """The type of a value: STRING, a key of ERRORS, …"""
    return ctypes.c_uint8.from_address(handle + 16).value


def text_of(handle: int) -> bytes:
    """The text of a string or an error."""
    value = _RawValue.from_address(handle)
    return ctypes.string_at(value.pointer, value.length)


def installed_release_problem() -> str:
    """Why this driver cannot speak to the installed mini-racer; empty when it can."""
    installed = version("mini-racer")
    if installed != SUPPORTED_MINI_RACER:
        return f"mini-racer is {installed}, the driver is written for {SUPPORTED_MINI_RACER}"
    return ""
