"""What can be done with the entries of a store, each a function on an open ledger.

SQL that SQLite and PostgreSQL understand alike. Those that write need their guild locked and
leave committing to the caller; those that read take the ledger as it is.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from deployments.kv import rules
from deployments.kv.ledger import STORE, Ledger, QuotaExceeded, marks
from deployments.kv.rules import KvError

ENTRY = "deployments_kventry"

# Rows that one statement removes or counts: others wait for no more.
ROWS_AT_ONCE = 1000
COUNTED_AT_ONCE = 10_000
# What getMany answers with at most, in bytes of values, and a page of keys, in characters of
# metadata. More is refused, or left for the next page; a single entry always fits.
MAX_ANSWER_BYTES = 8 << 20
MAX_PAGE_LENGTH = 4 << 20


class Entry(NamedTuple):
    """metadata: JSON text. expires_at: unix seconds."""

    value: bytes
    metadata: str | None = None
    expires_at: int | None = None


class Key(NamedTuple):
    name: str
    metadata: str | None
    expires_at: int | None


# --- reading -------------------------------------------------------------------------------


def get(ledger: Ledger, guild: int, store: str, key: bytes) -> Entry | None:
    ledger.cursor.execute(
        f"SELECT e.value, e.metadata, e.expires_at FROM {ENTRY} e"  # noqa: S608 (our own names)
        f" JOIN {STORE} s ON s.id = e.store_id"
        " WHERE s.guild_id = %s AND s.name = %s AND e.key = %s",
        [guild, store, key],
    )
    row = ledger.cursor.fetchone()
    if row is None or rules.is_past(row[2], ledger.seconds):
        return None
    return Entry(bytes(row[0]), row[1], row[2])


def get_many(ledger: Ledger, guild: int, store: str, keys: list[bytes]) -> dict[bytes, bytes]:
    """The values of those keys that are there. Raises KvError when they are too large together."""
    if not keys:
        return {}
    matching = (
        f" FROM {ENTRY} e JOIN {STORE} s ON s.id = e.store_id WHERE s.guild_id = %s"
        f" AND s.name = %s AND e.key IN ({marks(keys)})"
        " AND (e.expires_at IS NULL OR e.expires_at > %s)"
    )
    values = [guild, store, *keys, ledger.seconds]
    if len(keys) * rules.MAX_VALUE_BYTES > MAX_ANSWER_BYTES:
        ledger.cursor.execute(f"SELECT COALESCE(SUM(LENGTH(e.value)), 0){matching}", values)
        if ledger.cursor.fetchone()[0] > MAX_ANSWER_BYTES:
            raise KvError(
                f"the values have over {MAX_ANSWER_BYTES} bytes together: ask for fewer keys",
                "KV_VALUE_TOO_LARGE",
            )
    ledger.cursor.execute(f"SELECT e.key, e.value{matching}", values)
    return {bytes(key): bytes(value) for key, value in ledger.cursor.fetchall()}


def keys(
    ledger: Ledger, guild: int, store: str, prefix: bytes, after: bytes, limit: int
) -> tuple[list[Key], bool]:
    """Keys in byte order after `after`, and whether that was all.

    At most `limit`, and fewer where their metadata is large.
    """
    conditions, values = _range(prefix, after)
    page = (
        f"SELECT e.key, e.metadata, e.expires_at FROM {ENTRY} e"  # noqa: S608
        f" JOIN {STORE} s ON s.id = e.store_id WHERE s.guild_id = %s AND s.name = %s"
        f" AND (e.expires_at IS NULL OR e.expires_at > %s){conditions} ORDER BY e.key LIMIT %s"
    )
    ledger.cursor.execute(
        "SELECT key, expires_at, CASE WHEN so_far <= %s THEN metadata END, so_far <= %s"  # noqa: S608
        " FROM (SELECT key, metadata, expires_at, SUM(LENGTH(COALESCE(metadata, '')))"
        f" OVER (ORDER BY key) AS so_far FROM ({page}) page) measured ORDER BY key",
        [MAX_PAGE_LENGTH, MAX_PAGE_LENGTH, guild, store, ledger.seconds, *values, limit + 1],
    )
    rows = ledger.cursor.fetchall()
    found = [
        Key(bytes(name).decode(), metadata, expires_at)
        for name, expires_at, metadata, fits in rows[:limit]
        if fits
    ]
    return found, len(found) == len(rows)


def count(ledger: Ledger, guild: int, store: str) -> tuple[int, None]:
    """Of the whole store, by its counter: as count_some's last step."""
    ledger.flush()
    ledger.cursor.execute(
        f"SELECT s.entry_count - (SELECT COUNT(*) FROM {ENTRY} e WHERE e.store_id = s.id"  # noqa: S608
        f" AND e.expires_at <= %s) FROM {STORE} s WHERE s.guild_id = %s AND s.name = %s",
        [ledger.seconds, guild, store],
    )
    row = ledger.cursor.fetchone()
    return (0 if row is None else int(row[0])), None


