"""What can change in the simulated Discord in a way that somebody who looks at it must learn.

Knows nothing of who looks, nor of how it is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simcord.backend.models import Interaction


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """It is new, edited, or has other reactions."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class MessagesGone:
    channel_id: int
    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GuildChanged:
    """Its name, channels, roles or members."""


@dataclass(frozen=True, slots=True)
class CommandsChanged:
    """The bot has declared its slash commands anew."""


@dataclass(frozen=True, slots=True)
class BotChanged:
    """Whether it is connected to the gateway."""


@dataclass(frozen=True, slots=True)
class InteractionAnswered:
    interaction: Interaction


@dataclass(frozen=True, slots=True)
class InteractionFailed:
    """Nobody has answered it in time."""

    interaction: Interaction


Change = (
    MessageChanged
    | MessagesGone
    | GuildChanged
    | CommandsChanged
    | BotChanged
    | InteractionAnswered
    | InteractionFailed
)

_OF_A_MESSAGE = {
    "MESSAGE_CREATE": "id",
    "MESSAGE_UPDATE": "id",
    "MESSAGE_REACTION_ADD": "message_id",
    "MESSAGE_REACTION_REMOVE": "message_id",
    "MESSAGE_REACTION_REMOVE_ALL": "message_id",
    "MESSAGE_REACTION_REMOVE_EMOJI": "message_id",
}
_OF_THE_GUILD = ("GUILD_MEMBER_", "GUILD_ROLE_", "GUILD_UPDATE", "CHANNEL_", "THREAD_")


def change_of(event: str, payload: Mapping[str, Any]) -> Change | None:
    """What a gateway event means for somebody who looks; None: nothing that can be seen."""
    if (key := _OF_A_MESSAGE.get(event)) is not None:
        return MessageChanged(int(payload["channel_id"]), int(payload[key]))
    if event == "MESSAGE_DELETE":
        return MessagesGone(int(payload["channel_id"]), (int(payload["id"]),))
    if event == "MESSAGE_DELETE_BULK":
        ids = tuple(int(message_id) for message_id in payload["ids"])
        return MessagesGone(int(payload["channel_id"]), ids)
    if event.startswith(_OF_THE_GUILD):
        return GuildChanged()
    return None
