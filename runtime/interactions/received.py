"""An interaction as it arrives from Discord: which kind, whose, and of which command."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

_NESTED_OPTIONS = (1, 2)  # a subcommand, a group of them


class Kind(IntEnum):
    """Discord's types of interactions; a ping needs no answer of ours."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


@dataclass(frozen=True, slots=True)
class Received:
    """command: `tag view` of /tag view, empty for what is no command. updates_message: it comes
    from a component of a message, which an answer may change."""

    kind: Kind
    id: str
    token: str
    guild_id: str
    command: str
    updates_message: bool

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Received | None":
        """Reads INTERACTION_CREATE's `d`; None for a ping and for direct messages."""
        if data.get("guild_id") is None or data.get("type") not in frozenset(Kind):
            return None
        kind = Kind(data["type"])
        return cls(
            kind,
            data["id"],
            data["token"],
            data["guild_id"],
            command_path(data["data"]) if kind is Kind.COMMAND else "",
            kind in (Kind.COMPONENT, Kind.MODAL) and data.get("message") is not None,
        )


def command_path(data: dict[str, Any]) -> str:
    """The name of a command, with those of group and subcommand. data: the interaction's."""
    names = [data["name"]]
    options = data.get("options")
    while options and options[0]["type"] in _NESTED_OPTIONS:
        names.append(options[0]["name"])
        options = options[0].get("options")
    return " ".join(names)
