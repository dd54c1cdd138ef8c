"""The rules of a guild's data, at their edges: names, sizes, quotas, stores, writes a minute."""

from collections.abc import Callable

import pytest

from deployments.kv import rules
from deployments.kv.entries import Entry
from deployments.kv.rules import KvError, Limits
from deployments.models import KvEntry, KvStore
from tests.kv.conftest import GUILD, NOON, OTHER, Clock, Kv, check_counters, refusal, used

MakeKv = Callable[..., Kv]
LARGEST = "v" * rules.MAX_VALUE_BYTES
# With that value under a key of one byte: an entry of exactly 2 MiB.
METADATA_OF_THE_LARGEST = '"' + "m" * (rules.MAX_ENTRY_BYTES - rules.MAX_VALUE_BYTES - 1 - 2) + '"'

STORE_QUOTA = ("kv store storage quota exceeded", "KV_QUOTA_EXCEEDED")
GUILD_QUOTA = ("kv guild storage quota exceeded", "KV_QUOTA_EXCEEDED")
RATE = ("kv write rate limit exceeded; retry later", "KV_RATE_LIMITED")

# store, key, value, and the original's words with our code
WRONG_NAMES = [
    ("store", "", "key cannot be empty", "KV_INVALID_KEY"),
    ("store", "k" * 513, "key exceeds maximum size of 512 characters", "KV_INVALID_KEY"),
    ("store", "ä" * 257, "key exceeds maximum size of 512 characters", "KV_INVALID_KEY"),
    ("store", "a\x00b", "key contains null character", "KV_INVALID_KEY"),
    ("", "a", "store_name cannot be empty", "KV_INVALID_STORE"),
    ("s" * 65, "a", "store_name exceeds maximum size of 64 characters", "KV_INVALID_STORE"),
    ("ä" * 33, "a", "store_name exceeds maximum size of 64 characters", "KV_INVALID_STORE"),
    ("../etc", "a", "store_name contains invalid characters", "KV_INVALID_STORE"),
    ("a.b", "a", "store_name contains invalid characters", "KV_INVALID_STORE"),
    ("a/b", "a", "store_name contains invalid characters", "KV_INVALID_STORE"),
    ("a\nb", "a", "store_name contains invalid characters", "KV_INVALID_STORE"),
    ("a\x00", "a", "store_name contains invalid characters", "KV_INVALID_STORE"),
]


def test_wrong_names_have_the_originals_words_everywhere(kv: Kv) -> None:
    for store, key, *said in WRONG_NAMES:
        for call in (
            ("get", GUILD, store, key),
            ("set", GUILD, store, key, "1", None, None),
            ("update_metadata", GUILD, store, key, None),
            ("increment", GUILD, store, key, 1, None, None),
            ("compare_and_set", GUILD, store, key, None, "1", None, None),
            ("delete", GUILD, store, key),
            ("get_many", GUILD, store, ["fine", key]),
            ("set_many", GUILD, store, {"fine": ("1", None, None), key: ("1", None, None)}),
            ("delete_many", GUILD, store, ["fine", key]),
        ):
            assert refusal(lambda call=call: kv.call(*call)) == tuple(said)
        if store != "store":
            for call in (("keys", GUILD, store, "", "", 1), ("count", GUILD, store, "")):
                assert refusal(lambda call=call: kv.call(*call)) == tuple(said)
    null = ("prefix contains null character", "KV_INVALID_KEY")
    assert refusal(lambda: kv.names(prefix="a\x00")) == null
    assert refusal(lambda: kv.count("a\x00")) == null
    assert KvStore.objects.count() == KvEntry.objects.count() == 0


def test_the_largest_names_and_values_are_taken(kv: Kv) -> None:
    for key in ("k" * 512, "ä" * 256):
        kv.set(key, "")
        assert kv.get(key) == Entry(b"")
    for store in ("s" * 64, "ä" * 32, "a b", "-", "💾", "backups"):
        kv.set("a", "1", store=store)
    kv.set("k", LARGEST, METADATA_OF_THE_LARGEST)
    assert used() == 1024 + rules.MAX_ENTRY_BYTES


def test_a_value_or_entry_that_is_too_large_changes_nothing(kv: Kv) -> None:
    kv.set("k", LARGEST, METADATA_OF_THE_LARGEST)
    value = ("value exceeds maximum size of 1MB", "KV_VALUE_TOO_LARGE")
    assert refusal(lambda: kv.set("k", LARGEST + "v")) == value
    assert refusal(lambda: kv.compare_and_set("k", None, LARGEST + "v")) == value
    assert refusal(lambda: kv.set_many({"a": "1", "k": "ä" * (1 << 19) + "v"})) == value
    entry = ("kv entry exceeds maximum size of 2MB", "KV_VALUE_TOO_LARGE")
    longer = METADATA_OF_THE_LARGEST + " "
    assert refusal(lambda: kv.set("k", LARGEST, longer)) == entry
    assert refusal(lambda: kv.call("update_metadata", GUILD, "store", "k", longer)) == entry
    assert refusal(lambda: kv.compare_and_set("k", LARGEST, LARGEST, longer, None)) == entry
    assert kv.get("k") == Entry(LARGEST.encode(), METADATA_OF_THE_LARGEST)
    assert kv.count() == 1


