"""A Discord in this process, over real sockets: as much of it as a flora under test talks to.

It keeps gateway sessions, so that a broken one is resumed with nothing missing and nothing twice,
and it takes first answers to interactions, each once. It knows nothing of what is done to flora.
"""

import asyncio
import contextlib
import itertools
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

API = "/api/v10"
APPLICATION_ID, BOT_ID, MEMBER_ID = "900000000000000001", "900000000000000002", "900000000000000003"
# The privileged intents are switched on: presences, members, message content.
SWITCHES = 1 << 13 | 1 << 15 | 1 << 19
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
HEARTBEAT_MS = 1000
DISCORD_EPOCH = 1_420_070_400_000
ALREADY_ACKNOWLEDGED = 40060

_increments = itertools.count()


def snowflake() -> str:
    """A new id, as Discord makes them: its upper bits are the time."""
    return str(int(time.time() * 1000) - DISCORD_EPOCH << 22 | next(_increments) & 0x3FFFFF)


@dataclass(eq=False)
class Question:
    """An interaction that a member has begun. Times are monotonic seconds; answer: the text that
    the member saw first; answers: how often somebody tried to give a first one."""

    id: str
    guild_id: str
    command: str
    asked_at: float
    answered_at: float = 0.0
    answer: str | None = None
    answers: int = 0


@dataclass(eq=False)
class _Session:
    id: str
    connection: web.WebSocketResponse | None = None
    sequence: int = 0
    log: list[tuple[int, str, Any]] = field(default_factory=list)
    # Frames leave in the order of their sequence, also while a replay is being sent.
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def dispatch(self, event: str, data: Any) -> None:
        async with self.sending:
            self.sequence += 1
            self.log.append((self.sequence, event, data))
            await _send(self.connection, DISPATCH, data, s=self.sequence, t=event)

    async def resume(self, connection: web.WebSocketResponse, seen: int) -> None:
        async with self.sending:
            for sequence, event, data in self.log:
                if sequence > seen:
                    await _send(connection, DISPATCH, data, s=sequence, t=event)
            self.connection = connection
        await self.dispatch("RESUMED", {})

    def acknowledge(self, seen: int | None) -> None:
        self.log = [entry for entry in self.log if entry[0] > (seen or 0)]


