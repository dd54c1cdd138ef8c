"""A worker that is taken out of service: its guilds go on elsewhere, it stays, and comes back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from runtime.balancer import Balancer
from runtime.drainer import Drainer, NotPossibleNow
from runtime.migration import NoSuchWorker
from runtime.recycler import Recycler
from runtime.script import Script
from tests.runtime.test_hosting import GUILD
from tests.runtime.test_migration import COUNTS, ONCE, Estate, kill, refused
from tests.runtime.test_recycling import NEVER

GUILDS = [f"{GUILD}{number}" for number in range(8)]


@pytest_asyncio.fixture
async def estate() -> AsyncIterator[Estate]:
    estate = Estate()
    await estate.hosting.start()
    yield estate
    await estate.hosting.stop(5)


@pytest_asyncio.fixture
async def drainer(estate: Estate) -> AsyncIterator[Drainer]:
    drainer = Drainer(estate.hosting, estate.migration)
    yield drainer
    drainer.stop()


async def drained(drainer: Drainer, index: int) -> None:
    async with asyncio.timeout(30):
        await drainer.drain(index).wait()


async def test_its_guilds_move_off_under_traffic_and_it_stays_up(
    estate: Estate, drainer: Drainer
) -> None:
    for guild_id in GUILDS:
        await estate.run(COUNTS, guild_id)
    process = estate.hosting.pool.worker(0)
    emptied = drainer.drain(0)
    said = 0
    while not emptied.is_set():
        said += 1
        for guild_id in GUILDS:
            estate.say(guild_id, f"m{said}")
        # No guild's queue overflows, however slow the machine is.
        await estate.until(
            lambda n=said: all(len(estate.printed.get(g, ())) > n - 100 for g in GUILDS)
        )
    for guild_id in GUILDS:
        await estate.said(f"m{said} {said}", guild_id)
        assert estate.printed[guild_id] == [f"m{n} {n}" for n in range(1, said + 1)]
        assert estate.worker_of(guild_id) == 1
    assert process is not None
    assert process.alive
    assert estate.hosting.pool.worker(0) is process
    assert process.listeners == {}


async def test_nothing_is_placed_there_until_it_is_taken_back(
    estate: Estate, drainer: Drainer
) -> None:
    own = next(guild_id for guild_id in GUILDS if estate.hosting.place_of(guild_id) == 0)
    await estate.run(COUNTS, GUILD)  # which an operator has placed there
    await drained(drainer, 0)
    # A first load, a rebuild after a dead worker, a deployment.
    assert estate.hosting.adopt(await estate.load(own, COUNTS))
    await kill(estate, 1)
    for guild_id in (own, GUILD):
        estate.say(guild_id, "a")
        await estate.said("a 1", guild_id)
        assert estate.worker_of(guild_id) == 1
    assert (await estate.load(GUILD, COUNTS)).worker.index == 1
    reason = await refused(estate.migration.move(GUILD, 0))
    assert reason == "worker 0 is out of service: take it back into service first"
    drainer.take_back(0)
    # It is where it was placed, or where its id has it, as if nothing had been.
    assert [estate.hosting.place_of(guild_id) for guild_id in (own, GUILD)] == [0, 0]
    assert (await estate.migration.move(own, 0)).target == 0


async def test_the_balancer_leaves_it_alone(estate: Estate, drainer: Drainer) -> None:
    for guild_id in GUILDS[:2]:
        await estate.run(COUNTS, guild_id, worker=1)
    await drained(drainer, 0)
    balancer = Balancer(estate.hosting, estate.migration, moves_all=True)
    now = balancer._looked_at
    for _ in range(10):
        now += 5
        for guild_id in GUILDS[:2]:
            estate.hosting.guilds[guild_id].cpu_ns += 2_500_000_000
        await balancer.look(now)
    assert [estate.worker_of(guild_id) for guild_id in GUILDS[:2]] == [1, 1]


async def test_what_is_loading_there_moves_off_afterwards(estate: Estate, drainer: Drainer) -> None:
    slow = "console.log('begun'); await new Promise((done) => setTimeout(done, 200));"
    estate.hosting.place(GUILD, 0)
    deploying = asyncio.create_task(estate.load(GUILD, slow + ONCE))
    await estate.said("begun")
    await drained(drainer, 0)
    isolate = await deploying
    assert isolate.worker.index == 0
    assert estate.hosting.adopt(isolate)
    await estate.said("resumed state")
    estate.say(GUILD, "a")
    await estate.said("a")
    assert estate.worker_of() == 1


async def test_a_guild_that_cannot_move_stays_and_is_tried_again(
    estate: Estate, drainer: Drainer
) -> None:
    await estate.run(COUNTS, GUILDS[0])
    await estate.run(COUNTS, GUILDS[1])
    good = estate.desired[GUILDS[0]]
    estate.desired[GUILDS[0]] = Script(GUILDS[0], good.revision_id, "throw new Error('no')")
    emptied = drainer.drain(0)
    estate.say(GUILDS[1], "a")
    await estate.said("a 1", GUILDS[1])
    estate.say(GUILDS[0], "a")
    await estate.said("a 1", GUILDS[0])
    assert not emptied.is_set()
    assert estate.worker_of(GUILDS[0]) == 0
    assert estate.hosting.in_service == [1]
    estate.desired[GUILDS[0]] = good
    async with asyncio.timeout(30):
        await emptied.wait()
    assert estate.worker_of(GUILDS[0]) == 1


async def test_the_last_worker_in_service_is_not_drained(estate: Estate, drainer: Drainer) -> None:
    await drained(drainer, 0)
    with pytest.raises(NotPossibleNow, match="worker 0 is out of service already"):
        drainer.drain(0)
    with pytest.raises(NotPossibleNow, match="worker 1 is the last one in service"):
        drainer.drain(1)
    with pytest.raises(NotPossibleNow, match="worker 1 is in service"):
        drainer.take_back(1)
    for index in (-1, 2, 64):
        for act in (drainer.drain, drainer.take_back):
            with pytest.raises(NoSuchWorker, match=f"there is no worker {index}: they are 0 to 1"):
                act(index)
    drainer.take_back(0)
    await drained(drainer, 1)
    assert estate.hosting.in_service == [0]


async def test_its_process_can_be_replaced_meanwhile(estate: Estate, drainer: Drainer) -> None:
    await estate.run(COUNTS)
    await drained(drainer, 0)
    await Recycler(estate.hosting, estate.migration, NEVER).recycle(0, "a test wants it")
    await kill(estate, 0)
    await estate.hosting.worker(0)
    assert estate.hosting.in_service == [1]
    assert estate.worker_of() == 1
