"""Key-value data as lines of JSON: what an export has in it, and what an import takes.

    {"store": "notes"}
    {"store": "notes", "key": "a", "value": "1", "expiration": 1893456000, "metadata": [1]}

A line without a key names a store. expiration (unix seconds) and metadata are optional.
"""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from deployments.kv import rules
from deployments.kv.entries import Entry
from deployments.kv.rules import KvError

# A value and its metadata of the largest size, with JSON's longest escapes.
MAX_LINE_BYTES = 6 * rules.MAX_ENTRY_BYTES + 8192


class Line(NamedTuple):
    """key and entry: None of a line that only names a store."""

    store: str
    key: bytes | None = None
    entry: Entry | None = None


def line_of(store: str, key: bytes | None = None, entry: Entry | None = None) -> bytes:
    shown: dict[str, Any] = {"store": store}
    if key is not None and entry is not None:
        shown["key"], shown["value"] = key.decode(), entry.value.decode()
        if entry.expires_at is not None:
            shown["expiration"] = entry.expires_at
        if entry.metadata is not None:
            shown["metadata"] = json.loads(entry.metadata)
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """Lines from the file's position on; blank ones are passed over.

    Raises KvError, which says in what line something is wrong.
    """
    number = 0
    while text := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if not text.strip():
            continue
        try:
            if len(text) > MAX_LINE_BYTES:
                raise _wrong(f"longer than {MAX_LINE_BYTES} bytes")
            yield _line(text)
        except KvError as error:
            raise KvError(f"line {number}: {error}", error.code) from None


def metadata_text(metadata: Any) -> str | None:
    """Any JSON value as it is stored; None for null. Raises KvError."""
    if metadata is None:
        return None
    try:
        text = json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (ValueError, RecursionError):  # no finite number, half a character
        raise KvError("Invalid input for metadata: not JSON", "INVALID_INPUT") from None
    return text


def _line(text: bytes) -> Line:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _wrong("no JSON") from None
    if not isinstance(found, dict):
        raise _wrong('expected an object: {"store": …, "key": …, "value": …}')
    store = _text(found, "store")
    rules.check_store_name(store)
    if "key" not in found:
        return Line(store)
    key, value = rules.check_key(_text(found, "key")), rules.check_value(_text(found, "value"))
    expiration = found.get("expiration")
    if isinstance(expiration, bool) or not isinstance(expiration, int | float | None):
        raise _wrong("`expiration` must be a number of seconds")
    metadata = metadata_text(found.get("metadata"))
    rules.check_entry_size(key, value, metadata)
    return Line(store, key, Entry(value, metadata, rules.expiry(expiration, None, 0)))


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise _wrong(f"`{name}` must be text")
    return value


def _wrong(reason: str) -> KvError:
    return KvError(reason, "INVALID_INPUT")
