"""A guild's slash commands: checked before a deploy goes live, sent to Discord in one request."""

import hashlib
from typing import Any

import orjson

from gateway.rest import DiscordRest

MAX_COMMANDS, MAX_OPTIONS, MAX_CHOICES = 100, 25, 25
MAX_NAME, MAX_DESCRIPTION = 32, 100
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2

Command = dict[str, Any]


class InvalidCommand(Exception):
    """A sentence that names the command and what is wrong with it."""


def check_commands(commands: Any) -> list[Command]:
    """Returns the commands as Discord takes them. Raises InvalidCommand."""
    if not isinstance(commands, list) or not all(isinstance(c, dict) for c in commands):
        raise InvalidCommand("Slash commands must be a list of objects")
    if len(commands) > MAX_COMMANDS:
        raise InvalidCommand(f"{len(commands)} slash commands, Discord takes {MAX_COMMANDS}")
    seen: set[str] = set()
    for command in commands:
        _check_named(command, "Slash command")
        if command["name"] in seen:
            raise InvalidCommand(f"Slash command {command['name']!r} is declared twice")
        seen.add(command["name"])
        _check_options(command.get("options"), f"Slash command {command['name']!r}")
    return commands


def digest(commands: list[Command]) -> str:
    """Equal for equal commands, whatever the order of their keys; empty for no commands."""
    if not commands:
        return ""
    return hashlib.sha256(orjson.dumps(commands, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def send_commands(
    rest: DiscordRest, application_id: str, guild_id: str, commands: list[Command]
) -> None:
    """Replaces all of the guild's commands. Raises DiscordError."""
    await rest.request(
        guild_id,
        "PUT",
        "/applications/{application_id}/guilds/{guild_id}/commands",
        body=orjson.dumps(commands),
        application_id=application_id,
        guild_id=guild_id,
    )


def _check_options(options: Any, where: str) -> None:
    if options is None:
        return
    if not isinstance(options, list) or len(options) > MAX_OPTIONS:
        raise InvalidCommand(f"{where}: options must be a list of at most {MAX_OPTIONS}")
    optional_seen = False
    names: set[str] = set()
    for option in options:
        if not isinstance(option, dict):
            raise InvalidCommand(f"{where}: each option must be an object")
        _check_named(option, f"{where}: option")
        name = option["name"]
        if name in names:
            raise InvalidCommand(f"{where}: option {name!r} is declared twice")
        names.add(name)
        if option.get("type") in (SUBCOMMAND, SUBCOMMAND_GROUP):
            _check_options(option.get("options"), f"{where}, subcommand {name!r}")
        elif option.get("required") and optional_seen:
            raise InvalidCommand(
                f"{where}: required option {name!r} must come before optional ones"
            )
        elif not option.get("required"):
            optional_seen = True
        if len(option.get("choices") or ()) > MAX_CHOICES:
            raise InvalidCommand(f"{where}: option {name!r} has over {MAX_CHOICES} choices")


def _check_named(thing: dict[str, Any], what: str) -> None:
    name = thing.get("name")
    if not isinstance(name, str) or not _is_command_name(name):
        raise InvalidCommand(
            f"{what} {name!r}: a name has 1 to {MAX_NAME} lower-case letters, digits, - or _"
        )
    description = thing.get("description")
    if not isinstance(description, str) or not 1 <= len(description) <= MAX_DESCRIPTION:
        raise InvalidCommand(
            f"{what} {name!r}: a description has 1 to {MAX_DESCRIPTION} characters"
        )


def _is_command_name(name: str) -> bool:
    """Discord's ^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$ and lower case."""
    return (
        1 <= len(name) <= MAX_NAME
        and name == name.lower()
        and all(
            c in "-_'" or c.isalnum() or "\u0900" <= c <= "\u097f" or "\u0e00" <= c <= "\u0e7f"
            for c in name
        )
    )
