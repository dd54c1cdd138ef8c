"""Operations on a guild's key-value data."""

import math
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from runtime.kv.rules import check_limit
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import OperationError, invalid_input

Expiration = int | float | str | None


class Key(msgspec.Struct):
    store: str
    key: str


class Set(msgspec.Struct):
    """expiration: unix seconds, also as a decimal string (a BigInt). metadata: any JSON."""

    store: str
    key: str
    value: str
    expiration: Expiration = None
    metadata: msgspec.Raw = msgspec.Raw(b"null")


class UpdateMetadata(msgspec.Struct):
    store: str
    key: str
    metadata: msgspec.Raw = msgspec.Raw(b"null")


class List(msgspec.Struct):
    store: str
    prefix: str | None = None
    limit: Annotated[float, Meta(ge=0)] | None = None
    cursor: str | None = None


async def get(call: OpCall, args: Key) -> str | None:
    entry = await call.services.kv.get(call.guild_id, args.store, args.key)
    return entry.value.decode() if entry else None


async def get_with_metadata(call: OpCall, args: Key) -> dict[str, Any]:
    entry = await call.services.kv.get(call.guild_id, args.store, args.key)
    if entry is None:
        return {"value": None}
    return {"value": entry.value.decode(), **_metadata(entry.metadata)}


async def set_(call: OpCall, args: Set) -> None:
    await call.services.kv.set(
        call.guild_id,
        args.store,
        args.key,
        args.value,
        metadata=_json_or_none(args.metadata),
        expires_at=_unix_seconds(args.expiration),
    )


async def update_metadata(call: OpCall, args: UpdateMetadata) -> None:
    await call.services.kv.update_metadata(
        call.guild_id, args.store, args.key, _json_or_none(args.metadata)
    )


async def delete(call: OpCall, args: Key) -> None:
    await call.services.kv.delete(call.guild_id, args.store, args.key)


async def list_(call: OpCall, args: List) -> dict[str, Any]:
    keys, complete = await call.services.kv.keys(
        call.guild_id, args.store, args.prefix or "", args.cursor or "", check_limit(args.limit)
    )
    page: dict[str, Any] = {
        "keys": [
            {
                "name": key.name,
                **({"expiration": key.expires_at} if key.expires_at is not None else {}),
                **_metadata(key.metadata),
            }
            for key in keys
        ],
        "listComplete": complete,
    }
    if not complete:
        page["cursor"] = keys[-1].name
    return page


def _metadata(stored: str | None) -> dict[str, Any]:
    return {} if stored is None else {"metadata": msgspec.Raw(stored.encode())}


def _json_or_none(raw: msgspec.Raw) -> str | None:
    text = bytes(raw).decode()
    return None if text == "null" else text


def _unix_seconds(expiration: Expiration) -> int | None:
    if expiration is None:
        return None
    try:
        seconds = float(expiration)
    except ValueError:
        raise invalid_input("expiration", "not a number of seconds") from None
    if not math.isfinite(seconds) or not 0 <= seconds < 2**62:
        raise OperationError("Invalid input for expiration: out of range", "INVALID_INPUT")
    return int(seconds)


OPERATIONS: dict[str, Operation[Any]] = {
    "kv.get": Operation(Key, get, has_effect=False),
    "kv.getWithMetadata": Operation(Key, get_with_metadata, has_effect=False),
    "kv.set": Operation(Set, set_, has_effect=True),
    "kv.updateMetadata": Operation(UpdateMetadata, update_metadata, has_effect=True),
    "kv.delete": Operation(Key, delete, has_effect=True),
    "kv.list": Operation(List, list_, has_effect=False),
}
