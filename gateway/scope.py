"""Which guild an object of Discord belongs to: a script reaches only its own guild's.

Learned from gateway events and from what scripts create; Discord is asked for the rest. What
belongs to no guild, or to nobody, is remembered for a while too, and how often a guild may ask
in vain is bounded, so that no script makes the bot ask for foreign ids all day: Discord shuts a
bot out that earns too many refusals.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from gateway.errors import DiscordError, ScopeForbidden
from gateway.payloads import Known, Snowflake, read

# How long Discord's answers are believed; seconds.
POSITIVE_TTL, NEGATIVE_TTL = 3600.0, 300.0
MAX_ANSWERS = 50_000
# How many ids a guild may ask for in vain within so many seconds; then it is refused unasked.
MAX_MISSES, MISSES_WITHIN = 60, 600.0

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
    }
)

CHANNEL, WEBHOOK, INVITE = "/channels/{id}", "/webhooks/{id}", "/invites/{id}"
SIGNED_WEBHOOK = "/webhooks/{id}/{token}"


class _GuildPlaces(Known, frozen=True):
    """A guild with what is in it; of one that is unavailable Discord does not tell."""

    channels: list[Known] = []
    threads: list[Known] = []


class _Place(Known, frozen=True):
    """A channel or thread; one of nobody's guild has no guild_id."""

    guild_id: Snowflake | None = None


class _Threads(msgspec.Struct, frozen=True):
    guild_id: Snowflake
    threads: list[Known] = []


LookUp = Callable[..., Awaitable[dict[str, Any]]]


