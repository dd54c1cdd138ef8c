"""The bot's slash commands in a file: Discord keeps them while nobody is connected.

flora sends a guild's commands only when they have changed, so they must outlive this process.
"""

import logging
from pathlib import Path
from typing import Any

import orjson
from simcord.backend.errors import BackendError

from gateway.sandbox.server.changes import Change, CommandsChanged
from gateway.sandbox.server.command_rules import check_commands
from gateway.sandbox.server.world import World

log = logging.getLogger("sandbox")

# By guild (None: everywhere), then by name and type, as simcord has them.
Kept = dict[int | None, dict[tuple[str, int], dict[str, Any]]]


class KeptCommands:
    def __init__(self, path: Path, world: World) -> None:
        self._path = path
        self._world = world

    def restore(self) -> None:
        """Gives the world what the file has, and writes the file anew at each change."""
        try:
            self._world.commands.update(_read(self._path))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError, BackendError) as error:
            log.warning(
                "%s cannot be read, slash commands are forgotten: %s", self._path.name, error
            )
        self._world.watchers.append(self._save)

    def _save(self, change: Change) -> None:
        if not isinstance(change, CommandsChanged):
            return
        kept = {
            str(guild_id): list(commands.values())
            for guild_id, commands in self._world.commands.items()
            if guild_id is not None
        }
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_bytes(orjson.dumps(kept))
            fresh.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path.name, error)


def _read(path: Path) -> Kept:
    """Raises what a file can be wrong with."""
    commands: Kept = {}
    for guild_id, of_guild in orjson.loads(path.read_bytes()).items():
        check_commands(of_guild)
        known = [{**command, "id": str(int(command["id"]))} for command in of_guild]
        commands[int(guild_id)] = {(c["name"], c["type"]): c for c in known}
    return commands
