"""Pause, resume, undeploy, and a bot that is thrown out: what should run is what does."""

import asyncio

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

ECHO = (
    "on('messageCreate', (ctx) => { if (!ctx.msg.author.bot) return ctx.reply(ctx.msg.content) })"
)


async def test_a_paused_guild_answers_nothing_until_it_is_resumed(
    flora: Installation, guild: FakeGuild
) -> None:
    paused = await flora.request("POST", f"/api/guilds/{guild.id}/pause")
    assert (paused.status, paused.json) == (200, {"guild_id": guild.id, "state": "paused"})
    await guild.say("!ping")
    resumed = await flora.request("POST", f"/api/guilds/{guild.id}/resume")
    assert (resumed.status, resumed.json) == (200, {"guild_id": guild.id, "state": "running"})
    assert await guild.reply_to("!ping") == "pong"
    assert len(guild.sent()) == 1


async def test_a_deploy_to_a_paused_guild_succeeds_and_waits(
    flora: Installation, guild: FakeGuild
) -> None:
    await flora.request("POST", f"/api/guilds/{guild.id}/pause")
    assert (await flora.deploy(guild.id, ECHO)).status == 200
    await guild.say("nobody hears this")
    await flora.request("POST", f"/api/guilds/{guild.id}/resume")
    assert await guild.reply_to("hello") == "hello"
    assert len(guild.sent()) == 1


async def test_undeploying_stops_the_script_and_takes_its_commands_away(
    flora: Installation, guild: FakeGuild
) -> None:
    gone = await flora.request("DELETE", f"/api/deployments/{guild.id}")
    assert gone.status == 204
    await guild.until(lambda g: g.commands == [])
    await guild.say("!ping")
    assert (await flora.request("GET", f"/api/deployments/{guild.id}")).status == 404
    assert (await flora.request("DELETE", f"/api/deployments/{guild.id}")).status == 404
    assert len((await flora.request("GET", f"/api/deployments/{guild.id}/history")).json) == 1
    assert (await flora.deploy(guild.id, ECHO)).status == 200
    assert await guild.reply_to("back") == "back"


async def test_undeploying_holds_against_a_script_that_is_just_being_loaded(
    flora: Installation, guild: FakeGuild
) -> None:
    slow = "await new Promise((done) => setTimeout(done, 1000))\n" + ECHO
    deploying = asyncio.create_task(flora.deploy(guild.id, slow))
    history = f"/api/deployments/{guild.id}/history"
    await flora.until(history, lambda found: found[0]["status"] == "pending")
    assert (await flora.request("DELETE", f"/api/deployments/{guild.id}")).status == 204
    refused = await deploying
    assert refused.status == 400
    assert "the guild was undeployed before this script was loaded" in refused.json["message"]
    shown = await flora.request("GET", f"/api/guilds/{guild.id}")
    assert shown.json["state"] == "empty"
    await guild.say("nobody hears this")
    assert (await flora.deploy(guild.id, ECHO)).status == 200
    assert await guild.reply_to("hello") == "hello"
    assert len(guild.sent()) == 1


async def test_a_guild_that_throws_the_bot_out_stops_and_one_that_returns_goes_on(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    assert (await flora.deploy(guild.id, ECHO)).status == 200
    await discord.remove_guild(guild)
    await flora.until(f"/api/guilds/{guild.id}", lambda shown: shown["state"] == "left")
    discord.guilds[guild.id] = guild
    await discord.dispatch("GUILD_CREATE", guild.as_json(), guild_id=guild.id)
    await flora.until(f"/api/guilds/{guild.id}", lambda shown: shown["state"] == "running")
    await flora.deploy(guild.id, ECHO)
    assert await guild.reply_to("hello") == "hello"


async def test_an_outage_of_a_guild_changes_nothing(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    unavailable = {"id": guild.id, "unavailable": True}
    await discord.dispatch("GUILD_DELETE", unavailable, guild_id=guild.id)
    await discord.dispatch("GUILD_CREATE", guild.as_json(), guild_id=guild.id)
    assert await guild.reply_to("!ping") == "pong"
