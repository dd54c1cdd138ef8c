"""Messages and Discord's REST API from a script to Discord, over the whole path."""

from typing import Any

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

Json = dict[str, Any]
SAFE_MENTIONS = {"parse": ["users"], "replied_user": True}


def when(said: str, code: str) -> str:
    """JavaScript that does this when somebody says so; what is thrown is printed."""
    return (
        f"on('messageCreate', async (ctx) => {{ if (ctx.msg.content !== '{said}') return;"
        f" try {{ {code} }} catch (error) {{"
        " console.log(['told', error.code, error.status, error.discordCode, error.discord_code,"
        " error.retryAfter, error.message].join('|')) } })\n"
    )


async def deploy(flora: Installation, guild: FakeGuild, script: str) -> None:
    """Returns when Discord has heard of it too: the default script's commands are gone."""
    assert (await flora.deploy(guild.id, script)).status == 200
    await guild.until(lambda g: not g.commands)


def asked_since(discord: FakeDiscord, before: int, *guilds: FakeGuild) -> list[str]:
    """What Discord was asked for about these guilds; other tests' guilds live on beside them."""
    ids = [id_ for guild in guilds for id_ in (guild.id, guild.channel_id)]
    requests = [str(request) for request in discord.requests[before:]]
    return [request for request in requests if any(id_ in request for id_ in ids)]


def bodies(discord: FakeDiscord, guild: FakeGuild) -> list[Json]:
    """Of the messages that Discord has got for the guild's channel."""
    asked = discord.asked("POST", f"/channels/{guild.channel_id}/messages")
    return [request.body for request in asked]


