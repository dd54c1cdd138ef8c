"""A thin driver of V8 isolates over the C interface that py_mini_racer itself uses.

It knows nothing of guilds, events or operations: it evaluates scripts and makes *turns*.
mini-racer's public call interface costs 170–300 µs a call, this driver 24–65 µs (measured
2026-11-22 on 0.14.1), since a turn is two posted tasks and its argument is the `this` of a
strict function instead of an array built element by element.

The interface is private to mini-racer 0.14.1 and pinned: `self_test` proves it at each worker's
start, and the worker falls back to `runtime/worker/public_v8.py` when the proof fails.
"""

import ctypes
import os
import threading
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

    def cpu_ns(self) -> int:
        """The CPU clock of the isolate's thread, readable while it computes."""

    def lower_priority(self) -> None:
        """Lets the threads of other isolates go first, for good."""

    def close(self) -> None:
        """Frees the isolate. Blocks while a built-in runs: never call it on a loop's thread."""


class BridgeError(Exception):
    """The SDK could not be installed into an isolate: a defect of flora, never of a script."""


class _RawValue(ctypes.Structure):
    """mini-racer's BinaryValue: eight bytes of value or pointer, a length and a type."""

    _fields_ = [("pointer", ctypes.c_void_p), ("length", ctypes.c_size_t), ("type", ctypes.c_uint8)]
    _pack_ = 1


_UNDEFINED, _NULL, _STRING, _OBJECT, _FUNCTION = 11, 1, 5, 10, 100
_ERRORS = {
    200: Outcome.THREW,
    201: Outcome.DID_NOT_PARSE,
    202: Outcome.OUT_OF_MEMORY,
    203: Outcome.TERMINATED,
    204: Outcome.TERMINATED,
    205: Outcome.THREW,
    206: Outcome.THREW,
}
# Callback numbers tell the results of posted tasks apart.
_SYNCHRONOUS, _EVALUATED, _RECEIVED, _DRAINED, _HOOK = 0, 1, 2, 3, 4
# Globals that stand while the bridge is installed, for V8's own interface to find it.
_HOOK_NAME, _REJECTED_NAME = b"__floraHook", b"__floraRejected"
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_void_p)


class _Library:
    """libmini_racer with prototypes that take raw addresses, loaded once per process."""

    def __init__(self) -> None:
        from py_mini_racer import init_mini_racer

        public = init_mini_racer(flags=V8_FLAGS, ignore_duplicate_init=True)
        self.shared_object = ctypes.CDLL(public._name)
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
        self.set_hard_memory_limit = self._function(
            "mr_set_hard_memory_limit", None, number, ctypes.c_size_t
        )
        self.hard_memory_limit_reached = self._function(
            "mr_hard_memory_limit_reached", ctypes.c_bool, number
        )
        self.internals = V8Internals(self.shared_object)
        self.version = ctypes.cast(public.mr_v8_version(), ctypes.c_char_p).value or b""

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        return ctypes.CFUNCTYPE(result, *arguments)((name, self.shared_object))


_library: _Library | None = None


def load_v8() -> str:
    """Initialises V8 in this process, once, without an isolate. Returns V8's version.

    Entropy comes from getrandom(2) afterwards: V8 opens /dev/urandom for each isolate
    otherwise, which a confined worker may not.
    """
    global _library
    if _library is None:
        _library = _Library()
        _take_entropy_from_getrandom(_library.shared_object)
    return _library.version.decode()


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


def _per_thread_cpu_clock(native_id: int) -> int:
    """The clock id of another thread's CPU time: what pthread_getcpuclockid computes on Linux."""
    return (~native_id << 3) | 6


