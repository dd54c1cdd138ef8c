"""The original's scripts run unchanged: every name that they may use, and what it is.

What each name does is told by the tests of its family; here stands that none is missing, that
their kinds are right, and that a script in the original's manner comes to its end.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk import discord
from tests.sdk.conftest import Operation, Script
from tests.sdk.discord import CHANNEL, GUILD, MESSAGE, ROLE, USER, Json

Loader = Callable[..., Script]

GLOBALS = {
    "function": """
        on cron registerSlashCommands __floraDispatch fetch Request Response Headers FormData
        queueMicrotask
        createBot prefix slash flattenCommands handleSubcommand flattenInteractionOptions hasRole
        getSubcommand getSubcommandGroup embed EmbedBuilder store KvStore
        actionRow button stringSelect userSelect roleSelect mentionableSelect channelSelect
        inputText textDisplay thumbnail section mediaGallery file separator container label
        fileUpload
        ActionRowBuilder ButtonBuilder SelectMenuBuilderBase StringSelectMenuBuilder
        UserSelectMenuBuilder RoleSelectMenuBuilder MentionableSelectMenuBuilder
        ChannelSelectMenuBuilder InputTextBuilder TextDisplayBuilder ThumbnailBuilder
        SectionBuilder MediaGalleryBuilder FileBuilder SeparatorBuilder ContainerBuilder
        LabelBuilder FileUploadBuilder
    """,
    "object": """
        secrets console kv rest flora __floraHandlers __floraCreateBotState __floraSubcommands
        ButtonStyle ButtonStyles ComponentType InputTextStyle InputTextStyles MessageFlags
        globalThis
    """,
    "string": "__floraGuildId",
}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for kind, names in GLOBALS.items() for name in names.split()]
)
def test_a_global_is_there(script: Script, name: str, kind: str) -> None:
    assert script.value(f"typeof {name}") == kind


METHODS = {
    "rest": """
        sendMessage editMessage deleteMessage bulkDeleteMessages pinMessage unpinMessage
        crosspostMessage fetchMessage fetchMessages addReaction removeReaction clearReactions
        sendInteractionResponse deferInteractionResponse updateInteractionResponse
        editOriginalInteractionResponse deleteOriginalInteractionResponse
        createFollowupMessage editFollowupMessage deleteFollowupMessage
        upsertGuildCommands createGuildCommand editGuildCommand deleteGuildCommand
        getGuildCommands getGuildCommand editGuildCommandPermissions getGuildCommandsPermissions
        getGuildCommandPermissions kickMember unbanMember banMember addMemberRole
        removeMemberRole editMember editCurrentMember createChannel editChannel deleteChannel
        createThread createThreadFromMessage joinThread leaveThread addThreadMember
        removeThreadMember executeWebhook editWebhook deleteWebhook
    """,
    "kv": "store",
    "store('notes')": "get getWithMetadata set updateMetadata delete list",
    "secrets": "get",
    "console": "log",
}


@pytest.mark.parametrize("owner", METHODS)
def test_an_object_has_these_methods(script: Script, owner: str) -> None:
    names = METHODS[owner].split()
    found = script.value(f"{json.dumps(names)}.filter((name) => {owner}[name] instanceof Function)")
    assert found == names


FACTORIES = {
    "actionRow()": "ActionRowBuilder",
    "button()": "ButtonBuilder",
    "stringSelect('a')": "StringSelectMenuBuilder",
    "userSelect('a')": "UserSelectMenuBuilder",
    "roleSelect('a')": "RoleSelectMenuBuilder",
    "mentionableSelect('a')": "MentionableSelectMenuBuilder",
    "channelSelect('a')": "ChannelSelectMenuBuilder",
    "inputText('a')": "InputTextBuilder",
    "textDisplay('a')": "TextDisplayBuilder",
    "thumbnail('a')": "ThumbnailBuilder",
    "section()": "SectionBuilder",
    "mediaGallery()": "MediaGalleryBuilder",
    "file('a')": "FileBuilder",
    "separator()": "SeparatorBuilder",
    "container()": "ContainerBuilder",
    "label('a')": "LabelBuilder",
    "fileUpload('a')": "FileUploadBuilder",
    "embed()": "EmbedBuilder",
    "store('a')": "KvStore",
    "kv.store('a')": "KvStore",
}


@pytest.mark.parametrize(("call", "its_class"), FACTORIES.items())
def test_a_factory_makes_an_instance_of_its_class(
    script: Script, call: str, its_class: str
) -> None:
    assert script.value(f"{call} instanceof {its_class}")


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("on('ready', () => {})", None),
        ("cron('a', '@daily', () => {})", None),
        ("createBot({})", None),
        ("console.log('a')", None),
        ("secrets.get('unknown')", None),
        ("registerSlashCommands([]) instanceof Promise", True),
        ("__floraDispatch('ready', {}) instanceof Promise", True),
        ("__floraCreateBotState", {"initialized": False}),
        ("__floraSubcommands", {}),
        ("__floraGuildId", GUILD),
        ("hasRole({msg: {member: null}}, '1')", False),
        ("flattenCommands([])", []),
    ],
)
def test_what_a_call_gives(script: Script, call: str, given: Any) -> None:
    assert script.value(call) == given


# The original's texts that scripts may depend on, as far as the script itself meets them.
TEXTS: list[tuple[str, str]] = [
    ("cron('', '@daily', () => {})", "cron name must be a non-empty string"),
    ("cron('a', '', () => {})", "cron expression must be a non-empty string"),
    ("cron('a', '@daily')", "cron handler must be a function"),
    ("registerSlashCommands([{name: 'a'}])", "Slash command must have a description"),
    ("rest.upsertGuildCommands({guildId: 'x', commands: []})", "Invalid guild id"),
    (
        "rest.upsertGuildCommands({guildId: '1', commands: []})",
        "Forbidden: guild is outside runtime scope",
    ),
    ("rest.deleteFollowupMessage({token: 'a', messageId: 'x'})", "Invalid message id"),
    (
        "rest.sendMessage({channelId: 'x', content: 'a'})",
        "Invalid input for channel_id: invalid snowflake",
    ),
    (
        "rest.sendMessage({channelId: CHANNEL})",
        "message must include content, embeds, attachments, or components",
    ),
    (
        "rest.executeWebhook({webhookId: '1', token: 'a'})",
        "webhook must include content, embeds, attachments, or components",
    ),
    (
        "rest.addReaction({channelId: CHANNEL, messageId: MESSAGE, emoji: ''})",
        "Invalid input for emoji: invalid reaction emoji",
    ),
    (
        "rest.sendMessage({channelId: CHANNEL, embeds: [{title: 'a', timestamp: 'now'}]})",
        "Invalid input for embeds[].timestamp: invalid timestamp",
    ),
    (
        "rest.sendMessage({channelId: '1', attachments: [{base64: {data: '!', filename: 'a'}}]})",
        "Invalid input for attachments[].data: invalid base64 data",
    ),
    (
        "rest.sendMessage({channelId: CHANNEL, components: [{}]})",
        "Invalid input for components: Component missing numeric type",
    ),
]


@pytest.mark.parametrize(("call", "message"), TEXTS)
def test_an_error_has_the_originals_text(script: Script, call: str, message: str) -> None:
    assert script.failure(call)["message"] == message


# As the original's documentation writes a bot.
BOT = """
const tags = kv.store("tags");
const token = secrets.get("WEATHER_TOKEN");

