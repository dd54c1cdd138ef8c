"""Why a worker threw an isolate away, in words that the script's author can act on."""

from runtime.script import ScriptError
from runtime.worker.protocol import Breach, TurnLimits


def breach_while_running(breach: Breach, turn: TurnLimits) -> ScriptError:
    match breach.kind:
        case "cpu":
            text = (
                f"dispatch timed out: {breach.cpu_ms} ms of CPU in one turn, "
                f"at most {turn.cpu_seconds:g} s"
            )
        case "timeout":
            text = f"dispatch timed out: a turn without an end for {turn.wall_seconds:g} s"
        case "memory":
            megabytes = (turn.heap_bytes + turn.external_bytes) >> 20
            text = f"out of memory: an isolate may have {megabytes} MiB"
        case "stuck":
            text = "dispatch timed out: the script could not be interrupted"
        case _:
            text = f"the isolate was closed: {breach.message}"
    return _error(text, breach)


def breach_while_loading(breach: Breach) -> ScriptError:
    match breach.kind:
        case "cpu":
            text = f"module_load timed out: top-level code used {breach.cpu_ms} ms of CPU"
        case "timeout":
            text = "module_load timed out: top-level code did not come to an end"
        case "memory":
            text = "out of memory: top-level code used more than the isolate may have"
        case "stuck":
            text = "module_load timed out: top-level code could not even be interrupted"
        case _:
            text = f"the isolate was closed: {breach.message}"
    return _error(text, breach)


def _error(text: str, breach: Breach) -> ScriptError:
    """A stack is told as V8 tells an error's: what happened, then where."""
    stack = breach.stack.replace("\x00", "\\0")  # PostgreSQL has no place for NUL
    return ScriptError("", text, f"{text}\n{stack}" if stack else "")
