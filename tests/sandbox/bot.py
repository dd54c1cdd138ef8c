"""A bot at the simulated Discord: flora's own gateway client and REST, and what a test needs."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import orjson

from gateway.client import GatewayClient, GatewayOptions
from gateway.commands import send_commands
from gateway.rest import DiscordRest, File
from gateway.sandbox.process import SandboxAddress
from gateway.sandbox.state import SandboxState

INTENTS = ("guilds", "guild_messages", "guild_message_reactions", "message_content")
PATIENCE = 15.0

Event = tuple[str, dict[str, Any]]


class Bot:
    """events: what the gateway has handed over. on_event: what a test makes it do besides."""

    def __init__(
        self, address: SandboxAddress, state: SandboxState, intents: tuple[str, ...] = INTENTS
    ) -> None:
        self.guild_id, self.channel_id = str(state.guild_id), str(state.channel_id)
        self.events: list[Event] = []
        self.on_event: Callable[[str, dict[str, Any]], Any] | None = None
        self.client = GatewayClient(
            GatewayOptions(address.token, address.api_base, intents), self._take
        )
        self.client.need(frozenset(intents))
        self.rest = DiscordRest(self.client.http)
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._doing: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        await self.client.log_in()
        self._running = asyncio.create_task(self.client.run())
        connected = asyncio.create_task(self.client.wait_connected())
        await asyncio.wait({self._running, connected}, return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            connected.cancel()
            await self._running
        await self.event("GUILD_CREATE")

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError, BaseExceptionGroup):
                await self._running
        await self.client.close()
        for task in self._doing:
            task.cancel()

    def _take(self, event: str, data: dict[str, Any]) -> None:
        self.events.append((event, data))
        self._changed.set()
        if self.on_event is not None:
            task = asyncio.ensure_future(self.on_event(event, data))
            self._doing.add(task)
            task.add_done_callback(self._doing.discard)

    # --- what it is told -------------------------------------------------------------------

    def named(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.events if event == name]

    async def until(self, condition: Callable[[], Any]) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not (result := condition()):
                self._changed.clear()
                await self._changed.wait()
            return result

    async def event(self, name: str, **fields: Any) -> dict[str, Any]:
        """Waits for an event of this name whose data has these fields."""

        def found() -> list[dict[str, Any]]:
            named = self.named(name)
            return [data for data in named if all(data.get(k) == v for k, v in fields.items())]

        first: dict[str, Any] = (await self.until(found))[0]
        return first

    # --- what it does ----------------------------------------------------------------------

    async def request(
        self, method: str, path: str, body: Any = None, files: tuple[File, ...] = (), **more: Any
    ) -> Any:
        """path: below the channel, or from the root when it begins with a slash."""
        whole = path if path.startswith("/") else f"/channels/{self.channel_id}/{path}".rstrip("/")
        text = None if body is None else orjson.dumps(body)
        return await self.rest.request(self.guild_id, method, whole, body=text, files=files, **more)

    async def say(self, content: str = "", **body: Any) -> dict[str, Any]:
        message: dict[str, Any] = await self.request(
            "POST", "messages", {"content": content, **body}
        )
        return message

    async def declare(self, *commands: dict[str, Any]) -> None:
        application_id = self.client.application_id
        await send_commands(self.rest, application_id, self.guild_id, list(commands))

    async def answer(self, interaction: dict[str, Any], kind: int, **data: Any) -> None:
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        body: dict[str, Any] = {"type": kind, **({"data": data} if data else {})}
        await self.rest.interaction("POST", path, body=orjson.dumps(body))

    async def webhook(
        self, method: str, interaction: dict[str, Any], path: str = "", **body: Any
    ) -> Any:
        """A follow-up, or what is done to one or to the original answer."""
        whole = f"/webhooks/{self.client.application_id}/{interaction['token']}{path}"
        text = orjson.dumps(body) if body else None
        return await self.rest.interaction(method, whole, body=text)


_numbers = itertools.count(1)


def unique(word: str) -> str:
    """A text that no other test uses: all tests share one guild."""
    return f"{word} {next(_numbers)}"
