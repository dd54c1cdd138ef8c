"""Which guild an object of Discord belongs to: a script reaches only its own guild's.

Learned from gateway events; Discord is asked for what they did not tell. What belongs to no
guild, or to nobody, is remembered for a while too, so that a script cannot make the bot ask
for foreign ids all day.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.errors import DiscordError, ScopeForbidden

# How long Discord's answers are believed; seconds.
POSITIVE_TTL, NEGATIVE_TTL = 3600.0, 300.0
MAX_ANSWERS = 50_000
# An interaction's token lives 15 minutes at Discord.
TOKEN_TTL = 900.0

LEARNED_FROM = frozenset(
    {
        "GUILD_CREATE",
        "GUILD_DELETE",
        "CHANNEL_CREATE",
        "CHANNEL_UPDATE",
        "CHANNEL_DELETE",
        "THREAD_CREATE",
        "THREAD_UPDATE",
        "THREAD_DELETE",
        "THREAD_LIST_SYNC",
        "INTERACTION_CREATE",
    }
)

FetchChannel = Callable[[str, str], Awaitable[dict[str, Any]]]


class ObjectScope:
    def __init__(self, fetch_channel: FetchChannel) -> None:
        """fetch_channel(guild that asks, channel id) asks Discord. Raises DiscordError."""
        self._fetch_channel = fetch_channel
        self._channels: dict[str, str] = {}
        self._guild_channels: dict[str, set[str]] = {}
        self._answers: OrderedDict[str, tuple[str | None, float]] = OrderedDict()
        self._tokens: OrderedDict[str, tuple[str, float]] = OrderedDict()

    # --- learning --------------------------------------------------------------------------

    def learn(self, event: str, data: dict[str, Any]) -> None:
        """Takes what an event of LEARNED_FROM says about channels, threads and interactions."""
        match event:
            case "GUILD_CREATE":
                for channel in (*data.get("channels", ()), *data.get("threads", ())):
                    self._add(channel["id"], data["id"])
            case "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE":
                if guild_id := data.get("guild_id"):
                    self._add(data["id"], guild_id)
            case "THREAD_LIST_SYNC":
                for thread in data.get("threads", ()):
                    self._add(thread["id"], data["guild_id"])
            case "CHANNEL_DELETE" | "THREAD_DELETE":
                self._remove(data["id"])
            case "GUILD_DELETE":
                for channel_id in self._guild_channels.pop(data["id"], ()):
                    self._channels.pop(channel_id, None)
            case "INTERACTION_CREATE":
                if guild_id := data.get("guild_id"):
                    self._learn_token(data["token"], guild_id)

    def _add(self, channel_id: str, guild_id: str) -> None:
        self._channels[channel_id] = guild_id
        self._guild_channels.setdefault(guild_id, set()).add(channel_id)
        self._answers.pop(channel_id, None)

    def _remove(self, channel_id: str) -> None:
        if guild_id := self._channels.pop(channel_id, None):
            self._guild_channels.get(guild_id, set()).discard(channel_id)

    def _learn_token(self, token: str, guild_id: str) -> None:
        now = time.monotonic()
        self._tokens[token] = (guild_id, now + TOKEN_TTL)
        while self._tokens and next(iter(self._tokens.values()))[1] <= now:
            self._tokens.popitem(last=False)

    # --- asking ----------------------------------------------------------------------------

    def knows_channel(self, guild_id: str, channel_id: str) -> bool:
        """Whether the channel is this guild's, without asking anybody."""
        return self._channels.get(channel_id) == guild_id

    async def require_channel(self, guild_id: str, channel_id: str) -> None:
        """Raises ScopeForbidden unless the channel or thread is this guild's."""
        owner = self._channels.get(channel_id)
        if owner is None:
            owner = await self._ask(guild_id, channel_id)
        if owner != guild_id:
            # One answer for another guild's channel and for none, so that nothing is learned.
            raise ScopeForbidden("channel is outside runtime scope")

    def require_token(self, guild_id: str, token: str) -> None:
        """Raises ScopeForbidden unless the interaction token came to this guild."""
        if self._tokens.get(token, ("", 0.0))[0] != guild_id:
            raise ScopeForbidden("interaction is outside runtime scope")

    async def _ask(self, guild_id: str, channel_id: str) -> str | None:
        now = time.monotonic()
        if known := self._answers.get(channel_id):
            owner, until = known
            if now < until:
                return owner
        try:
            channel = await self._fetch_channel(guild_id, channel_id)
            owner = channel.get("guild_id")
        except DiscordError as error:
            if error.status not in (403, 404):
                raise
            owner = None
        self._answers[channel_id] = (owner, now + (POSITIVE_TTL if owner else NEGATIVE_TTL))
        while len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
        return owner
