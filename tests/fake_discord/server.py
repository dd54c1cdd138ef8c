"""The fake Discord as a server on a free port, and the faults that its REST half can show."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fake_discord import (  # (the routes of the others are rest's)
    channel_routes,  # noqa: F401
    guild_routes,  # noqa: F401
    interactions,  # noqa: F401
    rest,
)
from tests.fake_discord.gateway import Gateway
from tests.fake_discord.openapi import description
from tests.fake_discord.rest import Refusal, Request
from tests.fake_discord.world import PATIENCE, Changes, FakeGuild, Interaction

API = "/api/v10"


@dataclass
class Fault:
    """An answer instead of the route's, or a pause, for the next `times` requests that match."""

    matches: Callable[[Request], bool]
    times: int
    status: int = 0
    body: Any = None
    headers: dict[str, str] | None = None
    until: asyncio.Event | None = None


class FakeDiscord:
    """`problems` holds what Discord's description does not allow: tests end with it empty."""

    def __init__(self, *, token: str = "a-bot-token", shards: int = 1) -> None:
        self.token = token
        self.shards = shards
        self.guilds: dict[str, FakeGuild] = {}
        self.interactions: dict[str, Interaction] = {}
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self.changes = Changes()
        self.gateway = Gateway(self)
        self.port = 0
        # How often the routes have refused, by Discord's code.
        self.refused: dict[int, int] = {}
        self._faults: list[Fault] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application(client_max_size=64 << 20)
        application.router.add_get("/gateway/", self.gateway.serve)
        application.router.add_get("/resume/", self.gateway.serve)
        application.router.add_route("*", f"{API}/{{tail:.*}}", self._serve)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    async def stop(self) -> None:
        self.gateway.pull_cables()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}{API}"

    @property
    def gateway_address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway/"

    @property
    def resume_address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/resume/"

    # --- the world -------------------------------------------------------------------------

    async def add_guild(self, name: str = "A guild") -> FakeGuild:
        """The bot joins a new guild."""
        guild = FakeGuild(self, name)
        self.guilds[guild.id] = guild
        await self.dispatch("GUILD_CREATE", guild.as_json(), guild_id=guild.id)
        return guild

    async def invite_again(self, guild: FakeGuild) -> None:
        """The bot comes back; of a bot that has left Discord keeps no commands."""
        guild.commands = []
        self.guilds[guild.id] = guild
        await self.dispatch("GUILD_CREATE", guild.as_json(), guild_id=guild.id)

    async def remove_guild(self, guild: FakeGuild) -> None:
        """The bot is thrown out."""
        del self.guilds[guild.id]
        await self.dispatch("GUILD_DELETE", {"id": guild.id}, guild_id=guild.id)

    def guild_of_channel(self, channel_id: str) -> FakeGuild:
        """Raises Refusal."""
        return rest.guild_of_channel(self.guilds, channel_id)

    async def dispatch(self, event: str, data: Any, *, guild_id: str | None) -> None:
        await self.gateway.dispatch(event, data, guild_id=guild_id)

    async def until(self, condition: Callable[[], Any], timeout: float = PATIENCE) -> Any:
        """Waits until condition() is true and returns it; asked after each request and frame."""
        return await self.changes.until(condition, timeout)

    async def connected(self, count: int = 1, timeout: float = PATIENCE) -> None:
        """Waits until `count` sessions have a connection."""
        await self.until(
            lambda: sum(s.connection is not None for s in self.gateway.sessions.values()) >= count,
            timeout,
        )

    def asked(self, method: str, path_part: str) -> list[Request]:
        return [r for r in self.requests if r.method == method and path_part in r.path]

    # --- faults ----------------------------------------------------------------------------

    def fail(
        self, method: str, path_part: str, status: int, body: Any = None, times: int = 1
    ) -> None:
        """The next such requests are answered with this status."""
        self._faults.append(Fault(_matcher(method, path_part), times, status, body or {}))

    def rate_limit(
        self,
        method: str,
        path_part: str,
        retry_after: float,
        *,
        times: int = 1,
        everywhere: bool = False,
    ) -> None:
        """429, as Discord's edge sends it."""
        body = {"message": "slow down", "retry_after": retry_after, "global": everywhere}
        headers = {"Retry-After": str(retry_after), "X-RateLimit-Remaining": "0"}
        if everywhere:
            headers["X-RateLimit-Global"] = "true"
        self._faults.append(Fault(_matcher(method, path_part), times, 429, body, headers))

    def hold(self, method: str, path_part: str) -> asyncio.Event:
        """Such requests wait until the event is set, then go on."""
        event = asyncio.Event()
        self._faults.append(Fault(_matcher(method, path_part), 1_000_000, until=event))
        return event

    def heal(self) -> None:
        for fault in self._faults:
            if fault.until is not None:
                fault.until.set()
        self._faults.clear()

    # --- a request -------------------------------------------------------------------------

    async def _serve(self, http: web.Request) -> web.Response:
        request = await _read(http)
        self.requests.append(request)
        await self.changes.note()
        while (fault := self._fault_for(request)) is not None:
            if fault.until is None:
                return _response(fault.body, fault.status, fault.headers)
            await fault.until.wait()
        if (refusal := self._refusal_of(request)) is not None:
            return _response(refusal.body, refusal.status)
        try:
            body = rest.answer(self, request)
        except Refusal as refusal:
            self.refused[refusal.code] = self.refused.get(refusal.code, 0) + 1
            return _response(refusal.body, refusal.status)
        finally:
            await self.changes.note()
        return _response(body, 204 if body is None else 200)

    def _refusal_of(self, request: Request) -> Refusal | None:
        by_token_alone = request.path.startswith(("/interactions/", "/webhooks/"))
        if not by_token_alone and request.headers.get("authorization") != f"Bot {self.token}":
            return Refusal(401, 0, "401: Unauthorized")
        if (discord := description()) is None:
            return None
        found = discord.problems(request.method, request.path, request.query, request.body)
        self.problems += [f"{request}: {problem}" for problem in found]
        return Refusal(400, 50035, "Invalid Form Body", errors={}) if found else None

    def _fault_for(self, request: Request) -> Fault | None:
        for fault in self._faults:
            over = fault.until is not None and fault.until.is_set()
            if fault.times > 0 and not over and fault.matches(request):
                fault.times -= 1
                return fault
        return None


