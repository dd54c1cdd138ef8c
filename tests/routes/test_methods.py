"""Every method of `rest` that the table knows: what it asks of Discord, and what it gives."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.routes.table import METHODS
from tests.fake_discord.world import APPLICATION_ID, BOT_ID, FakeGuild, user
from tests.routes.conftest import Host

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
PNG = "data:image/png;base64,iVBORw0KGgo="


class Garden:
    """The own guild with one of everything in it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.guild: FakeGuild = host.own
        self.channel = host.own.channel_id
        self.alice = host.own.alice["id"]
        self.bob = self.joins("bob")
        self.message = ""

    def joins(self, name: str) -> str:
        """A member without roles."""
        who = user(name)
        self.guild.members[who["id"]] = self.guild.member(who)
        return str(who["id"])

    async def grow(self) -> "Garden":
        sent = await self.host.do(
            "rest.sendMessage",
            {
                "channelId": self.channel,
                "body": {
                    "content": "a",
                    "poll": {"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}]},
                },
            },
        )
        self.message = sent["id"]
        self.guild.messages[self.message]["reactions"] = ["👍"]
        made = self.host.do
        self.role = (await made("rest.createRole", {"name": "Gardener"}))["id"]
        self.emoji = (await made("rest.createEmoji", {"name": "rose", "image": PNG}))["id"]
        self.rule = await self._made("AutoModerationRule", **RULE)
        self.event = await self._made("ScheduledEvent", **EVENT)
        self.thread = (
            await made("rest.createThread", {"channelId": self.channel, "name": "t", "type": 11})
        )["id"]
        self.code = (await made("rest.createInvite", {"channelId": self.channel}))["code"]
        webhook = await made("rest.createWebhook", {"channelId": self.channel, "name": "w"})
        self.webhook, self.token = webhook["id"], webhook["token"]
        said = await made(
            "rest.executeWebhook",
            {
                **{"webhookId": self.webhook, "token": self.token, "wait": True},
                "body": {"content": "said"},
            },
        )
        self.said = said["id"]
        file = {"filename": "rose.png", "data": "iVBORw0KGgo="}
        self.sticker = (
            await made("rest.createSticker", {"name": "rose", "tags": "flower", "files": [file]})
        )["id"]
        command = {"name": "tea", "description": "d", "type": 1}
        self.command = (await made("rest.createGuildCommand", {"command": command}))["id"]
        return self

    async def _made(self, kind: str, **fields: Any) -> str:
        return str((await self.host.do(f"rest.create{kind}", fields))["id"])


RULE = {
    "name": "no rudeness",
    "eventType": 1,
    "triggerType": 1,
    "actions": [{"type": 1}],
    "triggerMetadata": {"keywordFilter": ["rude"]},
}
EVENT = {
    "name": "tea party",
    "privacyLevel": 2,
    "entityType": 3,
    "scheduledStartTime": "2030-01-01T00:00:00Z",
    "scheduledEndTime": "2030-01-01T01:00:00Z",
    "entityMetadata": {"location": "the garden"},
}
Arguments = Callable[[Garden], Json]
On = tuple[str, str]
CHANNEL = "/channels/{channel}"
MESSAGE = f"{CHANNEL}/messages/{{message}}"
GUILD = "/guilds/{guild}"
MEMBER = f"{GUILD}/members/{{bob}}"
THREAD = "/channels/{thread}/thread-members"
WEBHOOK = "/webhooks/{webhook}"
SIGNED = f"{WEBHOOK}/{{token}}"
COMMANDS = f"/applications/{APPLICATION_ID}/guilds/{{guild}}/commands"


def at_channel(g: Garden, **more: Any) -> Json:
    return {"channelId": g.channel, **more}


def at_message(g: Garden, **more: Any) -> Json:
    return {"channelId": g.channel, "messageId": g.message, **more}


def at_webhook(g: Garden, **more: Any) -> Json:
    return {"webhookId": g.webhook, "token": g.token, **more}


# method, its arguments, the request that they become, its body. Queries stand in the request.
CALLS: list[tuple[str, Arguments, str, Any]] = [
    (
        "sendMessage",
        lambda g: at_channel(g, body={"content": "hi"}),
        f"POST {CHANNEL}/messages",
        {"content": "hi"},
    ),
    (
        "editMessage",
        lambda g: at_message(g, body={"content": "b"}),
        f"PATCH {MESSAGE}",
        {"content": "b"},
    ),
    ("deleteMessage", lambda g: at_message(g, reason="r"), f"DELETE {MESSAGE}", None),
    (
        "bulkDeleteMessages",
        lambda g: at_channel(g, payload={"messages": [g.message, g.said]}),
        f"POST {CHANNEL}/messages/bulk-delete",
        {"messages": ["{message}", "{said}"]},
    ),
    ("fetchMessage", at_message, f"GET {MESSAGE}", None),
    (
        "fetchMessages",
        lambda g: at_channel(g, limit=3, before=g.message),
        f"GET {CHANNEL}/messages?limit=3&before={{message}}",
        None,
    ),
    ("crosspostMessage", at_message, f"POST {MESSAGE}/crosspost", None),
    ("sendTyping", at_channel, f"POST {CHANNEL}/typing", None),
    ("pinMessage", at_message, f"PUT {CHANNEL}/messages/pins/{{message}}", None),
    ("unpinMessage", at_message, f"DELETE {CHANNEL}/messages/pins/{{message}}", None),
    (
        "fetchPins",
        lambda g: at_channel(g, limit=50),
        f"GET {CHANNEL}/messages/pins?limit=50",
        None,
    ),
    (
        "addReaction",
        lambda g: at_message(g, emoji="🌱"),
        f"PUT {MESSAGE}/reactions/%F0%9F%8C%B1/@me",
        None,
    ),
    (
        "removeReaction",
        lambda g: at_message(g, emoji="👍", userId=g.bob),
        f"DELETE {MESSAGE}/reactions/%F0%9F%91%8D/{{bob}}",
        None,
    ),
    (
        "removeReaction",
        lambda g: at_message(g, emoji="👍"),
        f"DELETE {MESSAGE}/reactions/%F0%9F%91%8D/@me",
        None,
    ),
    (
        "clearReactions",
        lambda g: at_message(g, emoji="rose:5"),
        f"DELETE {MESSAGE}/reactions/rose%3A5",
        None,
    ),
    ("clearReactions", at_message, f"DELETE {MESSAGE}/reactions", None),
    (
        "fetchReactions",
        lambda g: at_message(g, emoji="👍", limit=100, after="5", type=1),
        f"GET {MESSAGE}/reactions/%F0%9F%91%8D?after=5&limit=100&type=1",
        None,
    ),
    (
        "fetchPollVoters",
        lambda g: at_message(g, answerId=1),
        f"GET {CHANNEL}/polls/{{message}}/answers/1",
        None,
    ),
    ("endPoll", at_message, f"POST {CHANNEL}/polls/{{message}}/expire", None),
    # --- channels and threads ---
    ("fetchChannel", at_channel, f"GET {CHANNEL}", None),
    ("fetchChannels", lambda g: {"guildId": g.guild.id}, f"GET {GUILD}/channels", None),
    (
        "createChannel",
        lambda g: {
            "payload": {"name": "roses", "parent_id": None},
            "rateLimitPerUser": 5,
            "permissionOverwrites": [{"id": g.role, "type": 0, "allow": "1024"}],
        },
        f"POST {GUILD}/channels",
        {
            "name": "roses",
            "parent_id": None,
            "rate_limit_per_user": 5,
            "permission_overwrites": [{"id": "{role}", "type": 0, "allow": 1024}],
        },
    ),
    (
        "editChannel",
        lambda g: at_channel(g, topic="about roses", payload={"nsfw": False}),
        f"PATCH {CHANNEL}",
        {"topic": "about roses", "nsfw": False},
    ),
    ("deleteChannel", lambda g: {"channelId": g.thread}, "DELETE /channels/{thread}", None),
    (
        "editChannelPermissions",
        lambda g: at_channel(g, overwriteId=g.role, type=0, allow="1024", deny=2048),
        f"PUT {CHANNEL}/permissions/{{role}}",
        {"type": 0, "allow": 1024, "deny": 2048},
    ),
    (
        "deleteChannelPermissions",
        lambda g: at_channel(g, overwriteId=g.role),
        f"DELETE {CHANNEL}/permissions/{{role}}",
        None,
    ),
    (
        "createThread",
        lambda g: at_channel(g, name="t", message={"content": "first"}),
        f"POST {CHANNEL}/threads",
        {
            "name": "t",
            "message": {
                "content": "first",
                "allowed_mentions": {"parse": ["users"], "replied_user": True},
            },
        },
    ),
    (
        "createThread",
        lambda g: at_channel(g, payload={"name": "t", "type": 11}),
        f"POST {CHANNEL}/threads",
        {"name": "t", "type": 11},
    ),
    (
        "createThreadFromMessage",
        lambda g: at_message(g, payload={"name": "t"}),
        f"POST {MESSAGE}/threads",
        {"name": "t"},
    ),
    ("joinThread", lambda g: {"threadId": g.thread}, f"PUT {THREAD}/@me", None),
    ("leaveThread", lambda g: {"threadId": g.thread}, f"DELETE {THREAD}/@me", None),
    (
        "addThreadMember",
        lambda g: {"threadId": g.thread, "userId": g.bob},
        f"PUT {THREAD}/{{bob}}",
        None,
    ),
    (
        "removeThreadMember",
        lambda g: {"threadId": g.thread, "userId": g.bob},
        f"DELETE {THREAD}/{{bob}}",
        None,
    ),
    (
        "fetchThreadMembers",
        lambda g: {"threadId": g.thread, "withMember": True, "limit": 10},
        f"GET {THREAD}?with_member=true&limit=10",
        None,
    ),
    ("fetchActiveThreads", lambda g: {}, f"GET {GUILD}/threads/active", None),
    (
        "fetchArchivedThreads",
        lambda g: at_channel(g, before="2026-01-01T00:00:00Z"),
        f"GET {CHANNEL}/threads/archived/public?before=2026-01-01T00%3A00%3A00Z",
        None,
    ),
    (
        "fetchPrivateArchivedThreads",
        at_channel,
        f"GET {CHANNEL}/threads/archived/private",
        None,
    ),
    # --- invites ---
    ("fetchInvites", at_channel, f"GET {CHANNEL}/invites", None),
    ("fetchInvites", lambda g: {}, f"GET {GUILD}/invites", None),
    (
        "createInvite",
        lambda g: at_channel(g, maxAge=0, unique=True),
        f"POST {CHANNEL}/invites",
        {"max_age": 0, "unique": True},
    ),
    (
        "fetchInvite",
        lambda g: {"code": g.code, "withCounts": True},
        "GET /invites/{code}?with_counts=true",
        None,
    ),
    ("deleteInvite", lambda g: {"code": g.code}, "DELETE /invites/{code}", None),
    # --- members ---
    ("fetchUser", lambda g: {"userId": g.bob}, "GET /users/{bob}", None),
    ("fetchMember", lambda g: {"userId": g.bob}, f"GET {MEMBER}", None),
    (
        "fetchMembers",
        lambda g: {"limit": 1000, "after": "1"},
        f"GET {GUILD}/members?limit=1000&after=1",
        None,
    ),
    (
        "searchMembers",
        lambda g: {"query": "bo b", "limit": 5},
        f"GET {GUILD}/members/search?query=bo+b&limit=5",
        None,
    ),
    (
        "editMember",
        lambda g: {
            "userId": g.bob,
            "payload": {"nick": None},
            "communicationDisabledUntil": "2030-01-01T00:00:00Z",
        },
        f"PATCH {MEMBER}",
        {"nick": None, "communication_disabled_until": "2030-01-01T00:00:00Z"},
    ),
    (
        "editCurrentMember",
        lambda g: {"payload": {"nick": "Flo"}},
        f"PATCH {GUILD}/members/@me",
        {"nick": "Flo"},
    ),
    (
        "addMemberRole",
        lambda g: {"userId": g.bob, "roleId": g.role},
        f"PUT {MEMBER}/roles/{{role}}",
        None,
    ),
    (
        "removeMemberRole",
        lambda g: {"userId": g.bob, "roleId": g.role},
        f"DELETE {MEMBER}/roles/{{role}}",
        None,
    ),
    ("kickMember", lambda g: {"userId": g.bob}, f"DELETE {MEMBER}", None),
    ("fetchVoiceState", lambda g: {"userId": g.bob}, f"GET {GUILD}/voice-states/{{bob}}", None),
    (
        "banMember",
        lambda g: {"userId": g.bob, "deleteMessageSeconds": 60},
        f"PUT {GUILD}/bans/{{bob}}",
        {"delete_message_seconds": 60},
    ),
    ("fetchBan", lambda g: {"userId": g.bob}, f"GET {GUILD}/bans/{{bob}}", None),
    ("fetchBans", lambda g: {"limit": 10}, f"GET {GUILD}/bans?limit=10", None),
    ("unbanMember", lambda g: {"userId": g.bob}, f"DELETE {GUILD}/bans/{{bob}}", {}),
    (
        "bulkBanMembers",
        lambda g: {"userIds": [g.bob]},
        f"POST {GUILD}/bulk-ban",
        {"user_ids": ["{bob}"]},
    ),
    (
        "fetchPruneCount",
        lambda g: {"days": 30, "includeRoles": [g.role, "5"]},
        f"GET {GUILD}/prune?days=30&include_roles={{role}}%2C5",
        None,
    ),
    ("pruneMembers", lambda g: {"days": 30}, f"POST {GUILD}/prune", {"days": 30}),
    # --- the guild ---
    ("fetchGuild", lambda g: {"withCounts": True}, f"GET {GUILD}?with_counts=true", None),
    ("editGuild", lambda g: {"name": "Garden of roses"}, f"PATCH {GUILD}", {"name": "{name}"}),
    (
        "fetchAuditLog",
        lambda g: {"actionType": 20, "userId": g.bob, "limit": 1},
        f"GET {GUILD}/audit-logs?user_id={{bob}}&action_type=20&limit=1",
        None,
    ),
    ("fetchRoles", lambda g: {}, f"GET {GUILD}/roles", None),
    ("fetchRole", lambda g: {"roleId": g.role}, f"GET {GUILD}/roles/{{role}}", None),
    (
        "createRole",
        lambda g: {"name": "Mod", "permissions": 8, "color": 0xFF0000, "icon": None},
        f"POST {GUILD}/roles",
        {"name": "Mod", "permissions": 8, "color": 0xFF0000, "icon": None},
    ),
    (
        "editRole",
        lambda g: {"roleId": g.role, "hoist": True},
        f"PATCH {GUILD}/roles/{{role}}",
        {"hoist": True},
    ),
    ("deleteRole", lambda g: {"roleId": g.role}, f"DELETE {GUILD}/roles/{{role}}", None),
    ("fetchEmojis", lambda g: {}, f"GET {GUILD}/emojis", None),
    ("fetchEmoji", lambda g: {"emojiId": g.emoji}, f"GET {GUILD}/emojis/{{emoji}}", None),
    (
        "createEmoji",
        lambda g: {"name": "rose", "image": {"data": "iVBORw0KGgo="}, "roles": []},
        f"POST {GUILD}/emojis",
        {"name": "rose", "image": PNG, "roles": []},
    ),
    (
        "editEmoji",
        lambda g: {"emojiId": g.emoji, "name": "thorn"},
        f"PATCH {GUILD}/emojis/{{emoji}}",
        {"name": "thorn"},
    ),
    ("deleteEmoji", lambda g: {"emojiId": g.emoji}, f"DELETE {GUILD}/emojis/{{emoji}}", None),
    ("fetchStickers", lambda g: {}, f"GET {GUILD}/stickers", None),
    ("fetchSticker", lambda g: {"stickerId": g.sticker}, f"GET {GUILD}/stickers/{{sticker}}", None),
    (
        "createSticker",
        lambda g: {"name": "leaf", "tags": "green", "description": "", "files": [{"text": "x"}]},
        f"POST {GUILD}/stickers",
        {"name": "leaf", "tags": "green", "description": ""},
    ),
    (
        "editSticker",
        lambda g: {"stickerId": g.sticker, "description": None},
        f"PATCH {GUILD}/stickers/{{sticker}}",
        {"description": None},
    ),
    (
        "deleteSticker",
        lambda g: {"stickerId": g.sticker},
        f"DELETE {GUILD}/stickers/{{sticker}}",
        None,
    ),
    (
        "fetchScheduledEvents",
        lambda g: {"withUserCount": False},
        f"GET {GUILD}/scheduled-events?with_user_count=false",
        None,
    ),
    (
        "fetchScheduledEvent",
        lambda g: {"eventId": g.event},
        f"GET {GUILD}/scheduled-events/{{event}}",
        None,
    ),
    (
        "createScheduledEvent",
        lambda g: dict(EVENT),
        f"POST {GUILD}/scheduled-events",
        {
            "name": "tea party",
            "privacy_level": 2,
            "entity_type": 3,
            "scheduled_start_time": "2030-01-01T00:00:00Z",
            "scheduled_end_time": "2030-01-01T01:00:00Z",
            "entity_metadata": {"location": "the garden"},
        },
    ),
    (
        "editScheduledEvent",
        lambda g: {"eventId": g.event, "status": 2},
        f"PATCH {GUILD}/scheduled-events/{{event}}",
        {"status": 2},
    ),
    (
        "deleteScheduledEvent",
        lambda g: {"eventId": g.event},
        f"DELETE {GUILD}/scheduled-events/{{event}}",
        None,
    ),
    ("fetchAutoModerationRules", lambda g: {}, f"GET {GUILD}/auto-moderation/rules", None),
    (
        "fetchAutoModerationRule",
        lambda g: {"ruleId": g.rule},
        f"GET {GUILD}/auto-moderation/rules/{{rule}}",
        None,
    ),
    (
        "createAutoModerationRule",
        lambda g: {**RULE, "exemptChannels": [g.channel]},
        f"POST {GUILD}/auto-moderation/rules",
        {
            "name": "no rudeness",
            "event_type": 1,
            "trigger_type": 1,
            "actions": [{"type": 1}],
            "trigger_metadata": {"keyword_filter": ["rude"]},
            "exempt_channels": ["{channel}"],
        },
    ),
    (
        "editAutoModerationRule",
        lambda g: {"ruleId": g.rule, "enabled": False},
        f"PATCH {GUILD}/auto-moderation/rules/{{rule}}",
        {"enabled": False},
    ),
    (
        "deleteAutoModerationRule",
        lambda g: {"ruleId": g.rule},
        f"DELETE {GUILD}/auto-moderation/rules/{{rule}}",
        None,
    ),
    # --- webhooks ---
    ("fetchWebhooks", at_channel, f"GET {CHANNEL}/webhooks", None),
    ("fetchWebhooks", lambda g: {}, f"GET {GUILD}/webhooks", None),
    ("fetchWebhook", at_webhook, f"GET {SIGNED}", None),
    ("fetchWebhook", lambda g: {"webhookId": g.webhook}, f"GET {WEBHOOK}", None),
    (
        "createWebhook",
        lambda g: at_channel(g, name="w", avatar={"data": "R0lGODlh"}),
        f"POST {CHANNEL}/webhooks",
        {"name": "w", "avatar": "data:image/gif;base64,R0lGODlh"},
    ),
    ("editWebhook", lambda g: at_webhook(g, name="v"), f"PATCH {SIGNED}", {"name": "v"}),
    (
        "editWebhook",
        lambda g: {"webhookId": g.webhook, "payload": {"channel_id": g.channel}},
        f"PATCH {WEBHOOK}",
        {"channel_id": "{channel}"},
    ),
    ("deleteWebhook", at_webhook, f"DELETE {SIGNED}", None),
    ("deleteWebhook", lambda g: {"webhookId": g.webhook}, f"DELETE {WEBHOOK}", None),
    (
        "executeWebhook",
        lambda g: at_webhook(g, wait=True, threadId=g.thread, body={"content": "x"}),
        f"POST {SIGNED}?thread_id={{thread}}&wait=true",
        {"content": "x"},
    ),
    (
        "fetchWebhookMessage",
        lambda g: at_webhook(g, messageId=g.said),
        f"GET {SIGNED}/messages/{{said}}",
        None,
    ),
    (
        "editWebhookMessage",
        lambda g: at_webhook(g, messageId=g.said, body={"content": "y"}),
        f"PATCH {SIGNED}/messages/{{said}}",
        {"content": "y"},
    ),
    (
        "deleteWebhookMessage",
        lambda g: at_webhook(g, messageId=g.said),
        f"DELETE {SIGNED}/messages/{{said}}",
        None,
    ),
    # --- commands ---
    ("getGuildCommands", lambda g: {}, f"GET {COMMANDS}", None),
    ("getGuildCommand", lambda g: {"commandId": g.command}, f"GET {COMMANDS}/{{command}}", None),
    (
        "createGuildCommand",
        lambda g: {"guildId": g.guild.id, "command": {"name": "a", "description": "d"}},
        f"POST {COMMANDS}",
        {"name": "a", "description": "d"},
    ),
    (
        "editGuildCommand",
        lambda g: {"commandId": g.command, "command": {"description": "e"}},
        f"PATCH {COMMANDS}/{{command}}",
        {"description": "e"},
    ),
    (
        "deleteGuildCommand",
        lambda g: {"commandId": g.command},
        f"DELETE {COMMANDS}/{{command}}",
        None,
    ),
    ("getGuildCommandsPermissions", lambda g: {}, f"GET {COMMANDS}/permissions", None),
    (
        "getGuildCommandPermissions",
        lambda g: {"commandId": g.command},
        f"GET {COMMANDS}/{{command}}/permissions",
        None,
    ),
]


@pytest.mark.parametrize(
    ("method", "arguments", "request_", "body"), CALLS, ids=[f"{c[0]}-{c[2]}" for c in CALLS]
)
async def test_a_method_is_one_request(
    host: Host, method: str, arguments: Arguments, request_: str, body: Any
) -> None:
    garden = await Garden(host).grow()
    if method in ("fetchBan", "unbanMember"):
        await host.do("rest.banMember", {"userId": garden.bob})
    if method in ("leaveThread", "removeThreadMember"):
        host.own.channels[garden.thread]["thread_members"] = [BOT_ID, garden.bob]
    if method == "removeMemberRole":
        host.own.members[garden.bob]["roles"] = [garden.role]
    names = {**vars(garden), "guild": host.own.id, "name": "Garden of roses"}
    before = len(host.discord.requests)
    await host.do(f"rest.{method}", arguments(garden))
    (request,) = host.discord.requests[before:]
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    expected, _, expected_query = request_.format_map(names).partition("?")
    assert str(request) == expected
    assert query == expected_query.replace("%2C", ",").replace("%3A", ":").replace("+", " ")
    assert request.body == filled(body, names)


def filled(body: Any, names: Json) -> Any:
    if isinstance(body, dict):
        return {key: filled(value, names) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, names) for value in body]
    return body.format_map(names) if isinstance(body, str) else body


