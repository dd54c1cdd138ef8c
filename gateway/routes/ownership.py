"""Whose objects a request speaks of: in its address, in its query, and in its body.

Channels, webhooks and invites are looked up; guilds and applications are compared. Everything
else lies inside one of these, and Discord itself finds it there or not at all.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.errors import InvalidArgument, ScopeForbidden
from gateway.routes.checks import snowflake
from gateway.scope import ObjectScope

_CHANNEL_FIELD = re.compile(r"(?:\w+_)?channel_ids?|thread_id|parent_id|exempt_channels")
_GUILD_FIELD = re.compile(r"(?:\w+_)?guild_ids?")
# A text without these has no such field.
_MARKS = (b"channel", b"guild", b"thread_id", b"parent_id", b"\\u")
# Ids of channels that one request may name.
MAX_NAMED = 200


def may_name_objects(text: bytes) -> bool:
    """Whether a JSON text can have a field at all that names a channel or a guild."""
    return any(mark in text for mark in _MARKS)


async def require_own(
    scope: ObjectScope,
    guild_id: str,
    application_id: str,
    parameters: Mapping[str, str],
    *named_in: Any,
) -> None:
    """named_in: query and body, as JSON has them. Raises ScopeForbidden, InvalidArgument and
    DiscordError; guild_id is whose script asks."""
    channels: set[str] = set()
    for name, value in parameters.items():
        match name:
            case "guild_id":
                scope.require_guild(guild_id, value)
            case "application_id":
                if value != application_id:
                    raise ScopeForbidden("application is outside runtime scope")
            case "channel_id" | "thread_id":
                channels.add(value)
            case "webhook_id":
                if value == application_id:  # a webhook's address, but of an interaction's answers
                    raise ScopeForbidden("webhook is outside runtime scope")
                await scope.require_webhook(guild_id, value, parameters.get("token", ""))
            case "code":
                await scope.require_invite(guild_id, value)
    for field, id_ in _named(named_in):
        if _GUILD_FIELD.fullmatch(field):
            scope.require_guild(guild_id, id_)
        else:
            channels.add(id_)
    if len(channels) > MAX_NAMED:
        raise InvalidArgument("channel_id", f"more than {MAX_NAMED} channels in one request")
    for channel_id in channels:
        if not scope.knows_channel(guild_id, channel_id):
            await scope.require_channel(guild_id, channel_id)


def _named(values: Any) -> Iterator[tuple[str, str]]:
    """(field, id) of all channels and guilds that JSON values name, at whatever depth."""
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if not isinstance(value, dict):
            waiting += [item for item in value if isinstance(item, dict | list)]
            continue
        for field, item in value.items():
            if _CHANNEL_FIELD.fullmatch(field) or _GUILD_FIELD.fullmatch(field):
                ids = item if isinstance(item, list) else [item]
                yield from ((field, snowflake(field, id_)) for id_ in ids if id_ is not None)
            elif isinstance(item, dict | list):
                waiting.append(item)
