"""Discord's rules for application commands, so that a wrong one is named before a deploy goes live.

https://discord.com/developers/docs/interactions/application-commands, seen 2026-11.
"""

from collections.abc import Iterable
from typing import Any

from gateway.command_fields import (
    Fields,
    InvalidCommand,
    Json,
    boolean,
    first_twice,
    is_integer,
)
from gateway.command_options import options

SLASH, USER, MESSAGE = 1, 2, 3
# How many of each a guild may have, and what they are called.
KINDS = {
    SLASH: (100, "Slash command"),
    USER: (15, "User command"),
    MESSAGE: (15, "Message command"),
}
# Of all names, descriptions and values of one command together.
MAX_TOTAL = 8000
LARGEST_PERMISSIONS = 2**54 - 1
# Where a command can be used: in its guild, in the bot's direct messages, in other ones.
IN_GUILD = 0
CONTEXTS = (IN_GUILD, 1, 2)


def check_commands(commands: Any) -> list[Json]:
    """Returns the commands as Discord takes them. Raises InvalidCommand."""
    if not isinstance(commands, list) or not all(isinstance(c, dict) for c in commands):
        raise InvalidCommand("Slash commands must be a list of objects")
    checked = [_command(command) for command in commands]
    for kind, (limit, shown) in KINDS.items():
        names = [command["name"] for command in checked if command["type"] == kind]
        if len(names) > limit:
            raise InvalidCommand(f"{shown}s: {len(names)} are declared, Discord takes {limit}")
        if twice := first_twice(names):
            raise InvalidCommand(f"{shown} {twice!r} is declared twice")
    return checked


def _command(command: Json) -> Json:
    kind = command.get("type", SLASH)
    if not is_integer(kind) or kind not in KINDS:
        raise InvalidCommand(f"Command {command.get('name')!r}: type must be 1, 2 or 3")
    where = f"{KINDS[kind][1]} {command.get('name')!r}"
    fields = Fields(command, where)
    if kind == SLASH:
        fields.name()
        fields.description()
        fields.take("options", options())
    else:
        fields.title()
    fields.take("default_member_permissions", _permissions)
    fields.take("nsfw", boolean)
    _check_contexts(command.get("contexts"), where)
    checked = {**fields.checked, "type": kind}
    total = sum(map(len, _texts(checked)))
    if total > MAX_TOTAL:
        raise InvalidCommand(
            f"{where}: its names, descriptions and values have {total} characters together, "
            f"Discord takes {MAX_TOTAL}"
        )
    return checked


def _permissions(value: Any, where: str) -> int:
    """A sum of bits, also as the decimal text in which Discord itself has it."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not is_integer(value) or not 0 <= value <= LARGEST_PERMISSIONS:
        raise InvalidCommand(f"{where} must be a sum of permission bits")
    return int(value)


def _check_contexts(contexts: Any, where: str) -> None:
    """They are not sent: Discord takes them of an application's global commands only."""
    if contexts is None:
        return
    if not isinstance(contexts, list) or not all(context in CONTEXTS for context in contexts):
        raise InvalidCommand(f"{where}: contexts must be a list of 0, 1 and 2")
    if IN_GUILD not in contexts:
        raise InvalidCommand(f"{where}: contexts must have 0 in it, this is a guild's command")


def _texts(thing: Json) -> Iterable[str]:
    """What counts for a command's size."""
    yield thing["name"]
    yield thing.get("description", "")
    for option in thing.get("options", ()):
        yield from _texts(option)
    for choice in thing.get("choices", ()):
        yield choice["name"]
        yield str(choice["value"])
