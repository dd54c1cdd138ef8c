"""The store against a model of it: whatever is done in whatever order, both say the same."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deployments.kv.entries import Entry
from deployments.kv.rules import KvError, Limits
from deployments.models import Guild, KvStore
from tests.examples import examples
from tests.kv.conftest import NOON, OTHER, Clock, Kv, check_counters

LIMITS = Limits(store_bytes=60, guild_bytes=100, stores=3, writes_per_minute=7)
STORES = st.sampled_from(["one", "one", "one", "two", "three", "four"])
KEYS = st.sampled_from(["a", "b", "ab", "ä", "z\U0001f490", "\x7f", "a/b", "%", "'"])
VALUES = st.one_of(
    st.sampled_from(["", "1", "-2.5", "007", "x" * 25, "x" * 61]),
    st.text("xyz ä\x00\n\U0001f490", max_size=8),
)
METADATA = st.sampled_from([None, "1", '{"m":"ä"}', '"' + "m" * 30 + '"'])
AFTER = st.one_of(st.none(), st.sampled_from([-1, 0, 1, 5, 90]))


class Refused(Exception):
    """The model says no, with the code that the store should give."""


def size(key: str, entry: Entry) -> int:
    return len(key.encode()) + len(entry.value) + len((entry.metadata or "").encode())


@dataclass
class Model:
    """What a script may rely on: live entries, in plain dictionaries."""

    now: float = NOON
    stores: dict[str, dict[str, Entry]] = field(default_factory=dict)
    windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def live(self, store: str) -> dict[str, Entry]:
        return {
            key: entry
            for key, entry in self.stores.get(store, {}).items()
            if entry.expires_at is None or entry.expires_at > self.now
        }

    def put(self, store: str, rows: dict[str, Entry]) -> None:
        if store not in self.stores and len(self.stores) == LIMITS.stores:
            raise Refused("KV_TOO_MANY_STORES")
        window = self.charged(store, len(rows))
        before = {
            name: sum(size(*item) for item in self.live(name).items()) for name in self.stores
        }
        after = sum(size(*item) for item in {**self.live(store), **rows}.items())
        grows = after > before.get(store, 0)
        others = sum(used for name, used in before.items() if name != store)
        if grows and (after > LIMITS.store_bytes or after + others > LIMITS.guild_bytes):
            raise Refused("KV_QUOTA_EXCEEDED")
        self.stores[store] = {**self.live(store), **rows}
        self.windows[store] = window

    def delete(self, store: str, keys: list[str]) -> int:
        there = [key for key in keys if key in self.live(store)]
        if there:
            self.windows[store] = self.charged(store, len(there))
            for key in there:
                del self.stores[store][key]
        return len(there)

    def charged(self, store: str, writes: int) -> tuple[float, int]:
        start, done = self.windows.get(store, (0.0, 0))
        if self.now - start >= 60:
            start, done = self.now, 0
        if done + writes > LIMITS.writes_per_minute:
            raise Refused("KV_RATE_LIMITED")
        return start, done + writes


class Comparison(RuleBasedStateMachine):
    """kv: given by the test; each example has a guild of its own."""

    kv: Kv
    guilds = itertools.count(int(OTHER) + 1)

    @initialize()
    def begin(self) -> None:
        self.guild = str(next(self.guilds))
        Guild.objects.create(pk=int(self.guild))
        self.model = Model()
        self.kv.clock.now = NOON

    def both(self, model: Any, method: str, *arguments: Any) -> None:
        """model: computes what the store must give, or raises Refused with its code."""
        try:
            expected = model()
        except Refused as refused:
            assert self.code_of(method, *arguments) == str(refused)  # noqa: PT017
        else:
            assert self.kv.call(method, self.guild, *arguments) == expected

    def code_of(self, method: str, *arguments: Any) -> str:
        with pytest.raises(KvError) as raised:
            self.kv.call(method, self.guild, *arguments)
        return raised.value.code

    def entry(self, value: str, metadata: str | None, after: int | None) -> Entry:
        expires_at = None if after is None else int(self.model.now) + after
        return Entry(value.encode(), metadata, expires_at)

    @rule(store=STORES, key=KEYS, value=VALUES, metadata=METADATA, after=AFTER)
    def set(self, store: str, key: str, value: str, metadata: Any, after: Any) -> None:
        entry = self.entry(value, metadata, after)
        arguments = (store, key, value, metadata, entry.expires_at)
        self.both(lambda: self.model.put(store, {key: entry}), "set", *arguments)

    @rule(store=STORES, rows=st.dictionaries(KEYS, VALUES, min_size=1), after=AFTER)
    def set_many(self, store: str, rows: dict[str, str], after: Any) -> None:
        entries = {key: self.entry(value, None, after) for key, value in rows.items()}
        sent = {key: (rows[key], None, entry.expires_at) for key, entry in entries.items()}
        self.both(lambda: self.model.put(store, entries), "set_many", store, sent)

    @rule(store=STORES, key=KEYS, by=st.integers(-3, 3), metadata=METADATA, after=AFTER)
    def increment(self, store: str, key: str, by: int, metadata: Any, after: Any) -> None:
        new = self.entry("", metadata, after)

        def model() -> float:
            entry = self.model.live(store).get(key)
            try:
                number = by if entry is None else float(entry.value) + by
            except ValueError:
                raise Refused("KV_NOT_A_NUMBER") from None
            number = int(number) if number == int(number) else number
            value = repr(number).encode()
            self.model.put(store, {key: (entry or new)._replace(value=value)})
            return number

        self.both(model, "increment", store, key, by, new.metadata, new.expires_at)

    @rule(store=STORES, key=KEYS, expected=st.one_of(st.none(), VALUES), value=VALUES, after=AFTER)
    def compare_and_set(
        self, store: str, key: str, expected: str | None, value: str, after: Any
    ) -> None:
        self.compare(store, key, expected, value, after)

    @rule(store=STORES, key=KEYS, value=VALUES, after=AFTER)
    def compare_with_what_is_there(self, store: str, key: str, value: str, after: Any) -> None:
        found = self.model.live(store).get(key)
        self.compare(store, key, None if found is None else found.value.decode(), value, after)

    def compare(self, store: str, key: str, expected: str | None, value: str, after: Any) -> None:
        entry = self.entry(value, None, after)

        def model() -> bool:
            found = self.model.live(store).get(key)
            if (None if found is None else found.value.decode()) != expected:
                return False
            self.model.put(store, {key: entry})
            return True

        arguments = (store, key, expected, value, None, entry.expires_at)
        self.both(model, "compare_and_set", *arguments)

    @rule(store=STORES, key=KEYS, metadata=METADATA)
    def update_metadata(self, store: str, key: str, metadata: Any) -> None:
        def model() -> None:
            found = self.model.live(store).get(key)
            if found is None:
                raise Refused("KV_KEY_NOT_FOUND")
            self.model.put(store, {key: found._replace(metadata=metadata)})

        self.both(model, "update_metadata", store, key, metadata)

    @rule(store=STORES, keys=st.lists(KEYS, max_size=4, unique=True))
    def delete(self, store: str, keys: list[str]) -> None:
        self.both(lambda: self.model.delete(store, keys), "delete_many", store, keys)

    @rule(seconds=st.sampled_from([0.5, 1, 4, 31, 60]))
    def time_passes(self, seconds: float) -> None:
        self.model.now += seconds
        self.kv.clock.now = self.model.now

    @rule()
    def sweep(self) -> None:
        self.kv.call("sweep")

    @rule(store=STORES, keys=st.lists(KEYS, max_size=5))
    def get_many(self, store: str, keys: list[str]) -> None:
        live = self.model.live(store)
        expected = {key.encode(): live[key].value for key in keys if key in live}
        assert self.kv.call("get_many", self.guild, store, keys) == expected

    @rule(
        store=STORES,
        prefix=st.sampled_from(["", "a", "a/", "ä", "z", "%"]),
        limit=st.integers(1, 4),
    )
    def walk(self, store: str, prefix: str, limit: int) -> None:
        live = self.model.live(store)
        expected = sorted((key for key in live if key.startswith(prefix)), key=str.encode)
        found: list[str] = []
        complete = False
        while not complete:
            page, complete = self.kv.call(
                "keys", self.guild, store, prefix, found[-1] if found else "", limit
            )
            assert complete or len(page) == limit
            found += [key.name for key in page]
            for key in page:
                entry = live[key.name]
                assert (key.metadata, key.expires_at) == (entry.metadata, entry.expires_at)
        assert found == expected
        assert self.kv.call("count", self.guild, store, prefix) == len(expected)

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def entries_are_the_models(self) -> None:
        for store in self.model.stores:
            live = self.model.live(store)
            for key in ("a", "b", "ä"):
                assert self.kv.call("get", self.guild, store, key) == live.get(key)

    def teardown(self) -> None:
        if hasattr(self, "model"):
            check_counters()
            stores = KvStore.objects.filter(guild=int(self.guild))
            assert {store.name for store in stores} == set(self.model.stores)


def test_the_store_does_what_the_model_does(make_kv: Any) -> None:
    kv = make_kv(LIMITS, Clock())

    class Machine(Comparison):
        pass

    Machine.kv = kv
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples(25),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
