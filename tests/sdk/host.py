"""What the host answers when a script asks it to compute: the real operations of `crypto`."""

import asyncio
from typing import Any, cast

import msgspec

from runtime.operations.call import OpCall
from runtime.operations.crypto import OPERATIONS
from tests.sdk.conftest import Operation, Script

# The operations of this family use nothing of their call.
_NO_CALL = cast(OpCall, None)


def computed(script: Script, expression: str) -> Any:
    """The value of an expression or its promise; fails if the script gets an error."""
    outcome = outcome_of(script, expression)
    assert "value" in outcome, outcome
    return outcome["value"]


def outcome_of(script: Script, expression: str) -> Any:
    """`{"value": …}` or `{"error": …}`, after all that it asks has been answered."""
    attempt = script.attempt(expression)
    while attempt.result is None and script.unanswered:
        for operation in script.unanswered:
            script.answer(operation, answer_of(operation))
    assert attempt.result is not None, f"{expression} waits for ever"
    return attempt.result


def answer_of(operation: Operation) -> Any:
    """What the host answers. Raises KeyError for operations of other families."""
    known = OPERATIONS[operation.name]
    arguments = msgspec.convert(operation.payload, known.arguments)
    return msgspec.to_builtins(asyncio.run(known.perform(_NO_CALL, arguments)))