async def test_a_message_with_everything_arrives_as_it_was_written(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    script = when(
        "!all",
        "await ctx.reply({content: 'all', embeds: [embed().setTitle('t').setFooter('f')],"
        " components: [button().setCustomId('b').setLabel('B').setEmoji('🌹')],"
        " files: [{data: new Uint8Array([0, 255]), filename: 'a.bin'},"
        " {text: 'schön', filename: 'b.txt', description: 'words', spoiler: true}]})",
    )
    script += when(
        "!layout",
        "await ctx.reply({components: [container().addComponents(textDisplay('hi'))]})",
    )
    script += when(
        "!edit",
        "const own = await rest.sendMessage({channelId: ctx.msg.channelId, content: 'one',"
        " files: [{text: '1', filename: '1.txt'}]});"
        "await rest.editMessage({channelId: ctx.msg.channelId, messageId: own.id, content: 'two',"
        " files: [{text: '2', filename: '2.txt'}]});"
        "console.log('edited')",
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    asked = await guild.say("!all")
    await guild.next_sent()
    (request,) = discord.asked("POST", f"/channels/{guild.channel_id}/messages")
    assert request.files == [("a.bin", b"\x00\xff"), ("SPOILER_b.txt", "schön".encode())]
    button = {"type": 2, "custom_id": "b", "label": "B", "style": 1, "emoji": {"name": "🌹"}}
    assert request.body == {
        "content": "all",
        "embeds": [{"title": "t", "footer": {"text": "f"}}],
        "components": [{"type": 1, "components": [button]}],
        "attachments": [{"id": "1", "description": "words"}],
        "allowed_mentions": SAFE_MENTIONS,
        "message_reference": {"message_id": asked["id"]},
    }
    await guild.say("!layout")
    layout = await guild.next_sent()
    assert (layout["flags"], layout["components"][0]["type"]) == (32768, 17)
    await guild.say("!edit")
    await flora.until_logged(guild.id, "edited")
    edited = guild.sent()[-1]
    assert edited["content"] == "two"
    assert [file["filename"] for file in edited["attachments"]] == ["1.txt", "2.txt"]


async def test_whom_messages_ping_is_the_guilds_choice_and_the_scripts_last_word(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    script = when(
        "!x",
        "await ctx.reply('a');"
        "await ctx.reply({content: 'b', allowedMentions: {parse: ['roles']}});"
        "await discord.request('POST', `/channels/${ctx.msg.channelId}/messages`,"
        " {body: {content: 'c'}})",
    )
    script += (
        "createBot({slashCommands: [{name: 'x', description: 'd', run: (ctx) => ctx.reply('d')}]})"
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    seen = []
    for safe in (True, False, True):
        answer = await flora.request(
            "PATCH", f"/api/guilds/{guild.id}/settings", {"safe_mentions": safe}
        )
        assert (answer.status, answer.json) == (200, {"safe_mentions": safe})
        await guild.say("!x")
        for _ in range(3):
            await guild.next_sent()
        interaction = await guild.command("x")
        data = (await interaction.answered())["data"]
        sent = [body.get("allowed_mentions") for body in bodies(discord, guild)[-3:]]
        seen.append([*sent, data.get("allowed_mentions")])
    roles = {"parse": ["roles"]}
    careful = [SAFE_MENTIONS, roles, SAFE_MENTIONS, SAFE_MENTIONS]
    assert seen == [careful, [None, roles, None, None], careful]


async def test_nothing_of_another_guild_is_reached_by_any_way(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    other = await discord.add_guild("Orchard")
    await other.until(lambda g: g.commands)
    theirs = await other.say("theirs")
    there = f"channelId: '{other.channel_id}', messageId: '{theirs['id']}'"
    ways = [
        f"rest.sendMessage({{{there}, content: 'x'}})",
        f"rest.deleteMessage({{{there}}})",
        f"rest.fetchRoles({{guildId: '{other.id}'}})",
        f"discord.request('GET', '/guilds/{other.id}')",
        f"discord.request('DELETE', '/channels/{other.channel_id}')",
        f"discord.request('PATCH', '/channels/{guild.channel_id}',"
        f" {{body: {{parent_id: '{other.channel_id}'}}}})",
        "rest.sendMessage({channelId: ctx.msg.channelId,"
        f" forward: {{channelId: '{other.channel_id}', messageId: '{theirs['id']}'}}}})",
    ]
    script = "".join(when(f"!{number}", f"await {way}") for number, way in enumerate(ways))
    await deploy(flora, guild, script)
    before = len(discord.requests)
    for number in range(len(ways)):
        await guild.say(f"!{number}")
    entries = await flora.until(
        f"/api/logs/{guild.id}?limit=1000",
        lambda entries: sum("told|" in entry["message"] for entry in entries) == len(ways),
    )
    told = [entry["message"] for entry in entries if "told|" in entry["message"]]
    assert {line.split("|")[1] for line in told} == {"SCOPE_FORBIDDEN"}
    assert asked_since(discord, before, guild, other) == []
    assert other.messages == {theirs["id"]: theirs}


async def test_a_mistake_is_named_before_discord_or_anybody_else_is_asked(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    script = when("!long", "await ctx.reply('x'.repeat(2001))")
    script += when("!file", "await ctx.reply({files: ['http://127.0.0.1:1/a.png']})")
    script += when("!route", "await discord.request('GET', '/users/@me')")
    await deploy(flora, guild, script)
    before = len(discord.requests)
    for said, told in (
        ("!long", "told|INVALID_INPUT|||||Invalid input for content: 2001 characters, at most"),
        ("!file", "told|FETCH_FORBIDDEN|||||"),
        ("!route", "told|UNKNOWN_ROUTE|||||GET /users/@me is not among the requests"),
    ):
        await guild.say(said)
        await flora.until_logged(guild.id, told)
    assert asked_since(discord, before, guild) == []
    assert not any(request.path == "/users/@me" for request in discord.requests[before:])


async def test_members_roles_and_the_rest_over_the_whole_path(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    script = when(
        "!role",
        "const role = await rest.createRole({name: 'Gardener', reason: 'spring'});"
        "const userId = ctx.msg.author.id;"
        "await rest.addMemberRole({userId, roleId: role.id});"
        "await rest.timeoutMember({userId, seconds: 60});"
        "const member = await rest.fetchMember({userId});"
        "const found = await discord.request('GET', `/guilds/${ctx.msg.guildId}/members`,"
        " {query: {limit: 1}});"
        "console.log(JSON.stringify([member.roles.includes(role.id), found.length]))",
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    await guild.say("!role")
    await flora.until_logged(guild.id, "[true,1]")
    (made,) = discord.asked("POST", f"/guilds/{guild.id}/roles")
    assert (made.body, made.reason) == ({"name": "Gardener"}, {"reason": "spring"})
    (timeout,) = discord.asked("PATCH", f"/guilds/{guild.id}/members/{guild.alice['id']}")
    assert timeout.body.keys() == {"communication_disabled_until"}


async def test_a_script_has_so_many_megabytes_under_way_and_no_more(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    script = when(
        "!big",
        "const data = new Uint8Array(9 << 20), sent = [];"
        "const send = () => rest.sendMessage({channelId: ctx.msg.channelId,"
        " files: [{data, filename: 'a'}]}).then(() => console.log('sent'),"
        " (error) => console.log(error.code + ': ' + error.message));"
        "for (let n = 0; n < 3; n++) {"
        " sent.push(send()); await new Promise((go) => setTimeout(go, 1)) }"
        "await Promise.all(sent)",
    )
    await deploy(flora, guild, script)
    discord.hold("POST", guild.channel_id)
    await guild.say("!big")
    told = await flora.until_logged(guild.id, "TOO_MANY_OPERATIONS")
    assert told[-1] == (
        "TOO_MANY_OPERATIONS: more than 32 MiB are under way: await some operations first"
    )
    discord.heal()
    await guild.until(lambda g: len(g.sent()) == 2)
