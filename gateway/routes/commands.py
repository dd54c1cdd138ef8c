"""The application's own commands of this guild, beside those that its script declares."""

from gateway.routes.checks import flag
from gateway.routes.route import Body, delete, get, patch, post, put

_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
_COMMAND = f"{_COMMANDS}/{{command_id}}"
_PERMISSIONS = f"{_COMMAND}/permissions"
_QUERY = {"with_localizations": flag}

ROUTES = (
    get(_COMMANDS, "getGuildCommands", query=_QUERY),
    get(_COMMAND, "getGuildCommand"),
    post(_COMMANDS, "createGuildCommand", body=Body.JSON),
    patch(_COMMAND, "editGuildCommand", body=Body.JSON),
    delete(_COMMAND, "deleteGuildCommand"),
    get(f"{_COMMANDS}/permissions", "getGuildCommandsPermissions"),
    get(_PERMISSIONS, "getGuildCommandPermissions"),
    # Discord takes it from a person's token only, and says so.
    put(_PERMISSIONS, "editGuildCommandPermissions", body=Body.JSON),
)
