"""Traffic over many guilds while a whole flora is being harmed, and what came of it.

The promise: every question of a member's is answered once, or the member is told why not; and the
guilds whose scripts are good answer again after all that was done.

Discord is played by this process, over sockets: what flora does with its connections, sessions and
requests is part of the promise, so nothing of flora is left out. The simulated Discord of the
development mode is another environment, which an operator's machine need not have, and its clock
is its own.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.chaos.discord import Discord, Question
from runtime.chaos.flora import Flora
from runtime.chaos.report import Report
from runtime.chaos.scripts import GOOD, HOSTILE

# How long a member waits for what is under way at the end: a killed worker's guilds come back.
PATIENCE = 60.0
# Guilds that are moved at the same time.
MOVED_AT_ONCE = 5
# A worker that is not empty by then is taken back all the same; seconds.
DRAINED_BY = 10.0


@dataclass(frozen=True)
class Plan:
    """seconds: of traffic, and longer when by then not everything was done once. guilds: of good
    scripts. ask_every, harm_every: seconds between two questions of all members,
    between two harms. hostile: guilds beside the good ones."""

    seconds: float
    guilds: int = 50
    hostile: int = 3
    workers: int = 2
    ask_every: float = 0.02
    harm_every: float = 1.5
    seed: int = 0


async def run(plan: Plan, manage: Path, directory: Path) -> Report:
    """manage: the project's manage.py; directory: empty, for flora's data. Raises DidNotStart."""
    discord = Discord()
    await discord.start()
    settings = {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_BASE": discord.api_base,
        "RUNTIME_MAX_WORKERS": str(plan.workers),
    }
    flora = Flora(manage, directory, settings)
    try:
        await flora.start()
        return await _Chaos(plan, discord, flora).run()
    finally:
        await flora.stop()
        await discord.stop()


class _Chaos:
    def __init__(self, plan: Plan, discord: Discord, flora: Flora) -> None:
        self._plan = plan
        self._discord = discord
        self._flora = flora
        self._dice = random.Random(plan.seed)  # noqa: S311  (repeatable)
        self._report = Report()
        self._versions = itertools.count(1)
        self._good: list[str] = []
        self._hostile: list[str] = []
        # By what they are called in the report. Whatever else flora learns to do under traffic
        # belongs here.
        self._harms: dict[str, Callable[[], Awaitable[object]]] = {
            "a worker killed": self._kill_a_worker,
            "the zygote killed": self._kill_the_zygote,
            "the web process killed": self._kill_the_web,
            "Discord's connection broken": self._pull_the_cable,
            "a reconnect asked for": discord.ask_to_reconnect,
            "a good script deployed": self._redeploy,
            "a hostile script deployed": self._deploy_a_hostile_script,
            "a hostile script replaced": self._replace_a_hostile_script,
            "guilds moved": self._move_guilds,
            "a worker drained and taken back": self._drain_a_worker,
            "a worker recycled": self._recycle_a_worker,
        }

    async def run(self) -> Report:
        plan = self._plan
        self._good = [await self._discord.add_guild(f"Guild {n}") for n in range(plan.guilds)]
        self._hostile = [await self._discord.add_guild(f"Hostile {n}") for n in range(plan.hostile)]
        await self._flora.until_known(plan.guilds + plan.hostile)
        for guild_id in self._good:
            await self._deploy_good(guild_id)
        deadline = time.monotonic() + plan.seconds
        harming = asyncio.create_task(self._harm(deadline))
        await asyncio.gather(harming, self._talk(deadline, harming))
        await self._count()
        return self._report

    async def _talk(self, deadline: float, harming: asyncio.Task[None]) -> None:
        for number in itertools.count():
            if harming.done() and time.monotonic() >= deadline:
                return
            guild_id = self._dice.choice([*self._good, *self._hostile])
            await self._discord.ask(guild_id, f"n{number}")
            await asyncio.sleep(self._plan.ask_every)

    async def _harm(self, deadline: float) -> None:
        """All harms in turn, each at least once, in an order that chance has chosen."""
        names = list(self._harms)
        for turn in itertools.count():
            self._dice.shuffle(names)
            for name in names:
                if turn and time.monotonic() + self._plan.harm_every >= deadline:
                    return
                await asyncio.sleep(self._plan.harm_every)
                self._report.done[name] += 1
                await self._harms[name]()

    async def _count(self) -> None:
        """A last question to each good guild; what is open then will not be answered any more."""
        last = [await self._discord.ask(guild_id, "last") for guild_id in self._good]
        await self._discord.until_answered(last, PATIENCE)
        asked = [question for question in self._discord.questions if self._is_good(question)]
        await self._discord.until_answered(asked, PATIENCE)
        report = self._report
        report.count(asked)
        report.silent = [each.guild_id for each in last if each.answer != each.command]
        measured = await self._flora.measured()
        report.dropped = int(measured.get("flora_events_dropped", 0))
        report.restarts = {
            "workers": int(measured.get("flora_worker_restarts", 0)),
            "isolates": int(measured.get("flora_isolate_restarted", 0)),
        }

    def _is_good(self, question: Question) -> bool:
        return question.guild_id in self._good

    # --- harms -----------------------------------------------------------------------------

    async def _kill_a_worker(self) -> None:
        self._kill_one(self._flora.workers())

    async def _kill_the_zygote(self) -> None:
        self._kill_one(self._flora.zygotes())

    async def _kill_the_web(self) -> None:
        self._kill_one(self._flora.webs())

    def _kill_one(self, processes: list[int]) -> None:
        if processes:
            self._flora.kill(self._dice.choice(processes))

    async def _pull_the_cable(self) -> None:
        self._discord.pull_cables()

    async def _redeploy(self) -> None:
        await self._deploy_good(self._dice.choice(self._good))

    async def _deploy_a_hostile_script(self) -> None:
        await self._flora.deploy(self._dice.choice(self._hostile), self._dice.choice(HOSTILE))

    async def _replace_a_hostile_script(self) -> None:
        await self._deploy_good(self._dice.choice(self._hostile))

    async def _move_guilds(self) -> None:
        hosted = await self._flora.hosted()
        where = [(guild_id, index) for index, guilds in hosted.items() for guild_id in guilds]
        moves = [
            self._move(guild_id, self._dice.choice([other for other in hosted if other != index]))
            for guild_id, index in self._dice.sample(where, min(MOVED_AT_ONCE, len(where)))
            if len(hosted) > 1
        ]
        await asyncio.gather(*moves)

    async def _move(self, guild_id: str, worker: int) -> None:
        has_moved = await self._flora.move(guild_id, worker)
        self._report.moves["made" if has_moved else "given up"] += 1

    async def _drain_a_worker(self) -> None:
        index = self._dice.randrange(self._plan.workers)
        if await self._flora.drain(index):
            await self._flora.until_drained(index, DRAINED_BY)
            await self._flora.take_back(index)

    async def _recycle_a_worker(self) -> None:
        await self._flora.recycle(self._dice.randrange(self._plan.workers))

    async def _deploy_good(self, guild_id: str) -> None:
        await self._flora.deploy(guild_id, GOOD.format(version=next(self._versions)))
