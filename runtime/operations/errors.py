"""How an operation fails, as the script will see it: an Error with a message, a code and more."""

from typing import Any

import msgspec

from deployments.kv.rules import KvError
from gateway.errors import DiscordError, InvalidArgument, ScopeForbidden, UnknownRoute
from runtime.capabilities import MissingRight
from runtime.fetch.errors import FetchError
from runtime.interactions.errors import InteractionError


class OperationError(Exception):
    """message and code are for the script's author; properties become properties of the Error."""

    def __init__(self, message: str, code: str, **properties: Any) -> None:
        super().__init__(message)
        self.code = code
        self.properties = properties


def invalid_input(field: str, reason: str) -> OperationError:
    """The original's words for a wrong argument."""
    return OperationError(f"Invalid input for {field}: {reason}", "INVALID_INPUT")


def as_answer(error: Exception) -> dict[str, Any] | None:
    """What the script is told; None for a defect of ours, whose detail is for our log only."""
    match error:
        case OperationError():
            return {"message": str(error), "code": error.code, **error.properties}
        case KvError():
            after = {} if error.retry_after is None else {"retryAfter": error.retry_after}
            return {"message": str(error), "code": error.code, **after}
        case (
            ScopeForbidden()
            | MissingRight()
            | InteractionError()
            | InvalidArgument()
            | UnknownRoute()
        ):
            return {"message": str(error), "code": error.code}
        case FetchError():
            cause = {"cause": error.cause} if error.cause else {}
            return {"message": str(error), "code": error.code, **cause}
        case DiscordError():
            known = {
                "status": error.status,
                "discord_code": error.discord_code,
                "discordCode": error.discord_code,
                "retryAfter": error.retry_after,
                "errors": error.errors,
                "global": error.everywhere or None,
            }
            present = {key: value for key, value in known.items() if value is not None}
            return {"message": str(error), "code": error.code, **present}
        case msgspec.ValidationError():
            return {"message": f"Invalid input: {error}", "code": "INVALID_INPUT"}
        case RecursionError():
            return {"message": "Invalid input: nested too deep", "code": "INVALID_INPUT"}
        case msgspec.DecodeError():
            return {"message": "Invalid input: not JSON", "code": "INVALID_INPUT"}
    return None