def count_some(
    ledger: Ledger, guild: int, store: str, prefix: bytes, after: bytes
) -> tuple[int, bytes | None]:
    """Of the next COUNTED_AT_ONCE rows those that are there, and the last one's key; None when
    these were all."""
    conditions, values = _range(prefix, after)
    rows = (
        f" FROM {ENTRY} e JOIN {STORE} s ON s.id = e.store_id"
        f" WHERE s.guild_id = %s AND s.name = %s{conditions}"
    )
    ledger.cursor.execute(
        f"SELECT e.key{rows} ORDER BY e.key LIMIT 1 OFFSET %s",
        [guild, store, *values, COUNTED_AT_ONCE - 1],
    )
    row = ledger.cursor.fetchone()
    last = None if row is None else bytes(row[0])
    upto, end = ("", []) if last is None else (" AND e.key <= %s", [last])
    ledger.cursor.execute(
        f"SELECT COUNT(*){rows}{upto} AND (e.expires_at IS NULL OR e.expires_at > %s)",
        [guild, store, *values, *end, ledger.seconds],
    )
    return int(ledger.cursor.fetchone()[0]), last


def fingerprint(entry: Entry | None) -> str:
    """The same for two entries only when they are alike; empty for none."""
    if entry is None:
        return ""
    parts = (entry.value, (entry.metadata or "").encode(), str(entry.expires_at).encode())
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


# --- writing -------------------------------------------------------------------------------


def put(
    ledger: Ledger,
    guild: int,
    store: str,
    rows: Mapping[bytes, Entry],
    *,
    writes: int | None = None,
) -> None:
    """Sets all or none; makes the store with its first key. writes: as many as there are keys.

    Raises KvError when a rule, a quota or the number of writes says no.
    """
    if not rows:
        return
    counted = len(rows) if writes is None else writes
    try:
        _put(ledger, guild, store, rows, counted)
    except QuotaExceeded:
        if not sweep(ledger, guild):
            raise
        _put(ledger, guild, store, rows, counted)


def update_metadata(
    ledger: Ledger, guild: int, store: str, key: bytes, metadata: str | None
) -> None:
    """Keeps value and expiry. Raises KvError when the key is not there."""
    entry = get(ledger, guild, store, key)
    if entry is None:
        raise KvError("key not found", "KV_KEY_NOT_FOUND")
    put(ledger, guild, store, {key: entry._replace(metadata=metadata)})


def increment(
    ledger: Ledger, guild: int, store: str, key: bytes, by: float, new: Entry
) -> int | float:
    """The number afterwards. new: metadata and expiry if there is no entry yet, which is 0.

    Raises KvError when the value is no number, or would leave those that can be counted in.
    """
    entry = get(ledger, guild, store, key)
    before = 0 if entry is None else rules.number_in(entry.value)
    number = rules.checked_number(before + rules.checked_number(by))
    value = repr(number).encode()
    put(ledger, guild, store, {key: (entry or new)._replace(value=value)})
    return number


def compare_and_set(
    ledger: Ledger, guild: int, store: str, key: bytes, expected: bytes | None, entry: Entry
) -> bool:
    """Sets the entry if the value is the expected one, None for no entry; whether it was."""
    found = get(ledger, guild, store, key)
    if (None if found is None else found.value) != expected:
        return False
    put(ledger, guild, store, {key: entry})
    return True


def delete(ledger: Ledger, guild: int, store: str, keys: list[bytes]) -> int:
    """How many of them were there. Raises KvError."""
    account = ledger.find(guild, store)
    if account is None or not keys:
        return 0
    rows = _rows(ledger, account.id, keys)
    live = sum(not rules.is_past(expires_at, ledger.seconds) for _, expires_at in rows.values())
    if rows:
        size = sum(size for size, _ in rows.values())
        ledger.charge(account, writes=live, entries=-len(rows), size=-size)
        ledger.cursor.execute(
            f"DELETE FROM {ENTRY} WHERE store_id = %s AND key IN ({marks(keys)})",  # noqa: S608
            [account.id, *keys],
        )
    return live


