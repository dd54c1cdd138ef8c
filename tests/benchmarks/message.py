"""A message event of about 2 KB, as Discord sends them."""

import json
from typing import Any

CONTENT = "The quick brown fox jumps over the lazy dog. " * 12


def message(guild_id: str, channel_id: str, number: int = 0) -> dict[str, Any]:
    """About 2,100 bytes of JSON."""
    user = {
        "id": "200000000000000001",
        "username": "alice",
        "global_name": "Alice in the Garden",
        "discriminator": "0",
        "avatar": "a_0123456789abcdef0123456789abcdef",
        "avatar_decoration_data": None,
        "public_flags": 256,
        "clan": None,
        "primary_guild": None,
    }
    return {
        "id": str(400000000000000000 + number),
        "channel_id": channel_id,
        "guild_id": guild_id,
        "author": user,
        "member": {
            "roles": [str(500000000000000000 + n) for n in range(8)],
            "joined_at": "2024-05-01T12:00:00.000000+00:00",
            "nick": "The Gardener",
            "avatar": None,
            "banner": None,
            "premium_since": None,
            "communication_disabled_until": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        },
        "content": CONTENT,
        "timestamp": "2026-11-25T10:00:00.000000+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [user],
        "mention_roles": [],
        "mention_channels": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "reactions": [],
        "pinned": False,
        "type": 0,
        "flags": 0,
        "channel_type": 0,
        "nonce": "1234567890123456789",
    }


def message_text(guild_id: str, channel_id: str, number: int = 0) -> bytes:
    return json.dumps(message(guild_id, channel_id, number), separators=(",", ":")).encode()
