"""Moves guilds off a worker that computes much more than another one.

It looks at the CPU time of the guilds, never at what they do with it. A move costs a guild what its
script keeps in variables, so whoever does not say `on('suspend')` is left alone unless the operator
wants it otherwise, and nothing moves for a short peak or to and fro.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from runtime.hosting import Hosting
from runtime.migration import Migration, NotMoved

log = logging.getLogger("flora.runtime")

LOOK_EVERY = 5.0
# A worker is hot when it uses so much of a CPU, and so much more than the coolest one.
HOT, AHEAD = 0.6, 0.3
# It must have been hot at so many looks in a row.
LOOKS = 3
# Nothing moves so soon after a move, and no guild so soon after its own; seconds.
REST, GUILD_REST = 15.0, 300.0
# A guild that computes less changes nothing.
LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Load:
    """Of one guild since the last look. share: of one CPU; is_movable: nothing speaks against."""

    guild_id: str
    worker: int
    share: float
    is_movable: bool


@dataclass(frozen=True, slots=True)
class Advice:
    guild_id: str
    source: int
    target: int


def hottest(loads: Sequence[Load], workers: Collection[int]) -> tuple[int, int] | None:
    """The worker that computes too much and the one that computes least, if there are such.
    workers: those that are in service, at least one."""
    used = _by_worker(loads, workers)
    hot, cool = max(used, key=used.__getitem__), min(used, key=used.__getitem__)
    return (hot, cool) if used[hot] >= HOT and used[hot] - used[cool] >= AHEAD else None


def advise(loads: Sequence[Load], workers: Collection[int]) -> Advice | None:
    """The one move that brings the hottest worker and the coolest nearest to each other; None when
    there is no hot one, or when no move makes it better."""
    pair = hottest(loads, workers)
    if pair is None:
        return None
    hot, cool = pair
    used = _by_worker(loads, workers)
    gap = used[hot] - used[cool]
    candidates = [
        load
        for load in loads
        if load.worker == hot and load.is_movable and LEAST <= load.share < gap
    ]
    if not candidates:
        return None
    # Moved, a share s leaves a gap of |gap - 2s|.
    best = min(candidates, key=lambda load: (abs(gap - 2 * load.share), load.guild_id))
    return Advice(best.guild_id, hot, cool)


def _by_worker(loads: Sequence[Load], workers: Collection[int]) -> dict[int, float]:
    used = dict.fromkeys(workers, 0.0)
    for load in loads:
        if load.worker in used:
            used[load.worker] += load.share
    return used


class Balancer:
    def __init__(self, hosting: Hosting, migration: Migration, *, moves_all: bool) -> None:
        """moves_all: also guilds whose scripts do not say what they take along."""
        self._hosting = hosting
        self._migration = migration
        self._moves_all = moves_all
        self._computed: Mapping[str, int] = {}
        self._looked_at = time.monotonic()
        self._hot_for = 0
        self._hot: int | None = None
        self._rests_until = 0.0
        self._guild_rests: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._hosting.pool.size > 1:
            self._task = asyncio.create_task(self._run(), name="balance")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look(time.monotonic())
            except NotMoved:
                pass  # the migration has said why
            except Exception:
                log.exception("the workers could not be balanced")

    async def look(self, now: float) -> None:
        """Moves at most one guild. now: monotonic seconds. Raises NotMoved."""
        loads = self._loads(now)
        workers = self._hosting.in_service
        pair = hottest(loads, workers)
        hot = pair[0] if pair else None
        self._hot_for = self._hot_for + 1 if hot is not None and hot == self._hot else 1
        self._hot = hot
        if hot is None or self._hot_for < LOOKS or now < self._rests_until:
            return
        advice = advise(loads, workers)
        if advice is None:
            return
        self._rests_until = now + REST
        self._guild_rests[advice.guild_id] = now + GUILD_REST
        log.info(
            "worker %d computes much more than worker %d: guild %s is to move",
            *(advice.source, advice.target, advice.guild_id),
        )
        await self._migration.move(advice.guild_id, advice.target)

    def _loads(self, now: float) -> list[Load]:
        seconds = max(0.001, now - self._looked_at)
        self._looked_at = now
        before, self._computed = (
            self._computed,
            {guild_id: guild.cpu_ns for guild_id, guild in self._hosting.guilds.items()},
        )
        self._guild_rests = {g: until for g, until in self._guild_rests.items() if until > now}
        return [
            Load(
                guild_id,
                guild.live.worker.index,
                max(0, guild.cpu_ns - before.get(guild_id, guild.cpu_ns)) / 1e9 / seconds,
                is_movable=(guild.live.hands_over or self._moves_all)
                and guild_id not in self._guild_rests
                and not self._hosting.is_secluded(guild_id),
            )
            for guild_id, guild in self._hosting.guilds.items()
            if guild.live is not None
        ]
