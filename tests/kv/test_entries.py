"""What an engine does with entries on a real database: each call, alone and many at once."""

import json

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.kv import entries
from deployments.kv.entries import Entry
from deployments.models import KvEntry, KvStore
from tests.examples import examples
from tests.kv.conftest import GUILD, NOON, OTHER, Kv, refusal, used

LATER = int(NOON) + 1000


def test_a_missing_store_finds_nothing_and_is_made_by_the_first_write(kv: Kv) -> None:
    assert kv.get("a") is None
    assert kv.get_many("a", "b") == {}
    assert kv.names() == ([], True)
    assert kv.count() == kv.count("a") == 0
    assert kv.delete("a") == 0
    assert kv.compare_and_set("a", "x", "1") is False
    assert refusal(lambda: kv.call("update_metadata", GUILD, "store", "a", "1")) == (
        "key not found",
        "KV_KEY_NOT_FOUND",
    )
    kv.set_many({})
    assert KvStore.objects.count() == 0
    kv.set("a", "1")
    assert kv.get("a") == Entry(b"1")
    assert KvStore.objects.get().guild_id == int(GUILD)


def test_guilds_and_stores_do_not_see_each_other(kv: Kv) -> None:
    kv.set("a", "mine")
    for store, guild in (("store", OTHER), ("second", GUILD)):
        assert kv.get("a", store=store, guild=guild) is None
        assert kv.call("keys", guild, store, "", "", 10) == ([], True)
        assert kv.delete("a", store=store, guild=guild) == 0
    kv.set("a", "theirs", guild=OTHER)
    assert kv.get("a") == Entry(b"mine")
    assert kv.get("a", guild=OTHER) == Entry(b"theirs")


def test_set_replaces_metadata_and_expiry(kv: Kv) -> None:
    kv.set("a", "1", '{"n":1}', LATER)
    assert kv.get("a") == Entry(b"1", '{"n":1}', LATER)
    kv.set("a", "2")
    assert kv.get("a") == Entry(b"2")


def test_update_metadata_keeps_value_and_expiry(kv: Kv) -> None:
    kv.set("a", "1", None, LATER)
    kv.call("update_metadata", GUILD, "store", "a", "[1]")
    assert kv.get("a") == Entry(b"1", "[1]", LATER)
    kv.call("update_metadata", GUILD, "store", "a", None)
    assert kv.get("a") == Entry(b"1", None, LATER)


def test_keys_come_in_byte_order_with_prefix_limit_and_cursor(kv: Kv) -> None:
    for key in ("b", "a", "B", "ä", "a/2", "a/10", "z\U0001f490", "\x7f"):
        kv.set(key, "1")
    everything = ["B", "a", "a/10", "a/2", "b", "z\U0001f490", "\x7f", "ä"]
    assert kv.names() == (everything, True)
    assert kv.names(prefix="a/") == (["a/10", "a/2"], True)
    assert kv.names(limit=3) == (everything[:3], False)
    assert kv.names(limit=len(everything)) == (everything, True)
    assert kv.names(limit=len(everything) - 1) == (everything[:-1], False)
    assert kv.names(after="a/10", limit=2) == (["a/2", "b"], False)
    assert kv.names(after="b", limit=3) == (["z\U0001f490", "\x7f", "ä"], True)
    assert kv.names(prefix="a/", after="a/10") == (["a/2"], True)
    assert kv.names(prefix="a/", after="b") == ([], True)
    assert kv.names(prefix="nothing") == ([], True)


def test_any_text_is_a_cursor(kv: Kv) -> None:
    for key in ("a", "b"):
        kv.set(key, "1")
    for after in ("a\x00", "a0", "\ud800", "zzz" * 1000, "\U0010ffff", "%", "'"):
        expected = [key for key in ("a", "b") if key.encode() > after.encode(errors="replace")]
        assert kv.names(after=after) == (expected, True)


def test_a_page_with_much_metadata_is_shorter_and_goes_on(kv: Kv) -> None:
    large = json.dumps("m" * (1 << 20))
    for number in range(9):
        kv.set(f"k{number}", "1", large if number != 4 else None)
    found, after = [], ""
    for size in (3, 4, 2):
        keys, complete = kv.call("keys", GUILD, "store", "", after, 100)
        assert len(keys) == size
        found += [key.name for key in keys]
        after = found[-1]
    assert complete
    assert found == [f"k{number}" for number in range(9)]


