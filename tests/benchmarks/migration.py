"""Guilds that move between two workers: how many in a second, and how long one of them waits."""

import asyncio
import time
from collections.abc import Iterator

from tests.benchmarks.figures import Figure, percentile
from tests.runtime.test_migration import COUNTS, Estate

GUILDS = 20
MOVES = 200
# The guild that is looked at gets a message so often; seconds.
EVERY = 0.002
REST = 0.05  # between two moves of it


class Watched(Estate):
    """It knows when each message was said and when its handler ran; guilds' messages keep their
    order, so the nth is the nth."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[float] = []
        self.said_at: list[float] = []

    def script_log(self, guild_id: str, level: str, text: str) -> None:
        self.ran.append(time.perf_counter())

    def waits(self, begin: int, end: int) -> list[float]:
        """Seconds from a message to its handler, of those from `begin` on."""
        pairs = zip(self.said_at[begin:end], self.ran[begin:end], strict=True)
        return [ran - said for said, ran in pairs]

    async def talk(self, guild_id: str, over: asyncio.Event) -> None:
        while not over.is_set():
            self.said_at.append(time.perf_counter())
            self.say(guild_id, "hello")
            await asyncio.sleep(EVERY)

    async def move_each(self, guilds: list[str]) -> float:
        """Moves a second, one after the other."""
        started = time.perf_counter()
        for number in range(MOVES):
            guild_id = guilds[number % len(guilds)]
            await self.migration.move(guild_id, 1 - self.worker_of(guild_id))
        return MOVES / (time.perf_counter() - started)

    async def move_to_and_fro(self, guild_id: str) -> None:
        for _ in range(MOVES):
            await self.migration.move(guild_id, 1 - self.worker_of(guild_id))
            await asyncio.sleep(REST)


def figures() -> Iterator[Figure]:
    yield from asyncio.run(_measure())


async def _measure() -> list[Figure]:
    estate = Watched()
    await estate.hosting.start()
    try:
        guilds = [str(300000000000000000 + number) for number in range(GUILDS)]
        for guild_id in guilds:
            await estate.run(COUNTS, guild_id)
        quiet = await estate.move_each(guilds)
        over = asyncio.Event()
        talking = asyncio.create_task(estate.talk(guilds[0], over))
        await asyncio.sleep(2)
        begun = len(estate.said_at)
        await estate.move_to_and_fro(guilds[0])
        over.set()
        await talking
        await estate.hosting.drain(10)
        before, meanwhile = estate.waits(0, begun), estate.waits(begun, len(estate.ran))
    finally:
        await estate.hosting.stop(5)
    usual = percentile(before, 0.99) * 1e3
    longest = max(meanwhile) * 1e3
    return [
        Figure("moves one after the other, quiet guilds", quiet, "1/s"),
        Figure("500 messages/s: from one to its handler, no moves, p99", usual, "ms"),
        Figure("… while its guild moves to and fro, p50", percentile(meanwhile, 0.5) * 1e3, "ms"),
        Figure("… p99", percentile(meanwhile, 0.99) * 1e3, "ms"),
        Figure("… the longest", longest, "ms", longest / usual, "p99 without moves"),
    ]