async def test_every_method_is_in_these_tables() -> None:
    told = {call[0] for call in CALLS} | {"editGuildCommandPermissions", "fetchScheduledEventUsers"}
    assert told == METHODS.keys()


async def test_what_discord_refuses_from_bots_is_told(host: Host) -> None:
    garden = await Garden(host).grow()
    told = await host.ask(
        "rest.editGuildCommandPermissions", {"commandId": garden.command, "permissions": []}
    )
    assert told["code"] == "DISCORD_HTTP_ERROR"
    assert (told["status"], told["discordCode"]) == (403, 20001)


@pytest.mark.parametrize("method", ["kickMember", "banMember", "unbanMember", "editMember"])
async def test_a_reason_reaches_the_audit_log(host: Host, method: str) -> None:
    garden = await Garden(host).grow()
    if method == "unbanMember":
        await host.do("rest.banMember", {"userId": garden.bob})
    reason = "zu laut; «ständig» 📢"
    await host.do(f"rest.{method}", {"userId": garden.bob, "reason": reason})
    assert host.last().reason == {"reason": reason}
    assert host.last().body in (None, {})


async def test_results_are_discords_own(host: Host) -> None:
    garden = await Garden(host).grow()
    found = await host.do("rest.searchMembers", {"query": "bob", "limit": 1})
    assert found == [host.own.members[garden.bob]]
    role = await host.do("rest.createRole", {"name": "R", "unicodeEmoji": "🌹"})
    assert role == host.own.things["roles"][role["id"]]
    assert await host.do("rest.deleteRole", {"roleId": role["id"]}) is None


async def test_what_a_script_has_made_can_be_used_at_once(host: Host) -> None:
    """No event has told of it yet, and Discord is not asked whose it is."""
    channel = await host.do("rest.createChannel", {"name": "new"})
    webhook = await host.do("rest.createWebhook", {"channelId": channel["id"], "name": "w"})
    invite = await host.do("rest.createInvite", {"channelId": channel["id"]})
    before = len(host.discord.requests)
    await host.do("rest.sendMessage", {"channelId": channel["id"], "body": {"content": "x"}})
    await host.do("rest.deleteWebhook", {"webhookId": webhook["id"]})
    await host.do("rest.deleteInvite", {"code": invite["code"]})
    methods = [request.method for request in host.discord.requests[before:]]
    assert methods == ["POST", "DELETE", "DELETE"]
