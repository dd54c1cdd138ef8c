"""Every hostile script: what it meets, what its owner is told, and that its neighbours go on."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from runtime.event import Ending
from runtime.offence import KILLS_WORKERS
from tests.hostile.cases import ALL, TOLD, Case
from tests.hostile.house import ANSWERS, HostileHouse

LOST = "MESSAGE_CREATE was lost: it had started when its isolate ended"
# A member of the neighbours' guild says something so often; seconds.
SPEAKS_EVERY = 0.005

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[HostileHouse]:
    house = HostileHouse()
    await house.start()
    yield house
    await house.stop()


async def talk(house: HostileHouse, guild_id: str, until: "asyncio.Task[object]") -> list[Ending]:
    """Speaks in a good neighbour's guild for so long; how each of its events has ended."""
    endings = []
    while not until.done():
        ending, _ = await house.ask(guild_id, "hello")
        endings.append(ending)
        await asyncio.sleep(SPEAKS_EVERY)
    return endings


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
async def test_what_a_hostile_script_meets(house: HostileHouse, case: Case) -> None:
    neighbour = await house.move_in(ANSWERS)
    hostile = await house.move_in(case.source)
    worker = await house.until(lambda: house.worker)
    harm = asyncio.create_task(house.ask(hostile, "bad"))
    endings = await talk(house, neighbour, harm)
    ending, _ = harm.result()
    seen = house.seen[hostile]

    # It may go on computing when its handler has ended: the next event tells.
    answers = [(await house.ask(hostile, "again"))[0] for _ in range(2)]
    assert answers[1] in (Ending.DONE, Ending.FAILED)

    assert seen.notes == [LOST] * [ending, *answers].count(Ending.LOST)
    faults = [offence.kind for offence in seen.offences]
    told = [text.removeprefix("dispatch: ") for text in seen.told]
    if faults:
        (fault,) = faults
        assert fault in case.outcome.faults
        assert sum(re.fullmatch(TOLD[fault], text) is not None for text in told) == 1
    else:
        assert case.outcome.ends
        assert ending in (Ending.DONE, Ending.FAILED)
        if case.outcome.error is not None:
            assert told == ([case.outcome.error] if case.outcome.error else [])
    died = any(fault in KILLS_WORKERS for fault in faults)
    assert worker.alive is not died

    # Each of the neighbour's events is answered; of those that had started when the worker died
    # it is said so.
    lost = endings.count(Ending.LOST)
    assert lost <= died
    assert house.seen[neighbour].notes == [LOST] * lost
    assert house.seen[neighbour].printed == ["hello"] * (len(endings) - lost)
    # A process that dies by itself does not say of whom: who computed then is kept apart, unblamed.
    assert not any(offence.is_sure for offence in house.seen[neighbour].offences)
    assert (await house.ask(neighbour, "still here"))[0] is Ending.DONE
    house.move_out(hostile)
    house.move_out(neighbour)
