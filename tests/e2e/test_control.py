"""The web and the runtime apart from each other: over Redis, and with either side killed."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from deployments.control import (
    LENGTH,
    Deploy,
    Done,
    Failed,
    GetStatus,
    Message,
    Migrate,
    Reconcile,
    Recycle,
    Refused,
    Reply,
    RunRequested,
    Settled,
    Status,
)
from tests.e2e.conftest import MakeInstallation
from tests.e2e.installation import ROOT, Installation
from tests.fake_discord.server import FakeDiscord
from tests.servers import Missing, redis

SLOW = (
    "await new Promise((done) => setTimeout(done, 1500))\n"
    "on('messageCreate', (ctx) => { if (!ctx.msg.author.bot) void ctx.reply('slow') })"
)


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis of this test's own: control lists are one for a whole Redis."""
    with contextlib.ExitStack() as servers:
        try:
            url = servers.enter_context(redis())
        except Missing as missing:
            if os.environ.get("FLORA_CI"):
                raise
            pytest.skip(str(missing))
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def web_elsewhere() -> AsyncIterator[Any]:
    """start(flora) runs daphne as on another machine: same database and Redis, other files."""
    processes: list[asyncio.subprocess.Process] = []

    async def start(flora: Installation, directory: Path) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        environment = {
            **flora.full_environment(),
            "FLORA_DATA_DIR": str(directory),
            "API_SECRET": "the-same-on-every-machine-of-this-flora",
        }
        processes.append(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "daphne", "-v", "0", "--fd", str(listener.fileno())),
                "flora_site.asgi:application",
                cwd=ROOT,
                env=environment,
                pass_fds=[listener.fileno()],
            )
        )
        port = listener.getsockname()[1]
        listener.close()
        return f"http://127.0.0.1:{port}"

    yield start
    for process in processes:
        process.terminate()
        await process.wait()


NOBODY = "9" * 20
# What a web process in its right mind would not ask, and what a runtime says to it.
ABSURD: list[tuple[Message, type[Reply]]] = [
    (Deploy("nonsense"), Failed),
    (Deploy("00000000-0000-0000-0000-000000000000"), Settled),
    (Reconcile("1"), Done),
    (Reconcile(NOBODY), Done),
    (RunRequested(NOBODY), Done),
    (Migrate(NOBODY, 0), Refused),
    (Migrate("1", -(2**60)), Refused),
    (Recycle(-1), Refused),
    (Recycle(2**60), Refused),
]


async def test_absurd_requests_are_answered_and_change_nothing(flora: Installation) -> None:
    async def ask(message: Message) -> Reply:
        path = flora.directory / "data" / "control.sock"
        reader, writer = await asyncio.open_unix_connection(str(path))
        body = msgspec.msgpack.encode(message)
        writer.write(LENGTH.pack(len(body)) + body)
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        reply: Reply = msgspec.msgpack.decode(await reader.readexactly(length), type=Reply)
        writer.close()
        return reply

    replies = [type(await ask(message)) for message, _ in ABSURD]
    assert replies == [reply for _, reply in ABSURD]
    assert await ask(GetStatus()) == Status([])


async def test_web_and_runtime_on_different_machines_speak_over_redis(
    make_flora: MakeInstallation,
    own_discord: FakeDiscord,
    redis_url: str,
    web_elsewhere: Any,
    tmp_path: Path,
) -> None:
    flora = make_flora(own_discord, "--no-http", CACHE_URL=redis_url)
    flora.share_database()
    await flora.launch()
    await own_discord.connected()
    guild = await own_discord.add_guild()
    await guild.until(lambda g: g.commands)
    flora.elsewhere = await web_elsewhere(flora, tmp_path / "elsewhere")
    await flora.create_token()
    await flora.until("/api/ready", bool)
    deployed = await flora.deploy(guild.id, SLOW)
    assert deployed.status == 200, deployed.json
    assert await guild.reply_to("hello") == "slow"

    # The runtime goes away: what is wanted waits in the database and happens when it is back.
    await flora.stop()
    not_ready = await flora.request("GET", "/api/ready")
    assert (not_ready.status, not_ready.json["missing"]) == (503, ["runtime"])
    queued = asyncio.create_task(flora.deploy(guild.id, SLOW.replace("slow", "later")))
    await flora.until(
        f"/api/deployments/{guild.id}/history", lambda found: found[0]["status"] == "pending"
    )
    await flora.launch()
    assert (await queued).status in (200, 503)  # 503: queued, when the start took its time
    await flora.until(
        f"/api/deployments/{guild.id}/history", lambda found: found[0]["status"] == "success"
    )
    assert await guild.reply_to("hello again") == "later"


async def test_a_web_process_killed_in_a_deploy_loses_nothing(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord)
    await flora.start()
    guild = await own_discord.add_guild()
    await guild.until(lambda g: g.commands)
    deploying = asyncio.create_task(flora.deploy(guild.id, SLOW))
    history = f"/api/deployments/{guild.id}/history"
    await flora.until(history, lambda found: found[0]["status"] == "pending")
    (web,) = flora.processes("daphne")
    os.kill(web, signal.SIGKILL)
    with contextlib.suppress(OSError, aiohttp.ClientError):
        await deploying
    await flora.until(history, lambda found: found[0]["status"] == "success")
    assert await guild.reply_to("hello") == "slow"
    assert flora.processes("daphne") != [web]


async def test_a_runtime_killed_in_a_deploy_finishes_it_when_it_is_back(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord)
    await flora.start()
    guild = await own_discord.add_guild()
    await guild.until(lambda g: g.commands)
    deploying = asyncio.create_task(flora.deploy(guild.id, SLOW))
    history = f"/api/deployments/{guild.id}/history"
    await flora.until(history, lambda found: found[0]["status"] == "pending")
    await flora.kill()
    with contextlib.suppress(OSError, aiohttp.ClientError):
        await deploying
    await flora.start()
    await flora.until(history, lambda found: found[0]["status"] == "success")
    assert await guild.reply_to("hello") == "slow"


async def test_a_management_command_in_another_process_reaches_the_runtime(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord)
    await flora.start()
    guild = await own_discord.add_guild()
    await guild.until(lambda g: g.commands)
    paused = await flora.manage(
        "shell",
        "-c",
        "from deployments.models import Guild\n"
        "from deployments.actor import Actor\n"
        "from deployments.services.desired_state import pause\n"
        "from deployments.services.outcome import until_it_holds\n"
        f"guild = Guild.objects.get(pk={guild.id})\n"
        "print(until_it_holds(pause(guild=guild, actor=Actor.system())))",
    )
    assert paused.split()[-1] == "True"
    await guild.say("!ping")
    resumed = await flora.request("POST", f"/api/guilds/{guild.id}/resume")
    assert resumed.status == 200
    assert await guild.reply_to("!ping") == "pong"
    assert len(guild.sent()) == 1


async def test_a_second_runtime_on_the_same_data_is_refused(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord)
    await flora.start()
    second = Installation(flora.directory, flora.environment)
    await second.launch()
    assert second.process is not None
    assert await second.process.wait() == 1
    await second.until_in_log("Another runtime already uses")
    assert (await flora.request("GET", "/api/ready")).status == 200
    await second.end()
