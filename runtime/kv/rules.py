"""The original's limits of key-value data, and its words when one is broken."""

import re
from dataclasses import dataclass
from typing import Any

MAX_KEY_BYTES = 512
MAX_VALUE_BYTES = 1 << 20
MAX_ENTRY_BYTES = 2 << 20
MAX_STORE_BYTES = 100 << 20
MAX_GUILD_BYTES = 500 << 20
MAX_STORES = 100
MAX_STORE_NAME_BYTES = 64
SETS_PER_MINUTE = 120
LIST_DEFAULT, LIST_MAX = 100, 1000

_STORE_NAME = re.compile(r"[^/.\x00-\x1f\x7f]+")


class KvError(Exception):
    """A rule was broken. The message is the original's where it had one; the code is ours."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """What one guild may keep. The defaults are the original's."""

    store_bytes: int = MAX_STORE_BYTES
    guild_bytes: int = MAX_GUILD_BYTES
    stores: int = MAX_STORES


def check_store_name(name: str) -> None:
    if not name:
        raise KvError("store_name cannot be empty", "KV_INVALID_STORE")
    if len(name.encode(errors="replace")) > MAX_STORE_NAME_BYTES:
        raise KvError("store_name exceeds maximum size of 64 characters", "KV_INVALID_STORE")
    if not _STORE_NAME.fullmatch(name):
        raise KvError("store_name contains invalid characters", "KV_INVALID_STORE")


def check_key(key: str) -> bytes:
    """The key as it is stored and ordered."""
    encoded = key.encode(errors="replace")
    if not encoded:
        raise KvError("key cannot be empty", "KV_INVALID_KEY")
    if len(encoded) > MAX_KEY_BYTES:
        raise KvError("key exceeds maximum size of 512 characters", "KV_INVALID_KEY")
    if b"\x00" in encoded:
        raise KvError("key contains null character", "KV_INVALID_KEY")
    return encoded


def check_value(value: str) -> bytes:
    """The value as it is stored."""
    encoded = value.encode(errors="replace")
    if len(encoded) > MAX_VALUE_BYTES:
        raise KvError("value exceeds maximum size of 1MB", "KV_VALUE_TOO_LARGE")
    return encoded


def check_entry_size(key: bytes, value: bytes, metadata: str | None) -> int:
    """The bytes that an entry counts for."""
    size = len(key) + len(value) + len((metadata or "").encode(errors="replace"))
    if size > MAX_ENTRY_BYTES:
        raise KvError("kv entry exceeds maximum size of 2MB", "KV_VALUE_TOO_LARGE")
    return size


def check_limit(limit: Any) -> int:
    return max(1, min(LIST_MAX, int(limit))) if limit is not None else LIST_DEFAULT


def end_of_prefix(prefix: bytes) -> bytes | None:
    """The first byte string after all that begin with the prefix; None when there is none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None
