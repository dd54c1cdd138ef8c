"""Bodies on their way to Discord: named as Discord names things, checked, with pings as agreed.

A message's body comes finished from the SDK and passes as the text that it is; what else scripts
write is taken apart here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.errors import InvalidArgument
from gateway.routes.checks import Check
from runtime.operations.attachments import Attachment, data_uri
from runtime.operations.call import OpCall

Json = dict[str, Any]

# All but pictures; the longest that Discord takes are lists of words for automatic moderation.
MAX_BODY_BYTES = 256 << 10
MAX_PICTURE_TEXT = 14 << 20
MAX_DEPTH = 64
# Fields that hold a picture or a sound: a data URI, or {url} or {data} to make one of.
PICTURES = frozenset(
    {"image", "icon", "avatar", "banner", "splash", "discovery_splash", "home_header", "sound"}
)
# Whom a message pings when it does not say: nobody by role, and never everyone.
SAFE_MENTIONS: Json = {"parse": ["users"], "replied_user": True}

# Not a name but a key of a map, such as a locale, is anything that is no identifier.
_CAMEL = re.compile(r"[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+")
_CAPITAL = re.compile(r"[A-Z]")


def json_object(field: str, text: msgspec.Raw) -> bytes:
    """A body that is passed on as it came, if it is an object. Raises InvalidArgument."""
    body = bytes(text).lstrip()
    if not body.startswith(b"{"):
        raise InvalidArgument(field, "expected an object")
    if len(body) > MAX_BODY_BYTES:
        raise InvalidArgument(field, f"more than {MAX_BODY_BYTES} bytes")
    return body


def decoded_fields(given: Mapping[str, msgspec.Raw]) -> Json:
    """Raises InvalidArgument for more than anybody needs."""
    sizes = {name: len(bytes(raw)) for name, raw in given.items()}
    if sum(size for name, size in sizes.items() if name not in PICTURES) > MAX_BODY_BYTES:
        raise InvalidArgument("payload", f"more than {MAX_BODY_BYTES} bytes")
    for name in PICTURES & sizes.keys():
        if sizes[name] > MAX_PICTURE_TEXT:
            raise InvalidArgument(name, "too large")
    return {name: decoded(raw) for name, raw in given.items()}


def decoded(raw: msgspec.Raw) -> Any:
    """Any JSON value, not nested so deep that looking through it would be a risk."""
    value = msgspec.json.decode(raw)
    level, depth = [value], 0
    while level := [child for item in level for child in _children(item)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidArgument("payload", f"nested deeper than {MAX_DEPTH} levels")
    return value


def spell_as_discord(body: Json) -> Json:
    """Turns camelCase names into Discord's, at every depth, in place; gives the body."""
    waiting: list[Any] = [body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            for name in [name for name in item if _CAMEL.fullmatch(name)]:
                item[_CAPITAL.sub(lambda capital: f"_{capital[0].lower()}", name)] = item.pop(name)
        waiting += _children(item)
    return body


def check_fields(body: Json, checks: Mapping[str, Check]) -> None:
    """Checks what is there, in place; null means none everywhere. Raises InvalidArgument."""
    for name, check in checks.items():
        if body.get(name) is not None:
            body[name] = check(name, body[name])


async def make_pictures(call: OpCall, body: Json) -> None:
    """Puts the data URI in place of each picture that is given otherwise."""
    for name in PICTURES & body.keys():
        if isinstance(body[name], dict):
            try:
                picture = msgspec.convert(body[name], Attachment)
            except msgspec.ValidationError:
                raise InvalidArgument(name, "expected {url} or {data}") from None
            body[name] = await data_uri(call, name, picture)


def add_mentions(call: OpCall, message: Json, *, is_new: bool) -> None:
    """Says whom a message pings, where it does not say so itself and the guild wants it so."""
    says_something = is_new or "content" in message or "components" in message
    if says_something and not call.services.mentions.are_discords(call.guild_id):
        message.setdefault("allowed_mentions", SAFE_MENTIONS)


def agreed_mentions(call: OpCall, text: bytes, *, explicit: bool) -> bytes:
    """The body of a message, which the SDK has finished with its own care for whom it pings.
    Unless that is the script's explicit word, the guild may have it otherwise."""
    if explicit or not call.services.mentions.are_discords(call.guild_id):
        return text
    body = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    body.pop("allowed_mentions", None)
    return msgspec.json.encode(body)


def encoded(body: Any) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (OverflowError, TypeError, ValueError):
        raise InvalidArgument("payload", "a number is too large") from None


def _children(item: Any) -> Iterator[Any]:
    """The lists and objects right inside a value."""
    inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return (child for child in inner if isinstance(child, dict | list))
