"""Why a worker threw an isolate away, in words: what happened, then where."""

from runtime.breach_texts import breach_while_loading, breach_while_running
from runtime.worker.protocol import Breach, TurnLimits

TURN = TurnLimits(1, 3, 5, 30, 64 << 20, 64 << 20)
AT = "    at spin (flora/1/2/bundle.js:3:4)\n"
SLOW = "dispatch timed out: 1002 ms of CPU in one turn, at most 1 s"


def test_where_it_was_stands_below_what_happened() -> None:
    error = breach_while_running(Breach("cpu", "", 1002, 1 << 20, AT), TURN)
    assert (error.name, error.message, error.stack) == ("", SLOW, f"{SLOW}\n{AT}")
    error = breach_while_loading(Breach("timeout", "", 3000, 1 << 20, AT))
    text = "module_load timed out: top-level code did not come to an end"
    assert (error.message, error.stack) == (text, f"{text}\n{AT}")


def test_where_nobody_knows_where_it_was_nothing_is_said_of_it() -> None:
    assert breach_while_running(Breach("cpu", "", 1002, 1 << 20), TURN).stack == ""


def test_what_no_database_keeps_is_written_out() -> None:
    error = breach_while_running(Breach("cpu", "", 1002, 1, "    at \x00 (a:1:1)"), TURN)
    assert error.stack == f"{SLOW}\n    at \\0 (a:1:1)"
