"""The guild of a local run: one channel, one member, the bot; Discord's JSON of them.

What a script sees of people and places when no Discord is there to ask. It knows no events.
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

APPLICATION = "100000000000000001"
USER = "200000000000000001"
GUILD = "300000000000000001"
CHANNEL = "400000000000000001"
# Ids made up in a run go on from here.
FIRST_ID = 500000000000000001
EVERYTHING = str((1 << 53) - 1)


def timestamp() -> str:
    """Now, as Discord writes times."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass
class World:
    """user, nickname: of the member who does everything."""

    user: str = "alice"
    nickname: str | None = None
    messages: dict[str, Json] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(FIRST_ID))

    def new_id(self) -> str:
        return str(next(self._ids))

    # --- people ----------------------------------------------------------------------------

    def person(self, **changes: Any) -> Json:
        return {
            "id": USER,
            "username": self.user,
            "global_name": self.user.title(),
            "discriminator": "0",
            "avatar": None,
            "public_flags": 0,
            **changes,
        }

    def bot(self) -> Json:
        return self.person(id=APPLICATION, username="flora", global_name=None, bot=True)

    def member(self, **changes: Any) -> Json:
        """Without the user, as messages have it."""
        return {
            "roles": [],
            "nick": self.nickname,
            "avatar": None,
            "joined_at": "2026-01-01T00:00:00.000000+00:00",
            "premium_since": None,
            "pending": False,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "communication_disabled_until": None,
            **changes,
        }

    # --- places ----------------------------------------------------------------------------

    def channel(self, **changes: Any) -> Json:
        return {"id": CHANNEL, "guild_id": GUILD, "type": 0, "name": "general", **changes}

    def role(self, **changes: Any) -> Json:
        return {
            "id": GUILD,
            "name": "@everyone",
            "permissions": EVERYTHING,
            "position": 0,
            "color": 0,
            "hoist": False,
            "managed": False,
            "mentionable": False,
            **changes,
        }

    def guild(self) -> Json:
        return {
            "id": GUILD,
            "name": "Local guild",
            "owner_id": USER,
            "features": [],
            "roles": [self.role()],
            "channels": [self.channel()],
            "threads": [],
            "emojis": [],
            "member_count": 2,
        }

    # --- messages --------------------------------------------------------------------------

    def message(self, **changes: Any) -> Json:
        """A message of the member's, which the channel has from now on."""
        message = {
            "id": self.new_id(),
            "type": 0,
            "channel_id": CHANNEL,
            "author": self.person(),
            "content": "",
            "timestamp": timestamp(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "flags": 0,
            **changes,
        }
        self.messages[message["id"]] = message
        return message

    def message_with(self, custom_id: str) -> Json | None:
        """The newest message that has a component with this id."""
        return next(
            (m for m in reversed(self.messages.values()) if _has(m["components"], custom_id)), None
        )


def _has(component: Any, custom_id: str) -> bool:
    if isinstance(component, dict):
        if component.get("custom_id") == custom_id:
            return True
        component = list(component.values())
    return isinstance(component, list) and any(_has(inner, custom_id) for inner in component)