class Discord:
    """questions: all that were asked, in order."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.port = 0
        self.questions: list[Question] = []
        self._guilds: dict[str, dict[str, Any]] = {}
        self._open: dict[str, Question] = {}
        self._sessions: dict[str, _Session] = {}
        self._transports: set[asyncio.Transport] = set()
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Event()

    async def start(self) -> None:
        application = web.Application()
        router = application.router
        router.add_get("/gateway/", self._serve_gateway)
        router.add_get(f"{API}/users/@me", self._user)
        router.add_get(f"{API}/applications/@me", self._application)
        router.add_get(f"{API}/gateway", self._gateway)
        router.add_get(f"{API}/gateway/bot", self._gateway)
        router.add_put(f"{API}/applications/{{app}}/guilds/{{guild}}/commands", self._commands)
        router.add_post(f"{API}/interactions/{{id}}/{{token}}/callback", self._callback)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self.pull_cables()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}{API}"

    # --- what happens there ----------------------------------------------------------------

    async def add_guild(self, name: str) -> str:
        """The bot joins a new guild; its id."""
        guild_id = snowflake()
        self._guilds[guild_id] = guild = _guild(guild_id, name)
        await self._tell("GUILD_CREATE", guild)
        return guild_id

    async def ask(self, guild_id: str, command: str) -> Question:
        """A member uses a command."""
        question = Question(snowflake(), guild_id, command, time.monotonic())
        self.questions.append(question)
        token = f"token-{question.id}"
        self._open[token] = question
        await self._tell(
            "INTERACTION_CREATE",
            {
                "id": question.id,
                "application_id": APPLICATION_ID,
                "type": 2,
                "token": token,
                "version": 1,
                "guild_id": guild_id,
                "channel_id": self._guilds[guild_id]["channels"][0]["id"],
                "member": {**_member(MEMBER_ID, "alice"), "permissions": "2147483647"},
                "data": {"id": snowflake(), "name": command, "type": 1, "guild_id": guild_id},
                "locale": "en-US",
                "app_permissions": "2147483647",
            },
        )
        return question

    async def until_answered(self, questions: list[Question], timeout: float) -> None:
        """Returns when all have an answer, at the latest after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while any(question.answer is None for question in questions):
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - time.monotonic())
            except TimeoutError:
                return

    def pull_cables(self) -> None:
        """Connections end without a word; their sessions wait to be resumed."""
        for transport in self._transports:
            transport.abort()

    async def ask_to_reconnect(self) -> None:
        for session in self._sessions.values():
            await _send(session.connection, RECONNECT, None)

    async def _tell(self, event: str, data: Any) -> None:
        for session in list(self._sessions.values()):
            await session.dispatch(event, data)

    # --- the gateway -----------------------------------------------------------------------

    async def _serve_gateway(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=4096)
        await socket.prepare(request)
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        self._transports.add(transport)
        await _send(socket, HELLO, {"heartbeat_interval": HEARTBEAT_MS})
        session: _Session | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                frame = json.loads(message.data)
                session = await self._take(socket, frame["op"], frame.get("d"), session)
        finally:
            self._transports.discard(transport)
            if session is not None and session.connection is socket:
                session.connection = None
        return socket

    async def _take(
        self, socket: web.WebSocketResponse, op: int, data: Any, session: _Session | None
    ) -> _Session | None:
        """One frame of the bot's; the session that the connection serves from now on."""
        if op == HEARTBEAT:
            if session is not None:
                session.acknowledge(data)
            await _send(socket, ACK, None)
        elif op == IDENTIFY:
            return await self._identify(socket)
        elif op == RESUME:
            resumed = self._sessions.get(data["session_id"])
            if resumed is None:
                await _send(socket, INVALID, False)
            else:
                await resumed.resume(socket, data["seq"])
            return resumed
        return session

    async def _identify(self, socket: web.WebSocketResponse) -> _Session:
        """A bot of one shard: what it was told before is told no further."""
        self._sessions.clear()
        session = _Session(secrets.token_hex(8), socket)
        self._sessions[session.id] = session
        ready = {
            "v": 10,
            "user": _user(BOT_ID, "flora", bot=True),
            "guilds": [{"id": guild_id, "unavailable": True} for guild_id in self._guilds],
            "session_id": session.id,
            "resume_gateway_url": self._gateway_address,
            "shard": [0, 1],
            "application": {"id": APPLICATION_ID, "flags": SWITCHES},
        }
        await session.dispatch("READY", ready)
        for guild in list(self._guilds.values()):
            await session.dispatch("GUILD_CREATE", guild)
        return session

    @property
    def _gateway_address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway/"

    # --- REST ------------------------------------------------------------------------------

    async def _user(self, _: web.Request) -> web.Response:
        return _answer(_user(BOT_ID, "flora", bot=True))

    async def _application(self, _: web.Request) -> web.Response:
        bot = _user(BOT_ID, "flora", bot=True)
        return _answer({"id": APPLICATION_ID, "name": "flora", "bot": bot, "flags": SWITCHES})

    async def _gateway(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 16}
        return _answer({"url": self._gateway_address, "shards": 1, "session_start_limit": limit})

    async def _commands(self, request: web.Request) -> web.Response:
        return _answer(await request.json())

    async def _callback(self, request: web.Request) -> web.Response:
        question = self._open.get(request.match_info["token"])
        if question is None:
            return _answer({"code": 10062, "message": "Unknown interaction"}, 404)
        question.answers += 1
        if question.answers > 1:
            return _answer({"code": ALREADY_ACKNOWLEDGED, "message": "already acknowledged"}, 400)
        body = await request.json()
        question.answer = str((body.get("data") or {}).get("content", ""))
        question.answered_at = time.monotonic()
        self._changed.set()
        if "with_response" not in request.query:
            return _answer(None, 204)
        return _answer({"interaction": {"id": question.id, "type": 2}})


async def _send(
    socket: web.WebSocketResponse | None, op: int, d: Any, *, s: int | None = None, t: str = ""
) -> None:
    if socket is None or socket.closed:
        return
    with contextlib.suppress(ConnectionError):  # what it misses is in the session's log
        await socket.send_str(json.dumps({"op": op, "d": d, "s": s, "t": t or None}))


def _answer(body: Any, status: int = 200) -> web.Response:
    """With the headers that a client of Discord's goes by."""
    limits = {"Limit": "50", "Remaining": "49", "Reset-After": "1.0", "Bucket": "one"}
    headers = {f"X-RateLimit-{name}": value for name, value in limits.items()}
    headers["Via"] = "1.1 loopback"
    if status == 204:
        return web.Response(status=status, headers=headers)
    headers["Content-Type"] = "application/json"
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)


def _user(id_: str, name: str, *, bot: bool = False) -> dict[str, Any]:
    return {"id": id_, "username": name, "discriminator": "0", "avatar": None, "bot": bot}


def _member(id_: str, name: str, *, bot: bool = False) -> dict[str, Any]:
    joined = "2026-01-01T00:00:00.000000+00:00"
    return {"user": _user(id_, name, bot=bot), "roles": [], "joined_at": joined}


def _guild(guild_id: str, name: str) -> dict[str, Any]:
    channel = {"id": snowflake(), "type": 0, "guild_id": guild_id, "name": "general"}
    return {
        "id": guild_id,
        "name": name,
        "icon": None,
        "owner_id": MEMBER_ID,
        "channels": [channel],
        "threads": [],
        "roles": [{"id": guild_id, "name": "@everyone", "permissions": "104324673"}],
        "members": [_member(MEMBER_ID, "alice"), _member(BOT_ID, "flora", bot=True)],
        "member_count": 2,
        "large": False,
        "unavailable": False,
    }
