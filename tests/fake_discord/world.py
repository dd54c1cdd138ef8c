"""The guilds of the fake Discord, their channels and members: what a test plays with."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fake_discord.server import FakeDiscord

APPLICATION_ID = "900000000000000001"
BOT_ID = "900000000000000002"
DISCORD_EPOCH = 1_420_070_400_000
PATIENCE = 30.0

_increments = itertools.count()


def snowflake() -> str:
    """A new id, as Discord makes them: its upper bits are the time."""
    milliseconds = int(time.time() * 1000) - DISCORD_EPOCH
    return str(milliseconds << 22 | next(_increments) & 0x3FFFFF)


def user(name: str, *, bot: bool = False, id_: str | None = None) -> dict[str, Any]:
    return {
        "id": id_ or snowflake(),
        "username": name,
        "global_name": name.title(),
        "discriminator": "0",
        "avatar": None,
        "bot": bot,
    }


BOT = user("flora", bot=True, id_=BOT_ID)


@dataclass
class Interaction:
    """One that a member has begun. callback: what the bot answered first; original: the message
    that @original means then; source: the message that holds the component."""

    id: str
    token: str
    guild: "FakeGuild"
    kind: int = 2
    source: dict[str, Any] | None = None
    callback: dict[str, Any] | None = None
    original: dict[str, Any] | None = None
    followups: list[dict[str, Any]] = field(default_factory=list)
    # INTERACTION_CREATE's object, as it was sent.
    payload: dict[str, Any] = field(default_factory=dict)
    # Discord takes no first answer any more.
    too_late: bool = False

    def seen(self) -> list[tuple[str, bool]]:
        """What its member sees of the bot's answers: text, and whether nobody else sees it; what
        still loads is shown as "…"."""
        answers = self.followups
        if self.original is not None and self.original is not self.source:
            answers = [self.original, *self.followups]
        return [
            ("…" if message["flags"] & 128 else message["content"], bool(message["flags"] & 64))
            for message in answers
        ]

    async def answered(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """Waits for the bot's callback: {"type", "data"}."""
        return await self.guild.discord.until(lambda: self.callback, timeout)