# --- quotas ---------------------------------------------------------------------------------


def test_used_bytes_follow_each_write(kv: Kv) -> None:
    kv.set("ab", "123", '"m"')
    assert used() == 2 + 3 + 3
    kv.set("ab", "1")
    assert used() == 2 + 1
    kv.call("update_metadata", GUILD, "store", "ab", "[1,2]")
    assert used() == 2 + 1 + 5
    kv.set_many({"ab": "", "c": "1"})
    assert used() == 2 + 2
    assert kv.increment("c", 99) == 100
    assert used() == 2 + 4
    assert kv.compare_and_set("c", "100", "ä") is True
    assert used() == 2 + 3
    kv.delete("ab", "c")
    assert used() == 0


def test_a_store_holds_its_quota_and_no_byte_more(make_kv: MakeKv) -> None:
    kv = make_kv(Limits(store_bytes=10, writes_per_minute=0))
    kv.set("a", "12345678")
    kv.set("a", "123456789")  # the last byte
    assert used() == 10
    for more in (
        lambda: kv.set("a", "1234567890"),
        lambda: kv.set("b", ""),
        lambda: kv.set_many({"a": "1", "b": "1234567890"}),
        lambda: kv.increment("b"),
        lambda: kv.compare_and_set("b", None, "1"),
        lambda: kv.call("update_metadata", GUILD, "store", "a", "1"),
    ):
        assert refusal(more) == STORE_QUOTA
    assert kv.get("a") == Entry(b"123456789")
    assert kv.count() == 1
    kv.set("a", "987654321")  # what does not grow is always allowed
    kv.set_many({"a": "12345", "b": "123"})
    assert used() == 10


def test_the_guilds_quota_is_for_all_its_stores(make_kv: MakeKv) -> None:
    kv = make_kv(Limits(store_bytes=10, guild_bytes=15, writes_per_minute=0))
    kv.set("a", "123456789")
    kv.set("a", "1234", store="second")
    assert refusal(lambda: kv.set("b", "", store="second")) == GUILD_QUOTA
    assert refusal(lambda: kv.set("b", "", store="third")) == GUILD_QUOTA
    assert not KvStore.objects.filter(name="third").exists()
    kv.set("a", "123456789", guild=OTHER)
    kv.set("a", "1")
    kv.set("b", "1234", store="second")
    check_counters()


@pytest.mark.parametrize(("most", "stores"), [(1, 1), (1, 2), (3, 2), (3, 3), (3, 4)])
def test_so_many_stores_may_be(make_kv: MakeKv, most: int, stores: int) -> None:
    kv = make_kv(Limits(stores=most, writes_per_minute=0))
    for number in range(min(most, stores)):
        kv.set("a", "1", store=f"s{number}")
    if stores > most:
        refused = refusal(lambda: kv.set("a", "1", store="more"))
        assert refused == (f"a guild may have {most} stores", "KV_TOO_MANY_STORES")
    assert KvStore.objects.filter(guild=GUILD).count() == min(most, stores)


@pytest.mark.parametrize(("most", "writes"), [(0, 500), (1, 1), (1, 2), (3, 2), (3, 3), (3, 4)])
def test_so_many_writes_in_a_minute(make_kv: MakeKv, most: int, writes: int) -> None:
    kv = make_kv(Limits(writes_per_minute=most), Clock())
    taken = min(most or writes, writes)
    sets = [("set", GUILD, "store", "a", str(number), None, None) for number in range(taken)]
    assert kv.together(*sets) == [None] * taken
    if writes > taken:
        assert refusal(lambda: kv.set("a", "one too many")) == RATE
    assert kv.get("a") == Entry(str(taken - 1).encode())


def test_a_guild_has_so_many_stores_and_no_more(make_kv: MakeKv) -> None:
    kv = make_kv(Limits(stores=2, writes_per_minute=0))
    for store in ("one", "two"):
        kv.set("a", "1", store=store)
    too_many = ("a guild may have 2 stores", "KV_TOO_MANY_STORES")
    assert refusal(lambda: kv.set("a", "1", store="three")) == too_many
    assert refusal(lambda: kv.call("increment", GUILD, "three", "a", 1, None, None)) == too_many
    kv.set("a", "2", store="two")
    kv.set("a", "1", store="three", guild=OTHER)
    assert KvStore.objects.filter(guild=GUILD).count() == 2


