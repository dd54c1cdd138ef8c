"""A running engine on a real database, with a clock of the test's own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import Count, Sum

from deployments.kv.entries import Entry
from deployments.kv.rules import KvError, Limits
from deployments.models import Guild, KvEntry, KvStore
from runtime.database import Database
from runtime.kv.engine import KvEngine

GUILD, OTHER = "300000000000000001", "300000000000000002"
NOON = 1_800_000_000.0
UNLIMITED = Limits(writes_per_minute=0)


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


class Kv:
    """An engine and the calls of the tests, on a loop of its own. Stores are `store` by default."""

    def __init__(self, limits: Limits = UNLIMITED, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.runner = asyncio.Runner()
        self.engine = KvEngine(Database(), lambda _: limits, now=self.clock)
        self.runner.run(self._start())

    async def _start(self) -> None:
        self.engine.start()

    def close(self) -> None:
        self.engine.stop()
        self.runner.close()

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """work: called inside the loop."""

        async def wait() -> Any:
            return await work()

        return self.runner.run(wait())

    def call(self, method: str, *arguments: Any) -> Any:
        return self.run(lambda: getattr(self.engine, method)(*arguments))

    def together(self, *calls: tuple[Any, ...]) -> list[Any]:
        """Results and exceptions of calls that arrive at once: (method, arguments…) each."""

        async def begin() -> list[Any]:
            futures = [getattr(self.engine, method)(*arguments) for method, *arguments in calls]
            return await asyncio.gather(*futures, return_exceptions=True)

        return self.run(begin)

    # --- by their names in scripts ----------------------------------------------------------

    def set(
        self,
        key: str,
        value: str,
        metadata: str | None = None,
        expires: float | None = None,
        *,
        store: str = "store",
        guild: str = GUILD,
    ) -> None:
        self.call("set", guild, store, key, value, metadata, expires)

    def get(self, key: str, *, store: str = "store", guild: str = GUILD) -> Entry | None:
        return self.call("get", guild, store, key)

    def increment(self, key: str, by: float = 1, *more: Any) -> int | float:
        return self.call("increment", GUILD, "store", key, by, *(more or (None, None)))

    def compare_and_set(self, key: str, expected: str | None, value: str, *more: Any) -> bool:
        arguments = (key, expected, value, *(more or (None, None)))
        return self.call("compare_and_set", GUILD, "store", *arguments)

    def set_many(self, values: dict[str, str], expires: float | None = None) -> None:
        rows = {key: (value, None, expires) for key, value in values.items()}
        self.call("set_many", GUILD, "store", rows)

    def get_many(self, *keys: str) -> dict[bytes, bytes]:
        return self.call("get_many", GUILD, "store", list(keys))

    def delete(self, *keys: str, store: str = "store", guild: str = GUILD) -> int:
        return self.call("delete_many", guild, store, list(keys))

    def count(self, prefix: str = "", store: str = "store") -> int:
        return self.call("count", GUILD, store, prefix)

    def names(self, prefix: str = "", after: str = "", limit: int = 100) -> tuple[list[str], bool]:
        keys, complete = self.call("keys", GUILD, "store", prefix, after, limit)
        return [key.name for key in keys], complete


def refusal(work: Callable[[], Any]) -> tuple[str, str]:
    """What KvError says, and its code."""
    with pytest.raises(KvError) as raised:
        work()
    return str(raised.value), raised.value.code


def check_counters() -> None:
    """They say of each store what is really in it."""
    counted = {
        row["store_id"]: (row["size"], row["entries"])
        for row in KvEntry.objects.values("store_id").annotate(
            size=Sum("size"), entries=Count("pk")
        )
    }
    for store in KvStore.objects.all():
        assert (store.bytes_used, store.entry_count) == counted.get(store.pk, (0, 0)), store.name
    for entry in KvEntry.objects.all():
        metadata = (entry.metadata or "").encode()
        assert entry.size == len(entry.key) + len(entry.value) + len(metadata)


def used(store: str = "store") -> int:
    return KvStore.objects.get(name=store).bytes_used


@pytest.fixture
def guilds(transactional_db: None) -> None:
    for guild_id in (GUILD, OTHER):
        Guild.objects.create(pk=int(guild_id))


@pytest.fixture
def make_kv(guilds: None) -> Iterator[Callable[..., Kv]]:
    made: list[Kv] = []

    def make(limits: Limits = UNLIMITED, clock: Clock | None = None) -> Kv:
        made.append(Kv(limits, clock))
        return made[-1]

    yield make
    for kv in made:
        kv.close()
    check_counters()


@pytest.fixture
def kv(make_kv: Callable[..., Kv]) -> Kv:
    """Without a limit on writes."""
    return make_kv()
