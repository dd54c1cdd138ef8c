"""What flora itself reads of an event's `d`: checked whole before anybody acts on a part of it.

Discord keeps to its own description. What does not is refused, with a sentence for the log, and
has changed nothing. Which shape an event has is known to whoever reads it; scripts get Discord's
own JSON, whatever is in it.
"""

import re
from typing import Annotated, Any, TypeGuard, TypeVar

import msgspec
from msgspec import Meta

# Below 2^63, as a database's whole numbers are; Discord's ids get there in the year 2080.
_SNOWFLAKE = r"\A([1-9][0-9]{0,17}|[1-8][0-9]{18})\Z"
Snowflake = Annotated[str, Meta(pattern=_SNOWFLAKE)]
_is_snowflake = re.compile(_SNOWFLAKE).match
_is_name = re.compile(r"[A-Z][A-Z0-9_]{0,63}").fullmatch
# What flora calls its own events; no event of Discord's may pass for one.
OWN_EVENTS = "FLORA_"

Shape = TypeVar("Shape")


class OddPayload(Exception):
    """An event that is not as Discord describes it; the message says where."""


class Known(msgspec.Struct, frozen=True):
    """Something of Discord's of which only the id matters."""

    id: Snowflake


def read(shape: type[Shape], data: Any) -> Shape:
    """data: decoded JSON. Raises OddPayload."""
    try:
        return msgspec.convert(data, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        raise OddPayload(str(error)) from None


def is_snowflake(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and _is_snowflake(value) is not None


def check_event(name: Any, data: Any) -> None:
    """Raises OddPayload unless this may be an event of Discord's at all."""
    if not (isinstance(name, str) and _is_name(name)) or name.startswith(OWN_EVENTS):
        raise OddPayload("its name is none of Discord's")
    if not isinstance(data, dict):
        raise OddPayload(f"an object was expected, not {type(data).__name__}")
