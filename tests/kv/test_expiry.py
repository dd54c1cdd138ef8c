"""Entries that end: absent from their second on, then swept away, and no longer counted."""

import asyncio
from collections.abc import Callable

import pytest
from django.db import connections

from deployments.kv import entries, rules
from deployments.kv.entries import Entry
from deployments.kv.rules import KvError, Limits
from deployments.models import KvEntry, KvStore
from tests.kv.conftest import GUILD, NOON, OTHER, Kv, check_counters, refusal, used

SOON = int(NOON) + 10


def test_an_expired_key_is_absent_everywhere(kv: Kv) -> None:
    kv.set("a", "1", "[1]", SOON)
    kv.set("b", "1")
    kv.clock.now = SOON - 0.001
    assert kv.get("a") == Entry(b"1", "[1]", SOON)
    assert kv.names() == (["a", "b"], True)
    assert (kv.count(), kv.count("a")) == (2, 1)
    kv.clock.now = SOON
    assert kv.get("a") is None
    assert kv.get_many("a", "b") == {b"b": b"1"}
    assert kv.names() == (["b"], True)
    assert kv.names(limit=1) == (["b"], True)
    assert (kv.count(), kv.count("a")) == (1, 0)
    assert refusal(lambda: kv.call("update_metadata", GUILD, "store", "a", "1")) == (
        "key not found",
        "KV_KEY_NOT_FOUND",
    )
    assert kv.delete("a") == 0
    assert KvEntry.objects.count() == 1


def test_what_is_written_over_an_expired_entry_is_counted_once(kv: Kv) -> None:
    kv.set("a", "12345", "[1]", SOON)
    kv.clock.now = SOON
    kv.set("a", "1")
    assert used() == 2
    check_counters()


def test_a_sweep_takes_what_has_expired_and_nothing_else(
    kv: Kv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "ROWS_AT_ONCE", 4)
    for store, guild in (("store", GUILD), ("second", GUILD), ("store", OTHER)):
        for number in range(5):
            kv.set(f"gone{number}", "1", None, SOON, store=store, guild=guild)
        kv.set("later", "1", None, SOON + 1, store=store, guild=guild)
        kv.set("stays", "1", store=store, guild=guild)
    assert kv.call("sweep") == 0
    kv.clock.now = SOON
    assert kv.call("sweep") == 15
    assert sorted(set(KvEntry.objects.values_list("key", flat=True))) == [b"later", b"stays"]
    for store in KvStore.objects.all():
        assert (store.bytes_used, store.entry_count) == (12, 2)
    assert kv.call("sweep") == 0


def test_an_engine_sweeps_by_itself(
    make_kv: Callable[..., Kv], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.kv.engine.SWEEP_EVERY", 0.01)
    kv = make_kv()
    kv.set("a", "1", None, int(NOON))

    def rows() -> int:
        try:
            return KvEntry.objects.count()
        finally:
            connections.close_all()

    async def until_it_is_gone() -> None:
        async with asyncio.timeout(20):
            while await asyncio.to_thread(rows):
                pass

    kv.run(until_it_is_gone)
    assert used() == 0


def test_expired_entries_make_room_when_it_is_needed(make_kv: Callable[..., Kv]) -> None:
    kv = make_kv(Limits(store_bytes=10, guild_bytes=15, writes_per_minute=0))
    kv.set("a", "123456789", None, SOON)
    kv.set("b", "1234", store="second")
    full = ("kv store storage quota exceeded", "KV_QUOTA_EXCEEDED")
    assert refusal(lambda: kv.set("c", "1")) == full
    kv.clock.now = SOON
    kv.set("a", "12")  # over the expired one itself
    kv.set("a", "123456789", None, SOON + 10)
    kv.clock.now = SOON + 10
    kv.set("b", "12345678", store="second")  # the guild's room, out of another store
    assert used() == 0
    kv.set("c", "12345")
    assert refusal(lambda: kv.set("d", "")) == ("kv guild storage quota exceeded", full[1])


# --- when an entry ends ----------------------------------------------------------------------

EXPIRIES: list[tuple[object, object, int | None]] = [
    (None, None, None),
    (0, None, 0),
    (1893456000, None, 1893456000),
    (1893456000.9, None, 1893456000),
    ("1893456000", None, 1893456000),
    (2**62 - 1024, None, 2**62 - 1024),
    (None, 60, 1060),
    (None, 0.5, 1001),
    (None, "60", 1060),
    (None, 1e-9, 1001),
]
WRONG: list[tuple[object, object, str]] = [
    (-1, None, "expiration: out of range"),
    (2**62, None, "expiration: out of range"),
    (10**400, None, "expiration: not a number of seconds"),
    (float("nan"), None, "expiration: out of range"),
    ("soon", None, "expiration: not a number of seconds"),
    ("", None, "expiration: not a number of seconds"),
    (None, 0, "expirationTtl: expected more than 0 seconds"),
    (None, -1, "expirationTtl: out of range"),
    (None, float("inf"), "expirationTtl: out of range"),
    (None, "x", "expirationTtl: not a number of seconds"),
    (5, 5, "expirationTtl: give expiration or expirationTtl, not both"),
]


@pytest.mark.parametrize(("expiration", "ttl", "expires_at"), EXPIRIES)
def test_expiry(expiration: object, ttl: object, expires_at: int | None) -> None:
    assert rules.expiry(expiration, ttl, 1000.2 if isinstance(ttl, float) else 1000) == expires_at  # type: ignore[arg-type]


@pytest.mark.parametrize(("expiration", "ttl", "message"), WRONG)
def test_an_expiry_that_is_none_is_named(expiration: object, ttl: object, message: str) -> None:
    with pytest.raises(KvError) as raised:
        rules.expiry(expiration, ttl, 1000)  # type: ignore[arg-type]
    assert (str(raised.value), raised.value.code) == (
        f"Invalid input for {message}",
        "INVALID_INPUT",
    )
