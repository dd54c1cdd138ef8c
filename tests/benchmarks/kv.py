"""What a key-value operation costs in the engine, on the database of DATABASE_URL."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

from django.core.management import call_command
from django.db import connection, connections

from deployments.kv.rules import Limits
from deployments.models import Guild, KvEntry, KvStore
from runtime.database import Database
from runtime.kv.engine import KvEngine
from tests.benchmarks.figures import Figure

GUILDS, OPERATIONS = 20, 2_000
IN_FLIGHT = 64
VALUE = "v" * 100

Work = Callable[[int], Awaitable[object]]


def figures() -> Iterator[Figure]:
    call_command("migrate", verbosity=0)
    ids = [300000000000000000 + (number << 22) for number in range(GUILDS)]
    Guild.objects.bulk_create([Guild(pk=pk) for pk in ids], ignore_conflicts=True)
    yield from asyncio.run(_measured([str(pk) for pk in ids]))
    KvEntry.objects.filter(store__guild__in=ids).delete()
    KvStore.objects.filter(guild__in=ids).delete()
    Guild.objects.filter(pk__in=ids).delete()
    connections.close_all()


async def _measured(guilds: list[str]) -> list[Figure]:
    engine = KvEngine(Database(), lambda _: Limits(writes_per_minute=0))
    engine.start()

    def guild(number: int) -> str:
        return guilds[number % GUILDS]

    def read(number: int) -> Awaitable[object]:
        return engine.get(guild(number), "bench", f"key{number % 100}")

    def write(number: int) -> Awaitable[object]:
        return engine.set(guild(number), "bench", f"key{number % 100}", VALUE, None, None)

    def count(number: int) -> Awaitable[object]:
        return engine.increment(guild(number), "bench", "n", 1, None, None)

    def write_many(number: int) -> Awaitable[object]:
        keys = {f"key{key}": (VALUE, None, None) for key in range(100)}
        return engine.set_many(guild(number), "bench", keys)

    await _many(write, 200)
    vendor = connection.vendor
    got = await _each(read, OPERATIONS)
    figures = [Figure(f"get, one at a time ({vendor})", got, "µs")]
    for name, cost in (
        ("set, one at a time", await _each(write, OPERATIONS)),
        (f"get, {IN_FLIGHT} in flight", await _many(read, 5 * OPERATIONS)),
        (f"set, {IN_FLIGHT} in flight", await _many(write, 5 * OPERATIONS)),
        (f"increment, {IN_FLIGHT} in flight", await _many(count, 5 * OPERATIONS)),
        ("a key of a setMany of 100", await _each(write_many, 100) / 100),
    ):
        figures.append(Figure(name, cost, "µs", cost / got, "get"))
    await asyncio.to_thread(engine.stop)
    return figures


async def _each(work: Work, times: int) -> float:
    """Microseconds of one, the next after the answer of the one before."""
    started = time.perf_counter()
    for number in range(times):
        await work(number)
    return (time.perf_counter() - started) / times * 1e6


async def _many(work: Work, times: int) -> float:
    """Microseconds of one, with IN_FLIGHT that wait for their answers."""
    started = time.perf_counter()
    numbers = iter(range(times))

    async def go_on() -> None:
        for number in numbers:
            await work(number)

    await asyncio.gather(*(go_on() for _ in range(IN_FLIGHT)))
    return (time.perf_counter() - started) / times * 1e6
