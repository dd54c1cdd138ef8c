"""Discord's gateway: HELLO, IDENTIFY, heartbeats, RESUME, and every event as it happens.

https://discord.com/developers/docs/events/gateway, seen 2026-11. One shard, JSON, zlib-stream.
"""

import asyncio
import hmac
import zlib
from collections.abc import Mapping
from typing import Any

import discord
import orjson
from aiohttp import WSMsgType, web
from simcord.backend import serializers

from gateway.sandbox.server import intents
from gateway.sandbox.server.changes import BotChanged
from gateway.sandbox.server.sessions import Session, Sessions, frame
from gateway.sandbox.server.world import World

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 1, 2, 3, 4, 6
INVALID_SESSION, HELLO, ACKNOWLEDGED = 9, 10, 11
UNKNOWN_OP, NOT_JSON, NOT_IDENTIFIED, WRONG_TOKEN, IDENTIFIED_TWICE = 4001, 4002, 4003, 4004, 4005
WRONG_SHARD, UNKNOWN_INTENTS = 4010, 4013
# A bot that closes with one of these does not want to resume.
ENDS_SESSION = (1000, 1001)

# Milliseconds, as Discord asks for.
HEARTBEAT_INTERVAL = 41_250
# What Discord takes at most from a bot; bytes.
MAX_FRAME = 4096
# Frames that wait for a bot which does not read.
MAX_WAITING = 2000
CLOSE_TIMEOUT = 2.0


class _Connection:
    """One websocket of a bot, with what waits to be written to it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.session: Session | None = None
        self._socket = socket
        self._transport = request.transport
        compressed = request.query.get("compress") == "zlib-stream"
        self._zlib = zlib.compressobj() if compressed else None
        self._waiting: asyncio.Queue[bytes | int] = asyncio.Queue(MAX_WAITING)

    def send(self, sent: bytes) -> None:
        self._put(sent)

    def close(self, code: int) -> None:
        """After what has been sent already."""
        self._put(code)

    def _put(self, item: bytes | int) -> None:
        try:
            self._waiting.put_nowait(item)
        except asyncio.QueueFull:
            if self._transport is not None:
                self._transport.abort()  # what the bot misses is in its session's log

    async def write(self) -> None:
        """Until the connection is to be closed."""
        while True:
            item = await self._waiting.get()
            if isinstance(item, int):
                await self._socket.close(code=item)
                return
            if self._zlib is None:
                await self._socket.send_str(item.decode())
            else:
                flushed = self._zlib.compress(item) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                await self._socket.send_bytes(flushed)


class Gateway:
    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token
        self._sessions = Sessions()
        world.subscribers.append(self._dispatch)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=MAX_FRAME, timeout=CLOSE_TIMEOUT)
        await socket.prepare(request)
        connection = _Connection(socket, request)
        connection.send(frame(HELLO, {"heartbeat_interval": HEARTBEAT_INTERVAL}))
        address = f"ws://{request.host}{request.path}"
        writing = asyncio.create_task(connection.write())
        try:
            async for message in socket:
                code = self._receive(connection, address, message.type, message.data)
                if code is not None:
                    connection.close(code)
                    await asyncio.wait({writing})
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            self._disconnect(connection, socket.close_code)
        return socket

    def _receive(
        self, connection: _Connection, address: str, kind: WSMsgType, text: Any
    ) -> int | None:
        """Takes a frame of the bot's. Returns the code to close with, if so."""
        try:
            received: Any = orjson.loads(text) if kind is WSMsgType.TEXT else None
            op, data = received["op"], received["d"]
        except (ValueError, TypeError, KeyError):
            return NOT_JSON
        if op == HEARTBEAT:
            connection.send(frame(ACKNOWLEDGED))
            return None
        if op == IDENTIFY:
            return self._identify(connection, address, data)
        if op == RESUME:
            return self._resume(connection, data)
        if connection.session is None:
            return NOT_IDENTIFIED
        return None if op in (PRESENCE, VOICE) else UNKNOWN_OP

    # --- beginning -------------------------------------------------------------------------

    def _identify(self, connection: _Connection, address: str, data: Any) -> int | None:
        if connection.session is not None:
            return IDENTIFIED_TWICE
        if not isinstance(data, dict) or not isinstance(data.get("intents"), int):
            return NOT_JSON
        if not self._is_token(data.get("token")):
            return WRONG_TOKEN
        if not intents.known(data["intents"]):
            return UNKNOWN_INTENTS
        if data.get("shard", [0, 1]) != [0, 1]:
            return WRONG_SHARD
        asked = discord.Intents()
        asked.value = data["intents"]
        session = Session(asked)
        self._sessions.add(session)
        self._connect(session, connection)
        world = self._world
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": serializers.user_payload(world.bot_user),
                "guilds": [{"id": str(id_), "unavailable": True} for id_ in world.guilds],
                "session_id": session.id,
                "resume_gateway_url": address,
                "shard": [0, 1],
                "application": {"id": str(world.application_id), "flags": 0},
            },
        )
        for guild in world.guilds.values():
            self._send(session, "GUILD_CREATE", serializers.guild_create_payload(world, guild))
        return None

    def _resume(self, connection: _Connection, data: Any) -> int | None:
        if connection.session is not None:
            return IDENTIFIED_TWICE
        if not isinstance(data, dict) or not isinstance(data.get("seq"), int):
            return NOT_JSON
        if not self._is_token(data.get("token")):
            return WRONG_TOKEN
        session = self._sessions.get(data.get("session_id"))
        missed = session.missed_since(data["seq"]) if session is not None else None
        if session is None or missed is None:
            connection.send(frame(INVALID_SESSION, False))
            return None
        if session.connection is not None:
            session.connection.close(4000)
        self._connect(session, connection)
        for sent in missed:
            connection.send(sent)
        session.dispatch("RESUMED", {})
        return None

    def _is_token(self, token: Any) -> bool:
        given = token.encode(errors="replace") if isinstance(token, str) else b""
        return hmac.compare_digest(given, self._token.encode())

    # --- afterwards ------------------------------------------------------------------------

    def _dispatch(self, event: str, payload: Mapping[str, Any]) -> None:
        for session in self._sessions:
            self._send(session, event, payload)

    def _send(self, session: Session, event: str, payload: Mapping[str, Any]) -> None:
        allowed = intents.payload_for(self._world, session.intents, event, payload)
        if allowed is not None:
            session.dispatch(event, allowed)

    def _connect(self, session: Session, connection: _Connection) -> None:
        connection.session, session.connection = session, connection
        self._note_state()

    def _disconnect(self, connection: _Connection, code: int | None) -> None:
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            if code in ENDS_SESSION:
                self._sessions.forget(session)
            self._note_state()

    def _note_state(self) -> None:
        if self._world.bot_connected != self._sessions.connected:
            self._world.bot_connected = self._sessions.connected
            self._world.tell(BotChanged())
