"""Guilds that move and workers that are replaced, while messages come: seen from the chat."""

import asyncio
from typing import Any

from tests.e2e.conftest import MakeInstallation
from tests.e2e.installation import Installation
from tests.e2e.test_metrics import scrape
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

# Each answer says how many messages the script has seen, over all moves.
COUNTS = """
let count = 0
on('messageCreate', async (ctx) => {
  if (ctx.msg.author.bot) return
  const answer = `${ctx.msg.content} ${++count}`
  await ctx.reply(answer)
})
on('suspend', () => ({ count }))
on('resume', (ctx) => { count = ctx.state?.count ?? count })
"""


async def talk(guild: FakeGuild, until: "asyncio.Event") -> int:
    """Says m1, m2, … until the event is set, a few ahead of the answers; how many."""
    said = 0
    while not until.is_set():
        said += 1
        await guild.say(f"m{said}")
        await guild.until(lambda g, n=said: len(g.sent()) >= n - 4, timeout=60)
    return said


async def check_answers(guild: FakeGuild, said: int) -> None:
    """Each was answered once, and they started in order: their numbers are the messages' own."""
    await guild.until(lambda g: len(g.sent()) >= said, timeout=60)
    answers = [message["content"] for message in guild.sent()]
    wanted = [f"m{n} {n}" for n in range(1, said + 1)]
    assert sorted(answers) == sorted(wanted)


async def move(flora: Installation, guild: FakeGuild, worker: int) -> Any:
    return await flora.request("POST", f"/api/guilds/{guild.id}/migrate", {"worker": worker})


async def test_a_guild_moves_to_and_fro_and_every_message_is_answered_once(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord, RUNTIME_MIGRATION_TIMEOUT_MS="10000")
    await flora.start()
    guild = await own_discord.add_guild("Garden")
    await guild.until(lambda g: g.commands)
    assert (await flora.deploy(guild.id, COUNTS)).status == 200
    over = asyncio.Event()
    talking = asyncio.create_task(talk(guild, over))
    await move(flora, guild, 0)  # where it may be already
    for number in range(20):
        source, target = number % 2, 1 - number % 2
        answer = await move(flora, guild, target)
        assert answer.status == 200, answer.json
        assert answer.json["guild_id"] == guild.id
        assert (answer.json["from_worker"], answer.json["worker"]) == (source, target)
    over.set()
    await check_answers(guild, await talking)
    told = "the script was moved to another process"
    await flora.until(
        f"/api/logs/{guild.id}?limit=1000",
        lambda entries: [entry["message"] for entry in entries].count(told) >= 20,
    )


async def test_what_cannot_be_moved_is_said(flora: Installation, guild: FakeGuild) -> None:
    assert (await move(flora, guild, 7)).json == {
        "message": "Bad request: there is no worker 7: they are 0 to 1"
    }
    answers = [await move(flora, guild, worker) for worker in (0, 0)]
    assert (answers[1].status, answers[1].json) == (
        409,
        {"message": "Conflict: the guild runs in worker 0 already"},
    )
    await flora.request("POST", f"/api/guilds/{guild.id}/pause")
    nothing = await move(flora, guild, 1)
    assert (nothing.status, nothing.json) == (
        400,
        {"message": "Bad request: the guild runs no script"},
    )
    await flora.request("POST", f"/api/guilds/{guild.id}/resume")
    assert await guild.reply_to("!ping") == "pong"


async def test_workers_are_replaced_under_traffic(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord, RUNTIME_MIGRATION_TIMEOUT_MS="10000")
    await flora.start()
    guilds = [await own_discord.add_guild(f"Guild {number}") for number in range(6)]
    for guild in guilds:
        await guild.until(lambda g: g.commands)
        assert (await flora.deploy(guild.id, COUNTS)).status == 200
    _, *before = flora.processes("runtime.worker.zygote")
    over = asyncio.Event()
    talking = [asyncio.create_task(talk(guild, over)) for guild in guilds]
    for worker in (0, 1):
        answer = await flora.request("POST", f"/api/workers/{worker}/recycle")
        assert (answer.status, answer.json) == (202, {"worker": worker})
        await flora.until_in_log(f"worker {worker} has been replaced")
    over.set()
    for guild, said in zip(guilds, await asyncio.gather(*talking), strict=True):
        await check_answers(guild, said)
    _, *after = flora.processes("runtime.worker.zygote")
    assert len(after) == 2
    assert not set(before) & set(after)
    assert "was lost" not in str([await flora.guild_log(guild.id) for guild in guilds])


async def test_a_script_takes_its_state_along_over_a_restart(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord)
    await flora.start()
    guild = await own_discord.add_guild("Garden")
    await guild.until(lambda g: g.commands)
    assert (await flora.deploy(guild.id, COUNTS)).status == 200
    assert await guild.reply_to("a") == "a 1"
    await flora.stop()
    await flora.start()
    assert await guild.reply_to("b") == "b 2"
    # Once: a runtime that is killed begins anew.
    await flora.kill()
    await flora.start()
    assert await guild.reply_to("c") == "c 1"


async def test_a_worker_is_drained_and_taken_back(flora: Installation, guild: FakeGuild) -> None:
    assert (await flora.deploy(guild.id, COUNTS)).status == 200
    await move(flora, guild, 0)
    answer = await flora.request("POST", "/api/workers/0/drain")
    assert (answer.status, answer.json) == (202, {"worker": 0})
    states = await flora.until("/api/workers", lambda states: states[0]["service"] == "drained")
    # Another test's script may have one of its own beside them.
    services = {s["worker"]: s["service"] for s in states if s["service"] != "apart"}
    assert services == {0: "drained", 1: "in_service"}
    assert (states[0]["guild_count"], states[0]["guilds"]) == (0, [])
    assert guild.id in [load["guild_id"] for load in states[1]["guilds"]]
    serve = [f'flora_worker_in_service{{worker="{index}"}}' for index in (0, 1)]
    metrics = await scrape(flora)
    assert [metrics[name] for name in serve] == [0, 1]
    answer = await flora.request("POST", "/api/workers/1/drain")
    assert (answer.status, answer.json) == (
        409,
        {"message": "Conflict: worker 1 is the last one in service: take another one back first"},
    )
    assert (await move(flora, guild, 0)).status == 409
    answer = await flora.request("POST", "/api/workers/0/take-back")
    assert (answer.status, answer.json) == (200, {"worker": 0})
    assert (await move(flora, guild, 0)).json["worker"] == 0
