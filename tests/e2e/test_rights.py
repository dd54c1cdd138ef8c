"""Rights over the whole path: at the deployment, at an operation, and when they are changed."""

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

BANS = """on('messageCreate', async (ctx) => {
  try { await rest.banMember({ userId: ctx.msg.author.id }); await ctx.reply('banned') }
  catch (error) { await ctx.reply(error.code) } })"""
BANS_DARKLY = BANS.replace("rest.banMember", "rest['ban' + 'Member']")
MANAGE_GUILD, BAN_MEMBERS = 1 << 5, 1 << 2
REFUSED = "Bad request: deployment failed: src/main.ts:2:15: "
LACKING = (
    "rest.banMember: who deployed this script lacks «Ban Members» in this guild: somebody who has "
    "it must deploy the script for it to do so"
)


async def member_token(flora: Installation, guild: FakeGuild, permissions: int) -> str:
    """Of somebody who administers the guild by Discord's permissions."""
    return (
        await flora.manage(
            "shell",
            "--no-imports",
            "-c",
            "from deployments.actor import Actor\n"
            "from deployments.models import Guild, GuildMember, User\n"
            "from deployments.services.tokens import create_token\n"
            f"user = User.objects.create(username='of {guild.id} {permissions}')\n"
            f"guild = Guild.objects.get(pk={guild.id})\n"
            "GuildMember.objects.create("
            f"guild=guild, user=user, owner=False, permissions={permissions})\n"
            "print(create_token(actor=Actor.system(), user=user, label='t')[1])",
        )
    ).strip()


async def test_a_script_may_what_its_deployer_may(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    manager = await member_token(flora, guild, MANAGE_GUILD)
    moderator = await member_token(flora, guild, MANAGE_GUILD | BAN_MEMBERS)
    bans = discord.asked("PUT", f"/guilds/{guild.id}/bans/{guild.alice['id']}")
    refused = await flora.deploy(guild.id, BANS, token=manager)
    assert (refused.status, refused.json["message"]) == (400, f"{REFUSED}{LACKING}")

    assert (await flora.deploy(guild.id, BANS_DARKLY, token=manager)).status == 200
    assert await guild.reply_to("ban me") == "MISSING_PERMISSION"
    assert discord.asked("PUT", f"/guilds/{guild.id}/bans/{guild.alice['id']}") == bans

    assert (await flora.deploy(guild.id, BANS, token=moderator)).status == 200
    assert await guild.reply_to("ban me") == "banned"

    address = f"/api/guilds/{guild.id}/capabilities"
    assert (await flora.request("PUT", address, {"capabilities": ["messages"]})).status == 200
    assert await guild.reply_to("ban me again") == "MISSING_CAPABILITY"
    refused = await flora.deploy(guild.id, BANS)
    assert refused.status == 400
    assert "have switched «moderation» off" in refused.json["message"]