const ping = prefix({ name: "ping", description: "Pings", run: async (ctx) => {
  await ctx.reply({
    content: `pong ${ctx.args.join(",")}`,
    embeds: [embed().setTitle("Pong").setColor(0xff0000).addField("a", "b", true).toJSON()],
    components: [actionRow().addComponents(
      button().setCustomId("again").setLabel("Again").setStyle(ButtonStyle.Primary)).toJSON()],
    allowedMentions: { parse: [] },
  });
  await ctx.edit({ flags: MessageFlags.SUPPRESS_EMBEDS });
} });

const tag = slash({ name: "tag", description: "Tags", subcommands: [
  { name: "set", description: "Set", options: [
    { name: "name", description: "Which", type: "string", required: true }],
    run: async (ctx) => {
      await tags.set(ctx.options.name, "1", { metadata: { by: ctx.msg.user.id } });
      await ctx.reply({ content: "saved", ephemeral: true });
    } },
  { name: "list", description: "List", run: async (ctx) => {
    const page = await tags.list({ prefix: "a", limit: 10 });
    const names = page.keys.map((key) => key.name).join();
    await ctx.reply(`${names} ${page.list_complete} ${page.listComplete}`);
  } },
] });

createBot({ prefix: "!", commands: [ping], slashCommands: [tag] });

on("componentInteraction", async (ctx) => {
  if (ctx.msg.data.custom_id !== "again") return;
  if (!hasRole(ctx, ROLE_ID)) return;
  await rest.updateInteractionResponse({
    interactionId: ctx.msg.interactionId, token: ctx.msg.interactionToken, content: "again!" });
});