# --- counting -------------------------------------------------------------------------------


SUMS: list[tuple[str | None, float, float]] = [
    (None, 1, 1),
    (None, 0, 0),
    ("5", 1, 6),
    ("5", -7, -2),
    ("-5", 5, 0),
    ("1.5", 1, 2.5),
    ("1.5", 0.5, 2),
    ("0.1", 0.2, 0.30000000000000004),
    (" 7\n", 1, 8),
    ("+7", 1, 8),
    ("007", 1, 8),
    ("1e3", 1, 1001),
    ("2.5E-1", 0, 0.25),
    ("9007199254740990", 1, 9007199254740991),
    ("-9007199254740991", 0, -9007199254740991),
]
NO_NUMBERS = [
    ("", "''"),
    ("abc", "'abc'"),
    ("1 2", "'1 2'"),
    ("NaN", "'NaN'"),
    ("Infinity", "'Infinity'"),
    ("0x10", "'0x10'"),
    ("1_000", "'1_000'"),
    ("1,5", "'1,5'"),
    ("١", "'١'"),
    ("--1", "'--1'"),
    ("1e", "'1e'"),
    ("1" * 65, repr("1" * 32 + "…")),
    ("x" * 100_000, repr("x" * 32 + "…")),
    ("null", "'null'"),
    ('"5"', "'\"5\"'"),
]
TOO_FAR = [
    ("9007199254740991", 1),
    ("-9007199254740991", -1),
    ("9007199254740992", 0),
    ("1e300", 1),
    ("1e999", 1),
    ("0", 1e308),
    ("0", 2**53),
    ("0", float("inf")),
    ("0", float("nan")),
    ("0", 10**400),
]


def test_increment(kv: Kv) -> None:
    for number, (before, by, after) in enumerate(SUMS):
        key = f"n{number}"
        if before is not None:
            kv.set(key, before)
        assert kv.increment(key, by) == after
        entry = kv.get(key)
        assert entry is not None
        assert json.loads(entry.value) == after
        assert kv.increment(key, 0) == after


def test_what_is_no_number_is_not_counted_with(kv: Kv) -> None:
    for value, shown in NO_NUMBERS:
        kv.set("n", value)
        said = refusal(lambda: kv.increment("n"))
        assert said == (f"the value is no number: {shown}", "KV_NOT_A_NUMBER")
        assert kv.get("n") == Entry(value.encode())


def test_no_number_leaves_what_can_be_counted_in(kv: Kv) -> None:
    for before, by in TOO_FAR:
        kv.set("n", before)
        assert refusal(lambda by=by: kv.increment("n", by)) == (
            "the number would leave the range that can be counted in: ±9007199254740991",
            "KV_NOT_A_NUMBER",
        )
        assert kv.get("n") == Entry(before.encode())


def test_options_of_increment_are_for_a_new_entry_alone(kv: Kv) -> None:
    assert kv.increment("n", 1, "[1]", LATER) == 1
    assert kv.increment("n", 1, "[2]", LATER + 5) == 2
    assert kv.increment("n", 1, None, None) == 3
    assert kv.get("n") == Entry(b"3", "[1]", LATER)
    kv.clock.now = LATER
    assert kv.increment("n", 1, "[2]", LATER + 5) == 1
    assert kv.get("n") == Entry(b"1", "[2]", LATER + 5)


def test_a_hundred_increments_at_once_make_a_hundred(kv: Kv) -> None:
    results = kv.together(*[("increment", GUILD, "store", "n", 1, None, None)] * 100)
    assert results == list(range(1, 101))


# --- comparing ------------------------------------------------------------------------------


def test_compare_and_set(kv: Kv) -> None:
    assert kv.compare_and_set("a", "1", "2") is False
    assert kv.get("a") is None
    assert kv.compare_and_set("a", None, "1", "[1]", LATER) is True
    assert kv.get("a") == Entry(b"1", "[1]", LATER)
    assert kv.compare_and_set("a", None, "2") is False
    assert kv.compare_and_set("a", "", "2") is False
    assert kv.get("a") == Entry(b"1", "[1]", LATER)
    assert kv.compare_and_set("a", "1", "2") is True
    assert kv.get("a") == Entry(b"2")