class ObjectScope:
    """Its refusals are alike for what belongs to another guild and for what does not exist, so
    that nothing is learned from them."""

    def __init__(self, look_up: LookUp, clock: Callable[[], float] = time.monotonic) -> None:
        """look_up(guild that asks, path, **its parameters) asks Discord. Raises DiscordError."""
        self._look_up = look_up
        self._clock = clock
        self._channels: dict[str, str] = {}
        self._guild_channels: dict[str, set[str]] = {}
        # By path and id: the guild, or None, and until when that is believed.
        self._answers: OrderedDict[tuple[str, ...], tuple[str | None, float]] = OrderedDict()
        self._asking: dict[tuple[str, ...], asyncio.Task[str | None]] = {}
        self._misses: dict[str, deque[float]] = {}

    # --- learning --------------------------------------------------------------------------

    def learn(self, event: str, data: dict[str, Any]) -> None:
        """Takes what an event of LEARNED_FROM says about channels and threads. Raises
        OddPayload, and has then learned nothing."""
        match event:
            case "GUILD_CREATE":
                guild = read(_GuildPlaces, data)
                for known in (*guild.channels, *guild.threads):
                    self._add(known.id, guild.id)
            case "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE":
                place = read(_Place, data)
                if place.guild_id is not None:
                    self._add(place.id, place.guild_id)
            case "THREAD_LIST_SYNC":
                synced = read(_Threads, data)
                for thread in synced.threads:
                    self._add(thread.id, synced.guild_id)
            case "CHANNEL_DELETE" | "THREAD_DELETE":
                gone = read(_Place, data)
                if gone.guild_id is not None:
                    self._remove(gone.id, gone.guild_id)
            case "GUILD_DELETE":
                guild_id = read(Known, data).id
                for channel_id in self._guild_channels.pop(guild_id, ()):
                    self._channels.pop(channel_id, None)
                self._misses.pop(guild_id, None)

    def learn_channel(self, guild_id: str, channel_id: str) -> None:
        """A channel or thread that the guild's script has created, before its event comes."""
        self._add(channel_id, guild_id)

    def learn_webhook(self, guild_id: str, webhook_id: str) -> None:
        self._remember((WEBHOOK, webhook_id), guild_id)

    def learn_invite(self, guild_id: str, code: str) -> None:
        self._remember((INVITE, code), guild_id)

    def _add(self, channel_id: str, guild_id: str) -> None:
        if self._channels.setdefault(channel_id, guild_id) != guild_id:
            return  # a channel never changes its guild, whatever an event says
        self._guild_channels.setdefault(guild_id, set()).add(channel_id)
        self._answers.pop((CHANNEL, channel_id), None)

    def _remove(self, channel_id: str, guild_id: str) -> None:
        if self._channels.get(channel_id) == guild_id:  # no event takes another guild's
            del self._channels[channel_id]
            self._guild_channels.get(guild_id, set()).discard(channel_id)

    # --- asking ----------------------------------------------------------------------------

    def knows_channel(self, guild_id: str, channel_id: str) -> bool:
        """Whether the channel is this guild's, without asking anybody."""
        return self._channels.get(channel_id) == guild_id

    def require_guild(self, guild_id: str, other: str) -> None:
        """Raises ScopeForbidden unless they are the same."""
        if other != guild_id:
            raise ScopeForbidden("guild is outside runtime scope")

    async def require_channel(self, guild_id: str, channel_id: str) -> None:
        """Raises ScopeForbidden unless the channel or thread is this guild's."""
        owner = self._channels.get(channel_id)
        if owner is None:
            owner = await self._owner(guild_id, CHANNEL, channel_id)
        if owner != guild_id:
            raise ScopeForbidden("channel is outside runtime scope")

    async def require_webhook(self, guild_id: str, webhook_id: str, token: str = "") -> None:
        """token: the webhook's, with which the bot may ask for it without the permission to
        manage webhooks. Raises ScopeForbidden unless it is this guild's."""
        owner, until = self._answers.get((WEBHOOK, webhook_id), (None, 0.0))
        if owner is None or until <= self._clock():
            path = SIGNED_WEBHOOK if token else WEBHOOK
            owner = await self._owner(guild_id, path, webhook_id, token)
        if owner != guild_id:
            raise ScopeForbidden("webhook is outside runtime scope")
        self.learn_webhook(guild_id, webhook_id)

    async def require_invite(self, guild_id: str, code: str) -> None:
        """Raises ScopeForbidden unless the invite leads into this guild."""
        if await self._owner(guild_id, INVITE, code) != guild_id:
            raise ScopeForbidden("invite is outside runtime scope")

    async def _owner(self, guild_id: str, path: str, id_: str, token: str = "") -> str | None:
        """The guild of an object, from memory or from Discord."""
        key = (path, id_, token) if token else (path, id_)
        owner, until = self._answers.get(key, (None, 0.0))
        if self._clock() < until:
            return owner
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.create_task(self._ask(guild_id, key))
            self._asking[key] = asking
            asking.add_done_callback(lambda _: self._asking.pop(key))
        # Others may wait for the same answer: whoever gives up does not take it from them.
        return await asyncio.shield(asking)

    async def _ask(self, guild_id: str, key: tuple[str, ...]) -> str | None:
        if not self._may_ask(guild_id):
            return None
        parameters = dict(zip(("id", "token"), key[1:], strict=False))
        try:
            found = await self._look_up(guild_id, key[0], **parameters)
        except DiscordError as error:
            if error.status not in (401, 403, 404):
                raise
            found = {}
        guild = found.get("guild")
        owner = guild.get("id") if isinstance(guild, dict) else found.get("guild_id")
        if owner is None:
            self._misses.setdefault(guild_id, deque(maxlen=MAX_MISSES)).append(self._clock())
        self._remember(key, owner)
        return owner

    def _may_ask(self, guild_id: str) -> bool:
        misses = self._misses.get(guild_id)
        if misses is None or len(misses) < MAX_MISSES:
            return True
        return misses[0] <= self._clock() - MISSES_WITHIN

    def _remember(self, key: tuple[str, ...], owner: str | None) -> None:
        self._answers[key] = owner, self._clock() + (POSITIVE_TTL if owner else NEGATIVE_TTL)
        self._answers.move_to_end(key)
        while len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
