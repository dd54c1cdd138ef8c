"""The gateway half of the fake Discord: sessions, heartbeats, resume, and ways to break them."""

import asyncio
import itertools
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.fake_discord.world import APPLICATION_ID, BOT

if TYPE_CHECKING:
    from tests.fake_discord.server import FakeDiscord

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
HEARTBEAT_MS = 500
MAX_CLIENT_FRAME = 4096
# A client that closes with one of these has no more use for its session.
SESSION_ENDED_BY_CLIENT = (1000, 1001)
# Discord's intents that the fake knows, and the events that need them.
GUILD_MEMBERS, GUILD_MODERATION, GUILD_VOICE_STATES = 1 << 1, 1 << 2, 1 << 7
GUILD_PRESENCES, GUILD_MESSAGES, GUILD_MESSAGE_REACTIONS = 1 << 8, 1 << 9, 1 << 10
GUILD_MESSAGE_TYPING, MESSAGE_CONTENT = 1 << 11, 1 << 15
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
# An application's flags that say that an intent is switched on for it.
SWITCHES = {GUILD_PRESENCES: 1 << 13, GUILD_MEMBERS: 1 << 15, MESSAGE_CONTENT: 1 << 19}
NEEDED_INTENT = {
    **dict.fromkeys(("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"), GUILD_MESSAGES),
    **dict.fromkeys(("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"), GUILD_MESSAGE_REACTIONS),
    **dict.fromkeys(("GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE"), GUILD_MEMBERS),
    **dict.fromkeys(("GUILD_BAN_ADD", "GUILD_AUDIT_LOG_ENTRY_CREATE"), GUILD_MODERATION),
    "VOICE_STATE_UPDATE": GUILD_VOICE_STATES,
    "PRESENCE_UPDATE": GUILD_PRESENCES,
    "TYPING_START": GUILD_MESSAGE_TYPING,
}