def test_an_expired_entry_compares_as_absent(kv: Kv) -> None:
    kv.set("a", "1", None, LATER)
    kv.clock.now = LATER
    assert kv.compare_and_set("a", "1", "2") is False
    assert kv.compare_and_set("a", None, "2") is True
    assert kv.get("a") == Entry(b"2")


def test_of_many_that_compare_at_once_one_wins(kv: Kv) -> None:
    calls = [("compare_and_set", GUILD, "store", "a", None, str(n), None, None) for n in range(50)]
    assert kv.together(*calls) == [True] + [False] * 49
    assert kv.get("a") == Entry(b"0")


# --- many keys ------------------------------------------------------------------------------


def test_many_keys_are_set_read_and_deleted(kv: Kv) -> None:
    values = {f"k{number}": str(number) for number in range(100)}
    kv.set("k0", "old", "[1]", LATER)
    kv.set_many(values)
    assert kv.get("k0") == Entry(b"0")
    found = kv.get_many("k1", "missing", "k1", "k99")
    assert found == {b"k1": b"1", b"k99": b"99"}
    assert kv.count() == 100
    assert kv.delete("k1", "missing", "k1", "k2") == 2
    assert kv.delete(*values) == 98
    assert kv.count() == used() == 0


def test_values_that_are_too_large_together_are_refused(kv: Kv) -> None:
    for number in range(9):
        kv.set(f"k{number}", "v" * (1 << 20))
    eight = [f"k{number}" for number in range(8)]
    assert sum(map(len, kv.get_many(*eight).values())) == entries.MAX_ANSWER_BYTES
    assert refusal(lambda: kv.get_many(*eight, "k8")) == (
        f"the values have over {8 << 20} bytes together: ask for fewer keys",
        "KV_VALUE_TOO_LARGE",
    )
    # Keys that are not there take no room.
    assert len(kv.get_many(*eight, *(f"none{number}" for number in range(90)))) == 8


def test_many_are_counted_in_steps(kv: Kv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "COUNTED_AT_ONCE", 3)
    kv.set_many({"b": "1", "B": "1"})
    for number in range(1, 9):
        kv.set(f"a{number}", "1")
        assert kv.count("a") == number
        assert kv.count() == number + 2


# --- together --------------------------------------------------------------------------------


def test_what_arrives_together_keeps_its_order_and_fails_alone(kv: Kv) -> None:
    calls: list[tuple[object, ...]] = []
    for number in range(50):
        calls.append(("set", GUILD, "store", "a", str(number), None, None))
        calls.append(("get", GUILD, "store", "a"))
        calls.append(("count", GUILD, "store", ""))
    calls.append(("update_metadata", GUILD, "store", "missing", "1"))
    calls.append(("get", GUILD, "store", "a"))
    results = kv.together(*calls)
    assert [entry.value for entry in results[1:150:3]] == [b"%d" % n for n in range(50)]
    assert results[2:150:3] == [1] * 50
    assert str(results[150]) == "key not found"
    assert results[151] == Entry(b"49")


def test_a_defect_fails_alone_too(kv: Kv) -> None:
    """A lane that ended with it would leave every guild of the lane without an answer."""
    nonsense: tuple[object, ...] = ("increment", GUILD, "store", "a", "no number", None, None)
    before, failed, after = kv.together(
        ("increment", GUILD, "store", "a", 1, None, None),
        nonsense,
        ("increment", GUILD, "store", "a", 1, None, None),
    )
    assert (before, after) == (1, 2)
    assert isinstance(failed, TypeError)
    (failed,) = kv.together(nonsense)
    assert isinstance(failed, TypeError)
    assert kv.increment("a") == 3


@given(value=st.text(), key=st.text(min_size=1, max_size=100).filter(lambda k: "\x00" not in k))
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_text_comes_back_as_it_was(kv: Kv, key: str, value: str) -> None:
    kv.set(key, value)
    assert kv.get(key) == Entry(value.encode())
    names, _ = kv.names(prefix=key)
    assert names[0] == key


def test_the_database_keeps_no_transaction_open(kv: Kv) -> None:
    kv.set("a", "1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    KvStore.objects.all().delete()
    assert kv.get("a") is None
    assert KvEntry.objects.count() == 0
