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


@dataclass(frozen=True)
class Plan:
    """guilds: of good scripts. ask_every, harm_every: seconds between two questions of all members,
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
        }

    async def run(self) -> Report:
        plan = self._plan
        self._good = [await self._discord.add_guild(f"Guild {n}") for n in range(plan.guilds)]
        self._hostile = [await self._discord.add_guild(f"Hostile {n}") for n in range(plan.hostile)]
        await self._flora.until_known(plan.guilds + plan.hostile)
        for guild_id in self._good:
            await self._deploy_good(guild_id)
        deadline = time.monotonic() + plan.seconds
        await asyncio.gather(self._talk(deadline), self._harm(deadline))
        await self._count()
        return self._report

    async def _talk(self, deadline: float) -> None:
        for number in itertools.count():
            if time.monotonic() >= deadline:
                return
            guild_id = self._dice.choice([*self._good, *self._hostile])
            await self._discord.ask(guild_id, f"n{number}")
            await asyncio.sleep(self._plan.ask_every)

    async def _harm(self, deadline: float) -> None:
        """All harms in turn, in an order that chance has chosen."""
        names = list(self._harms)
        while True:
            self._dice.shuffle(names)
            for name in names:
                if time.monotonic() + self._plan.harm_every >= deadline:
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

    async def _deploy_good(self, guild_id: str) -> None:
        await self._flora.deploy(guild_id, GOOD.format(version=next(self._versions)))
