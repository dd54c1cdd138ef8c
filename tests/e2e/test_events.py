"""Events of a guild through a whole flora, and the intents that Discord is asked for on the way."""

from tests.e2e.conftest import MakeInstallation
from tests.fake_discord import gateway as fake
from tests.fake_discord.gateway import PRIVILEGED
from tests.fake_discord.server import FakeDiscord

LISTENING = """
const channelId = "CHANNEL";
const tell = (content) => rest.sendMessage({ channelId, content });
on("memberJoin", (ctx) => tell(`welcome ${ctx.msg.user.username}`));
on("voiceStateUpdate", (ctx) => tell(`${ctx.msg.userId} ${ctx.msg.selfMute} ${ctx.raw.self_mute}`));
on("messageCreated", () => {});
on("*", (ctx) => console.log(`${ctx.event} of ${ctx.msg.guildId}`));
"""


async def test_a_script_that_asks_for_more_gets_what_is_allowed_and_is_told_the_rest(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord, DISCORD_INTENTS="guilds guild_messages guild_voice_states")
    await flora.start()
    guild = await own_discord.add_guild()
    await guild.until(lambda g: g.commands)
    source = LISTENING.replace("CHANNEL", guild.channel_id)
    assert (await flora.deploy(guild.id, source)).status == 200
    lines = await flora.until_logged(guild.id, "is its name misspelt")
    assert {line for line in lines if "listens to" in line} == {
        "this script listens to messageCreated, an event that Discord does not have: is its name "
        "misspelt?",
        "this script listens to guildMemberAdd, which this flora is not sent: its operator has to "
        "add guild_members to DISCORD_INTENTS and switch on Server Members Intent in Discord's "
        "portal",
    }
    state = {"guild_id": guild.id, "channel_id": None, "user_id": "5", "self_mute": True}
    await own_discord.dispatch("VOICE_STATE_UPDATE", state, guild_id=guild.id)
    assert (await guild.next_sent())["content"] == "5 true true"
    await flora.until_logged(guild.id, f"voiceStateUpdate of {guild.id}")
    assert own_discord.gateway.identified() == 1


async def test_a_bot_with_message_content_alone_works_and_needs_a_restart_for_more(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    own_discord.gateway.switched_on = fake.MESSAGE_CONTENT
    allowed = "guilds guild_messages message_content guild_members"
    flora = make_flora(own_discord, DISCORD_INTENTS=allowed)
    await flora.start()
    guild = await own_discord.add_guild()
    await guild.until(lambda g: g.commands)
    assert await guild.reply_to("!ping") == "pong"

    source = LISTENING.replace("CHANNEL", guild.channel_id)
    assert (await flora.deploy(guild.id, source)).status == 200
    lines = await flora.until_logged(guild.id, "restart flora")
    assert (
        "this script listens to guildMemberAdd, which this flora is not sent: its operator has to "
        "switch on Server Members Intent in Discord's developer portal and restart flora"
    ) in lines
    await own_discord.until(lambda: own_discord.gateway.identified() == 3)

    own_discord.gateway.switched_on = PRIVILEGED
    assert await flora.stop() == 0
    await flora.start()
    joined = {**guild.member(guild.alice), "guild_id": guild.id}
    await own_discord.dispatch("GUILD_MEMBER_ADD", joined, guild_id=guild.id)
    await guild.until(lambda g: g.sent()[-1]["content"] == "welcome alice")
    assert own_discord.gateway.identified() == 4  # what its scripts listen to was known before
