"""Discord's own JSON as its gateway sends it (v10), with the ids that all tests of the SDK use."""

from typing import Any

APPLICATION = "100000000000000001"
BOT = "100000000000000001"
USER = "200000000000000001"
GUILD = "300000000000000001"
CHANNEL = "400000000000000001"
MESSAGE = "500000000000000001"
INTERACTION = "600000000000000001"
ROLE = "700000000000000001"
OTHER_ROLE = "700000000000000002"
EMOJI = "800000000000000001"
COMMAND = "900000000000000001"
TOKEN = "aW50ZXJhY3Rpb24.token"  # an interaction's

Json = dict[str, Any]


def user(**changes: Any) -> Json:
    return {
        "id": USER,
        "username": "alice",
        "global_name": "Alice",
        "discriminator": "0",
        "avatar": "a_5e2c3f",
        "avatar_decoration_data": None,
        "public_flags": 64,
        "primary_guild": {"identity_enabled": True, "tag": "ROSE", "badge": "f00"},
        **changes,
    }


def bot(**changes: Any) -> Json:
    return user(id=BOT, username="flora", discriminator="4242", bot=True, **changes)


def member(**changes: Any) -> Json:
    """As a message has it: without its user."""
    return {
        "roles": [ROLE, OTHER_ROLE],
        "premium_since": None,
        "pending": False,
        "nick": "Al",
        "mute": False,
        "joined_at": "2021-03-04T05:06:07.890000+00:00",
        "flags": 2,
        "deaf": True,
        "communication_disabled_until": None,
        "banner": None,
        "avatar": None,
        **changes,
    }


def message(**changes: Any) -> Json:
    """MESSAGE_CREATE, and MESSAGE_UPDATE of today."""
    return {
        "type": 0,
        "tts": False,
        "timestamp": "2026-05-06T07:08:09.010000+00:00",
        "pinned": False,
        "nonce": "1234567890123456789",
        "mentions": [
            {**user(id="200000000000000002", username="bob"), "member": member(nick=None)}
        ],
        "mention_roles": [ROLE],
        "mention_everyone": False,
        "member": member(),
        "id": MESSAGE,
        "flags": 0,
        "embeds": [],
        "edited_timestamp": None,
        "content": "!ping <@200000000000000002>",
        "components": [],
        "channel_type": 0,
        "channel_id": CHANNEL,
        "author": user(),
        "attachments": [
            {
                "id": "510000000000000001",
                "filename": "rose.png",
                "size": 4096,
                "content_type": "image/png",
                "proxy_url": "https://media.example/rose.png",
                "url": "https://cdn.example/rose.png",
                "width": 64,
                "height": 64,
            }
        ],
        "guild_id": GUILD,
        **changes,
    }


def webhook_message() -> Json:
    message_ = message(webhook_id="520000000000000001", author=user(discriminator="0000", bot=True))
    del message_["member"]
    return message_


def reaction(**changes: Any) -> Json:
    """MESSAGE_REACTION_ADD."""
    return {
        "user_id": USER,
        "type": 0,
        "message_id": MESSAGE,
        "message_author_id": BOT,
        "member": {**member(), "user": user()},
        "emoji": {"name": "🌱", "id": None},
        "channel_id": CHANNEL,
        "burst": False,
        "guild_id": GUILD,
        **changes,
    }


def ready() -> Json:
    """READY, as far as the host passes it on."""
    return {"user": bot(), "application": {"id": APPLICATION, "flags": 8953856}}


def interaction(type_: int, data: Json, **changes: Any) -> Json:
    return {
        "version": 1,
        "type": type_,
        "token": TOKEN,
        "member": {**member(permissions="2248473465835073"), "user": user()},
        "locale": "en-GB",
        "id": INTERACTION,
        "guild_locale": "de",
        "guild_id": GUILD,
        "guild": {"id": GUILD, "locale": "de", "features": ["COMMUNITY"]},
        "entitlements": [],
        "data": data,
        "context": 0,
        "channel_id": CHANNEL,
        "channel": {"id": CHANNEL, "type": 0, "name": "general", "last_message_id": MESSAGE},
        "authorizing_integration_owners": {"0": GUILD},
        "attachment_size_limit": 10485760,
        "application_id": APPLICATION,
        "app_permissions": "4503599627370495",
        **changes,
    }


def command(*options: Json, name: str = "weather", **more: Any) -> Json:
    """INTERACTION_CREATE of a slash command."""
    data: Json = {"type": 1, "name": name, "id": COMMAND, **more}
    if options:
        data["options"] = list(options)
    return interaction(2, data)


def component(data: Json) -> Json:
    """INTERACTION_CREATE of a button or a select menu."""
    return interaction(3, data, message=message(author=bot(), content="press"))


def modal(data: Json, **changes: Any) -> Json:
    """INTERACTION_CREATE of a submitted form."""
    return interaction(5, data, **changes)
