"""Discord's rules for the options of slash commands, their subcommands and their choices."""

from typing import Any

from gateway.command_fields import (
    Check,
    Fields,
    InvalidCommand,
    Json,
    boolean,
    first_twice,
    is_integer,
    is_text,
    localizations,
)

MAX_OPTIONS, MAX_CHOICES, MAX_CHOICE = 25, 25, 100
MAX_TEXT = 6000
LARGEST_NUMBER = 2**53 - 1

SUBCOMMAND, SUBCOMMAND_GROUP, STRING, INTEGER, CHANNEL, NUMBER = 1, 2, 3, 4, 7, 10
TYPES = range(1, 12)
_HOLDS_OPTIONS = (SUBCOMMAND, SUBCOMMAND_GROUP)
_CHOOSABLE = (STRING, INTEGER, NUMBER)


def options(around: tuple[int, ...] = ()) -> Check:
    """around: the types of the options that hold these, from outside."""

    def check(given: Any, where: str) -> list[Json]:
        if not isinstance(given, list) or len(given) > MAX_OPTIONS:
            raise InvalidCommand(f"{where} must be a list of at most {MAX_OPTIONS}")
        checked = [_option(option, where, around) for option in given]
        if twice := first_twice([option["name"] for option in checked]):
            raise InvalidCommand(f"{where}: {twice!r} is declared twice")
        _check_order(checked, where)
        return checked

    return check


def _check_order(checked: list[Json], where: str) -> None:
    subcommands = sum(option["type"] in _HOLDS_OPTIONS for option in checked)
    if subcommands not in (0, len(checked)):
        raise InvalidCommand(f"{where}: subcommands and other options cannot be mixed")
    optional_seen = False
    for option in checked:
        if not option.get("required"):
            optional_seen = True
        elif optional_seen:
            raise InvalidCommand(
                f"{where}: required option {option['name']!r} must come before optional ones"
            )


def _option(option: Any, where: str, around: tuple[int, ...]) -> Json:
    if not isinstance(option, dict):
        raise InvalidCommand(f"{where}: each must be an object")
    here = f"{where} {option.get('name')!r}"
    kind = option.get("type")
    if not is_integer(kind) or kind not in TYPES:
        raise InvalidCommand(f"{here}: type must be Discord's number of a type, 1 to {TYPES[-1]}")
    _check_place(kind, around, here)
    fields = Fields(option, here)
    fields.name()
    fields.description()
    if kind in _HOLDS_OPTIONS:
        fields.take("options", options((*around, kind)))
    else:
        fields.take("required", boolean)
    if kind == CHANNEL:
        fields.take("channel_types", _channel_types)
    if kind == STRING:
        fields.range("min_length", "max_length", _length)
    if kind in (INTEGER, NUMBER):
        fields.range("min_value", "max_value", _number(kind))
    if kind in _CHOOSABLE:
        fields.take("choices", _choices(kind))
        fields.take("autocomplete", boolean)
        if fields.checked.get("choices") and fields.checked.get("autocomplete"):
            raise InvalidCommand(f"{here}: an option has choices or autocomplete, not both")
    return {**fields.checked, "type": kind}


def _check_place(kind: int, around: tuple[int, ...], here: str) -> None:
    if SUBCOMMAND in around and kind in _HOLDS_OPTIONS:
        raise InvalidCommand(f"{here}: a subcommand holds no further subcommands")
    if around == (SUBCOMMAND_GROUP,) and kind != SUBCOMMAND:
        raise InvalidCommand(f"{here}: a subcommand group holds subcommands only")


def _choices(kind: int) -> Check:
    def check(given: Any, where: str) -> list[Json]:
        if not isinstance(given, list) or len(given) > MAX_CHOICES:
            raise InvalidCommand(f"{where} must be a list of at most {MAX_CHOICES}")
        checked = [_choice(choice, f"{where}[{place}]", kind) for place, choice in enumerate(given)]
        if twice := first_twice([choice["name"] for choice in checked]):
            raise InvalidCommand(f"{where}: {twice!r} is there twice")
        return checked

    return check


def _choice(choice: Any, where: str, kind: int) -> Json:
    if not isinstance(choice, dict):
        raise InvalidCommand(f"{where} must be an object with a name and a value")
    rule = f"a choice's name has 1 to {MAX_CHOICE} characters"
    if not is_text(choice.get("name"), 1, MAX_CHOICE):
        raise InvalidCommand(f"{where}.name: {rule}")
    fields = Fields(choice, where)
    fields.take(
        "name_localizations", localizations(rule, lambda text: is_text(text, 1, MAX_CHOICE))
    )
    check = _choice_text if kind == STRING else _number(kind)
    value = check(choice.get("value"), f"{where}.value")
    return {"name": choice["name"], "value": value, **fields.checked}


def _choice_text(value: Any, where: str) -> Any:
    if not is_text(value, 0, MAX_CHOICE):
        raise InvalidCommand(f"{where} must be a text of at most {MAX_CHOICE} characters")
    return value


def _number(kind: int) -> Check:
    def check(value: Any, where: str) -> int | float:
        if kind == INTEGER and isinstance(value, float) and value.is_integer():
            value = int(value)
        if not is_integer(value) and not (kind == NUMBER and isinstance(value, float)):
            expected = "an integer" if kind == INTEGER else "a number"
            raise InvalidCommand(f"{where} must be {expected}")
        if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            raise InvalidCommand(f"{where} must lie within ±(2^53 - 1)")
        number: int | float = value
        return number

    return check


def _length(value: Any, where: str) -> int:
    least = 1 if where.endswith("max_length") else 0
    if not is_integer(value) or not least <= value <= MAX_TEXT:
        raise InvalidCommand(f"{where} must be an integer from {least} to {MAX_TEXT}")
    return int(value)


def _channel_types(value: Any, where: str) -> list[int]:
    if not isinstance(value, list) or not all(map(is_integer, value)):
        raise InvalidCommand(f"{where} must be a list of Discord's numbers of channel types")
    return sorted(set(value))
