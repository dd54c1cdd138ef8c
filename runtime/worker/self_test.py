"""Proves at a worker's start that its driver and the installed mini-racer fit together."""

import time
from collections.abc import Callable

from runtime.worker.v8 import Answer, BridgeError, Isolate, Outcome

PATIENCE = 2.0
_PROBE = b"""(()=>{'use strict';let out='';return{
 receive(){ if(this==='spin') for(;;) Promise.reject();
   if(this==='reject') return void Promise.reject(out='reason');
   (async()=>{ await null; out=this+'!' })() },
 drain(){ const o=out; out=''; return o },
 rejected(event,promise,reason){ out=[event,promise instanceof Promise,reason]+"" } }})()"""


class SelfTestFailed(Exception):
    """The driver does not behave as a worker needs."""


def self_test(isolate: Isolate, next_answer: Callable[[float], Answer | None]) -> None:
    """Proves text, drain order, rejections, cancel and errors on a fresh isolate, and closes it.

    next_answer(seconds): the isolate's next answer, None when there is none in time. Takes about
    10 ms and opens no file, so that it can run in a confined worker. Raises SelfTestFailed.
    """

    def answer() -> Answer:
        found = next_answer(PATIENCE)
        if found is None:
            raise SelfTestFailed(f"no answer within {PATIENCE:g} s")
        return found

    try:
        isolate.install_bridge(_PROBE)
        isolate.turn("zwölf €".encode())
        found = answer()
        if (found.outcome, found.text) != (Outcome.COMPLETED, "zwölf €!".encode()):
            raise SelfTestFailed(f"a turn drained {found.text!r}: microtasks ran too late")
        isolate.turn(b"reject")
        if answer().text != b"0,true,reason":
            raise SelfTestFailed("a rejected promise was not told")
        isolate.turn(b"spin")
        time.sleep(0.002)
        isolate.cancel()
        if answer().outcome is not Outcome.TERMINATED:
            raise SelfTestFailed("cancel did not end an endless loop")
        isolate.evaluate(b"syntax error here")
        if answer().outcome is not Outcome.DID_NOT_PARSE:
            raise SelfTestFailed("a syntax error was not reported as such")
    except BridgeError as error:
        raise SelfTestFailed(str(error)) from error
    finally:
        isolate.close()
