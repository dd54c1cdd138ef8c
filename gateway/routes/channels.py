"""The guild's channels, threads, stages and the invites into them."""

from gateway.permissions import Permission
from gateway.routes.checks import anything, bits, flag, overwrites, snowflake, text, whole
from gateway.routes.route import Body, Makes, delete, get, needing, patch, post, put

_CHANNEL = "/channels/{channel_id}"
_CHANNELS = "/guilds/{guild_id}/channels"
_OVERWRITE = f"{_CHANNEL}/permissions/{{overwrite_id}}"
_THREAD_MEMBERS = "/channels/{thread_id}/thread-members"
_INVITE = "/invites/{code}"
_STAGE = "/stage-instances/{channel_id}"

SIX_HOURS, A_WEEK = 21_600, 604_800

_SLOWMODE = whole(0, SIX_HOURS)
_FIELDS = {
    "name": text(1, 100),
    "topic": text(0, 4096),
    "rate_limit_per_user": _SLOWMODE,
    "default_thread_rate_limit_per_user": _SLOWMODE,
    "user_limit": whole(0, 10_000),
    "nsfw": flag,
    "permission_overwrites": overwrites,
}
_THREAD = {"name": text(1, 100), "rate_limit_per_user": _SLOWMODE, "invitable": flag}
_ARCHIVE = {"before": anything, "limit": whole(2, 100)}
_INVITE_FIELDS = {
    "max_age": whole(0, A_WEEK),
    "max_uses": whole(0, 100),
    "temporary": flag,
    "unique": flag,
}
_STAGE_FIELDS = {"topic": text(1, 120)}

_OF_FIELDS = {"permission_overwrites": Permission.MANAGE_ROLES}

ROUTES = (
    get(_CHANNEL, "fetchChannel"),
    get(_CHANNELS, "fetchChannels"),
    *needing(
        Permission.MANAGE_CHANNELS,
        post(
            _CHANNELS,
            "createChannel",
            body=Body.JSON,
            fields=_FIELDS,
            by_field=_OF_FIELDS,
            makes=Makes.CHANNEL,
        ),
        patch(_CHANNEL, "editChannel", body=Body.JSON, fields=_FIELDS, by_field=_OF_FIELDS),
        delete(_CHANNEL, "deleteChannel"),
        patch(_CHANNELS, body=Body.JSON),  # their positions
    ),
    *needing(
        Permission.MANAGE_ROLES,
        put(
            _OVERWRITE,
            "editChannelPermissions",
            body=Body.JSON,
            fields={"allow": bits, "deny": bits, "type": whole(0, 1)},
        ),
        delete(_OVERWRITE, "deleteChannelPermissions"),
    ),
    *needing(Permission.MANAGE_WEBHOOKS, post(f"{_CHANNEL}/followers", body=Body.JSON)),
    *needing(
        Permission.SET_VOICE_CHANNEL_STATUS,
        put(f"{_CHANNEL}/voice-status", body=Body.JSON, fields={"status": text(0, 500)}),
    ),
    *needing(Permission.USE_SOUNDBOARD, post(f"{_CHANNEL}/send-soundboard-sound", body=Body.JSON)),
    # --- threads ---
    *needing(
        Permission.CREATE_PUBLIC_THREADS,
        post(
            f"{_CHANNEL}/threads",
            "createThread",
            body=Body.THREAD,
            fields=_THREAD,
            makes=Makes.CHANNEL,
        ),
        post(
            f"{_CHANNEL}/messages/{{message_id}}/threads",
            "createThreadFromMessage",
            body=Body.JSON,
            fields=_THREAD,
            makes=Makes.CHANNEL,
        ),
    ),
    *needing(
        Permission.SEND_MESSAGES_IN_THREADS,
        put(f"{_THREAD_MEMBERS}/@me", "joinThread"),
        delete(f"{_THREAD_MEMBERS}/@me", "leaveThread"),
        put(f"{_THREAD_MEMBERS}/{{user_id}}", "addThreadMember"),
    ),
    *needing(
        Permission.MANAGE_THREADS,
        delete(f"{_THREAD_MEMBERS}/{{user_id}}", "removeThreadMember"),
    ),
    get(f"{_THREAD_MEMBERS}/{{user_id}}", query={"with_member": flag}),
    get(
        _THREAD_MEMBERS,
        "fetchThreadMembers",
        query={"with_member": flag, "limit": whole(1, 100), "after": snowflake},
    ),
    get("/guilds/{guild_id}/threads/active", "fetchActiveThreads"),
    get(f"{_CHANNEL}/threads/archived/public", "fetchArchivedThreads", query=_ARCHIVE),
    get(f"{_CHANNEL}/threads/archived/private", "fetchPrivateArchivedThreads", query=_ARCHIVE),
    get(f"{_CHANNEL}/users/@me/threads/archived/private", query=_ARCHIVE),
    get(
        f"{_CHANNEL}/threads/search",
        query={
            **dict.fromkeys(("name", "tag", "tag_setting", "sort_by", "sort_order"), anything),
            **{"slop": whole(0, 100), "archived": flag, "min_id": snowflake, "max_id": snowflake},
            **{"limit": whole(1, 25), "offset": whole(0, 9975)},
        },
    ),
    # --- invites ---
    get(
        _INVITE,
        "fetchInvite",
        query={"with_counts": flag, "guild_scheduled_event_id": snowflake},
    ),
    *needing(
        Permission.CREATE_INSTANT_INVITE,
        post(
            f"{_CHANNEL}/invites",
            "createInvite",
            body=Body.JSON,
            fields=_INVITE_FIELDS,
            makes=Makes.INVITE,
        ),
    ),
    *needing(
        Permission.MANAGE_CHANNELS,
        get(f"{_CHANNEL}/invites", "fetchInvites"),
        get("/guilds/{guild_id}/invites", "fetchInvites"),
        delete(_INVITE, "deleteInvite"),
        # --- stages ---
        post("/stage-instances", body=Body.JSON, fields=_STAGE_FIELDS),
        patch(_STAGE, body=Body.JSON, fields=_STAGE_FIELDS),
        delete(_STAGE),
    ),
    get(_STAGE),
)
