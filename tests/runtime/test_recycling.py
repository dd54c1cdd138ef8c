"""Worker processes that are replaced while their guilds go on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from runtime.migration import NoSuchWorker
from runtime.recycler import AlreadyRecycled, Recycler, Service, own_bytes
from tests.runtime.test_hosting import GUILD
from tests.runtime.test_migration import COUNTS, Estate

NEVER = Service(age_seconds=0, isolates=0, rss_bytes=0, drain_seconds=5)
GUILDS = [f"{GUILD}{number}" for number in range(8)]


@pytest_asyncio.fixture
async def estate() -> AsyncIterator[Estate]:
    estate = Estate()
    await estate.hosting.start()
    yield estate
    await estate.hosting.stop(5)


@pytest.fixture
def recycler(estate: Estate) -> Recycler:
    return Recycler(estate.hosting, estate.migration, NEVER)


async def test_guilds_move_to_the_fresh_process_under_traffic(
    estate: Estate, recycler: Recycler
) -> None:
    for guild_id in GUILDS:
        await estate.run(COUNTS, guild_id)
    old = estate.worker
    assert old is not None
    recycling = recycler.recycle(0, "a test wants it")
    with pytest.raises(AlreadyRecycled):
        recycler.recycle(0, "and once more")
    said = 0
    while not recycling.done():
        said += 1
        for guild_id in GUILDS:
            estate.say(guild_id, f"m{said}")
        # No guild's queue overflows, however slow the machine is.
        await estate.until(
            lambda n=said: all(len(estate.printed.get(g, ())) > n - 100 for g in GUILDS)
        )
    await recycling
    for guild_id in GUILDS:
        await estate.said(f"m{said} {said}", guild_id)
        assert estate.printed[guild_id] == [f"m{n} {n}" for n in range(1, said + 1)]
        assert estate.hosting.guilds[guild_id].live is not None
        assert estate.hosting.guilds[guild_id].live.worker is estate.worker  # type: ignore[union-attr]
    assert not old.alive
    assert estate.worker is not old
    assert estate.hosting.pool.ready
    assert (estate.hosting.pool.restarts_total, recycler.recycled_total) == (0, 1)


async def test_a_script_that_does_not_load_any_more_holds_nothing_up(
    estate: Estate, recycler: Recycler
) -> None:
    await estate.run(COUNTS, GUILDS[0])
    await estate.run(COUNTS, GUILDS[1])
    broken = estate.desired[GUILDS[0]]
    estate.desired[GUILDS[0]] = type(broken)(GUILDS[0], broken.revision_id, "throw 1")
    await recycler.recycle(0, "a test wants it")
    estate.say(GUILDS[1], "a")
    await estate.said("a 1", GUILDS[1])
    await estate.until(lambda: estate.failed)
    assert GUILDS[0] not in estate.hosting.guilds


async def test_a_fresh_process_that_dies_leaves_every_guild_running(
    estate: Estate, recycler: Recycler
) -> None:
    for guild_id in GUILDS:
        await estate.run(COUNTS, guild_id)
    old = estate.worker
    recycling = recycler.recycle(0, "a test wants it")
    while estate.worker is old:  # noqa: ASYNC110  (the pool tells nobody else)
        await asyncio.sleep(0)
    assert estate.worker is not None
    estate.worker.forked.kill()
    await recycling
    for guild_id in GUILDS:
        await estate.until(lambda: estate.hosting.guilds.get(guild_id))  # noqa: B023
        estate.say(guild_id, "alive")
        await estate.until(
            lambda: any("alive" in text for text in estate.printed.get(guild_id, ()))  # noqa: B023
        )


async def test_when_a_worker_has_served_long_enough(estate: Estate) -> None:
    await estate.run(COUNTS)
    worker = estate.worker
    assert worker is not None
    now, own = worker.up_since + 100, own_bytes(worker.forked.pid)
    assert own > 1 << 20

    def reason(**service: float) -> str:
        fields = {"age_seconds": 0, "isolates": 0, "rss_bytes": 0, "drain_seconds": 0}
        options = Service(**{**fields, **service})  # type: ignore[arg-type]
        return Recycler(estate.hosting, estate.migration, options).reason(worker, now)

    assert reason() == ""
    assert reason(age_seconds=101) == ""
    assert reason(age_seconds=100) == "it has run for 100 s"
    assert reason(isolates=2) == ""
    assert reason(isolates=1) == "it has made 1 isolates"
    assert reason(rss_bytes=1 << 40) == ""
    assert reason(rss_bytes=1 << 20).endswith(" MiB of its own")


async def test_only_workers_of_the_pool_are_replaced(estate: Estate, recycler: Recycler) -> None:
    for index in (-1, 2, 64):
        with pytest.raises(NoSuchWorker):
            recycler.recycle(index, "a test wants it")
