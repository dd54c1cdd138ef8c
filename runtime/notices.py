"""Tells the channel that a guild's owner has chosen what has become of the script."""

import logging

import orjson

from gateway.errors import DiscordError, ScopeForbidden
from gateway.rest import Rest
from gateway.scope import ObjectScope

log = logging.getLogger("flora.runtime")

MAX_CONTENT = 2000


class Notices:
    def __init__(self, rest: Rest, scope: ObjectScope) -> None:
        self._rest = rest
        self._scope = scope

    async def send(self, guild_id: str, channel_id: int, text: str) -> None:
        """Pings nobody. A channel that is not the guild's, or where the bot may not write, is
        logged for the operator; the owner reads the same in the guild's log."""
        message = {"content": text[:MAX_CONTENT], "allowed_mentions": {"parse": []}}
        try:
            await self._scope.require_channel(guild_id, str(channel_id))
            await self._rest.request(
                guild_id,
                "POST",
                "/channels/{channel_id}/messages",
                body=orjson.dumps(message),
                channel_id=str(channel_id),
            )
        except (DiscordError, ScopeForbidden) as error:
            log.warning("guild %s cannot be told in channel %s: %s", guild_id, channel_id, error)
