"""The guild's members: who they are, what they may, and what moderators do to them."""

from gateway.permissions import Permission
from gateway.routes.channels import A_WEEK
from gateway.routes.checks import anything, flag, snowflake, snowflakes, text, whole
from gateway.routes.route import Body, delete, get, needing, patch, post, put

_GUILD = "/guilds/{guild_id}"
_MEMBERS = f"{_GUILD}/members"
_MEMBER = f"{_MEMBERS}/{{user_id}}"
_BANS = f"{_GUILD}/bans"
_BAN = f"{_BANS}/{{user_id}}"
_VOICE = f"{_GUILD}/voice-states"
_REQUESTS = f"{_GUILD}/requests"

_NICK = text(0, 32)
_ROLES = snowflakes(0, 250)
_DELETE_SECONDS = whole(0, A_WEEK)
_PRUNE_DAYS = whole(1, 30)

_OF_FIELDS = {
    "nick": Permission.MANAGE_NICKNAMES,
    "roles": Permission.MANAGE_ROLES,
    "mute": Permission.MUTE_MEMBERS,
    "deaf": Permission.DEAFEN_MEMBERS,
    "channel_id": Permission.MOVE_MEMBERS,
    "communication_disabled_until": Permission.MODERATE_MEMBERS,
    "flags": Permission.MODERATE_MEMBERS,
}

ROUTES = (
    get("/users/{user_id}", "fetchUser"),
    get(_MEMBER, "fetchMember"),
    get(_MEMBERS, "fetchMembers", query={"limit": whole(1, 1000), "after": snowflake}),
    get(
        f"{_MEMBERS}/search",
        "searchMembers",
        query={"query": text(1, 100), "limit": whole(1, 1000)},
    ),
    patch(
        _MEMBER,
        "editMember",
        body=Body.JSON,
        fields={"nick": _NICK, "roles": _ROLES, "mute": flag, "deaf": flag},
        by_field=_OF_FIELDS,
    ),
    *needing(
        Permission.CHANGE_NICKNAME,
        patch(f"{_MEMBERS}/@me", "editCurrentMember", body=Body.JSON, fields={"nick": _NICK}),
    ),
    *needing(
        Permission.MANAGE_ROLES,
        put(f"{_MEMBER}/roles/{{role_id}}", "addMemberRole"),
        delete(f"{_MEMBER}/roles/{{role_id}}", "removeMemberRole"),
    ),
    *needing(
        Permission.BAN_MEMBERS,
        get(_BAN, "fetchBan"),
        get(
            _BANS,
            "fetchBans",
            query={"limit": whole(1, 1000), "before": snowflake, "after": snowflake},
        ),
        put(_BAN, "banMember", body=Body.JSON, fields={"delete_message_seconds": _DELETE_SECONDS}),
        delete(_BAN, "unbanMember", body=Body.JSON),  # an empty one
        post(
            f"{_GUILD}/bulk-ban",
            "bulkBanMembers",
            body=Body.JSON,
            fields={"user_ids": snowflakes(1, 200), "delete_message_seconds": _DELETE_SECONDS},
        ),
    ),
    *needing(
        Permission.KICK_MEMBERS,
        delete(_MEMBER, "kickMember"),
        get(
            f"{_GUILD}/prune",
            "fetchPruneCount",
            query={"days": _PRUNE_DAYS, "include_roles": _ROLES},
        ),
        post(
            f"{_GUILD}/prune",
            "pruneMembers",
            body=Body.JSON,
            fields={"days": _PRUNE_DAYS, "include_roles": _ROLES, "compute_prune_count": flag},
        ),
        # --- requests to join ---
        get(
            _REQUESTS,
            query={
                **{"status": anything, "limit": whole(1, 100)},
                **{"before": snowflake, "after": snowflake},
            },
        ),
        patch(f"{_REQUESTS}/{{request_id}}", body=Body.JSON),
    ),
    # --- voice ---
    get(f"{_VOICE}/{{user_id}}", "fetchVoiceState"),
    get(f"{_VOICE}/@me"),
    *needing(Permission.MUTE_MEMBERS, patch(f"{_VOICE}/{{user_id}}", body=Body.JSON)),
    *needing(Permission.REQUEST_TO_SPEAK, patch(f"{_VOICE}/@me", body=Body.JSON)),
)