class FakeGuild:
    """A guild with one channel, `channel_id`, and a member, `alice`."""

    def __init__(self, discord: "FakeDiscord", name: str) -> None:
        self.discord = discord
        self.id = snowflake()
        self.name = name
        self.channel_id = snowflake()
        self.alice = user("alice")
        self.channels = {self.channel_id: self._channel(self.channel_id, "general")}
        self.messages: dict[str, dict[str, Any]] = {}
        self.commands: list[dict[str, Any]] = []
        self.members = {its["id"]: self.member(its) for its in (BOT, self.alice)}
        self.bans: dict[str, dict[str, Any]] = {}
        self.invites: dict[str, dict[str, Any]] = {}
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.audit: list[dict[str, Any]] = []
        # Roles, emojis, rules and more, by kind and id.
        self.things: dict[str, dict[str, dict[str, Any]]] = {}
        self._seen = 0

    def as_json(self) -> dict[str, Any]:
        """GUILD_CREATE's object, cut to what matters."""
        return {
            "id": self.id,
            "name": self.name,
            "icon": None,
            "owner_id": self.alice["id"],
            "channels": list(self.channels.values()),
            "threads": [],
            "roles": [{"id": self.id, "name": "@everyone", "permissions": "104324673"}],
            "members": [self.member(self.alice), self.member(BOT)],
            "member_count": 2,
            "large": False,
            "unavailable": False,
        }

    def member(self, its_user: dict[str, Any]) -> dict[str, Any]:
        return {
            "user": its_user,
            "nick": None,
            "avatar": None,
            "roles": [],
            "joined_at": "2026-01-01T00:00:00.000000+00:00",
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
            "communication_disabled_until": None,
        }

    # --- what members do -------------------------------------------------------------------

    async def say(self, content: str, **fields: Any) -> dict[str, Any]:
        """A message of alice's in the guild's channel."""
        author = fields.pop("author", self.alice)
        message = {
            **new_message(fields.pop("channel_id", self.channel_id), author, content),
            "guild_id": self.id,
            "member": {key: v for key, v in self.member(author).items() if key != "user"},
            **fields,
        }
        self.messages[message["id"]] = message
        await self.discord.dispatch("MESSAGE_CREATE", message, guild_id=self.id)
        return message

    async def command(self, name: str, options: list[dict[str, Any]] | None = None) -> Interaction:
        data = {"id": snowflake(), "name": name, "type": 1, "guild_id": self.id}
        return await self.interact(2, {**data, **({"options": options} if options else {})})

    async def type_option(self, command: str, options: list[dict[str, Any]]) -> Interaction:
        """What was typed so far; one of the options is focused."""
        data = {"id": snowflake(), "name": command, "type": 1, "guild_id": self.id}
        return await self.interact(4, {**data, "options": options})

    async def submit(
        self, custom_id: str, fields: dict[str, str], message: dict[str, Any] | None = None
    ) -> Interaction:
        """A modal, its texts in labels; message: that of the component which has opened it."""
        labels = [
            {"type": 18, "component": {"type": 4, "custom_id": name, "value": value}}
            for name, value in fields.items()
        ]
        more = {"message": message} if message else {}
        return await self.interact(5, {"custom_id": custom_id, "components": labels}, **more)

    async def press(self, custom_id: str, message: dict[str, Any]) -> Interaction:
        return await self.interact(
            3, {"custom_id": custom_id, "component_type": 2}, message=message
        )

    async def interact(self, type_: int, data: dict[str, Any], **fields: Any) -> Interaction:
        source = fields.get("message")
        interaction = Interaction(snowflake(), f"token-{snowflake()}", self, type_, source)
        self.discord.interactions[interaction.token] = interaction
        payload = {
            "id": interaction.id,
            "application_id": APPLICATION_ID,
            "type": type_,
            "token": interaction.token,
            "version": 1,
            "guild_id": self.id,
            "channel_id": self.channel_id,
            "channel": self.channels[self.channel_id],
            "member": {**self.member(self.alice), "permissions": "2147483647"},
            "data": data,
            "locale": "de",
            "guild_locale": "en-US",
            "app_permissions": "2147483647",
            **fields,
        }
        interaction.payload = payload
        await self.discord.dispatch("INTERACTION_CREATE", payload, guild_id=self.id)
        return interaction

    # --- what the bot did ------------------------------------------------------------------

    def sent(self) -> list[dict[str, Any]]:
        """All of the bot's messages in this guild, oldest first."""
        return [m for m in self.messages.values() if m["author"]["id"] == BOT_ID]

    async def next_sent(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """The bot's next message here that no earlier call has returned."""

        def next_one() -> dict[str, Any] | None:
            sent = self.sent()
            return sent[self._seen] if len(sent) > self._seen else None

        message: dict[str, Any] = await self.discord.until(next_one, timeout)
        self._seen += 1
        return message

    async def reply_to(self, content: str) -> str:
        """Says something and waits for the bot's next message; its text."""
        await self.say(content)
        return str((await self.next_sent())["content"])

    async def until(
        self, condition: Callable[["FakeGuild"], Any], timeout: float = PATIENCE
    ) -> Any:
        return await self.discord.until(lambda: condition(self), timeout)

    def _channel(self, channel_id: str, name: str) -> dict[str, Any]:
        return {
            "id": channel_id,
            "type": 0,
            "guild_id": self.id,
            "name": name,
            "position": 0,
            "permission_overwrites": [],
            "parent_id": None,
            "topic": None,
            "nsfw": False,
            "last_message_id": None,
            "rate_limit_per_user": 0,
        }


def new_message(channel_id: str, author: dict[str, Any], content: str) -> dict[str, Any]:
    return {
        "id": snowflake(),
        "channel_id": channel_id,
        "author": author,
        "content": content,
        "timestamp": "2026-01-01T00:00:00.000000+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "type": 0,
        "flags": 0,
    }


class Changes:
    """Lets tests wait for a condition instead of for a time."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()

    async def note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], Any], timeout: float) -> Any:
        """Waits until condition() is true and returns it. Raises TimeoutError."""
        async with asyncio.timeout(timeout), self._changed:
            while not (result := condition()):
                await self._changed.wait()
            return result
