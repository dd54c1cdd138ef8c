"""Operations on a guild's key-value data."""

import time
from typing import Any

import msgspec

from deployments.kv import rules
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import invalid_input

NOTHING = msgspec.Raw(b"null")


class Key(msgspec.Struct):
    store: str
    key: str


class Keys(msgspec.Struct):
    store: str
    keys: list[str]


class Options(msgspec.Struct, rename="camel", kw_only=True):
    """expiration: unix seconds; expiration_ttl: seconds from now; both also as a decimal string
    (a BigInt). metadata: any JSON."""

    expiration: rules.Seconds = None
    expiration_ttl: rules.Seconds = None
    metadata: msgspec.Raw = NOTHING


class Row(Options):
    key: str
    value: str


class Set(Row):
    store: str


class SetMany(msgspec.Struct):
    store: str
    entries: list[Row]


class UpdateMetadata(msgspec.Struct):
    store: str
    key: str
    metadata: msgspec.Raw = NOTHING


class Increment(Options):
    store: str
    key: str
    by: int | float = 1


class CompareAndSet(Set):
    expected: str | None


class List(msgspec.Struct):
    store: str
    prefix: str | None = None
    limit: float | None = None
    cursor: str | None = None


class Count(msgspec.Struct):
    store: str
    prefix: str | None = None


async def get(call: OpCall, args: Key) -> str | None:
    entry = await call.services.kv.get(call.guild_id, args.store, args.key)
    return entry.value.decode() if entry else None


async def get_with_metadata(call: OpCall, args: Key) -> dict[str, Any]:
    entry = await call.services.kv.get(call.guild_id, args.store, args.key)
    if entry is None:
        return {"value": None}
    return {"value": entry.value.decode(), **_metadata(entry.metadata)}


async def get_many(call: OpCall, args: Keys) -> list[str | None]:
    """In the order of the keys."""
    _check_number("keys", args.keys)
    found = await call.services.kv.get_many(call.guild_id, args.store, args.keys)
    values = (found.get(rules.encoded(key)) for key in args.keys)
    return [None if value is None else value.decode() for value in values]


async def set_(call: OpCall, args: Set) -> None:
    await call.services.kv.set(
        call.guild_id, args.store, args.key, args.value, *_metadata_and_expiry(args)
    )


async def set_many(call: OpCall, args: SetMany) -> None:
    """Of a key that is named twice the last value counts."""
    _check_number("entries", args.entries)
    values = {row.key: (row.value, *_metadata_and_expiry(row)) for row in args.entries}
    await call.services.kv.set_many(call.guild_id, args.store, values)


async def update_metadata(call: OpCall, args: UpdateMetadata) -> None:
    await call.services.kv.update_metadata(
        call.guild_id, args.store, args.key, _json_or_none(args.metadata)
    )


async def increment(call: OpCall, args: Increment) -> int | float:
    return await call.services.kv.increment(
        call.guild_id, args.store, args.key, args.by, *_metadata_and_expiry(args)
    )


async def compare_and_set(call: OpCall, args: CompareAndSet) -> bool:
    return await call.services.kv.compare_and_set(
        call.guild_id,
        args.store,
        args.key,
        args.expected,
        args.value,
        *_metadata_and_expiry(args),
    )


async def delete(call: OpCall, args: Key) -> None:
    await call.services.kv.delete(call.guild_id, args.store, args.key)


async def delete_many(call: OpCall, args: Keys) -> int:
    _check_number("keys", args.keys)
    return await call.services.kv.delete_many(call.guild_id, args.store, args.keys)


async def list_(call: OpCall, args: List) -> dict[str, Any]:
    limit = rules.LIST_DEFAULT if args.limit is None else int(min(args.limit, rules.LIST_MAX))
    if limit < 1:
        raise invalid_input("limit", f"expected 1 to {rules.LIST_MAX}")
    keys, complete = await call.services.kv.keys(
        call.guild_id, args.store, args.prefix or "", args.cursor or "", limit
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


async def count(call: OpCall, args: Count) -> int:
    return await call.services.kv.count(call.guild_id, args.store, args.prefix or "")


def _check_number(field: str, list_: list[Any]) -> None:
    if len(list_) > rules.MAX_KEYS_AT_ONCE:
        raise invalid_input(field, f"at most {rules.MAX_KEYS_AT_ONCE} at once, got {len(list_)}")


def _metadata(stored: str | None) -> dict[str, Any]:
    return {} if stored is None else {"metadata": msgspec.Raw(stored.encode())}


def _metadata_and_expiry(options: Options) -> tuple[str | None, int | None]:
    expires_at = rules.expiry(options.expiration, options.expiration_ttl, time.time())
    return _json_or_none(options.metadata), expires_at


def _json_or_none(raw: msgspec.Raw) -> str | None:
    """The text as it came. It goes out again in the API and in the admin, so it must be sound."""
    try:
        value = msgspec.json.decode(raw)
        return None if value is None else bytes(raw).decode()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise invalid_input("metadata", "not JSON") from None


OPERATIONS: dict[str, Operation[Any]] = {
    "kv.get": Operation(Key, get, has_effect=False),
    "kv.getWithMetadata": Operation(Key, get_with_metadata, has_effect=False),
    "kv.getMany": Operation(Keys, get_many, has_effect=False),
    "kv.set": Operation(Set, set_, has_effect=True),
    "kv.setMany": Operation(SetMany, set_many, has_effect=True),
    "kv.updateMetadata": Operation(UpdateMetadata, update_metadata, has_effect=True),
    "kv.increment": Operation(Increment, increment, has_effect=True),
    "kv.compareAndSet": Operation(CompareAndSet, compare_and_set, has_effect=True),
    "kv.delete": Operation(Key, delete, has_effect=True),
    "kv.deleteMany": Operation(Keys, delete_many, has_effect=True),
    "kv.list": Operation(List, list_, has_effect=False),
    "kv.count": Operation(Count, count, has_effect=False),
}
