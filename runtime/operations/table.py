"""Every operation that a script can ask, by name."""

from typing import Any

from runtime.operations import (
    commands,
    crypto,
    discord_routes,
    fetch,
    interactions,
    kv,
    schedule,
    secrets,
)
from runtime.operations.call import Operation

OPERATIONS: dict[str, Operation[Any]] = {
    **kv.OPERATIONS,
    **discord_routes.OPERATIONS,
    **interactions.OPERATIONS,
    **commands.OPERATIONS,
    **schedule.OPERATIONS,
    **fetch.OPERATIONS,
    **secrets.OPERATIONS,
    **crypto.OPERATIONS,
}
