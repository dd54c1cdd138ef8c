"""The bot is thrown out of a guild and comes back, while flora runs and while it does not."""

from deployments.models.guild import GuildState
from tests.e2e.conftest import MakeInstallation
from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

# Counts in its data, writes each second into its channel, has one slash command.
GARDENER = """
const run = (ctx) => ctx.reply('splash');
createBot({ slashCommands: [slash({ name: 'water', description: 'Waters it', run })] });
cron('tick', '* * * * * *', (ctx) => rest.sendMessage({channelId: 'CHANNEL', content: 'tick'}));
on('messageCreate', async (ctx) => {
  if (ctx.msg.content === 'count') await ctx.reply(`count ${await kv.store('s').increment('n')}`);
});
"""


async def a_gardener(flora: Installation, discord: FakeDiscord) -> FakeGuild:
    guild = await discord.add_guild("Garden")
    await guild.until(lambda g: g.commands)
    source = GARDENER.replace("CHANNEL", guild.channel_id)
    assert (await flora.deploy(guild.id, source)).status == 200
    await guild.until(lambda g: [command["name"] for command in g.commands] == ["water"])
    return guild


async def count(guild: FakeGuild) -> str:
    seen = len(guild.sent())
    await guild.say("count")

    def answer() -> str:
        contents = (message["content"] for message in guild.sent()[seen:])
        return next((content for content in contents if content.startswith("count")), "")

    return str(await guild.until(lambda _: answer()))


async def state_of(flora: Installation, guild: FakeGuild, state: GuildState) -> None:
    await flora.until(
        "/api/guilds", lambda found: {g["id"]: g["state"] for g in found}[guild.id] == state
    )


async def test_a_guild_that_the_bot_leaves_stops_and_is_as_it_was_when_it_comes_back(
    flora: Installation, discord: FakeDiscord
) -> None:
    guild = await a_gardener(flora, discord)
    assert await count(guild) == "count 1"
    await guild.until(lambda g: "tick" in [message["content"] for message in g.sent()])
    await discord.remove_guild(guild)
    await state_of(flora, guild, GuildState.LEFT)
    history = await flora.request("GET", f"/api/cron/{guild.id}")
    assert [(job["name"], job.get("next_at")) for job in history.json] == [("tick", None)]
    ticks = len(guild.sent())
    await discord.invite_again(guild)
    await state_of(flora, guild, GuildState.RUNNING)
    await guild.until(lambda g: [command["name"] for command in g.commands] == ["water"])
    assert await count(guild) == "count 2"
    await guild.until(lambda g: len(g.sent()) > ticks + 1)
    await flora.deploy(guild.id, "1")


async def test_a_guild_that_is_only_away_keeps_its_script(
    flora: Installation, discord: FakeDiscord
) -> None:
    """GUILD_DELETE with `unavailable`: Discord has an outage."""
    guild = await a_gardener(flora, discord)
    await discord.dispatch("GUILD_DELETE", {"id": guild.id, "unavailable": True}, guild_id=guild.id)
    assert await count(guild) == "count 1"
    await flora.deploy(guild.id, "1")


async def test_what_happens_to_guilds_while_flora_restarts_is_known_afterwards(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord)
    await flora.start()
    left = await a_gardener(flora, own_discord)
    stays = await a_gardener(flora, own_discord)
    assert await flora.stop() == 0
    await own_discord.remove_guild(left)
    joined = await own_discord.add_guild("New")
    await flora.start()
    await joined.until(lambda g: g.commands)
    await state_of(flora, left, GuildState.LEFT)
    assert own_discord.gateway.resumed() == 1
    assert await count(stays) == "count 1"
    # And when the session is lost, READY tells.
    await flora.kill()
    await own_discord.remove_guild(stays)
    await flora.start()
    await state_of(flora, stays, GuildState.LEFT)
    assert own_discord.gateway.resumed() == 1
    assert await joined.reply_to("!ping") == "pong"
