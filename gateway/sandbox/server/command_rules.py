"""What Discord demands of slash commands, as far as what is shown and sent here depends on it.

https://discord.com/developers/docs/interactions/application-commands, seen 2026-11.
"""

from collections.abc import Iterable
from typing import Any

from simcord.backend.errors import invalid_form_body
from simcord.enums import OptionType

MAX_COMMANDS, MAX_OPTIONS, MAX_CHOICES = 100, 25, 25
MAX_NAME, MAX_DESCRIPTION = 32, 100
_COMMAND_TYPES = (1, 2, 3)
_NESTED = (OptionType.SUBCOMMAND, OptionType.SUBCOMMAND_GROUP)


def check_commands(commands: Any) -> None:
    """Raises BackendError, Discord's own 50035."""
    _check_list(commands, "commands", MAX_COMMANDS)
    for number, command in enumerate(commands):
        kind = command.get("type", 1)
        if type(kind) is not int or kind not in _COMMAND_TYPES:
            raise invalid_form_body(f"commands[{number}].type: must be 1, 2 or 3")
        _check_named(command, f"commands[{number}]", described=kind == 1)
        _check_options(command.get("options"), f"commands[{number}]")


def _check_options(options: Any, where: str) -> None:
    if options is None:
        return
    _check_list(options, f"{where}.options", MAX_OPTIONS)
    for number, option in enumerate(options):
        here = f"{where}.options[{number}]"
        if type(option.get("type")) is not int or option["type"] not in set(OptionType):
            raise invalid_form_body(f"{here}.type: must be a type of option")
        _check_named(option, here, described=True)
        if option["type"] in _NESTED:
            _check_options(option.get("options"), here)
        choices = option.get("choices")
        if choices is not None:
            _check_list(choices, f"{here}.choices", MAX_CHOICES)
            if not all(_is_choice(choice) for choice in choices):
                raise invalid_form_body(f"{here}.choices: each has a name and a value")
    _check_different(options, f"{where}.options")


def _check_list(items: Any, where: str, at_most: int) -> None:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid_form_body(f"{where}: must be a list of objects")
    if len(items) > at_most:
        raise invalid_form_body(f"{where}: Must be {at_most} or fewer in length")


def _check_named(thing: dict[str, Any], where: str, *, described: bool) -> None:
    if not _is_text(thing.get("name"), MAX_NAME):
        raise invalid_form_body(f"{where}.name: Must be between 1 and {MAX_NAME} in length")
    if described and not _is_text(thing.get("description"), MAX_DESCRIPTION):
        detail = f"{where}.description: Must be between 1 and {MAX_DESCRIPTION} in length"
        raise invalid_form_body(detail)


def _check_different(things: Iterable[dict[str, Any]], where: str) -> None:
    names = [thing["name"] for thing in things]
    if len(set(names)) != len(names):
        raise invalid_form_body(f"{where}: names must be different")


def _is_text(value: Any, at_most: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= at_most


def _is_choice(choice: dict[str, Any]) -> bool:
    return isinstance(choice.get("name"), str) and isinstance(
        choice.get("value"), str | int | float
    )
