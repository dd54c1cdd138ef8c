"""Key-value operations of scripts: checked here, done in lanes, expired entries swept away.

A guild always has the same lane, so its operations keep their order. What an operation does to
the database is deployments/kv's to know.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import connection

from deployments.kv import entries, rules
from deployments.kv.entries import Entry, Key
from deployments.kv.rules import KvError, Limits
from runtime.database import Database
from runtime.kv.lane import Job, Lane, Work

log = logging.getLogger("flora.kv")

POSTGRESQL_LANES = 4
# How often expired entries are looked for; seconds.
SWEEP_EVERY = 60.0


class KvEngine:
    """limits_of(guild_id): what the guild may keep; asked in the lanes' threads. now: unix
    seconds."""

    def __init__(
        self,
        database: Database,
        limits_of: Callable[[str], Limits],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._limits_of = limits_of
        self._now = now
        self._lanes: list[Lane] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sweeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        count = POSTGRESQL_LANES if connection.vendor == "postgresql" else 1
        self._loop = loop = asyncio.get_running_loop()
        self._lanes = [
            Lane(index, loop, self._database, self._limits_of_number, self._now)
            for index in range(count)
        ]
        self._sweeping = loop.create_task(self._sweep_for_ever(), name="kv-sweep")

    def stop(self) -> None:
        """What has been accepted is done before this returns; from any thread but the loop's."""
        if self._loop is not None and self._sweeping is not None:
            self._loop.call_soon_threadsafe(self._sweeping.cancel)
        for lane in self._lanes:
            lane.stop()

    # Each method checks its arguments at once (KvError) and gives a future of the result.
    # What a function of deployments/kv raises, the future raises.

    def get(self, guild_id: str, store: str, key: str) -> "asyncio.Future[Entry | None]":
        guild, encoded = self._subject(guild_id, store, key)
        return self._read(guild, lambda ledger: entries.get(ledger, guild, store, encoded))

    def get_many(
        self, guild_id: str, store: str, keys: list[str]
    ) -> "asyncio.Future[dict[bytes, bytes]]":
        guild, encoded = self._subjects(guild_id, store, keys)
        return self._read(guild, lambda ledger: entries.get_many(ledger, guild, store, encoded))

    def set(
        self,
        guild_id: str,
        store: str,
        key: str,
        value: str,
        metadata: str | None,
        expires_at: int | None,
    ) -> "asyncio.Future[None]":
        guild, encoded = self._subject(guild_id, store, key)
        entry = Entry(rules.check_value(value), metadata, expires_at)
        rules.check_entry_size(encoded, entry.value, metadata)
        return self._write(
            guild, lambda ledger: entries.put(ledger, guild, store, {encoded: entry})
        )

    def set_many(
        self, guild_id: str, store: str, values: Mapping[str, tuple[str, str | None, int | None]]
    ) -> "asyncio.Future[None]":
        """values: by key, each with metadata and expiry. All are set or none."""
        guild, encoded = self._subjects(guild_id, store, list(values))
        rows = {
            key: Entry(rules.check_value(value), metadata, expires_at)
            for key, (value, metadata, expires_at) in zip(encoded, values.values(), strict=True)
        }
        return self._write(guild, lambda ledger: entries.put(ledger, guild, store, rows))

    def update_metadata(
        self, guild_id: str, store: str, key: str, metadata: str | None
    ) -> "asyncio.Future[None]":
        guild, encoded = self._subject(guild_id, store, key)
        return self._write(
            guild,
            lambda ledger: entries.update_metadata(ledger, guild, store, encoded, metadata),
        )

    def increment(
        self,
        guild_id: str,
        store: str,
        key: str,
        by: float,
        metadata: str | None,
        expires_at: int | None,
    ) -> "asyncio.Future[int | float]":
        """metadata, expires_at: of the entry if there is none yet."""
        guild, encoded = self._subject(guild_id, store, key)
        new = Entry(b"", metadata, expires_at)
        return self._write(
            guild, lambda ledger: entries.increment(ledger, guild, store, encoded, by, new)
        )

    def compare_and_set(
        self,
        guild_id: str,
        store: str,
        key: str,
        expected: str | None,
        value: str,
        metadata: str | None,
        expires_at: int | None,
    ) -> "asyncio.Future[bool]":
        """expected: None when there must be no entry."""
        guild, encoded = self._subject(guild_id, store, key)
        entry = Entry(rules.check_value(value), metadata, expires_at)
        before = None if expected is None else rules.encoded(expected)
        return self._write(
            guild,
            lambda ledger: entries.compare_and_set(ledger, guild, store, encoded, before, entry),
        )

    def delete(self, guild_id: str, store: str, key: str) -> "asyncio.Future[int]":
        """How many there were."""
        return self.delete_many(guild_id, store, [key])

    def delete_many(self, guild_id: str, store: str, keys: list[str]) -> "asyncio.Future[int]":
        guild, encoded = self._subjects(guild_id, store, keys)
        return self._write(guild, lambda ledger: entries.delete(ledger, guild, store, encoded))

    def keys(
        self, guild_id: str, store: str, prefix: str, after: str, limit: int
    ) -> "asyncio.Future[tuple[list[Key], bool]]":
        """A page of keys in byte order, and whether it is the last one."""
        rules.check_store_name(store)
        guild, start, cursor = int(guild_id), rules.check_prefix(prefix), rules.encoded(after)
        return self._read(
            guild, lambda ledger: entries.keys(ledger, guild, store, start, cursor, limit)
        )

    async def count(self, guild_id: str, store: str, prefix: str) -> int:
        """Keys that begin so. Many are counted in steps, so that other guilds get their turns."""
        rules.check_store_name(store)
        guild, start = int(guild_id), rules.check_prefix(prefix)
        total, after = 0, b""
        while True:
            step: Work = (
                partial(entries.count_some, guild=guild, store=store, prefix=start, after=after)
                if start
                else partial(entries.count, guild=guild, store=store)
            )
            found, last = await self._read(guild, step)
            total += int(found)
            if last is None:
                return total
            after = last

    async def sweep(self) -> int:
        """Removes all entries that have expired; how many. Other operations come in between."""
        removed = 0
        while guilds := await self._read(0, entries.guilds_with_expired):
            for guild in guilds:
                removed += await self._write(guild, partial(entries.sweep, guild=guild))
        return removed

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                if removed := await self.sweep():
                    log.info("%d expired kv entries removed", removed)
            except KvError as error:
                log.warning("expired kv entries stay for now: %s", error)

    def _subject(self, guild_id: str, store: str, key: str) -> tuple[int, bytes]:
        rules.check_store_name(store)
        return int(guild_id), rules.check_key(key)

    def _subjects(self, guild_id: str, store: str, keys: list[str]) -> tuple[int, list[bytes]]:
        rules.check_store_name(store)
        return int(guild_id), [rules.check_key(key) for key in keys]

    def _limits_of_number(self, guild: int) -> Limits:
        return self._limits_of(str(guild))

    def _read(self, guild: int, work: Work) -> "asyncio.Future[Any]":
        return self._submit(guild, work, writes=False)

    def _write(self, guild: int, work: Work) -> "asyncio.Future[Any]":
        return self._submit(guild, work, writes=True)

    def _submit(self, guild: int, work: Work, *, writes: bool) -> "asyncio.Future[Any]":
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        lane = self._lanes[(guild >> 22) % len(self._lanes)]
        lane.jobs.put(Job(guild, work, writes, answer))
        return answer
