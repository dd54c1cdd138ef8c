"""A whole flora with 100 guilds: its start, its memory, and events from the gateway's socket on."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.message import message, message_text
from tests.e2e.installation import Installation
from tests.fake_discord.gateway import Session
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

GUILDS = 100
EVENTS = 200  # of each guild
PINGS = 300
SCRIPT = (
    "const counters = kv.store('counters');"
    "on('interactionCreate', (ctx) => ctx.reply('pong'));"
    "on('messageCreate', async (ctx) => {"
    " await counters.get('count');"
    " if (ctx.msg.content === '!end') "
    "   await rest.sendMessage({ channelId: ctx.msg.channelId, content: 'end' }) })"
)


def figures() -> Iterator[Figure]:
    yield from asyncio.run(_measure())


async def _measure() -> list[Figure]:
    discord = FakeDiscord()
    await discord.start()
    with tempfile.TemporaryDirectory(prefix="flora-bench-") as directory:
        settings = {"DISCORD_TOKEN": discord.token, "DISCORD_API_BASE": discord.api_base}
        flora = Installation(Path(directory), {**settings, "RUNTIME_DEFAULT_SCRIPT": "false"})
        try:
            return await _run(discord, flora)
        finally:
            await flora.end()
            await discord.stop()


async def _run(discord: FakeDiscord, flora: Installation) -> list[Figure]:
    await flora.start()
    bare = _resident(flora)
    guilds = [await discord.add_guild(f"Guild {number}") for number in range(GUILDS)]
    await flora.until("/api/guilds", lambda found: len(found) == GUILDS)
    started = time.perf_counter()
    for guild in guilds:
        deployed = await flora.deploy(guild.id, SCRIPT)
        assert deployed.status == 200, deployed.json
    deploying = (time.perf_counter() - started) / GUILDS * 1e3
    found = [
        Figure("deploy over HTTP: build, load, swap; one at a time", deploying, "ms"),
        Figure("memory of two workers and their zygote", bare / 2**20, "MiB"),
        Figure("memory of one idle guild", (_resident(flora) - bare) / GUILDS / 2**20, "MiB"),
    ]
    times = [await _ping(guilds[n % GUILDS]) for n in range(PINGS)]
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        value = percentile(times, share) * 1e3
        found.append(Figure(f"interaction out of the gateway → callback, {name}", value, "ms"))
    unheard = await _flood(discord, flora, guilds, "TYPING_START")
    found.append(Figure("unheard events, what the fake Discord can send", unheard.rate, "1/s"))
    found.append(Figure("… of the supervisor's CPU, an event", unheard.supervisor, "µs"))
    heard = await _flood(discord, flora, guilds, "MESSAGE_CREATE")
    ratio = heard.rate / unheard.rate
    found.append(Figure("events with one KV operation each", heard.rate, "1/s", ratio, "unheard"))
    found.append(Figure("… of the supervisor's CPU, an event", heard.supervisor, "µs"))
    found.append(Figure("… of the workers' CPU, an event", heard.workers, "µs"))
    await flora.stop()
    started = time.perf_counter()
    await flora.start()
    found.append(Figure("start with 100 guilds, until ready", time.perf_counter() - started, "s"))
    scripts = [line for line in flora.log().splitlines() if "scripts ready" in line][-1]
    restored = float(scripts.partition("ms=")[2].split()[0])
    found.append(Figure("… of it restoring 100 guilds", restored, "ms"))
    return found


async def _ping(guild: FakeGuild) -> float:
    started = time.perf_counter()
    await (await guild.command("ping")).answered()
    return time.perf_counter() - started


@dataclass(frozen=True)
class Flood:
    """rate: events a second; the others are microseconds of CPU for each event."""

    rate: float
    supervisor: float
    workers: float


async def _flood(
    discord: FakeDiscord, flora: Installation, guilds: list[FakeGuild], event: str
) -> Flood:
    """The last event of each guild is answered by a message: all before it have been handled."""
    *_, session = discord.gateway.sessions.values()  # the first one ended with new intents
    session.log.clear()
    texts = [message_text(guild.id, guild.channel_id) for guild in guilds]
    assert flora.process is not None
    supervisor, workers = [flora.process.pid], flora.processes("runtime.worker.zygote")
    before = (_cpu(supervisor), _cpu(workers))
    started = time.perf_counter()
    for _ in range(EVENTS):
        for text in texts:
            await send_text(session, event, text)
    for guild in guilds:
        end = {**message(guild.id, guild.channel_id), "content": "!end"}
        await discord.dispatch("MESSAGE_CREATE", end, guild_id=guild.id)
    for guild in guilds:
        await guild.next_sent(timeout=120)
    seconds = time.perf_counter() - started
    count = EVENTS * len(guilds)
    used = (_cpu(supervisor) - before[0], _cpu(workers) - before[1])
    return Flood(count / seconds, used[0] / count * 1e6, used[1] / count * 1e6)


async def send_text(session: Session, event: str, text: bytes) -> None:
    """A dispatch at the least cost for whoever sends: ready JSON."""
    session.sequence += 1
    frame = b'{"t":"%b","s":%d,"op":0,"d":%b}' % (event.encode(), session.sequence, text)
    assert session.connection is not None
    await session.connection.send_packed(frame)


def _cpu(pids: list[int]) -> float:
    """Seconds of CPU that these processes have used so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _resident(flora: Installation) -> int:
    """Bytes of the workers and their zygote, what they share counted once."""
    total = 0
    for pid in flora.processes("runtime.worker.zygote"):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total
