"""Interactions of the runtime against the fake Discord, with a clock that the test turns."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest_asyncio

from gateway.client import GatewayClient, GatewayOptions
from gateway.rest import DiscordRest
from runtime.interactions.answer import Answer
from runtime.interactions.interaction import Interaction
from runtime.interactions.interactions import Interactions
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import APPLICATION_ID, FakeGuild
from tests.fake_discord.world import Interaction as Asked

PATIENCE = 30.0


class Clock:
    """The loop's interface to time, turned by hand."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._due: list[tuple[float, Timer]] = []

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> "Timer":
        timer = Timer(callback, args)
        self._due.append((self._now + delay, timer))
        return timer

    def advance(self, seconds: float) -> None:
        """What becomes due is called, in its order."""
        self._now += seconds
        due = sorted((one for one in self._due if one[0] <= self._now), key=lambda one: one[0])
        self._due = [one for one in self._due if one[0] > self._now]
        for _, timer in due:
            timer.fire()

    @property
    def waiting(self) -> int:
        return sum(not timer.cancelled for _, timer in self._due)


class Timer:
    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.cancelled = False
        self._callback, self._args = callback, args

    def cancel(self) -> None:
        self.cancelled = True

    def fire(self) -> None:
        if not self.cancelled:
            self._callback(*self._args)


class Desk:
    """What the router and the operations do with interactions, in a guild of the fake Discord."""

    def __init__(self, discord: FakeDiscord, guild: FakeGuild, rest: DiscordRest) -> None:
        self.discord = discord
        self.guild = guild
        self.clock = Clock()
        self._rest = rest
        self.declared: set[str] = set()
        self.interactions = self.make()

    def make(self, **limits: int) -> Interactions:
        return Interactions(
            self._rest,
            lambda: APPLICATION_ID,
            self.clock,
            patience=PATIENCE,
            declared_ephemeral=lambda _, command: command in self.declared,
            **limits,
        )

    def begin(self, asked: Asked) -> Interaction:
        """The event of something that a member has begun arrives."""
        interaction = self.interactions.begin(asked.payload)
        assert interaction is not None
        return interaction

    async def settled(self) -> None:
        """Waits for what flora does by itself."""
        await self.interactions.drain(timeout=10.0)

    async def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settled()

    def requests(self) -> list[str]:
        """What Discord was asked in answer to interactions, without ids and tokens."""
        return [
            f"{request.method} {kind}"
            for request in self.discord.requests
            if (kind := shown(request.path, request.body))
        ]


def shown(path: str, body: Any) -> str:
    first, *rest = path.strip("/").split("/")
    if first == "interactions":
        flags = (body.get("data") or {}).get("flags")
        return f"callback {body['type']}{' ephemeral' if flags == 64 else ''}"
    if first != "webhooks":
        return ""
    _, _, *message = rest
    flags = (body or {}).get("flags")
    at = {0: "followup", 2: message[-1] if message and message[-1] == "@original" else "message"}
    return f"{at[len(message)]}{' ephemeral' if flags == 64 else ''}"


def says(content: str, ephemeral: bool | None = None, **body: Any) -> Answer:
    return Answer.of(orjson.dumps({"content": content, **body}), (), ephemeral)


@pytest_asyncio.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    discord = FakeDiscord()
    await discord.start()
    yield discord
    await discord.stop()
    assert discord.problems == []


@pytest_asyncio.fixture
async def desk(discord: FakeDiscord) -> AsyncIterator[Desk]:
    client = GatewayClient(
        GatewayOptions(discord.token, discord.api_base, ("guilds",)), lambda *_: None
    )
    await client.log_in()
    rest = DiscordRest(client.http, pause=lambda _: 0.0)
    desk = Desk(discord, await discord.add_guild(), rest)
    yield desk
    desk.interactions.stop()
    await rest.close()
    await client.close()
