"""How web and commands get at key-value data: a ledger for as long as a block lasts.

The runtime has ledgers of its own, one for many operations at once (runtime/kv/).
"""

import contextlib
import time
from collections.abc import Iterator

from django.db import connection, transaction

from deployments.kv.ledger import Ledger
from deployments.kv.rules import Limits
from deployments.limits import limits_of


@contextlib.contextmanager
def writing(guild: int) -> Iterator[Ledger]:
    """The guild's stores are locked; all is committed with the block, or nothing if it raises."""
    with transaction.atomic(), connection.cursor() as cursor:
        ledger = Ledger(cursor, kv_limits_of, time.time())
        ledger.lock([guild])
        yield ledger
        ledger.flush()


@contextlib.contextmanager
def reading() -> Iterator[Ledger]:
    with connection.cursor() as cursor:
        yield Ledger(cursor, kv_limits_of, time.time())


@contextlib.contextmanager
def snapshot() -> Iterator[None]:
    """All that the block reads is of one moment, and holds up nobody who writes.

    Inside a transaction of the caller's it sees what that one sees.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Django's own transactions begin as writing ones here.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def kv_limits_of(guild: int) -> Limits:
    runtime, _ = limits_of(guild)
    return Limits.of(runtime)
