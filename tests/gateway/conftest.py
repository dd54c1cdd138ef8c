"""The gateway client against the fake Discord, in one loop, over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest_asyncio

from gateway.client import GatewayClient, GatewayOptions
from gateway.session import GatewaySession
from tests.fake_discord.server import FakeDiscord

INTENTS = ("guilds", "guild_messages", "guild_message_reactions", "message_content")


class Bot:
    """A running gateway client and what it has handed over."""

    def __init__(
        self, discord: FakeDiscord, token: str, silence: float, intents: tuple[str, ...]
    ) -> None:
        self.discord = discord
        self.events: list[tuple[str, dict[str, Any]]] = []
        # How often Discord has refused what was asked for.
        self.refusals = 0
        # How often sessions of an earlier process went on.
        self.resumings = 0
        options = GatewayOptions(token, discord.api_base, intents, silence, identify_every=0.2)
        self.client = GatewayClient(options, self._take, self._refused, self._resuming)
        self.running: asyncio.Task[None] | None = None

    def _take(self, event: str, data: dict[str, Any]) -> None:
        self.events.append((event, data))
        task = asyncio.ensure_future(self.discord.changes.note())
        task.add_done_callback(lambda _: None)

    def _refused(self) -> None:
        self.refusals += 1

    def _resuming(self) -> None:
        assert self.events == []
        self.resumings += 1

    def contents(self) -> list[str]:
        return [data["content"] for event, data in self.events if event == "MESSAGE_CREATE"]

    async def log_in_and_run(self) -> None:
        await self.client.log_in()
        await self.client.run()

    async def start(self) -> None:
        self.running = asyncio.create_task(self.log_in_and_run())
        await self.discord.until(lambda: self.client.connected)

    async def has_read(self, contents: list[str]) -> None:
        """Waits for these messages; any other order or number is a failure."""
        await self.discord.until(lambda: len(self.contents()) >= len(contents))
        assert self.contents() == contents

    async def stop(self) -> list[GatewaySession]:
        """What it leaves to the next process."""
        self.client.hold()
        if self.running is not None:
            self.running.cancel()
            with contextlib.suppress(asyncio.CancelledError, BaseExceptionGroup):
                await self.running
        sessions = self.client.sessions()
        await self.client.close()
        return sessions


MakeBot = Callable[..., Bot]


@pytest_asyncio.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    discord = FakeDiscord()
    await discord.start()
    yield discord
    await discord.stop()
    assert discord.problems == []


@pytest_asyncio.fixture
async def make_bot(discord: FakeDiscord) -> AsyncIterator[MakeBot]:
    bots: list[Bot] = []

    def make(
        *,
        token: str = "a-bot-token",
        silence: float = 60.0,
        intents: tuple[str, ...] = INTENTS,
        needs: tuple[str, ...] = ("message_content",),
    ) -> Bot:
        """intents: what its operator allows; needs: what scripts need from the beginning."""
        bots.append(Bot(discord, token, silence, intents))
        bots[-1].client.need(frozenset(needs))
        return bots[-1]

    yield make
    for bot in bots:
        await bot.stop()


@pytest_asyncio.fixture
async def bot(make_bot: MakeBot) -> Bot:
    bot = make_bot()
    await bot.start()
    return bot