on("reactionAdd", async (ctx) => {
  try {
    await rest.addMemberRole({ guildId: ctx.msg.guildId, userId: ctx.msg.userId, roleId: ROLE_ID });
  } catch (error) {
    console.log(error.code, error.discord_code, error.message);
  }
});

cron("cleanup", "0 3 * * *", async (ctx) => {
  console.log(ctx.msg.name, ctx.msg.scheduledAt, ctx.name, ctx.scheduledAt);
}, { skipIfRunning: true });

const dispatch = globalThis.__floraDispatch;
globalThis.__floraDispatch = async (event, payload) => {
  console.log(event);
  await dispatch(event, payload);
};
""".replace("ROLE_ID", json.dumps(ROLE))


def body(operation: Operation) -> Json:
    """Without what the host adds for safety where a script says nothing."""
    sent: Json = operation.payload["body"]
    return {name: value for name, value in sent.items() if name != "allowed_mentions"}


def test_a_bot_in_the_originals_manner(load: Loader) -> None:
    script = load(BOT)
    for operation in script.operations:
        script.answer(operation)
    assert script.said("loaded") == [None]
    (registered,) = [o for o in script.operations if o.name == "commands.register"]
    view = {"name": "name", "description": "Which", "type": 3, "required": True}
    assert registered.payload["commands"][0]["options"] == [
        {"name": "set", "description": "Set", "type": 1, "options": [view]},
        {"name": "list", "description": "List", "type": 1},
    ]

    def next_one(name: str) -> Operation:
        operation = script.operations[-1]
        assert operation.name == name
        return operation

    event = script.event("MESSAGE_CREATE", discord.message(content="!ping a  b"))
    reply = next_one("rest.sendMessage")
    assert reply.payload["body"] == {
        "content": "pong a,b",
        "embeds": [
            {
                "title": "Pong",
                "color": 0xFF0000,
                "fields": [{"name": "a", "value": "b", "inline": True}],
            }
        ],
        "components": [
            {
                "type": 1,
                "components": [{"type": 2, "custom_id": "again", "label": "Again", "style": 1}],
            }
        ],
        "allowed_mentions": {"parse": []},
        "message_reference": {"message_id": MESSAGE},
    }
    script.answer(reply, {"id": "1"})
    edit = next_one("rest.editMessage")
    assert (edit.payload["messageId"], body(edit)) == (MESSAGE, {"flags": 4})
    script.answer(edit)
    assert script.outcome(event) == "done"

    given = {"name": "set", "type": 1, "options": [{"name": "name", "type": 3, "value": "a"}]}
    event = script.event("INTERACTION_CREATE", discord.command(given, name="tag"))
    stored = next_one("kv.set")
    assert (stored.payload["key"], stored.payload["metadata"]) == ("a", {"by": USER})
    script.answer(stored)
    assert body(next_one("rest.sendInteractionResponse")) == {"content": "saved", "flags": 64}
    script.answer(script.operations[-1])
    assert script.outcome(event) == "done"

    script.event("INTERACTION_CREATE", discord.command({"name": "list", "type": 1}, name="tag"))
    page = {"keys": [{"name": "a"}, {"name": "ab"}], "listComplete": True}
    script.answer(next_one("kv.list"), page)
    assert body(next_one("rest.sendInteractionResponse")) == {"content": "a,ab true true"}

    script.event("INTERACTION_CREATE", discord.component({"custom_id": "again"}))
    assert body(next_one("rest.updateInteractionResponse")) == {"content": "again!"}

    script.event("MESSAGE_REACTION_ADD", discord.reaction())
    script.refuse(
        next_one("rest.addMemberRole"),
        "Discord HTTP error (403): Missing Permissions",
        code="DISCORD_HTTP_ERROR",
        discord_code=50013,
    )
    script.event("FLORA_CRON", {"name": "cleanup", "scheduledAt": "2026-01-01T03:00:00.000Z"})
    at = "cleanup 2026-01-01T03:00:00.000Z"
    assert script.logged == [
        *("messageCreate", "interactionCreate", "interactionCreate", "componentInteraction"),
        "reactionAdd",
        "DISCORD_HTTP_ERROR 50013 Discord HTTP error (403): Missing Permissions",
        "__cron:cleanup",
        f"{at} {at}",
    ]


def test_the_bot_writes_where_it_was_asked(load: Loader) -> None:
    script = load(BOT)
    script.event("MESSAGE_CREATE", discord.message(content="!ping"))
    assert script.operations[-1].payload["channelId"] == CHANNEL
