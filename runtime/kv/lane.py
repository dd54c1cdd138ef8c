"""A thread that does key-value operations: all that wait at once, in one transaction.

It takes what waits, does it, and answers it in one go: a commit costs more than a hundred reads.
It knows nothing of what an operation does.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from deployments.kv.ledger import Ledger
from deployments.kv.rules import KvError, Limits
from runtime.database import Database, unit

log = logging.getLogger("flora.kv")

BATCH = 256

Work = Callable[[Ledger], Any]


class Unconfirmed(OperationalError):
    """The database went away while it committed: nobody knows whether it has."""


@dataclass(slots=True)
class Job:
    """guild: whose data it is. writes: whether it may change them."""

    guild: int
    work: Work
    writes: bool
    answer: asyncio.Future[Any]


class Lane:
    def __init__(
        self,
        index: int,
        loop: asyncio.AbstractEventLoop,
        database: Database,
        limits_of: Callable[[int], Limits],
        now: Callable[[], float],
    ) -> None:
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._loop = loop
        self._database = database
        self._limits_of = limits_of
        self._now = now
        self._thread = threading.Thread(target=self._run, name=f"kv-{index}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when all that it has got is done."""
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

    def _perform(self, batch: list[Job]) -> list[Any]:
        """A result or an exception for each job, in their order."""
        # A connection may have died idle; the next one is new. With the database known to be
        # away one attempt is enough: scripts wait.
        for attempts_left in (1, 0) if self._database.available else (0,):
            try:
                results = unit(lambda: self._transact(batch))
            except Unconfirmed as error:  # doing it again might do it twice
                self._database.note_failure(error)
                return [_away("kv storage did not confirm: it may or may not be done")] * len(batch)
            except (OperationalError, InterfaceError) as error:
                self._database.note_failure(error)
                if attempts_left:
                    continue
            except Exception as error:  # whatever it was, the lane goes on
                if len(batch) > 1:
                    log.error("a batch of %d kv operations failed: %s", len(batch), error)
                    return [self._perform([job])[0] for job in batch]
                return [error]
            else:
                self._database.note_success()
                return results
            break
        return [_away("kv storage is not available; retry later")] * len(batch)

    def _transact(self, batch: list[Job]) -> list[Any]:
        writers = {job.guild for job in batch if job.writes}
        if not writers:
            with connection.cursor() as cursor:
                ledger = Ledger(cursor, self._limits_of, self._now())
                return [_attempt(job, ledger) for job in batch]
        is_done = False
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                ledger = Ledger(cursor, self._limits_of, self._now())
                ledger.lock(writers)
                results = [_attempt(job, ledger) for job in batch]
                ledger.flush()
                is_done = True
        except (OperationalError, InterfaceError) as error:
            if is_done:
                raise Unconfirmed(str(error)) from error
            raise
        return results


def _attempt(job: Job, ledger: Ledger) -> Any:
    try:
        return job.work(ledger)
    except KvError as error:
        return error


def _away(message: str) -> KvError:
    return KvError(message, "KV_UNAVAILABLE")


def _deliver(batch: list[Job], results: list[Any]) -> None:
    for job, result in zip(batch, results, strict=True):
        if job.answer.done():
            continue
        if isinstance(result, Exception):
            job.answer.set_exception(result)
        else:
            job.answer.set_result(result)