class Connection:
    """One websocket, with the compression that the client has asked for."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.query = dict(request.query)
        self.closed_here = False
        self._transport = request.transport
        compressed = self.query.get("compress") == "zlib-stream"
        self._zlib = zlib.compressobj(level=1) if compressed else None

    async def send(self, op: int, d: Any, *, s: int | None = None, t: str | None = None) -> None:
        frame = {"t": t, "s": s, "op": op, "d": d}
        await self.send_packed(json.dumps(frame, separators=(",", ":")).encode())

    async def send_packed(self, frame: bytes) -> None:
        """frame: JSON, compressed here if the client has asked for that."""
        if self.socket.closed:
            return
        try:
            if self._zlib is None:
                await self.socket.send_str(frame.decode())
            else:
                packed = self._zlib.compress(frame) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                await self.socket.send_bytes(packed)
        except ConnectionError:
            pass  # what it misses is in the session's log

    async def close(self, code: int) -> None:
        self.closed_here = True
        await self.socket.close(code=code)

    def abort(self) -> None:
        """The cable is pulled: no close frame."""
        if self._transport is not None:
            self._transport.abort()  # type: ignore[attr-defined]


@dataclass
class Session:
    id: str
    shard: tuple[int, int]
    intents: int
    connection: Connection | None = None
    sequence: int = 0
    log: list[tuple[int, str, Any]] = field(default_factory=list)
    # Frames leave in the order of their sequence, also while a replay is being sent.
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    def receives(self, guild_id: str | None) -> bool:
        index, count = self.shard
        return guild_id is None or (int(guild_id) >> 22) % count == index

    async def dispatch(self, event: str, data: Any) -> None:
        needed = NEEDED_INTENT.get(event, 0)
        if needed & ~self.intents:
            return
        if event == "MESSAGE_CREATE" and not self.intents & MESSAGE_CONTENT:
            data = {**data, "content": "", "embeds": [], "attachments": [], "components": []}
        async with self._sending:
            self.sequence += 1
            self.log.append((self.sequence, event, data))
            if self.connection is not None:
                await self.connection.send(DISPATCH, data, s=self.sequence, t=event)

    def acknowledge(self, seen: int | None) -> None:
        """A heartbeat says what the client has seen: that is not kept for a replay any more."""
        self.log = [entry for entry in self.log if entry[0] > (seen or 0)]

    async def resume(self, connection: Connection, seen: int) -> None:
        """Replays what came after `seen`, then goes on through this connection."""
        async with self._sending:
            for sequence, event, data in self.log:
                if sequence > seen:
                    await connection.send(DISPATCH, data, s=sequence, t=event)
            self.connection = connection
        await self.dispatch("RESUMED", {"_trace": []})


class Gateway:
    def __init__(self, discord: "FakeDiscord") -> None:
        self.discord = discord
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        # Everything that clients sent but heartbeats: (op, d).
        self.received: list[tuple[int, Any]] = []
        self.heartbeats = 0
        # The close codes of clients.
        self.closed_with: list[int] = []
        # The privileged intents that are switched on for the application.
        self.switched_on = PRIVILEGED
        # Faults. refuse: a close code for the next IDENTIFY; invalidate: how many are answered
        # with op 9; hang_up: how many RESUMEs are answered with close code 4000; deaf: heartbeats
        # are not acknowledged; closed_door: no websocket is accepted.
        self.refuse: int | None = None
        self.invalidate = 0
        self.hang_up = 0
        self.deaf = False
        self.closed_door = False
        self._ids = itertools.count(1)

    @property
    def application_flags(self) -> int:
        return sum(flag for intent, flag in SWITCHES.items() if intent & self.switched_on)

    def asked_for(self) -> list[int]:
        """The intents of each IDENTIFY."""
        return [data["intents"] for op, data in self.received if op == IDENTIFY]

    def identified(self) -> int:
        return sum(op == IDENTIFY for op, _ in self.received)

    def resumed(self) -> int:
        return sum(op == RESUME for op, _ in self.received)

    async def dispatch(self, event: str, data: Any, *, guild_id: str | None) -> None:
        for session in list(self.sessions.values()):
            if session.receives(guild_id):
                await session.dispatch(event, data)

    # --- ways to break it ------------------------------------------------------------------

    def pull_cables(self) -> None:
        for connection in self.connections:
            connection.abort()

    async def close_all(self, code: int) -> None:
        for connection in list(self.connections):
            await connection.close(code)

    async def ask_to_reconnect(self) -> None:
        for connection in list(self.connections):
            await connection.send(RECONNECT, None)

    async def invalidate_sessions(self, *, resumable: bool) -> None:
        if not resumable:
            self.sessions.clear()
        for connection in list(self.connections):
            await connection.send(INVALID, resumable)

    # --- a connection ----------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.closed_door:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=MAX_CLIENT_FRAME)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.connections.append(connection)
        await connection.send(HELLO, {"heartbeat_interval": HEARTBEAT_MS, "_trace": []})
        session: Session | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                frame = json.loads(message.data)
                op, data = frame["op"], frame.get("d")
                if op == HEARTBEAT:
                    self.heartbeats += 1
                    if session is not None:
                        session.acknowledge(data)
                    if not self.deaf:
                        await connection.send(ACK, None)
                    await self.discord.changes.note()
                    continue
                self.received.append((op, data))
                if op == IDENTIFY:
                    session = await self._identify(connection, data)
                elif op == RESUME:
                    session = await self._resume(connection, data)
                await self.discord.changes.note()
        finally:
            self.connections.remove(connection)
            code = socket.close_code
            if code is not None and not connection.closed_here:
                self.closed_with.append(code)
            if session is not None and session.connection is connection:
                session.connection = None
                if not connection.closed_here and code in SESSION_ENDED_BY_CLIENT:
                    self.sessions.pop(session.id, None)
            await self.discord.changes.note()
        return socket

    async def _identify(self, connection: Connection, data: dict[str, Any]) -> Session | None:
        if self.refuse is not None or data["token"] != self.discord.token:
            code, self.refuse = self.refuse or 4004, None
            await connection.close(code)
            return None
        if data["intents"] & PRIVILEGED & ~self.switched_on:
            await connection.close(4014)
            return None
        if self.invalidate:
            self.invalidate -= 1
            await connection.send(INVALID, False)
            return None
        index, count = data.get("shard") or (0, 1)
        session = Session(f"session-{next(self._ids)}", (index, count), data["intents"], connection)
        self.sessions[session.id] = session
        guilds = [g for g in self.discord.guilds.values() if session.receives(g.id)]
        await session.dispatch(
            "READY",
            {
                "v": 10,
                "user": BOT,
                "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "resume_gateway_url": self.discord.resume_address,
                "shard": [index, count],
                "application": {"id": APPLICATION_ID, "flags": 0},
            },
        )
        for guild in guilds:
            await session.dispatch("GUILD_CREATE", guild.as_json())
        return session

    async def _resume(self, connection: Connection, data: dict[str, Any]) -> Session | None:
        if self.hang_up:
            self.hang_up -= 1
            await connection.close(4000)
            return None
        session = self.sessions.get(data["session_id"])
        if session is None:
            await connection.send(INVALID, False)
            return None
        await session.resume(connection, data["seq"])
        return session
