"""Checks of single values that scripts hand over, before Discord is asked.

A check gets the field's name and its value, as JSON has it, and gives back what Discord takes.
All raise InvalidArgument. Limits are Discord's, seen 2026-11 in its reference.
"""

import re
from collections.abc import Callable
from typing import Any

from gateway.errors import InvalidArgument

Check = Callable[[str, Any], Any]

_SNOWFLAKE = re.compile(r"[1-9][0-9]{0,18}")
# A custom one by name and id, or characters of which none is ASCII but those of keycaps.
_EMOJI = re.compile(r"[A-Za-z0-9_]{1,32}:[1-9][0-9]{0,18}|[0-9#*]?[^\x00-\x7f]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
_CODE = re.compile(r"[A-Za-z0-9-]{1,64}")
_BITS = re.compile(r"[0-9]{1,20}")


def anything(field: str, value: Any) -> Any:
    return value


def snowflake(field: str, value: Any) -> str:
    """A Discord id below 2^63; a number too, as long as it is exact."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53:
        value = str(value)
    if not isinstance(value, str) or not _SNOWFLAKE.fullmatch(value) or int(value) >= 2**63:
        raise InvalidArgument(field, "invalid snowflake")
    return value


def snowflakes(fewest: int, most: int) -> Check:
    def check(field: str, value: Any) -> list[str]:
        if not isinstance(value, list) or not fewest <= len(value) <= most:
            raise InvalidArgument(field, f"expected an array of {fewest} to {most} ids")
        return [snowflake(field, item) for item in value]

    return check


def text(shortest: int, longest: int) -> Check:
    def check(field: str, value: Any) -> str:
        if not isinstance(value, str):
            raise InvalidArgument(field, "expected text")
        if not shortest <= len(value) <= longest:
            expected = f"{shortest} to {longest}" if shortest else f"at most {longest}"
            raise InvalidArgument(field, f"{len(value)} characters, expected {expected}")
        return value

    return check


def whole(least: int, most: int) -> Check:
    def check(field: str, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InvalidArgument(field, f"expected a whole number from {least} to {most}")
        return value

    return check


def flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidArgument(field, "expected true or false")
    return value


def bits(field: str, value: Any) -> int:
    """A sum of permission bits: Discord's decimal text; a number too, as long as it is exact."""
    if isinstance(value, str) and _BITS.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    raise InvalidArgument(field, "expected a sum of permission bits, as text")


def overwrites(field: str, value: Any) -> list[dict[str, Any]]:
    """What roles and members may in a channel beside what they may in the guild."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidArgument(field, "expected an array of {id, type, allow, deny}")
    return [
        {
            **item,
            **{
                name: bits(f"{field}[{number}].{name}", item[name])
                for name in ("allow", "deny")
                if item.get(name) is not None
            },
        }
        for number, item in enumerate(value)
    ]


def emoji(field: str, value: Any) -> str:
    """As it stands in the address of a reaction, not yet percent-encoded."""
    if not isinstance(value, str) or not _EMOJI.fullmatch(value):
        raise InvalidArgument(field, "invalid reaction emoji")
    return value


def token(field: str, value: Any) -> str:
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise InvalidArgument(field, "expected a webhook's token")
    return value


def code(field: str, value: Any) -> str:
    """An invite's or a template's."""
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise InvalidArgument(field, "expected a code of letters, digits and -")
    return value


def answer_id(field: str, value: Any) -> str:
    """Of a poll's answer, which has a small number and no id."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:5])
    return str(whole(1, 1000)(field, value))


def as_query(field: str, value: Any) -> str:
    """The text of a checked value in an address."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ",".join(map(str, value))
    raise InvalidArgument(field, "expected text, a number, true or false")
