"""The guild itself: its roles, audit log, emojis, stickers, events, rules and settings."""

from gateway.permissions import Permission
from gateway.routes.checks import anything, bits, flag, snowflake, text, whole
from gateway.routes.route import Body, delete, get, needing, patch, post, put

_GUILD = "/guilds/{guild_id}"
_ROLES = f"{_GUILD}/roles"
_ROLE = f"{_ROLES}/{{role_id}}"
_EMOJIS = f"{_GUILD}/emojis"
_EMOJI = f"{_EMOJIS}/{{emoji_id}}"
_STICKERS = f"{_GUILD}/stickers"
_STICKER = f"{_STICKERS}/{{sticker_id}}"
_EVENTS = f"{_GUILD}/scheduled-events"
_EVENT = f"{_EVENTS}/{{event_id}}"
_RULES = f"{_GUILD}/auto-moderation/rules"
_RULE = f"{_RULES}/{{rule_id}}"
_SOUNDS = f"{_GUILD}/soundboard-sounds"
_SOUND = f"{_SOUNDS}/{{sound_id}}"
_TEMPLATES = f"{_GUILD}/templates"
_TEMPLATE = f"{_TEMPLATES}/{{template_code}}"

_ROLE_FIELDS = {
    "name": text(0, 100),
    "permissions": bits,
    "color": whole(0, 0xFFFFFF),
    "hoist": flag,
    "mentionable": flag,
}
_EMOJI_FIELDS = {"name": text(2, 32)}
_STICKER_FIELDS = {"name": text(2, 30), "description": text(0, 100), "tags": text(1, 200)}
_EVENT_FIELDS = {"name": text(1, 100), "description": text(1, 1000)}
_RULE_FIELDS = {"name": text(1, 100), "enabled": flag}
_SOUND_FIELDS = {"name": text(2, 32)}
_TEMPLATE_FIELDS = {"name": text(1, 100), "description": text(0, 120)}
_USERS = {
    **{"limit": whole(1, 100), "before": snowflake, "after": snowflake},
    "with_member": flag,
}

ROUTES = (
    get(_GUILD, "fetchGuild", query={"with_counts": flag}),
    *needing(
        Permission.VIEW_AUDIT_LOG,
        get(
            f"{_GUILD}/audit-logs",
            "fetchAuditLog",
            query={
                **{"user_id": snowflake, "target_id": snowflake, "action_type": whole(1, 1000)},
                **{"before": snowflake, "after": snowflake, "limit": whole(1, 100)},
            },
        ),
    ),
    # --- roles ---
    get(_ROLES, "fetchRoles"),
    get(_ROLE, "fetchRole"),
    get(f"{_ROLES}/member-counts"),
    *needing(
        Permission.MANAGE_ROLES,
        post(_ROLES, "createRole", body=Body.JSON, fields=_ROLE_FIELDS, grants=True),
        patch(_ROLE, "editRole", body=Body.JSON, fields=_ROLE_FIELDS, grants=True),
        delete(_ROLE, "deleteRole"),
        patch(_ROLES, body=Body.JSON),  # their positions
    ),
    # --- emojis, stickers and sounds ---
    get(_EMOJIS, "fetchEmojis"),
    get(_EMOJI, "fetchEmoji"),
    get(_STICKERS, "fetchStickers"),
    get(_STICKER, "fetchSticker"),
    get(_SOUNDS),
    get(_SOUND),
    *needing(
        Permission.MANAGE_GUILD_EXPRESSIONS,
        post(_EMOJIS, "createEmoji", body=Body.JSON, fields=_EMOJI_FIELDS),
        patch(_EMOJI, "editEmoji", body=Body.JSON, fields=_EMOJI_FIELDS),
        delete(_EMOJI, "deleteEmoji"),
        post(_STICKERS, "createSticker", body=Body.FORM, fields=_STICKER_FIELDS),
        patch(_STICKER, "editSticker", body=Body.JSON, fields=_STICKER_FIELDS),
        delete(_STICKER, "deleteSticker"),
        post(_SOUNDS, body=Body.JSON, fields=_SOUND_FIELDS),
        patch(_SOUND, body=Body.JSON, fields=_SOUND_FIELDS),
        delete(_SOUND),
    ),
    # --- scheduled events ---
    get(_EVENTS, "fetchScheduledEvents", query={"with_user_count": flag}),
    get(_EVENT, "fetchScheduledEvent", query={"with_user_count": flag}),
    get(f"{_EVENT}/users", "fetchScheduledEventUsers", query=_USERS),
    *needing(
        Permission.MANAGE_EVENTS,
        post(_EVENTS, "createScheduledEvent", body=Body.JSON, fields=_EVENT_FIELDS),
        patch(_EVENT, "editScheduledEvent", body=Body.JSON, fields=_EVENT_FIELDS),
        delete(_EVENT, "deleteScheduledEvent"),
    ),
    # --- settings and the rest ---
    get(f"{_GUILD}/preview"),
    get(f"{_GUILD}/regions"),
    get(f"{_GUILD}/welcome-screen"),
    get(f"{_GUILD}/new-member-welcome"),
    get(f"{_GUILD}/onboarding"),
    get(f"{_GUILD}/widget.json"),
    *needing(
        Permission.MANAGE_GUILD,
        patch(_GUILD, "editGuild", body=Body.JSON, fields={"name": text(2, 100)}),
        get(_RULES, "fetchAutoModerationRules"),
        get(_RULE, "fetchAutoModerationRule"),
        post(_RULES, "createAutoModerationRule", body=Body.JSON, fields=_RULE_FIELDS),
        patch(_RULE, "editAutoModerationRule", body=Body.JSON, fields=_RULE_FIELDS),
        delete(_RULE, "deleteAutoModerationRule"),
        get(f"{_GUILD}/integrations"),
        delete(f"{_GUILD}/integrations/{{integration_id}}"),
        get(f"{_GUILD}/vanity-url"),
        patch(f"{_GUILD}/welcome-screen", body=Body.JSON),
        put(f"{_GUILD}/incident-actions", body=Body.JSON),
        get(f"{_GUILD}/widget"),
        patch(f"{_GUILD}/widget", body=Body.JSON),
        get(_TEMPLATES),
        post(_TEMPLATES, body=Body.JSON, fields=_TEMPLATE_FIELDS),
        put(_TEMPLATE),
        patch(_TEMPLATE, body=Body.JSON, fields=_TEMPLATE_FIELDS),
        delete(_TEMPLATE),
    ),
    *needing(
        Permission.MANAGE_GUILD | Permission.MANAGE_ROLES,
        put(f"{_GUILD}/onboarding", body=Body.JSON),
    ),
    *needing(
        Permission.READ_MESSAGE_HISTORY,
        get(
            f"{_GUILD}/messages/search",
            query={
                **dict.fromkeys(
                    [
                        *(
                            "sort_by",
                            "sort_order",
                            "content",
                            "author_type",
                            "has",
                            "link_hostname",
                        ),
                        *("embed_provider", "embed_type", "attachment_extension", "mentions"),
                        *("attachment_filename", "author_id", "mentions_role_id", "channel_id"),
                        *("replied_to_user_id", "replied_to_message_id"),
                    ],
                    anything,
                ),
                **{"min_id": snowflake, "max_id": snowflake},
                **dict.fromkeys(("mention_everyone", "pinned", "include_nsfw"), flag),
                **{"slop": whole(0, 100), "limit": whole(1, 25), "offset": whole(0, 9975)},
            },
        ),
    ),
)
