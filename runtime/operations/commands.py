"""The operation by which a script declares its application commands."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.command_fields import InvalidCommand
from gateway.command_rules import check_commands
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import OperationError

# More than Discord takes, so that it is `check_commands` that says what is too much.
MAX_COMMANDS, MAX_EPHEMERAL = 1000, 5000


class Register(msgspec.Struct):
    """ephemeral: the commands whose answers only who uses them sees, `tag view` by name."""

    commands: Annotated[list[dict[str, Any]], Meta(max_length=MAX_COMMANDS)]
    ephemeral: Annotated[list[str], Meta(max_length=MAX_EPHEMERAL)] = []


async def register(call: OpCall, args: Register) -> None:
    """Checked here; sent to Discord once the script is the guild's, in one request."""
    isolate = call.isolate
    try:
        isolate.commands, isolate.commands_problem = check_commands(args.commands), ""
    except InvalidCommand as error:
        isolate.commands_problem = str(error)
        raise OperationError(str(error), "INVALID_INPUT") from None
    isolate.ephemeral_commands = frozenset(args.ephemeral)
    call.services.commands_changed(isolate)


OPERATIONS: dict[str, Operation[Any]] = {
    "commands.register": Operation(Register, register, has_effect=False),
}
