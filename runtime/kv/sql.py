"""Key-value data in SQL that SQLite and PostgreSQL understand alike.

Each function is one operation on an open cursor; the caller commits. Rows are locked through
their store, so that two runtimes never count the same bytes twice.
"""

import time
from typing import Any, NamedTuple

from django.db import connection

from runtime.kv.rules import KvError, Limits, check_entry_size, end_of_prefix

STORE, ENTRY = "deployments_kvstore", "deployments_kventry"


class Entry(NamedTuple):
    value: bytes
    metadata: str | None
    expires_at: int | None


class Key(NamedTuple):
    name: str
    metadata: str | None
    expires_at: int | None


def get(cursor: Any, guild: int, store: str, key: bytes) -> Entry | None:
    cursor.execute(
        f"SELECT e.value, e.metadata, e.expires_at FROM {ENTRY} e"  # noqa: S608 (our own names)
        f" JOIN {STORE} s ON s.id = e.store_id"
        " WHERE s.guild_id = %s AND s.name = %s AND e.key = %s",
        [guild, store, key],
    )
    row = cursor.fetchone()
    if row is None or _is_past(row[2]):
        return None
    return Entry(bytes(row[0]), row[1], row[2])


def put(
    cursor: Any, guild: int, store: str, key: bytes, entry: Entry, size: int, limits: Limits
) -> None:
    """Creates the store with its first key. Raises KvError when a quota is reached."""
    store_id, used = _lock_store(cursor, guild, store, limits)
    growth = size - _size(cursor, store_id, key)
    if growth > 0:
        _check_quota(cursor, guild, used + growth, growth, limits)
    cursor.execute(
        f"INSERT INTO {ENTRY} (store_id, key, value, metadata, expires_at, size)"  # noqa: S608
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (store_id, key) DO UPDATE SET"
        " value = excluded.value, metadata = excluded.metadata,"
        " expires_at = excluded.expires_at, size = excluded.size",
        [store_id, key, entry.value, entry.metadata, entry.expires_at, size],
    )
    _count(cursor, store_id, growth)


def update_metadata(
    cursor: Any, guild: int, store: str, key: bytes, metadata: str | None, limits: Limits
) -> None:
    """Keeps value and expiry. Raises KvError when the key is not there."""
    entry = get(cursor, guild, store, key)
    if entry is None:
        raise KvError("key not found", "KV_KEY_NOT_FOUND")
    size = check_entry_size(key, entry.value, metadata)
    put(cursor, guild, store, key, entry._replace(metadata=metadata), size, limits)


def delete(cursor: Any, guild: int, store: str, key: bytes) -> None:
    found = _find_store(cursor, guild, store)
    if found is None:
        return
    size = _size(cursor, found[0], key)
    cursor.execute(f"DELETE FROM {ENTRY} WHERE store_id = %s AND key = %s", [found[0], key])  # noqa: S608
    _count(cursor, found[0], -size)


def keys(
    cursor: Any, guild: int, store: str, prefix: bytes, after: bytes, limit: int
) -> tuple[list[Key], bool]:
    """Up to `limit` keys in byte order after `after`, and whether that was all."""
    end = end_of_prefix(prefix)
    conditions, values = "", [guild, store, int(time.time()), prefix, after]
    if end is not None:
        conditions, values = " AND e.key < %s", [*values, end]
    cursor.execute(
        f"SELECT e.key, e.metadata, e.expires_at FROM {ENTRY} e"  # noqa: S608
        f" JOIN {STORE} s ON s.id = e.store_id WHERE s.guild_id = %s AND s.name = %s"
        " AND (e.expires_at IS NULL OR e.expires_at > %s)"
        f" AND e.key >= %s AND e.key > %s{conditions} ORDER BY e.key LIMIT %s",
        [*values, limit + 1],
    )
    rows = cursor.fetchall()
    found = [Key(bytes(name).decode(), metadata, expiry) for name, metadata, expiry in rows[:limit]]
    return found, len(rows) <= limit


def _find_store(cursor: Any, guild: int, store: str) -> tuple[int, int] | None:
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    cursor.execute(
        f"SELECT id, bytes_used FROM {STORE} WHERE guild_id = %s AND name = %s{lock}",  # noqa: S608
        [guild, store],
    )
    row = cursor.fetchone()
    return None if row is None else (row[0], row[1])


def _lock_store(cursor: Any, guild: int, store: str, limits: Limits) -> tuple[int, int]:
    found = _find_store(cursor, guild, store)
    if found is not None:
        return found
    cursor.execute(f"SELECT COUNT(*) FROM {STORE} WHERE guild_id = %s", [guild])  # noqa: S608
    if cursor.fetchone()[0] >= limits.stores:
        raise KvError(f"a guild may have {limits.stores} stores", "KV_TOO_MANY_STORES")
    cursor.execute(
        f"INSERT INTO {STORE} (guild_id, name, bytes_used, created_at, updated_at)"  # noqa: S608
        " VALUES (%s, %s, 0, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
        " ON CONFLICT (guild_id, name) DO NOTHING",
        [guild, store],
    )
    found = _find_store(cursor, guild, store)
    assert found is not None
    return found


def _size(cursor: Any, store_id: int, key: bytes) -> int:
    cursor.execute(
        f"SELECT size FROM {ENTRY} WHERE store_id = %s AND key = %s",  # noqa: S608
        [store_id, key],
    )
    row = cursor.fetchone()
    return row[0] if row else 0


def _check_quota(cursor: Any, guild: int, store_bytes: int, growth: int, limits: Limits) -> None:
    if store_bytes > limits.store_bytes:
        raise KvError("kv store storage quota exceeded", "KV_QUOTA_EXCEEDED")
    cursor.execute(
        f"SELECT COALESCE(SUM(bytes_used), 0) FROM {STORE} WHERE guild_id = %s",  # noqa: S608
        [guild],
    )
    if cursor.fetchone()[0] + growth > limits.guild_bytes:
        raise KvError("kv guild storage quota exceeded", "KV_QUOTA_EXCEEDED")


def _count(cursor: Any, store_id: int, growth: int) -> None:
    cursor.execute(
        f"UPDATE {STORE} SET bytes_used = bytes_used + %s, updated_at = CURRENT_TIMESTAMP"  # noqa: S608
        " WHERE id = %s",
        [growth, store_id],
    )


def _is_past(expires_at: int | None) -> bool:
    return expires_at is not None and expires_at <= time.time()
