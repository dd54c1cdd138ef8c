"""Key-value data on a real database: the original's rules, order, expiry, quotas, batches."""

import asyncio
import time
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.models import Guild, KvEntry, KvStore
from runtime.database import Database
from runtime.kv import rules
from runtime.kv.engine import KvEngine
from runtime.kv.rules import KvError, Limits
from runtime.kv.sql import Entry
from tests.examples import examples

pytestmark = pytest.mark.django_db(transaction=True)

GUILD, OTHER = "300000000000000001", "300000000000000002"


@pytest.fixture
def guilds() -> None:
    for guild_id in (GUILD, OTHER):
        Guild.objects.create(pk=int(guild_id))


class Kv:
    """A running engine and the calls of the tests, on a loop of its own."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.runner = asyncio.Runner()
        self.engine = KvEngine(Database(), limits)
        self.runner.run(self._start())

    async def _start(self) -> None:
        self.engine.start()

    def run(self, work: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await work

        return self.runner.run(wait())

    def call(self, method: str, *arguments: Any) -> Any:
        async def begin() -> Any:
            return await getattr(self.engine, method)(*arguments)

        return self.runner.run(begin())

    def put(self, key: str, value: str, metadata: str | None = None, expires: int | None = None):
        return self.call("set", GUILD, "store", key, value, metadata, expires)

    def get(self, key: str, guild: str = GUILD) -> Entry | None:
        return self.call("get", guild, "store", key)

    def names(self, prefix: str = "", after: str = "", limit: int = 100) -> tuple[list[str], bool]:
        keys, complete = self.call("keys", GUILD, "store", prefix, after, limit)
        return [key.name for key in keys], complete


@pytest.fixture
def kv(guilds: None) -> Iterator[Kv]:
    kv = Kv()
    yield kv
    kv.engine.stop()
    kv.runner.close()


def bytes_used() -> int:
    return KvStore.objects.get(name="store").bytes_used


def test_a_missing_store_finds_nothing_and_is_made_by_the_first_write(kv: Kv) -> None:
    assert kv.get("a") is None
    assert kv.names() == ([], True)
    assert kv.call("delete", GUILD, "store", "a") is None
    assert KvStore.objects.count() == 0
    kv.put("a", "1")
    assert kv.get("a") == Entry(b"1", None, None)
    assert KvStore.objects.get().guild_id == int(GUILD)


def test_guilds_do_not_see_each_other(kv: Kv) -> None:
    kv.put("a", "mine")
    assert kv.get("a", OTHER) is None
    kv.call("delete", OTHER, "store", "a")
    assert kv.get("a") == Entry(b"mine", None, None)


def test_set_replaces_metadata_and_expiry(kv: Kv) -> None:
    later = int(time.time()) + 1000
    kv.put("a", "1", '{"n":1}', later)
    assert kv.get("a") == Entry(b"1", '{"n":1}', later)
    kv.put("a", "2")
    assert kv.get("a") == Entry(b"2", None, None)


def test_update_metadata_keeps_value_and_expiry(kv: Kv) -> None:
    later = int(time.time()) + 1000
    kv.put("a", "1", None, later)
    kv.call("update_metadata", GUILD, "store", "a", "[1]")
    assert kv.get("a") == Entry(b"1", "[1]", later)
    with pytest.raises(KvError, match=r"^key not found$"):
        kv.call("update_metadata", GUILD, "store", "missing", "[1]")


def test_an_expired_key_is_absent(kv: Kv) -> None:
    kv.put("past", "1", None, int(time.time()) - 1)
    kv.put("future", "1", None, int(time.time()) + 1000)
    assert kv.get("past") is None
    assert kv.names() == (["future"], True)
    with pytest.raises(KvError, match=r"^key not found$"):
        kv.call("update_metadata", GUILD, "store", "past", "[1]")


def test_keys_come_in_byte_order_with_prefix_limit_and_cursor(kv: Kv) -> None:
    for key in ("b", "a", "B", "ä", "a/2", "a/10", "z\U0001f490"):
        kv.put(key, "1")
    everything = ["B", "a", "a/10", "a/2", "b", "z\U0001f490", "ä"]
    assert kv.names() == (everything, True)
    assert kv.names(prefix="a/") == (["a/10", "a/2"], True)
    assert kv.names(limit=3) == (everything[:3], False)
    assert kv.names(after="a/10", limit=2) == (["a/2", "b"], False)
    assert kv.names(after="b", limit=2) == (["z\U0001f490", "ä"], True)
    assert kv.names(prefix="nothing") == ([], True)


@pytest.mark.parametrize(
    ("store", "key", "value", "message"),
    [
        ("store", "", "1", "key cannot be empty"),
        ("store", "k" * 513, "1", "key exceeds maximum size of 512 characters"),
        ("store", "a\x00b", "1", "key contains null character"),
        ("store", "a", "v" * (rules.MAX_VALUE_BYTES + 1), "value exceeds maximum size of 1MB"),
        ("", "a", "1", "store_name cannot be empty"),
        ("s" * 65, "a", "1", "store_name exceeds maximum size of 64 characters"),
        ("../etc", "a", "1", "store_name contains invalid characters"),
    ],
)
def test_broken_rules_have_the_originals_words(
    kv: Kv, store: str, key: str, value: str, message: str
) -> None:
    with pytest.raises(KvError) as raised:
        kv.call("set", GUILD, store, key, value, None, None)
    assert str(raised.value) == message
    assert KvEntry.objects.count() == 0


def test_the_largest_key_and_value_are_taken(kv: Kv) -> None:
    kv.put("k" * 512, "v" * rules.MAX_VALUE_BYTES)
    assert bytes_used() == 512 + rules.MAX_VALUE_BYTES


def test_used_bytes_follow_each_write(kv: Kv) -> None:
    kv.put("ab", "123", '"m"')
    assert bytes_used() == 2 + 3 + 3
    kv.put("ab", "1")
    assert bytes_used() == 2 + 1
    kv.call("update_metadata", GUILD, "store", "ab", "[1,2]")
    assert bytes_used() == 2 + 1 + 5
    kv.call("delete", GUILD, "store", "ab")
    assert bytes_used() == 0


def test_quotas_of_store_guild_and_number_of_stores(guilds: None) -> None:
    kv = Kv(Limits(store_bytes=10, guild_bytes=15, stores=2))
    try:
        kv.put("a", "123456789")
        with pytest.raises(KvError, match=r"^kv store storage quota exceeded$"):
            kv.put("b", "1")
        kv.call("set", GUILD, "second", "a", "1234", None, None)
        with pytest.raises(KvError, match=r"^kv guild storage quota exceeded$"):
            kv.call("set", GUILD, "second", "b", "1", None, None)
        with pytest.raises(KvError, match=r"^a guild may have 2 stores$"):
            kv.call("set", GUILD, "third", "a", "1", None, None)
        kv.put("a", "1")  # shrinking is always allowed
        kv.call("set", OTHER, "store", "a", "123456789", None, None)
        assert bytes_used_by_guild() == {GUILD: 2 + 5, OTHER: 10}
    finally:
        kv.engine.stop()
        kv.runner.close()


def bytes_used_by_guild() -> dict[str, int]:
    used: dict[str, int] = {}
    for store in KvStore.objects.all():
        used[str(store.guild_id)] = used.get(str(store.guild_id), 0) + store.bytes_used
    return used


def test_the_121st_write_of_a_minute_is_refused(kv: Kv) -> None:
    for number in range(rules.SETS_PER_MINUTE):
        kv.put("a", str(number))
    with pytest.raises(KvError, match=r"^kv write rate limit exceeded; retry later$"):
        kv.put("a", "one too many")
    assert kv.get("a") == Entry(b"119", None, None)
    kv.call("set", GUILD, "another", "a", "1", None, None)


def test_what_arrives_together_keeps_its_order_and_fails_alone(kv: Kv) -> None:
    async def burst() -> list[Any]:
        futures = []
        for number in range(50):
            futures.append(kv.engine.set(GUILD, "store", "a", str(number), None, None))
            futures.append(kv.engine.get(GUILD, "store", "a"))
        futures.append(kv.engine.update_metadata(GUILD, "store", "missing", "1"))
        futures.append(kv.engine.get(GUILD, "store", "a"))
        return await asyncio.gather(*futures, return_exceptions=True)

    results = kv.run(burst())
    assert [entry.value for entry in results[1:100:2]] == [b"%d" % n for n in range(50)]
    assert str(results[100]) == "key not found"
    assert results[101] == Entry(b"49", None, None)


@given(value=st.text(), key=st.text(min_size=1, max_size=100).filter(lambda k: "\x00" not in k))
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_text_comes_back_as_it_was(kv: Kv, key: str, value: str) -> None:
    kv.engine._sets.clear()
    kv.put(key, value)
    entry = kv.get(key)
    assert entry is not None
    assert entry.value == value.encode()
    names, _ = kv.names(prefix=key)
    assert key in names


def test_the_database_keeps_no_transaction_open(kv: Kv) -> None:
    kv.put("a", "1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    KvEntry.objects.all().delete()
    assert kv.get("a") is None
