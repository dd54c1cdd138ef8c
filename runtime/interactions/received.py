"""An interaction as it arrives from Discord: which kind, whose, and of which command."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, Optional

import msgspec
from msgspec import Meta

from gateway.payloads import Snowflake, read

_NESTED_OPTIONS = (1, 2)  # a subcommand, a group of them


class Kind(IntEnum):
    """Discord's types of interactions; a ping needs no answer of ours."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class _Option(msgspec.Struct, frozen=True):
    name: str
    type: int
    options: Optional[list["_Option"]] = None  # noqa: UP045 (msgspec reads it at run time)


class _Command(msgspec.Struct, frozen=True):
    name: str
    options: list[_Option] | None = None


class _Interaction(msgspec.Struct, frozen=True):
    """data and message: of a command, and of a component; anything else of other kinds."""

    id: Snowflake
    type: int
    token: Annotated[str, Meta(min_length=1)]
    guild_id: Snowflake | None = None
    data: Any = None
    message: Any = None


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
        """Reads INTERACTION_CREATE's `d`; None for a ping and for direct messages. Raises
        OddPayload."""
        given = read(_Interaction, data)
        if given.guild_id is None or given.type not in frozenset(Kind):
            return None
        kind = Kind(given.type)
        return cls(
            kind,
            given.id,
            given.token,
            given.guild_id,
            command_path(given.data) if kind is Kind.COMMAND else "",
            kind in (Kind.COMPONENT, Kind.MODAL) and given.message is not None,
        )


def command_path(data: Any) -> str:
    """The name of a command, with those of group and subcommand. data: the interaction's. Raises
    OddPayload."""
    command = read(_Command, data)
    names, options = [command.name], command.options
    while options and options[0].type in _NESTED_OPTIONS:
        names.append(options[0].name)
        options = options[0].options
    return " ".join(names)