def test_what_is_refused_leaves_what_came_with_it(make_kv: MakeKv) -> None:
    """One transaction does them all; a refusal must not undo its neighbours."""
    kv = make_kv(Limits(store_bytes=10, stores=1, writes_per_minute=4))
    results = kv.together(
        ("set", GUILD, "store", "a", "1", None, None),
        ("set", GUILD, "store", "b", "x" * 20, None, None),
        ("set", GUILD, "second", "a", "1", None, None),
        ("set", GUILD, "store", "c", "1", None, None),
        ("increment", GUILD, "store", "a", 1, None, None),
        ("set", GUILD, "store", "d", "1", None, None),
        ("set", GUILD, "store", "e", "1", None, None),
    )
    assert [str(result) for result in results] == [
        "None",
        STORE_QUOTA[0],
        "a guild may have 1 stores",
        "None",
        "2",
        "None",
        RATE[0],
    ]
    assert kv.names() == (["a", "c", "d"], True)


# --- writes a minute ------------------------------------------------------------------------


def test_the_121st_write_of_a_minute_is_refused(make_kv: MakeKv) -> None:
    clock = Clock()
    kv = make_kv(Limits(), clock)
    sets = [("set", GUILD, "store", "a", str(number), None, None) for number in range(119)]
    assert kv.together(*sets) == [None] * 119
    clock.now += 20.5
    kv.set("a", "the 120th")
    assert refusal(lambda: kv.set("a", "one too many")) == RATE
    with pytest.raises(KvError) as raised:
        kv.set("a", "one too many")
    assert raised.value.retry_after == 39.5
    assert kv.get("a") == Entry(b"the 120th")
    kv.set("a", "1", store="another")
    kv.set("a", "1", guild=OTHER)
    clock.now += 39.499
    assert refusal(lambda: kv.set("a", "one too many")) == RATE
    clock.now += 0.001
    kv.set("a", "a minute after the first")
    assert KvStore.objects.get(guild=GUILD, name="store").window_writes == 1


def test_every_key_that_is_written_counts(make_kv: MakeKv) -> None:
    kv = make_kv(Limits(writes_per_minute=10))

    def writes() -> int:
        return KvStore.objects.get().window_writes

    kv.set("a", "1")
    assert writes() == 1
    kv.set_many({"b": "1", "c": "1"})
    assert writes() == 3
    kv.increment("n")
    assert writes() == 4
    assert kv.compare_and_set("a", "wrong", "2") is False
    assert writes() == 4
    assert kv.compare_and_set("a", "1", "2") is True
    assert writes() == 5
    kv.call("update_metadata", GUILD, "store", "a", "1")
    assert writes() == 6
    assert kv.delete("missing", "b") == 1
    assert writes() == 7
    kv.set("late", "1", None, NOON)  # over before it began, and written all the same
    assert writes() == 8
    assert refusal(lambda: kv.set_many({"x": "1", "y": "1", "z": "1"})) == RATE
    assert kv.get_many("x", "y", "z") == {}
    kv.set_many({"x": "1", "y": "1"})
    assert writes() == 10
    for more in (
        lambda: kv.set("a", "1"),
        lambda: kv.increment("n"),
        lambda: kv.compare_and_set("a", "2", "1"),
        lambda: kv.call("update_metadata", GUILD, "store", "a", None),
        lambda: kv.delete("a"),
        lambda: kv.delete("a", "missing"),
    ):
        assert refusal(more) == RATE
    assert kv.delete("missing") == 0
    assert kv.compare_and_set("a", "wrong", "1") is False
    assert kv.get("a") == Entry(b"2", "1")


def test_what_breaks_another_rule_is_no_write(make_kv: MakeKv) -> None:
    kv = make_kv(Limits(store_bytes=10, writes_per_minute=2))
    for _ in range(5):
        assert refusal(lambda: kv.set("a", "x" * 20)) == STORE_QUOTA
    kv.set("a", "x")
    for _ in range(5):
        assert refusal(lambda: kv.increment("a"))[1] == "KV_NOT_A_NUMBER"
    kv.set("a", "y")
    assert refusal(lambda: kv.set("a", "z")) == RATE


def test_a_clock_that_was_set_back_locks_nobody_out(make_kv: MakeKv) -> None:
    clock = Clock()
    kv = make_kv(Limits(writes_per_minute=1), clock)
    kv.set("a", "1")
    assert refusal(lambda: kv.set("a", "2")) == RATE
    clock.now -= 3600
    kv.set("a", "2")
    assert refusal(lambda: kv.set("a", "3")) == RATE


def test_the_limit_is_the_stores_not_the_engines(make_kv: MakeKv) -> None:
    clock = Clock()
    one, two = (make_kv(Limits(writes_per_minute=2), clock) for _ in range(2))
    one.set("a", "1")
    two.set("a", "2")
    assert refusal(lambda: one.set("a", "3")) == RATE
    assert refusal(lambda: two.set("a", "3")) == RATE
