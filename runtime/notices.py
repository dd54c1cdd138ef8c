"""Tells the channel or webhook that a guild's owner has chosen what has become of the script."""

import logging
from collections.abc import Callable
from functools import partial

import orjson

from deployments.models.notice_webhook import masked
from deployments.services.notices import Recipient, webhook_is_gone
from gateway.errors import DiscordError, ScopeForbidden
from gateway.rest import Rest
from gateway.scope import ObjectScope
from runtime.database import Database

log = logging.getLogger("flora.runtime")

MAX_CONTENT = 2000
# Discord's words for a webhook that was deleted, and for a token that is not its own (any more).
UNKNOWN_WEBHOOK, INVALID_WEBHOOK_TOKEN = 10015, 50027
# How long a database that is away may hold this up; seconds.
PATIENCE = 60.0


class Notices:
    def __init__(
        self,
        rest: Rest,
        scope: ObjectScope,
        database: Database,
        note: Callable[[str, str, str], None],
    ) -> None:
        """note(guild, level, text) writes into the guild's log."""
        self._rest = rest
        self._scope = scope
        self._database = database
        self._note = note

    async def send(self, guild_id: str, to: Recipient, text: str) -> None:
        """One message, which pings nobody. What hinders it is logged for the operator; the owner
        reads the same in the guild's log. A webhook that is gone is told to the owner, once, and
        the channel takes its place."""
        message = {"content": text[:MAX_CONTENT], "allowed_mentions": {"parse": []}}
        body = orjson.dumps(message)
        if to.webhook is not None and await self._tell_webhook(guild_id, to, body):
            return
        if to.channel is not None:
            await self._tell_channel(guild_id, str(to.channel), body)

    async def _tell_webhook(self, guild_id: str, to: Recipient, body: bytes) -> bool:
        """False when there is no such webhook any more. One that may have been told is: a second
        message elsewhere would be one too many."""
        assert to.webhook is not None
        assert to.chosen_at is not None
        try:
            await self._rest.request(
                guild_id,
                "POST",
                "/webhooks/{webhook_id}/{token}",
                body=body,
                webhook_id=to.webhook.id,
                token=to.webhook.token,
            )
        except DiscordError as error:
            if error.discord_code not in (UNKNOWN_WEBHOOK, INVALID_WEBHOOK_TOKEN):
                log.warning("guild %s cannot be told through its webhook: %s", guild_id, error)
                return True
            gone = partial(webhook_is_gone, guild_id, to.chosen_at)
            if await self._database.run(gone, patience=PATIENCE):
                self._note(
                    guild_id,
                    "error",
                    f"the webhook {masked(to.webhook.id)} does not exist any more: nobody is told "
                    "through it until another one is chosen",
                )
            return False
        return True

    async def _tell_channel(self, guild_id: str, channel_id: str, body: bytes) -> None:
        try:
            await self._scope.require_channel(guild_id, channel_id)
            await self._rest.request(
                guild_id,
                "POST",
                "/channels/{channel_id}/messages",
                body=body,
                channel_id=channel_id,
            )
        except (DiscordError, ScopeForbidden) as error:
            log.warning("guild %s cannot be told in channel %s: %s", guild_id, channel_id, error)