def _matcher(method: str, path_part: str) -> Callable[[Request], bool]:
    return lambda request: request.method == method and path_part in request.path


async def _read(http: web.Request) -> Request:
    body: Any = None
    files: list[tuple[str, bytes]] = []
    fields: dict[str, str] = {}
    if http.content_type == "application/json" and http.can_read_body:
        body = await http.json()
    elif http.content_type.startswith("multipart/"):
        async for part in await http.multipart():
            if part.name == "payload_json":
                body = json.loads(await part.text())  # type: ignore[union-attr]
            elif part.filename is None:  # type: ignore[union-attr]
                fields[part.name] = await part.text()  # type: ignore[union-attr,index]
            else:
                files.append((part.filename, await part.read()))  # type: ignore[union-attr,arg-type]
    headers = {name.lower(): value for name, value in http.headers.items()}
    # As it came: an encoded slash must not become another segment.
    path = http.raw_path.partition("?")[0].removeprefix(API)
    return Request(http.method, path, dict(http.query), headers, fields or body, files)


def _response(body: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """With the headers that nextcord needs; the content type must be exactly this one."""
    usual = {
        "Via": "1.1 google",
        "X-RateLimit-Limit": "50",
        "X-RateLimit-Remaining": "49",
        "X-RateLimit-Reset-After": "1.0",
        "X-RateLimit-Bucket": "a-bucket",
    }
    if body is None or status == 204:
        return web.Response(status=204, headers=usual)
    kind = {"Content-Type": "application/json"}
    text = json.dumps(body).encode()
    return web.Response(body=text, status=status, headers={**usual, **(headers or {}), **kind})