class ThinIsolate:
    """An isolate behind posted tasks; see Isolate for the methods."""

    def __init__(self, sink: Sink, heap_bytes: int) -> None:
        load_v8()
        assert _library is not None
        self._library = _library
        self._sink = sink
        self._native_id = 0
        self._receive_error: Answer | None = None
        self._waiting = threading.Event()
        self._evaluated: int | None = None
        self._tasks: tuple[int, ...] = ()
        self._receive = self._drain = self._no_arguments = 0
        self._hook: Any = None
        self._callback = _CALLBACK(self._on_result)
        self._context: int = self._library.init_context(self._callback)
        self._library.set_hard_memory_limit(self._context, heap_bytes)

    def install_bridge(self, sdk: bytes, timeout: float = 5.0) -> None:
        self._no_arguments = self._evaluate_to_handle(b"[]", timeout)
        bridge = self._evaluate_to_handle(sdk, timeout)
        self._receive = self._function_of(bridge, b"receive")
        self._drain = self._function_of(bridge, b"drain")
        self._hook_into_rejections(self._function_of(bridge, b"rejected"), timeout)
        self._library.free_value(self._context, bridge)

    def evaluate(self, source: bytes) -> None:
        context, text = self._context, self._string(source)
        self._tasks = (self._library.evaluate(context, text, _EVALUATED),)
        self._library.free_value(context, text)

    def turn(self, text: bytes) -> None:
        library, context = self._library, self._context
        this = library.alloc_string(context, text, len(text), _STRING)
        none = self._no_arguments
        self._tasks = (
            library.call_function(context, self._receive, this, none, _RECEIVED),
            library.call_function(context, self._drain, none, none, _DRAINED),
        )
        library.free_value(context, this)

    def cancel(self) -> None:
        for task in self._tasks:
            self._library.cancel_task(self._context, task)

    def cpu_ns(self) -> int:
        return time.clock_gettime_ns(_per_thread_cpu_clock(self._native_id))

    def lower_priority(self) -> None:
        os.setpriority(os.PRIO_PROCESS, self._native_id, 10)

    def close(self) -> None:
        self._library.free_context(self._context)

    def _on_result(self, callback: int, address: int) -> None:
        """Runs on the isolate's thread: decode, free, hand over, nothing else."""
        kind = ctypes.c_uint8.from_address(address + 16).value
        if callback == _RECEIVED:
            if kind >= 200:
                self._receive_error = self._answer(kind, address)
            self._library.free_value(self._context, address)
        elif callback == _HOOK:
            self._hook = self._library.internals.report_rejections(_REJECTED_NAME)
            self._library.free_value(self._context, address)
        elif callback == _SYNCHRONOUS:
            self._native_id = threading.get_native_id()
            self._evaluated = address
            self._waiting.set()
        else:
            answer = self._answer(kind, address)
            self._library.free_value(self._context, address)
            if callback == _DRAINED and self._receive_error is not None:
                answer, self._receive_error = self._receive_error, None
            if self._library.hard_memory_limit_reached(self._context):
                answer = Answer(Outcome.OUT_OF_MEMORY, b"", answer.cpu_ns)
            self._sink(answer)

    def _answer(self, kind: int, address: int) -> Answer:
        outcome = _ERRORS.get(kind, Outcome.COMPLETED)
        text = b""
        if kind == _STRING or outcome is not Outcome.COMPLETED:
            value = _RawValue.from_address(address)
            text = ctypes.string_at(value.pointer, value.length)
        return Answer(outcome, text, time.thread_time_ns())

    def _string(self, text: bytes) -> int:
        handle: int = self._library.alloc_string(self._context, text, len(text), _STRING)
        return handle

    def _evaluate_to_handle(self, source: bytes, timeout: float) -> int:
        self._waiting.clear()
        text = self._string(source)
        self._library.evaluate(self._context, text, _SYNCHRONOUS)
        if not self._waiting.wait(timeout or None):
            raise BridgeError(f"bootstrap timed out after {timeout:g} s")
        self._library.free_value(self._context, text)
        assert self._evaluated is not None
        kind = ctypes.c_uint8.from_address(self._evaluated + 16).value
        if kind in _ERRORS:
            raise BridgeError(self._answer(kind, self._evaluated).text.decode(errors="replace"))
        return self._evaluated

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

    def _function_of(self, bridge: int, name: bytes) -> int:
        key = self._string(name)
        function: int = self._library.get_item(self._context, bridge, key)
        self._library.free_value(self._context, key)
        if ctypes.c_uint8.from_address(function + 16).value != _FUNCTION:
            raise BridgeError(f"the SDK's bridge has no function {name.decode()!r}")
        return function


def installed_release_problem() -> str:
    """Why this driver cannot speak to the installed mini-racer; empty when it can."""
    installed = version("mini-racer")
    if installed != SUPPORTED_MINI_RACER:
        return f"mini-racer is {installed}, the driver is written for {SUPPORTED_MINI_RACER}"
    return ""


class SelfTestFailed(Exception):
    """The installed mini-racer does not behave as this driver needs."""


_PROBE = b"""(()=>{'use strict';let out='';return{
 receive(){ if(this==='spin') for(;;); if(this==='reject') return void Promise.reject(out='reason');
   (async()=>{ await null; out=this+'!' })() },
 drain(){ const o=out; out=''; return o },
 rejected(event,promise,reason){ out=[event,promise instanceof Promise,reason]+"" } }})()"""


def self_test() -> None:
    """Proves call, drain order, cancel and the text path on a fresh isolate. Raises SelfTestFailed.

    Takes about 10 ms and opens no file, so that it can run in a confined worker.
    """
    answers: list[Answer] = []
    arrived = threading.Event()

    def sink(answer: Answer) -> None:
        answers.append(answer)
        arrived.set()

    def next_answer(seconds: float = 2.0) -> Answer:
        if not arrived.wait(seconds):
            raise SelfTestFailed("no answer within 2 s")
        arrived.clear()
        return answers.pop()

    isolate = ThinIsolate(sink, 64 << 20)
    try:
        isolate.install_bridge(_PROBE, 2.0)
        isolate.turn("zwölf €".encode())
        answer = next_answer()
        if (answer.outcome, answer.text) != (Outcome.COMPLETED, "zwölf €!".encode()):
            raise SelfTestFailed(f"a turn drained {answer.text!r}: microtasks ran too late")
        isolate.turn(b"reject")
        if next_answer().text != b"0,true,reason":
            raise SelfTestFailed("a rejected promise was not told")
        isolate.turn(b"spin")
        time.sleep(0.002)
        isolate.cancel()
        if next_answer().outcome is not Outcome.TERMINATED:
            raise SelfTestFailed("cancel did not end an endless loop")
        isolate.evaluate(b"syntax error here")
        if next_answer().outcome is not Outcome.DID_NOT_PARSE:
            raise SelfTestFailed("a syntax error was not reported as such")
    except BridgeError as error:
        raise SelfTestFailed(str(error)) from error
    finally:
        isolate.close()
