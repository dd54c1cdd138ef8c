"""What a guild may keep and how it is named: the original's limits of key-value data, and its
words when one is broken. Knows neither the database nor who asks."""

import math
import re
from dataclasses import dataclass
from typing import Any

MAX_KEY_BYTES = 512
MAX_VALUE_BYTES = 1 << 20
MAX_ENTRY_BYTES = 2 << 20
MAX_STORE_NAME_BYTES = 64
# Keys of one getMany, setMany or deleteMany.
MAX_KEYS_AT_ONCE = 100
LIST_DEFAULT, LIST_MAX = 100, 1000
# Writes are counted from the first one for so many seconds.
WINDOW_SECONDS = 60
# Unix seconds that a column holds whatever is added to them.
LAST_SECOND = 2**62
# Beyond it a script's numbers no longer count by one.
LARGEST_NUMBER = 2**53 - 1

_STORE_NAME = re.compile(r"[^/.\x00-\x1f\x7f]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_LONGEST_NUMBER = 64

Seconds = int | float | str | None


class KvError(Exception):
    """A rule was broken. The message is the original's where it had one; the code is ours.

    retry_after: seconds after which the same may succeed, where that is known.
    """

    def __init__(self, message: str, code: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limits:
    """What one guild may keep. The defaults are the original's."""

    store_bytes: int = 100 << 20
    guild_bytes: int = 500 << 20
    stores: int = 100
    writes_per_minute: int = 120  # of one store; 0: no limit

    @classmethod
    def of(cls, runtime: Any) -> "Limits":
        """Those of the configuration's section [runtime]."""
        return cls(
            store_bytes=runtime.kv_store_mb << 20,
            guild_bytes=runtime.kv_guild_mb << 20,
            stores=runtime.kv_stores,
            writes_per_minute=runtime.kv_writes_per_minute,
        )


def encoded(text: str) -> bytes:
    """As it is stored; half a character becomes a question mark."""
    return text.encode(errors="replace")


def check_store_name(name: str) -> None:
    if not name:
        raise KvError("store_name cannot be empty", "KV_INVALID_STORE")
    if len(encoded(name)) > MAX_STORE_NAME_BYTES:
        raise KvError("store_name exceeds maximum size of 64 characters", "KV_INVALID_STORE")
    if not _STORE_NAME.fullmatch(name):
        raise KvError("store_name contains invalid characters", "KV_INVALID_STORE")


def check_key(key: str) -> bytes:
    """The key as it is stored and ordered."""
    stored = encoded(key)
    if not stored:
        raise KvError("key cannot be empty", "KV_INVALID_KEY")
    if len(stored) > MAX_KEY_BYTES:
        raise KvError("key exceeds maximum size of 512 characters", "KV_INVALID_KEY")
    if b"\x00" in stored:
        raise KvError("key contains null character", "KV_INVALID_KEY")
    return stored


def check_prefix(prefix: str) -> bytes:
    if "\x00" in prefix:
        raise KvError("prefix contains null character", "KV_INVALID_KEY")
    return encoded(prefix)


def check_value(value: str) -> bytes:
    """The value as it is stored."""
    stored = encoded(value)
    if len(stored) > MAX_VALUE_BYTES:
        raise KvError("value exceeds maximum size of 1MB", "KV_VALUE_TOO_LARGE")
    return stored


def check_entry_size(key: bytes, value: bytes, metadata: str | None) -> int:
    """The bytes that an entry counts for."""
    size = len(key) + len(value) + len(encoded(metadata or ""))
    if size > MAX_ENTRY_BYTES:
        raise KvError("kv entry exceeds maximum size of 2MB", "KV_VALUE_TOO_LARGE")
    return size


def number_in(value: bytes) -> int | float:
    """The number that a value's text is. Raises KvError when it is none to count with."""
    text = value[: _LONGEST_NUMBER + 1].decode(errors="replace").strip()
    if len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text):
        return checked_number(float(text) if "." in text or "e" in text.lower() else int(text))
    shown = text if len(text) <= 32 else f"{text[:32]}…"
    raise KvError(f"the value is no number: {shown!r}", "KV_NOT_A_NUMBER")


def checked_number(number: float) -> int | float:
    """A whole number as an int. Raises KvError beyond what a script counts by one."""
    if not -LARGEST_NUMBER <= number <= LARGEST_NUMBER:
        raise KvError(
            f"the number would leave the range that can be counted in: ±{LARGEST_NUMBER}",
            "KV_NOT_A_NUMBER",
        )
    return int(number) if number == int(number) else number


def is_past(expires_at: int | None, seconds: int) -> bool:
    return expires_at is not None and expires_at <= seconds


def expiry(expiration: Seconds, ttl: Seconds, now: float) -> int | None:
    """When an entry ends, in unix seconds; None for never. ttl: from now on, in seconds.

    A BigInt comes as a decimal string. An entry lives at least as long as was asked for.
    """
    if ttl is None:
        return None if expiration is None else int(_seconds("expiration", expiration))
    if expiration is not None:
        raise _invalid("expirationTtl", "give expiration or expirationTtl, not both")
    lifetime = _seconds("expirationTtl", ttl)
    if lifetime <= 0:
        raise _invalid("expirationTtl", "expected more than 0 seconds")
    return math.ceil(now + lifetime)


def _seconds(field: str, given: int | float | str) -> float:
    try:
        seconds = float(given)
    except (ValueError, OverflowError):
        raise _invalid(field, "not a number of seconds") from None
    if not 0 <= seconds < LAST_SECOND:
        raise _invalid(field, "out of range")
    return seconds


def _invalid(field: str, reason: str) -> KvError:
    return KvError(f"Invalid input for {field}: {reason}", "INVALID_INPUT")


def end_of_prefix(prefix: bytes) -> bytes | None:
    """The first byte string after all that begin with the prefix; None when there is none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None
