"""Hostile scripts beside 49 good guilds in one worker: what they meet, and what the others feel."""

import asyncio
import itertools
import logging
import time
from collections.abc import Iterator
from pathlib import Path

from runtime.event import Ending
from runtime.offence import KILLS_WORKERS
from tests.benchmarks.figures import Figure, percentile
from tests.hostile.cases import ALL, Case
from tests.hostile.house import ANSWERS, HostileHouse

GOOD = 49
# One of the good guilds is spoken to so often; seconds.
SPEAKS_EVERY = 0.004
BASELINE_SECONDS = 10.0
# At least so long beside each hostile script, which is let loose again until then.
BESIDE_SECONDS = 1.0
ISOLATES, AT_ONCE = 10_000, 20
LOOPS = "on('messageCreate', (ctx) => { while (ctx.msg.content === 'bad'); })"
KILLS = "on('messageCreate', () => { new Array(2 ** 32 - 1).fill(0) })"


def figures() -> Iterator[Figure]:
    logging.disable(logging.CRITICAL)
    yield from asyncio.run(_measure())


async def _measure() -> list[Figure]:
    house = HostileHouse(pin=True)
    await house.start()
    try:
        good = [await house.move_in(ANSWERS) for _ in range(GOOD)]
        quiet = asyncio.create_task(asyncio.sleep(BASELINE_SECONDS))
        baseline = percentile([seconds for _, seconds in await _talk(house, good, quiet)], 0.99)
        name = "49 good guilds alone, p99 of an event"
        print(Figure(name, baseline * 1e3, "ms"), flush=True)  # noqa: T201
        of_all: list[float] = []
        for case in ALL:
            of_all += await _beside(house, good, case, baseline)
        p99 = percentile(of_all, 0.99)
        found = [
            Figure("beside all of these, p99", p99 * 1e3, "ms", p99 / baseline, "alone"),
            *await _recovery(house, good[0]),
            *await _isolates(house),
        ]
    finally:
        await house.stop()
    return found


async def _talk(
    house: HostileHouse, good: list[str], until: "asyncio.Future[object]"
) -> list[tuple[Ending, float]]:
    """Events of the good guilds in turn: how each ended, and after how many seconds."""
    found = []
    for guild_id in itertools.cycle(good):
        if until.done():
            return found
        found.append(await house.ask(guild_id, "hello"))
        await asyncio.sleep(SPEAKS_EVERY)
    raise AssertionError("a cycle has no end")


async def _beside(house: HostileHouse, good: list[str], case: Case, baseline: float) -> list[float]:
    """Lets one script loose until its time is over; prints its line, gives the others' seconds."""
    hostile = await house.move_in(case.source)
    talk = asyncio.create_task(_rage(house, hostile))
    answers = await _talk(house, good, talk)
    faults = [offence.kind.value for offence in house.seen[hostile].offences]
    house.move_out(hostile)
    met = ", ".join(sorted(set(faults))) or "nothing"
    lost = sum(ending is not Ending.DONE for ending, _ in answers)
    seconds = [each for _, each in answers]
    p99 = percentile(seconds, 0.99)
    line = f"{case.name[:36]}: {met}" + (f"; {lost} of {len(answers)} lost" if lost else "")
    print(Figure(line, p99 * 1e3, "ms", p99 / baseline, "alone"), flush=True)  # noqa: T201
    return seconds


async def _rage(house: HostileHouse, hostile: str) -> None:
    until = time.perf_counter() + BESIDE_SECONDS
    while time.perf_counter() < until:
        await house.ask(hostile, "bad")
        await asyncio.sleep(SPEAKS_EVERY)


async def _recovery(house: HostileHouse, neighbour: str) -> list[Figure]:
    """From the moment at which a limit has ended it until its guild answers again."""
    rebuilt, forked = [], []
    for _ in range(10):
        guild_id = await house.move_in(LOOPS)
        await house.ask(guild_id, "bad")
        rebuilt.append((await house.ask(guild_id, "again"))[1])
        house.move_out(guild_id)
        guild_id = await house.move_in(KILLS)
        house.say(guild_id, "bad")
        await house.until(lambda seen=house.seen[guild_id]: seen.offences)
        assert house.seen[guild_id].offences[0].kind in KILLS_WORKERS
        forked.append((await house.ask(neighbour, "hello"))[1])
        house.move_out(guild_id)
    again, anew = percentile(rebuilt, 0.5) * 1e3, percentile(forked, 0.5) * 1e3
    return [
        Figure("after a limit: isolate rebuilt, guild answers, p50", again, "ms"),
        Figure("after a worker's death: re-forked, neighbour answers, p50", anew, "ms"),
        Figure("… the slowest of 10", max(forked) * 1e3, "ms"),
    ]


async def _isolates(house: HostileHouse) -> list[Figure]:
    """RSS of a worker that has made and closed many isolates."""
    before = _resident(house)
    sizes = {0: before}
    for made in range(AT_ONCE, ISOLATES + 1, AT_ONCE):
        guilds = await asyncio.gather(*(house.move_in(ANSWERS) for _ in range(AT_ONCE)))
        for guild_id in guilds:
            house.move_out(guild_id)
        sizes[made] = _resident(house)
    half, end = sizes[ISOLATES // 2], sizes[ISOLATES]
    return [
        Figure("RSS of the worker with 49 guilds", before / 2**20, "MiB"),
        Figure(f"… {ISOLATES // 2} isolates made and closed later", half / 2**20, "MiB"),
        Figure(f"… {ISOLATES} isolates later", end / 2**20, "MiB", end / half, "half of them"),
    ]


def _resident(house: HostileHouse) -> int:
    assert house.worker is not None
    pages = int(Path(f"/proc/{house.worker.forked.pid}/statm").read_text().split()[1])
    return pages * 4096