def sweep(ledger: Ledger, guild: int) -> int:
    """Removes up to ROWS_AT_ONCE expired entries of a guild; how many."""
    by_id = {account.id: account for account in ledger.accounts(guild)}
    if not by_id:
        return 0
    ledger.cursor.execute(
        f"SELECT id, store_id, size FROM {ENTRY} WHERE expires_at <= %s"  # noqa: S608
        f" AND store_id IN ({marks(list(by_id))}) LIMIT %s",
        [ledger.seconds, *by_id, ROWS_AT_ONCE],
    )
    return _remove(ledger, by_id, ledger.cursor.fetchall())


def empty(ledger: Ledger, guild: int, store: str) -> int:
    """Removes up to ROWS_AT_ONCE entries of a store, live or not; how many."""
    account = ledger.find(guild, store)
    if account is None:
        return 0
    ledger.cursor.execute(
        f"SELECT id, store_id, size FROM {ENTRY} WHERE store_id = %s LIMIT %s",  # noqa: S608
        [account.id, ROWS_AT_ONCE],
    )
    return _remove(ledger, {account.id: account}, ledger.cursor.fetchall())


def guilds_with_expired(ledger: Ledger) -> list[int]:
    """Some of the guilds that a sweep would do something for."""
    ledger.cursor.execute(
        f"SELECT DISTINCT s.guild_id FROM {STORE} s WHERE s.id IN (SELECT e.store_id"  # noqa: S608
        f" FROM {ENTRY} e WHERE e.expires_at <= %s LIMIT %s)",
        [ledger.seconds, ROWS_AT_ONCE],
    )
    return [int(guild) for (guild,) in ledger.cursor.fetchall()]


def _put(ledger: Ledger, guild: int, store: str, rows: Mapping[bytes, Entry], writes: int) -> None:
    account = ledger.open(guild, store)
    sizes = {
        key: rules.check_entry_size(key, entry.value, entry.metadata) for key, entry in rows.items()
    }
    before = {} if account.id is None else _rows(ledger, account.id, list(rows))
    growth = sum(sizes.values()) - sum(size for size, _ in before.values())
    ledger.charge(account, writes=writes, entries=len(rows) - len(before), size=growth)
    values: list[Any] = []
    store_id = ledger.id_of(account)
    for key, entry in rows.items():
        values += [store_id, key, entry.value, entry.metadata, entry.expires_at, sizes[key]]
    ledger.cursor.execute(
        f"INSERT INTO {ENTRY} (store_id, key, value, metadata, expires_at, size) VALUES "  # noqa: S608
        + ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
        + " ON CONFLICT (store_id, key) DO UPDATE SET"
        " value = excluded.value, metadata = excluded.metadata,"
        " expires_at = excluded.expires_at, size = excluded.size",
        values,
    )


def _rows(
    ledger: Ledger, store_id: int | None, keys: list[bytes]
) -> dict[bytes, tuple[int, int | None]]:
    """Size and expiry of those that have a row, expired ones too."""
    ledger.cursor.execute(
        f"SELECT key, size, expires_at FROM {ENTRY}"  # noqa: S608
        f" WHERE store_id = %s AND key IN ({marks(keys)})",
        [store_id, *keys],
    )
    return {bytes(key): (size, expires_at) for key, size, expires_at in ledger.cursor.fetchall()}


def _remove(ledger: Ledger, by_id: Mapping[int | None, Any], rows: list[Any]) -> int:
    """rows: (id, store_id, size). It counts as no write."""
    if rows:
        ids = [row[0] for row in rows]
        ledger.cursor.execute(f"DELETE FROM {ENTRY} WHERE id IN ({marks(ids)})", ids)  # noqa: S608
    for _, store_id, size in rows:
        ledger.charge(by_id[store_id], writes=0, entries=-1, size=-size)
    return len(rows)


def _range(prefix: bytes, after: bytes) -> tuple[str, list[bytes]]:
    """The condition on e.key, and its values."""
    conditions, values = " AND e.key >= %s AND e.key > %s", [prefix, after]
    end = rules.end_of_prefix(prefix)
    if end is not None:
        conditions, values = f"{conditions} AND e.key < %s", [*values, end]
    return conditions, values
