"""The operation on secrets whose value has to be computed with and cannot be put in."""

import asyncio
import base64
import binascii
import hmac
from typing import Any, Literal

import msgspec

from deployments.sealing import Unreadable
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import OperationError, invalid_input

MAX_DATA_BYTES = 5 << 20
# Longer data is hashed on a thread.
LONG_DATA = 256 << 10


class Hmac(msgspec.Struct):
    """Of text, as UTF-8, or else of data: base64."""

    name: str
    algorithm: Literal["sha1", "sha256", "sha384", "sha512"]
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    text: str | None = None
    data: str = ""


async def hmac_(call: OpCall, args: Hmac) -> str:
    """The HMAC with the secret's UTF-8 bytes as its key."""
    secrets = await call.services.secrets.opened(call.guild_id)
    secret = secrets.by_name(args.name)
    if secret is None:
        raise OperationError(f"there is no secret {args.name[:64]!r}", "UNKNOWN_SECRET")
    data = _data(args)
    if len(data) > MAX_DATA_BYTES:
        raise invalid_input("data", f"{len(data)} bytes, at most {MAX_DATA_BYTES}")
    try:
        key = secrets.value(secret).encode()
    except Unreadable as error:
        raise OperationError(
            f"the secret {secret.name} cannot be read: {error}", "SECRET_UNREADABLE"
        ) from None
    call.services.secrets.note_use(secret)
    if len(data) > LONG_DATA:
        made = await asyncio.to_thread(hmac.digest, key, data, args.algorithm)
    else:
        made = hmac.digest(key, data, args.algorithm)
    match args.encoding:
        case "hex":
            return made.hex()
        case "base64":
            return base64.b64encode(made).decode()
        case "base64url":
            return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _data(args: Hmac) -> bytes:
    if args.text is not None:
        return args.text.encode()
    try:
        return base64.b64decode(args.data, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_input("data", "invalid base64 data") from None


OPERATIONS: dict[str, Operation[Any]] = {
    "secrets.hmac": Operation(Hmac, hmac_, has_effect=False),
}
