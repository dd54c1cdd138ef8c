"""The runtime's way to the database: a few threads, and patience while it is away.

Not Django's thread-sensitive executor: one slow query would hold up everything else.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger("flora.runtime")

THREADS = 4
RETRY_FIRST, RETRY_LAST = 0.1, 5.0

Result = TypeVar("Result")


class DatabaseAway(Exception):
    """The database did not answer within the patience of the caller."""


class Database:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
        self._away_since: float | None = None

    @property
    def available(self) -> bool:
        """False from the first failed attempt until the next one that succeeds."""
        return self._away_since is None

    async def run(self, work: Callable[[], Result], *, patience: float = 10.0) -> Result:
        """Runs a unit of work on a database thread, again and again while the database is away.

        The unit must be one transaction: it is repeated as a whole. Raises DatabaseAway after
        `patience` seconds, and whatever else the work raises.
        """
        loop = asyncio.get_running_loop()
        deadline, delay = time.monotonic() + patience, RETRY_FIRST
        while True:
            try:
                result = await loop.run_in_executor(self._threads, unit, work)
            except (OperationalError, InterfaceError) as error:
                self.note_failure(error)
                if time.monotonic() + delay > deadline:
                    raise DatabaseAway(str(error)) from error
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_LAST)
            else:
                self.note_success()
                return result

    def note_failure(self, error: Exception) -> None:
        """Logs once that the database has gone; safe from any thread."""
        if self._away_since is None:
            self._away_since = time.monotonic()
            log.error("the database is away: %s", str(error).partition("\n")[0])

    def note_success(self) -> None:
        if self._away_since is not None:
            seconds = time.monotonic() - self._away_since
            self._away_since = None
            log.info("the database is back after %.1f s", seconds)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)


def unit(work: Callable[[], Result]) -> Result:
    """Runs work on this thread's connection and leaves that connection usable for the next.

    A pooled connection goes back to its pool; SQLite's stays open, it is this thread's own.
    """
    try:
        return work()
    except (OperationalError, InterfaceError):
        with contextlib.suppress(Exception):
            connection.close()
        raise
    finally:
        if connection.vendor != "sqlite":
            with contextlib.suppress(Exception):
                connection.close()
