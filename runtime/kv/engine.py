"""Key-value operations of scripts: what has arrived together is done together.

A lane is a thread with a queue. It takes all that waits, does it in one transaction if anything
is written, and answers it in one go: a commit costs more than a hundred reads. A guild always
has the same lane, so its operations keep their order.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from runtime.database import Database, unit
from runtime.kv import rules, sql
from runtime.kv.rules import KvError, Limits

log = logging.getLogger("flora.kv")

BATCH = 256
POSTGRESQL_LANES = 4

Work = Callable[[Any], Any]  # gets a cursor


@dataclass(slots=True)
class _Job:
    work: Work
    writes: bool
    answer: asyncio.Future[Any]


class KvEngine:
    def __init__(self, database: Database, limits: Limits | None = None) -> None:
        self._database = database
        self._limits = limits or Limits()
        self._lanes: list[_Lane] = []
        self._sets: dict[tuple[str, str], deque[float]] = {}

    def start(self) -> None:
        count = POSTGRESQL_LANES if connection.vendor == "postgresql" else 1
        loop = asyncio.get_running_loop()
        self._lanes = [_Lane(index, loop, self._database) for index in range(count)]

    def stop(self) -> None:
        """What has been accepted is done before this returns."""
        for lane in self._lanes:
            lane.stop()

    # Each method checks its arguments at once (KvError) and gives a future of the result.

    def get(self, guild_id: str, store: str, key: str) -> "asyncio.Future[sql.Entry | None]":
        guild, encoded = self._subject(guild_id, store, key)
        return self._submit(guild, lambda cursor: sql.get(cursor, guild, store, encoded))

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
        stored = rules.check_value(value)
        size = rules.check_entry_size(encoded, stored, metadata)
        self._count_write(guild_id, store)
        entry, limits = sql.Entry(stored, metadata, expires_at), self._limits
        return self._submit(
            guild,
            lambda cursor: sql.put(cursor, guild, store, encoded, entry, size, limits),
            writes=True,
        )

    def update_metadata(
        self, guild_id: str, store: str, key: str, metadata: str | None
    ) -> "asyncio.Future[None]":
        guild, encoded = self._subject(guild_id, store, key)
        limits = self._limits
        return self._submit(
            guild,
            lambda cursor: sql.update_metadata(cursor, guild, store, encoded, metadata, limits),
            writes=True,
        )

    def delete(self, guild_id: str, store: str, key: str) -> "asyncio.Future[None]":
        guild, encoded = self._subject(guild_id, store, key)
        return self._submit(
            guild, lambda cursor: sql.delete(cursor, guild, store, encoded), writes=True
        )

    def keys(
        self, guild_id: str, store: str, prefix: str, after: str, limit: int
    ) -> "asyncio.Future[tuple[list[sql.Key], bool]]":
        rules.check_store_name(store)
        if "\x00" in prefix:
            raise KvError("prefix contains null character", "KV_INVALID_KEY")
        guild, start, cursor_key = int(guild_id), prefix.encode(), after.encode()
        return self._submit(
            guild, lambda cursor: sql.keys(cursor, guild, store, start, cursor_key, limit)
        )

    def _subject(self, guild_id: str, store: str, key: str) -> tuple[int, bytes]:
        rules.check_store_name(store)
        return int(guild_id), rules.check_key(key)

    def _count_write(self, guild_id: str, store: str) -> None:
        now = time.monotonic()
        times = self._sets.setdefault((guild_id, store), deque())
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= rules.SETS_PER_MINUTE:
            raise KvError("kv write rate limit exceeded; retry later", "KV_RATE_LIMITED")
        times.append(now)

    def _submit(self, guild: int, work: Work, *, writes: bool = False) -> "asyncio.Future[Any]":
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        lane = self._lanes[(guild >> 22) % len(self._lanes)]
        lane.jobs.put(_Job(work, writes, answer))
        return answer


class _Lane:
    def __init__(self, index: int, loop: asyncio.AbstractEventLoop, database: Database) -> None:
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._loop = loop
        self._database = database
        self._thread = threading.Thread(target=self._run, name=f"kv-{index}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self.jobs.get()) is not None:
            batch = [job]
            ended = False
            while len(batch) < BATCH:
                try:
                    job = self.jobs.get_nowait()
                except Empty:
                    break
                if job is None:
                    ended = True
                    break
                batch.append(job)
            results = self._perform(batch)
            self._loop.call_soon_threadsafe(_deliver, batch, results)
            if ended:
                break
        connection.close()

    def _perform(self, batch: list[_Job]) -> list[Any]:
        """A result or an exception for each job, in their order."""
        # A connection may have died idle; the next one is new. With the database known to be
        # away one attempt is enough: scripts wait.
        for attempts_left in (1, 0) if self._database.available else (0,):
            try:
                results = unit(lambda: _transact(batch))
            except (OperationalError, InterfaceError) as error:
                self._database.note_failure(error)
                if attempts_left:
                    continue
            except DatabaseError as error:
                log.error("a batch of %d kv operations failed: %s", len(batch), error)
                if len(batch) > 1:
                    return [self._perform([job])[0] for job in batch]
            else:
                self._database.note_success()
                return results
            break
        problem = KvError("kv storage is not available; retry later", "KV_UNAVAILABLE")
        return [problem] * len(batch)


def _transact(batch: list[_Job]) -> list[Any]:
    if any(job.writes for job in batch):
        with transaction.atomic(), connection.cursor() as cursor:
            return [_attempt(job, cursor) for job in batch]
    with connection.cursor() as cursor:
        return [_attempt(job, cursor) for job in batch]


def _attempt(job: _Job, cursor: Any) -> Any:
    try:
        return job.work(cursor)
    except KvError as error:
        return error


def _deliver(batch: list[_Job], results: list[Any]) -> None:
    for job, result in zip(batch, results, strict=True):
        if job.answer.done():
            continue
        if isinstance(result, Exception):
            job.answer.set_exception(result)
        else:
            job.answer.set_result(result)
