"""Traffic through a whole flora while its parts are killed: what was answered, lost, doubled.

The promise: every interaction is answered once, or its guild's log says that it was lost; and
the guilds whose scripts are good answer again after each fault.
"""

import asyncio
import contextlib
import os
import random
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild, Interaction

GUILDS = 20
EVERY = 0.02  # seconds between two interactions
FAULT_EVERY = 1.5
GOOD = "on('interactionCreate', (ctx) => ctx.reply(ctx.msg.commandName)) // {}"
HOSTILE = (
    "on('interactionCreate', () => { for (;;) {} })",
    "on('interactionCreate', async () => { for (;;) await null })",
    "on('interactionCreate', () => { const a = []; for (;;) a.push({ n: a.length }) })",
    "on('interactionCreate', () => { new Array(2 ** 32 - 1).fill(0) })",
    "for (;;) {}",
    "throw new Error('not today')",
)


@dataclass
class Report:
    sent: int = 0
    answered: int = 0
    reported_lost: int = 0
    unexplained: int = 0
    doubled: int = 0
    silent_guilds: list[str] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return not (self.unexplained or self.doubled or self.silent_guilds)

    def __str__(self) -> str:
        ordered = sorted(self.latencies) or [0.0]
        rows = {
            "interactions sent": self.sent,
            "answered": self.answered,
            "lost, and said so": self.reported_lost,
            "lost without a word": self.unexplained,
            "answered twice": self.doubled,
            "guilds that fell silent": len(self.silent_guilds),
            "p50 ms": round(ordered[len(ordered) // 2] * 1e3, 1),
            "p99 ms": round(ordered[int(len(ordered) * 0.99)] * 1e3, 1),
            **{f"fault: {name}": count for name, count in sorted(self.faults.items())},
        }
        return "\n".join(f"  {name:<40}{value:>8}" for name, value in rows.items())


async def chaos(seconds: float, seed: int) -> Report:
    discord = FakeDiscord()
    await discord.start()
    with tempfile.TemporaryDirectory(prefix="flora-soak-") as directory:
        settings = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_BASE": discord.api_base,
            "RUNTIME_DEFAULT_SCRIPT": "false",
        }
        flora = Installation(Path(directory), settings)
        try:
            await flora.start()
            return await _Chaos(discord, flora, random.Random(seed)).run(seconds)
        finally:
            await flora.end()
            await discord.stop()


class _Chaos:
    def __init__(self, discord: FakeDiscord, flora: Installation, dice: random.Random) -> None:
        self.discord, self.flora, self.dice = discord, flora, dice
        self.report = Report()
        self.guilds: list[FakeGuild] = []
        self.asked: list[tuple[Interaction, float]] = []
        self.faults: list[Callable[[], Awaitable[None]]] = [
            self.kill_a_worker,
            self.kill_the_zygote,
            self.kill_the_web,
            self.pull_the_cable,
            self.reconnect,
            self.redeploy,
            self.deploy_a_hostile_script,
        ]

    async def run(self, seconds: float) -> Report:
        self.guilds = [await self.discord.add_guild(f"Guild {n}") for n in range(GUILDS)]
        self.hostile = await self.discord.add_guild("Hostile")
        await self.flora.until("/api/guilds", lambda found: len(found) == GUILDS + 1)
        for guild in self.guilds:
            assert (await self.flora.deploy(guild.id, GOOD)).status == 200
        deadline = time.monotonic() + seconds
        traffic = asyncio.create_task(self.talk(deadline))
        while time.monotonic() < deadline:
            await asyncio.sleep(FAULT_EVERY)
            fault = self.dice.choice(self.faults)
            self.report.faults[fault.__name__] = self.report.faults.get(fault.__name__, 0) + 1
            await fault()
        await traffic
        await self.count()
        return self.report

    async def talk(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            guild = self.dice.choice([*self.guilds, self.hostile])
            interaction = await guild.command(f"n{len(self.asked)}")
            if guild is not self.hostile:
                self.asked.append((interaction, time.monotonic()))
                task = asyncio.create_task(self.time(interaction))
                task.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.sleep(EVERY)

    async def time(self, interaction: Interaction) -> None:
        started = time.monotonic()
        await interaction.answered(timeout=60)
        self.report.latencies.append(time.monotonic() - started)

    async def count(self) -> None:
        """A last question to each guild; what is open then will not be answered any more."""
        for guild in self.guilds:
            try:
                await (await guild.command("last")).answered(timeout=60)
            except TimeoutError:
                self.report.silent_guilds.append(guild.name)
        report = self.report
        report.sent = len(self.asked)
        report.answered = sum(one.callback is not None for one, _ in self.asked)
        report.doubled = self.discord.refused.get(40060, 0)
        for guild in self.guilds:
            open_ones = sum(one.callback is None for one, _ in self.asked if one.guild is guild)
            entries = await self.flora.guild_log(guild.id)
            said = sum("INTERACTION_CREATE was lost" in entry["message"] for entry in entries)
            report.reported_lost += said
            report.unexplained += max(0, open_ones - said)

    # --- faults ----------------------------------------------------------------------------

    def _zygote_and_workers(self) -> tuple[list[int], list[int]]:
        assert self.flora.process is not None
        found = self.flora.processes("runtime.worker.zygote")
        zygotes = [pid for pid in found if _parent(pid) == self.flora.process.pid]
        return zygotes, [pid for pid in found if pid not in zygotes]

    async def kill_a_worker(self) -> None:
        _kill(self._zygote_and_workers()[1], self.dice)

    async def kill_the_zygote(self) -> None:
        _kill(self._zygote_and_workers()[0], self.dice)

    async def kill_the_web(self) -> None:
        _kill(self.flora.processes("daphne"), self.dice)

    async def pull_the_cable(self) -> None:
        self.discord.gateway.pull_cables()

    async def reconnect(self) -> None:
        await self.discord.gateway.ask_to_reconnect()

    async def redeploy(self) -> None:
        await self._deploy(self.dice.choice(self.guilds), GOOD.format(self.dice.random()))

    async def deploy_a_hostile_script(self) -> None:
        await self._deploy(self.hostile, self.dice.choice(HOSTILE))

    async def _deploy(self, guild: FakeGuild, source: str) -> None:
        with contextlib.suppress(OSError, TimeoutError):  # the web may be the one that was killed
            await self.flora.deploy(guild.id, source)


def _kill(pids: list[int], dice: random.Random) -> None:
    if pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(dice.choice(pids), signal.SIGKILL)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
