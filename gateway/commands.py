"""A guild's application commands on their way to Discord: all of them in one request."""

import hashlib
from typing import Any

import orjson

from gateway.rest import DiscordRest

Command = dict[str, Any]


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
