"""What V8 itself exports from mini-racer's library: the isolate's own pointer, and its hooks.

V8's C++ interface, spoken by ctypes: private to the pinned release and used for what mini-racer
does not offer. `v8.self_test` proves it at each worker's start. Local handles are pointers to
slots, so a global handle's slot passes for one (V8 14.4 without direct handles).
"""

import ctypes
from collections.abc import Callable
from typing import Any

_Pointer = ctypes.c_void_p
# v8::PromiseRejectEvent; the two after them (rejected or resolved once more) are nobody's concern.
REJECTED, HANDLED = 0, 1


class _PromiseRejectMessage(ctypes.Structure):
    _fields_ = [("promise", _Pointer), ("event", ctypes.c_int), ("value", _Pointer)]


_RejectCallback = ctypes.CFUNCTYPE(None, _PromiseRejectMessage)


class V8Internals:
    """Prototypes of the symbols, once per process. Raises AttributeError when one is missing."""

    def __init__(self, shared_object: ctypes.CDLL) -> None:
        def symbol(name: str, result: Any, *arguments: Any) -> Any:
            return ctypes.CFUNCTYPE(result, *arguments)((name, shared_object))

        # Isolate* Isolate::GetCurrent()
        self.current_isolate = symbol("_ZN2v87Isolate10GetCurrentEv", _Pointer)
        # Local<Context> Isolate::GetCurrentContext()
        self._context = symbol("_ZN2v87Isolate17GetCurrentContextEv", _Pointer, _Pointer)
        # Local<Object> Context::Global()
        self._global = symbol("_ZN2v87Context6GlobalEv", _Pointer, _Pointer)
        # MaybeLocal<Value> Object::Get(Local<Context>, Local<Value>)
        self._get = symbol(
            "_ZN2v86Object3GetENS_5LocalINS_7ContextEEENS1_INS_5ValueEEE",
            *(_Pointer, _Pointer, _Pointer, _Pointer),
        )
        # MaybeLocal<String> String::NewFromUtf8(Isolate*, const char*, NewStringType, int)
        self._string = symbol(
            "_ZN2v86String11NewFromUtf8EPNS_7IsolateEPKcNS_13NewStringTypeEi",
            *(_Pointer, _Pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_int),
        )
        # Local<Integer> Integer::New(Isolate*, int)
        self._integer = symbol(
            "_ZN2v87Integer3NewEPNS_7IsolateEi", _Pointer, _Pointer, ctypes.c_int
        )
        # Address* api_internal::GlobalizeReference(internal::Isolate*, Address)
        self._globalize = symbol(
            "_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEm",
            *(_Pointer, _Pointer, ctypes.c_size_t),
        )
        # MaybeLocal<Value> Function::Call(Isolate*, Local<Context>, Local<Value>, int,
        #   Local<Value>[])
        self._call = symbol(
            "_ZN2v88Function4CallEPNS_7IsolateENS_5LocalINS_7ContextEEENS3_INS_5ValueEEEiPS7_",
            *(_Pointer, _Pointer, _Pointer, _Pointer, _Pointer, ctypes.c_int, _Pointer),
        )
        # bool Isolate::IsExecutionTerminating(), void Isolate::TerminateExecution()
        self._is_terminating = symbol(
            "_ZN2v87Isolate22IsExecutionTerminatingEv", ctypes.c_bool, _Pointer
        )
        self._terminate = symbol("_ZN2v87Isolate18TerminateExecutionEv", None, _Pointer)
        # void Isolate::SetPromiseRejectCallback(void (*)(PromiseRejectMessage))
        self._set_reject_callback = symbol(
            "_ZN2v87Isolate24SetPromiseRejectCallbackEPFvNS_20PromiseRejectMessageEE",
            *(None, _Pointer, _Pointer),
        )

    def global_function(self, name: bytes) -> tuple[int, int]:
        """The isolate and a global handle of its global function of that name, which may go
        afterwards. To be called on the isolate's thread while it runs a script."""
        isolate = self.current_isolate()
        context = self._context(isolate)
        key = self._string(isolate, name, 0, -1)
        local = self._get(self._global(context), context, key)
        return isolate, self._globalize(isolate, ctypes.c_size_t.from_address(local).value)

    def report_rejections(self, isolate: int, function: int) -> Callable[..., None]:
        """Has the function called with (REJECTED or HANDLED, promise, reason) for each promise
        that is rejected without a handler, or gets one afterwards.

        Where and with what: see global_function. Returns what must be kept as long as the isolate
        lives.
        """

        def on_rejection(message: Any) -> None:
            if message.event not in (REJECTED, HANDLED):
                return
            arguments = (_Pointer * 3)(
                self._integer(isolate, message.event),
                message.promise,
                message.value or message.promise,
            )
            context = self._context(isolate)
            returned = self._call(function, isolate, context, function, 3, arguments)
            # V8 lets nothing that a callback of this kind throws reach the script.
            if not returned and self._is_terminating(isolate):
                self._terminate(isolate)

        callback = _RejectCallback(on_rejection)
        self._set_reject_callback(isolate, ctypes.cast(callback, _Pointer))
        return callback
