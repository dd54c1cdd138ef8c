"""The stores of some guilds for the length of one transaction: locked, judged, counted.

Whoever writes locks the guilds first, in whatever process, so that quotas, counters and the
writes of a minute hold for scripts, API and admin together. It knows neither keys nor values.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from deployments.kv.rules import WINDOW_SECONDS, KvError, Limits

STORE = "deployments_kvstore"


class QuotaExceeded(KvError):
    """More bytes than the store or the guild may keep."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "KV_QUOTA_EXCEEDED")


@dataclass(slots=True)
class Account:
    """A store as it stands in this transaction. id: None until something is kept in it.

    window_start: unix milliseconds of the first write that window_writes counts.
    """

    guild: int
    name: str
    id: int | None = None
    bytes_used: int = 0
    entry_count: int = 0
    window_start: int = 0
    window_writes: int = 0
    is_changed: bool = False


class Ledger:
    """cursor: inside a transaction when anything is locked. limits_of(guild): what it may keep.
    now: unix seconds."""

    def __init__(self, cursor: Any, limits_of: Callable[[int], Limits], now: float) -> None:
        self.cursor = cursor
        self._limits_of = limits_of
        self.now = now
        # The clock of expiry: an entry is there until its second begins.
        self.seconds = int(now)
        self._accounts: dict[int, dict[str, Account]] = {}

    def lock(self, guilds: Iterable[int]) -> None:
        """Waits until nobody else writes to these guilds; once a transaction, before all else."""
        ordered = sorted(set(guilds))
        if connection.vendor == "postgresql":
            # In one order, so that two transactions never wait for each other. And not in the
            # statement that reads: it would see what there was before it had to wait.
            # SQLite lets in one writing transaction at a time.
            self.cursor.execute(
                "SELECT pg_advisory_xact_lock(guild) FROM unnest(%s::bigint[]) AS guild", [ordered]
            )
        self._accounts = {guild: {} for guild in ordered}
        self.cursor.execute(
            "SELECT guild_id, name, id, bytes_used, entry_count, window_start, window_writes"  # noqa: S608 (our own names)
            f" FROM {STORE} WHERE guild_id IN ({marks(ordered)})",
            ordered,
        )
        for guild, name, *rest in self.cursor.fetchall():
            self._accounts[guild][name] = Account(guild, name, *rest)

    def find(self, guild: int, store: str) -> Account | None:
        return self._accounts[guild].get(store)

    def accounts(self, guild: int) -> list[Account]:
        """Those that are in the database, in no order."""
        return [account for account in self._accounts[guild].values() if account.id is not None]

    def open(self, guild: int, store: str) -> Account:
        """The store, or the one to be made. Raises KvError when the guild may have no more."""
        found = self.find(guild, store)
        if found is not None:
            return found
        allowed = self._limits_of(guild).stores
        if len(self.accounts(guild)) >= allowed:
            raise KvError(f"a guild may have {allowed} stores", "KV_TOO_MANY_STORES")
        return Account(guild, store)

    def charge(self, account: Account, *, writes: int, entries: int, size: int) -> None:
        """Counts writes, and entries and bytes that come or go, before they do.

        Raises KvError, and has then counted nothing.
        """
        start, done = self._window(account)
        limits = self._limits_of(account.guild)
        allowed = limits.writes_per_minute
        if writes and allowed and done + writes > allowed:
            raise KvError(
                "kv write rate limit exceeded; retry later",
                "KV_RATE_LIMITED",
                retry_after=round(start / 1000 + WINDOW_SECONDS - self.now, 3),
            )
        if size > 0:
            self._check_quota(account, size, limits)
        account.window_start, account.window_writes = start, done + writes
        account.bytes_used += size
        account.entry_count += entries
        account.is_changed = True

    def id_of(self, account: Account) -> int:
        """Its key in the database; the row is made when there is none."""
        if account.id is None:
            self.cursor.execute(
                f"INSERT INTO {STORE} (guild_id, name, bytes_used, entry_count, window_start,"  # noqa: S608
                " window_writes, created_at, updated_at)"
                " VALUES (%s, %s, 0, 0, 0, 0, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
                [account.guild, account.name],
            )
            self.cursor.execute(
                f"SELECT id FROM {STORE} WHERE guild_id = %s AND name = %s",  # noqa: S608
                [account.guild, account.name],
            )
            account.id = int(self.cursor.fetchone()[0])
            self._accounts[account.guild][account.name] = account
        return account.id

    def remove(self, account: Account) -> None:
        """Its row goes; its entries must have gone."""
        self.cursor.execute(f"DELETE FROM {STORE} WHERE id = %s", [account.id])  # noqa: S608
        del self._accounts[account.guild][account.name]

    def flush(self) -> None:
        """Writes what was counted; the last thing before the transaction ends."""
        for accounts in self._accounts.values():
            for account in accounts.values():
                if account.is_changed:
                    self._write(account)

    def _write(self, account: Account) -> None:
        self.cursor.execute(
            f"UPDATE {STORE} SET bytes_used = %s, entry_count = %s, window_start = %s,"  # noqa: S608
            " window_writes = %s, updated_at = CURRENT_TIMESTAMP WHERE id = %s",
            [
                account.bytes_used,
                account.entry_count,
                account.window_start,
                account.window_writes,
                account.id,
            ],
        )
        account.is_changed = False

    def _window(self, account: Account) -> tuple[int, int]:
        """Since when writes are counted (unix milliseconds), and how many there were."""
        now = int(self.now * 1000)
        if 0 <= now - account.window_start < WINDOW_SECONDS * 1000:
            return account.window_start, account.window_writes
        return now, 0

    def _check_quota(self, account: Account, growth: int, limits: Limits) -> None:
        if account.bytes_used + growth > limits.store_bytes:
            raise QuotaExceeded("kv store storage quota exceeded")
        kept = sum(other.bytes_used for other in self.accounts(account.guild))
        if kept + growth > limits.guild_bytes:
            raise QuotaExceeded("kv guild storage quota exceeded")


def marks(values: list[Any]) -> str:
    """Placeholders of a list of values in SQL."""
    return ", ".join(["%s"] * len(values))
