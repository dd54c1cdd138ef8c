"""Every operation that a script can ask, by name."""

from typing import Any

from runtime.operations import commands, interactions, kv, messages
from runtime.operations.call import Operation

OPERATIONS: dict[str, Operation[Any]] = {
    **kv.OPERATIONS,
    **messages.OPERATIONS,
    **interactions.OPERATIONS,
    **commands.OPERATIONS,
}
