"""The database, Redis or Discord's REST goes away while flora runs, and comes back."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from urllib.parse import unquote, urlsplit

import pytest
import pytest_asyncio

from tests.cable import Cable, Pair
from tests.e2e.conftest import MakeInstallation
from tests.e2e.installation import Installation, process_ended
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

COUNTS = (
    "on('messageCreate', async (ctx) => {"
    " if (ctx.msg.author.bot) return;"
    " try { const s = kv.store('s'); await s.set('n', ctx.msg.content);"
    "   await ctx.reply('kept ' + await s.get('n')) }"
    " catch (error) { await ctx.reply(error.code) } })"
)
pytestmark = pytest.mark.skipif(
    os.environ.get("FLORA_TEST_DATABASE") != "postgresql",
    reason="a file does not go away; the pass on PostgreSQL and Redis has this",
)


@contextlib.asynccontextmanager
async def cable_to(url: str) -> AsyncIterator[tuple[Cable, str]]:
    """A cable, and the URL with its near end in the server's place."""
    parts = urlsplit(url)
    directory = unquote(parts.netloc.rpartition("@")[2])

    async def far_end() -> Pair:
        if directory.startswith("/"):
            return await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.5432")
        return await asyncio.open_connection(parts.hostname, parts.port)

    cable = Cable(far_end)
    await cable.plug_in()
    user = f"{parts.username}@" if parts.username else ""
    yield cable, parts._replace(netloc=f"{user}127.0.0.1:{cable.port}").geturl()
    await cable.pull_out()


