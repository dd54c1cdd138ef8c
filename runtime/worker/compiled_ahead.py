"""The SDK's code, compiled once by V8 for all isolates of all workers; it knows no tenant.

In it is what isolates run at their start and at an ordinary event. A child of the zygote makes
it, since a process that has had an isolate must not fork workers; the child also proves that V8
takes it back. Whatever V8 may do to a process that speaks its interface wrongly, it does there.
"""

import os
import sys

from runtime.worker.link import Results
from runtime.worker.native_v8 import NativeDriver, NativeIsolate, NativeProblem
from runtime.worker.protocol import Load, TurnLimits
from runtime.worker.script import SEED_BYTES, start_text, wrapped
from runtime.worker.tenant import DRAIN_ONLY
from runtime.worker.v8 import BridgeError

_HEAP_BYTES = 64 << 20
_PATIENCE = 10.0
# What nearly every bot does.
_SCRIPT = """on('messageCreate', async (ctx) => {
  console.log(ctx.msg.content, await kv.store('ahead').get('key'));
  await ctx.reply({ content: 'hello', embeds: [embed().setTitle('hello')] });
})"""
_EVENT = (
    b'E1\nMESSAGE_CREATE\n{"id":"1","channel_id":"2","guild_id":"3","content":"hello",'
    b'"author":{"id":"4","username":"ahead"},"member":{"roles":[]}}'
)
_TURNS = (DRAIN_ONLY, _EVENT, b'A[[1,1,"value"]]', b'A[[2,1,{"id":"5"}]]')


def compile_ahead(driver: NativeDriver, sdk: bytes) -> bytes:
    """For NativeDriver.share. Takes about 50 ms. To be called where V8 has had no isolate yet.
    Raises NativeProblem."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _write_code(driver, sdk, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        code = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise NativeProblem(
            "the SDK could not be compiled ahead: the process that tried ended with"
            f" {os.waitstatus_to_exitcode(status)}"
        )
    return code


def _write_code(driver: NativeDriver, sdk: bytes, descriptor: int) -> None:
    status = 70
    try:
        code = _compiled(driver, sdk)
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(code)
        status = 0
    except BaseException:  # the last stop: what it is must be seen
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _compiled(driver: NativeDriver, sdk: bytes) -> bytes:
    results = Results()
    driver.write_results_to(results.writing.fileno())
    code = _run(driver, results, sdk).code()
    driver.share(sdk, code)
    _run(driver, results, sdk)
    if driver.code_taken(sdk) != 1:
        raise BridgeError("V8 does not take the code back that it has made of the SDK")
    return code


def _run(driver: NativeDriver, results: Results, sdk: bytes) -> NativeIsolate:
    """An isolate that has loaded a script and brought an event to its end."""
    load = Load("3", _SCRIPT, "ahead.js", TurnLimits(0, 0, 0, 0, _HEAP_BYTES, _HEAP_BYTES))
    isolate = NativeIsolate(driver, 0, _HEAP_BYTES)
    isolate.install_bridge(sdk)
    isolate.turn(start_text(load, bytes(SEED_BYTES)))
    _answer(results)
    isolate.evaluate(wrapped(load))
    said = _answer(results)
    for turn in _TURNS:
        isolate.turn(turn)
        said = _answer(results)
    if b'[0,"done",1]' not in said:
        raise BridgeError(f"an event has not come to its end: {said.decode(errors='replace')}")
    return isolate


def _answer(results: Results) -> bytes:
    for _, _, _, text in results.read(_PATIENCE):
        return text
    raise BridgeError(f"no answer within {_PATIENCE:g} s")
