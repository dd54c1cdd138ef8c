"""Several who write at once: two engines, another process, and people over the services."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.kv.entries import Entry
from deployments.kv.rules import KvError, Limits
from deployments.models import KvEntry, KvStore
from tests.examples import examples
from tests.kv.conftest import GUILD, OTHER, UNLIMITED, Clock, Kv, check_counters, used

ROOT = Path(__file__).resolve().parents[2]
MakeKv = Callable[..., Kv]
INCREMENT = ("increment", GUILD, "store", "n", 1, None, None)

# What the other process does: says that it is up, waits for a line, and counts.
COUNTING = f"""
import asyncio, django
django.setup()
from deployments.kv.rules import Limits
from runtime.database import Database
from runtime.kv.engine import KvEngine

async def main():
    engine = KvEngine(Database(), lambda _: Limits(writes_per_minute=0))
    engine.start()
    await engine.get("{GUILD}", "store", "n")
    print("up", flush=True)
    input()
    calls = [engine.increment("{GUILD}", "store", "n", 1, None, None) for _ in range(50)]
    print(sorted(await asyncio.gather(*calls)), flush=True)
    await asyncio.to_thread(engine.stop)

asyncio.run(main())
"""


def together(kvs: list[Kv], calls: list[list[tuple[Any, ...]]]) -> list[list[Any]]:
    """Each engine in its own loop does its calls, all at the same time."""

    async def everything() -> list[list[Any]]:
        return list(
            await asyncio.gather(
                *(asyncio.to_thread(kv.together, *own) for kv, own in zip(kvs, calls, strict=True))
            )
        )

    return asyncio.run(everything())


def test_two_engines_count_to_a_hundred(make_kv: MakeKv) -> None:
    kvs = [make_kv(), make_kv()]
    results = together(kvs, [[INCREMENT] * 50] * 2)
    assert sorted(results[0] + results[1]) == list(range(1, 101))
    assert kvs[0].get("n") == kvs[1].get("n") == Entry(b"100")


def database_url() -> str:
    """Of the database that the tests run on, for another process."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{connection.settings_dict['NAME']}"
    of = connection.settings_dict
    return f"postgresql://{of['USER']}@{quote(of['HOST'], safe='')}/{of['NAME']}"


def test_two_processes_count_to_a_hundred(kv: Kv) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COUNTING],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "flora_site.settings",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "up\n"
        process.stdin.write("\n")
        process.stdin.flush()
        here = kv.together(*[INCREMENT] * 50)
        there = [int(number) for number in process.stdout.readline().strip("[]\n").split(", ")]
    assert process.returncode == 0
    assert sorted(here + there) == list(range(1, 101))
    assert kv.get("n") == Entry(b"100")


def test_engines_that_fill_a_guild_together_stop_at_its_quota(make_kv: MakeKv) -> None:
    limits = Limits(store_bytes=150, guild_bytes=200, stores=4, writes_per_minute=0)
    kvs = [make_kv(limits), make_kv(limits)]
    sets: list[list[tuple[Any, ...]]] = [
        [
            (
                "set",
                GUILD,
                f"s{(number + engine) % 6}",
                f"{engine}{number:02}",
                "1234567",
                None,
                None,
            )
            for number in range(40)
        ]
        for engine in range(2)
    ]
    results = together(kvs, sets)
    kept = sum(result is None for own in results for result in own)
    refused = {result.code for own in results for result in own if result is not None}
    assert refused == {"KV_QUOTA_EXCEEDED", "KV_TOO_MANY_STORES"}
    assert KvStore.objects.count() == 4
    assert kept == KvEntry.objects.count() == 20
    check_counters()


def test_engines_that_write_to_one_store_together_stop_at_its_writes(make_kv: MakeKv) -> None:
    limits = Limits(writes_per_minute=30)
    kvs = [make_kv(limits), make_kv(limits)]
    results = together(kvs, [[INCREMENT] * 20] * 2)
    done = [result for own in results for result in own if not isinstance(result, KvError)]
    assert sorted(done) == list(range(1, 31))
    assert used() == len("n30")


def test_batches_over_the_same_guilds_never_wait_for_each_other_in_a_ring(make_kv: MakeKv) -> None:
    """Two transactions that lock two guilds in opposite orders would."""
    kvs = [make_kv(), make_kv()]
    there = [("set", guild, "store", "a", "1", None, None) for guild in (GUILD, OTHER)]
    back = list(reversed(there))
    for _ in range(10):
        results = together(kvs, [there * 10, back * 10])
        assert results == [[None] * 20] * 2


STABLE = [f"stable{number:03}" for number in range(60)]
CHURN = st.tuples(st.booleans(), st.integers(0, 999))


@pytest.fixture
def pair(make_kv: MakeKv) -> tuple[Kv, Kv]:
    return make_kv(UNLIMITED, Clock()), make_kv(UNLIMITED, Clock())


@given(
    limit=st.integers(1, 9),
    between=st.lists(st.lists(CHURN, max_size=6), min_size=60, max_size=60),
)
@settings(
    max_examples=examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_walk_meets_each_stable_key_once_whatever_is_written_meanwhile(
    pair: tuple[Kv, Kv], limit: int, between: list[list[tuple[bool, int]]]
) -> None:
    walking, writing = pair
    walking.set_many(dict.fromkeys(STABLE, "1"))
    found: list[str] = []
    after, complete, page = "", False, 0
    while not complete:
        names, complete = walking.names(after=after, limit=limit)
        found += names
        after = names[-1] if names else after
        churn = [
            ("set", GUILD, "store", f"stable{key:03}x", "1", None, None)
            if is_set
            else ("delete", GUILD, "store", f"stable{key:03}x")
            for is_set, key in (between[page] if page < len(between) else ())
        ]
        writing.together(*churn)
        page += 1
    assert found == sorted(set(found))
    assert [name for name in found if not name.endswith("x")] == STABLE