@pytest_asyncio.fixture(loop_scope="session")
async def cabled(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> AsyncIterator[tuple[Installation, FakeGuild, dict[str, Cable]]]:
    """A flora behind cables to its PostgreSQL and its Redis, with a guild that counts."""
    flora = make_flora(own_discord)
    async with contextlib.AsyncExitStack() as cables:
        found: dict[str, Cable] = {}
        for name in ("DATABASE_URL", "CACHE_URL"):
            if url := flora.environment.get(name):
                near = await cables.enter_async_context(cable_to(url))
                found[name], flora.environment[name] = near
        await flora.start()
        guild = await own_discord.add_guild()
        await guild.until(lambda g: g.commands)
        assert (await flora.deploy(guild.id, COUNTS)).status == 200
        assert await guild.reply_to("before") == "kept before"
        yield flora, guild, found
        await flora.end()


async def test_a_database_that_goes_away_is_said_once_and_used_again(
    cabled: tuple[Installation, FakeGuild, dict[str, Cable]],
) -> None:
    flora, guild, cables = cabled
    await cables["DATABASE_URL"].pull_out()
    assert await guild.reply_to("during") == "KV_UNAVAILABLE"
    not_ready = await flora.request("GET", "/api/ready", token="")
    assert (not_ready.status, not_ready.json["missing"]) == (503, ["database"])
    refused = await flora.deploy(guild.id, COUNTS)
    assert refused.status == 503
    assert refused.json == {
        "message": "Service unavailable: the database does not answer; try again in a moment"
    }
    assert await guild.reply_to("still") == "KV_UNAVAILABLE"
    await cables["DATABASE_URL"].plug_in()
    await flora.until("/api/ready", bool)
    assert await guild.reply_to("after") == "kept after"
    assert (await flora.deploy(guild.id, COUNTS + "// again")).status == 200
    assert flora.logged("the database is away") == 1
    assert flora.logged("the database is back") == 1


async def test_a_deploy_that_was_acknowledged_before_the_database_went_is_finished(
    cabled: tuple[Installation, FakeGuild, dict[str, Cable]],
) -> None:
    flora, guild, cables = cabled
    slow = "await new Promise((done) => setTimeout(done, 1000))\n" + COUNTS
    deploying = asyncio.create_task(flora.deploy(guild.id, slow))
    history = f"/api/deployments/{guild.id}/history"
    await flora.until(history, lambda found: found[0]["status"] == "pending")
    await cables["DATABASE_URL"].pull_out()
    assert await guild.reply_to("during") == "KV_UNAVAILABLE"
    await cables["DATABASE_URL"].plug_in()
    await deploying
    await flora.until(history, lambda found: found[0]["status"] == "success")
    assert await guild.reply_to("after") == "kept after"


async def test_what_happens_while_the_database_is_away_is_caught_up_with(
    cabled: tuple[Installation, FakeGuild, dict[str, Cable]],
) -> None:
    """Lines of the log, the end of a run, a task that was due, a script whose worker has died."""
    flora, guild, cables = cabled
    say = f"rest.sendMessage({{ channelId: '{guild.channel_id}', content: ctx.key }})"
    source = (
        "on('messageCreate', (ctx) => console.log('heard ' + ctx.msg.content));"
        f"on('task', (ctx) => {say}); void tasks.schedule('due', {{ in: 1000 }});"
        "cron('long', '0 0 0 1 1 * 9999', () => new Promise((end) => { globalThis.end = end }));"
        "on('messageCreate', (ctx) => { if (ctx.msg.content === 'end') globalThis.end() });"
        f"{COUNTS}"
    )
    assert (await flora.deploy(guild.id, source)).status == 200
    await flora.until(f"/api/cron/{guild.id}", bool)  # it is noted a moment after the deployment
    assert (await flora.request("POST", f"/api/cron/{guild.id}/long/run")).status == 202
    await flora.until(f"/api/cron/{guild.id}/long/runs", lambda runs: runs)
    await cables["DATABASE_URL"].pull_out()
    assert await guild.reply_to("end") == "KV_UNAVAILABLE"
    for worker in flora.processes("runtime.worker.zygote")[1:]:
        os.kill(worker, signal.SIGKILL)
    await flora.until_in_log("has died", times=2)
    await guild.say("meanwhile")
    await cables["DATABASE_URL"].plug_in()
    assert {(await guild.next_sent(timeout=30))["content"] for _ in range(2)} == {
        "kept meanwhile",
        "due",
    }
    await flora.until_logged(guild.id, "heard end")
    (run,) = (await flora.request("GET", f"/api/cron/{guild.id}/long/runs")).json
    assert run["outcome"] == "ok"


async def test_a_database_that_hangs_does_not_hold_up_the_stop(
    cabled: tuple[Installation, FakeGuild, dict[str, Cable]],
) -> None:
    flora, guild, cables = cabled
    below = flora.processes("")
    cables["DATABASE_URL"].freeze()
    await guild.say("nobody will ever know")
    assert await flora.stop() == 1
    assert flora.logged("not stopped after 8 s: what is still under way is lost") == 1
    for pid in below:
        await process_ended(pid)


async def test_a_redis_that_goes_away_is_said_once_and_used_again(
    cabled: tuple[Installation, FakeGuild, dict[str, Cable]],
) -> None:
    flora, guild, cables = cabled
    if "CACHE_URL" not in cables:
        pytest.skip("this machine has no Redis")
    await cables["CACHE_URL"].pull_out()
    assert await guild.reply_to("during") == "kept during"
    not_ready = await flora.request("GET", "/api/ready", token="")
    assert (not_ready.status, not_ready.json["missing"]) == (503, ["cache"])
    assert (await flora.deploy(guild.id, COUNTS + "// during")).status == 200
    await cables["CACHE_URL"].plug_in()
    await flora.until("/api/ready", bool)
    assert flora.logged("Redis is away") == 1
    assert flora.logged("Redis is back") == 1


async def test_a_database_that_is_away_at_start_is_waited_for(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord)
    async with cable_to(flora.environment["DATABASE_URL"]) as (cable, url):
        flora.environment["DATABASE_URL"] = url
        await cable.pull_out()
        await flora.launch()
        await flora.until_in_log("the database is away")
        await cable.plug_in()
        await flora.until_announced("Account")
        await flora.stop()
