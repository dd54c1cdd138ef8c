"""One gateway connection that keeps its session: it resumes until Discord says that it cannot.

nextcord's socket does the protocol (zlib, heartbeats, IDENTIFY, RESUME); its own shard would
start a new session, and lose events, after most kinds of lost connection, and ignores the
resume address (nextcord 2.6.0, shard.py).
"""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any

from nextcord.errors import ConnectionClosed
from nextcord.gateway import DiscordWebSocket, ReconnectWebSocket

from gateway.errors import GatewayRefused
from gateway.intents import IntentChoice
from gateway.session import GatewaySession

log = logging.getLogger("flora.discord")

CONNECT_TIMEOUT = 60.0
FIRST_DELAY, LAST_DELAY = 0.5, 60.0
# After this many failures at the resume address the ordinary one is tried, still to resume.
RESUME_ADDRESS_TRIES = 3

REFUSALS = {
    4004: "Discord refused the bot's token (close code 4004): set DISCORD_TOKEN to the token "
    "shown in the developer portal under Bot.",
    4010: "Discord refused the shard number (close code 4010): this is a defect of flora.",
    4011: "Discord demands more shards (close code 4011): restart flora, it asks how many.",
    4012: "Discord no longer speaks this version of its gateway (close code 4012): update flora.",
    4013: "Discord does not know one of the intents (close code 4013): check DISCORD_INTENTS "
    "({intents}).",
}
INTENT_REFUSED = 4014
# Closed by Discord with one of these, a session cannot be resumed. Not 1000 and 1001: they end a
# session when we send them, from Discord they are a gateway host that goes down.
SESSION_LOST = {4003, 4007, 4009}
# Closed with this one of ours, a session can be resumed.
SESSION_KEPT = 4000


class _Socket(DiscordWebSocket):
    """Its sequence is what heartbeats and RESUME acknowledge. Held, it stays where it is."""

    is_held = False
    _taken: int | None = None
    _odd = 0

    @property
    def sequence(self) -> int | None:
        return self._taken

    @sequence.setter
    def sequence(self, value: int | None) -> None:
        if value is not None and type(value) is not int:
            raise TypeError(f"a sequence is a whole number, not {value!r:.50}")
        if not self.is_held or value is None:  # None: Discord has ended the session
            self._taken = value

    async def received_message(self, msg: str | bytes, /) -> None:
        """A frame that is none of the gateway's is passed over: if it ended the connection, each
        RESUME would bring it again. Once its sequence is taken a RESUME does not, and without a
        session or a heartbeat there is nothing to keep: those begin anew."""
        before = self._taken
        try:
            await super().received_message(msg)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self._buffer = bytearray()
            if self._keep_alive is None or self.session_id is None or self._taken != before:
                raise
            self._odd += 1
            if self._odd.bit_count() == 1:
                log.warning(
                    "a frame of the gateway makes no sense: %r (%d so far)", error, self._odd
                )


class Shard:
    def __init__(
        self,
        client: Any,
        shard_id: int,
        *,
        address: Callable[[], Awaitable[str]],
        intents: IntentChoice,
        intent_refused: Callable[[int], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        """client: a nextcord client that is logged in; address: asks Discord for the gateway's;
        intents: what a new session asks for; intent_refused(their value): chooses anew after a no;
        changed: called when `connected` may have changed."""
        self.id = shard_id
        self.connected = False
        self._client = client
        self._address = address
        self._intents = intents
        self._intent_refused = intent_refused
        self._changed = changed
        self._session_intents = 0
        self._session_id: str | None = None
        self._sequence: int | None = None
        self._resume_address: str | None = None
        self._is_held = False
        self._socket: Any = None
        # Connections that have ended since the last READY or RESUMED.
        self._failures = 0

    async def run(self) -> None:
        """Holds the connection until cancelled; once `hold` was called, until it ends. Raises
        GatewayRefused when Discord says no."""
        while not self._is_held:
            try:
                await self._connect()
                while True:
                    await self._socket.poll_event()
                    self._remember()
            except ReconnectWebSocket as signal:
                self._remember()
                if not signal.resume or self._closed_with() in SESSION_LOST:
                    self._forget_session()
                log.info("shard %d reconnects to %s", self.id, signal.op.lower())
            except ConnectionClosed as closed:
                self._remember()
                if closed.code in REFUSALS:
                    names = ", ".join(sorted(self._intents.asked))
                    raise GatewayRefused(REFUSALS[closed.code].format(intents=names)) from None
                if closed.code == INTENT_REFUSED:
                    await self._intent_refused(self._session_intents)
                if closed.code in SESSION_LOST:
                    self._forget_session()
            except Exception as error:  # aiohttp's, nextcord's, the system's: it is over
                self._remember()
                if self._failures == 0:
                    log.warning("shard %d lost its connection: %s", self.id, _words(error))
            self._set_connected(False)
            await self._drop_socket()
            if not self._is_held:
                await asyncio.sleep(_delay(self._failures))
            self._failures += 1

    def go_on_with(self, session: GatewaySession) -> None:
        """Before `run`: it begins by resuming this session of an earlier process."""
        self._session_id, self._sequence = session.session_id, session.sequence
        self._resume_address = session.resume_address or None
        self._session_intents = session.intents

    def hold(self) -> None:
        """Acknowledges no event any more. What still comes goes to the sink, and comes again to
        whoever resumes the session; a connection that ends is not replaced."""
        self._is_held = True
        if self._socket is not None:
            self._socket.is_held = True

    async def close(self) -> None:
        """Closes the connection; Discord keeps the session for a while."""
        self._set_connected(False)
        await self._drop_socket()

    def session(self, *, bot_id: str, api_base: str, shards: int) -> GatewaySession | None:
        """What another process can go on with; None when there is nothing. After `hold`."""
        self._remember()
        if self._session_id is None or self._sequence is None:
            return None
        return GatewaySession(
            bot_id=bot_id,
            api_base=api_base,
            intents=self._session_intents,
            shard=self.id,
            shards=shards,
            session_id=self._session_id,
            sequence=self._sequence,
            resume_address=self._resume_address or "",
        )

    async def renew(self) -> None:
        """Begins a new session unless the present one is current. What happens between the two
        is lost."""
        socket = self._socket
        if socket is not None and socket.open and not self.is_current:
            log.info("shard %d begins a new session, with more intents", self.id)
            await socket.close(code=1000)

    @property
    def latency(self) -> float | None:
        """Seconds that Discord took to answer the last heartbeat; None while none was answered."""
        socket = self._socket
        seconds = float(socket.latency) if socket is not None else math.inf
        return seconds if math.isfinite(seconds) else None

    @property
    def is_current(self) -> bool:
        """Whether the session has the intents that are asked for now."""
        return self._session_intents == self._intents.value

    async def _connect(self) -> None:
        if not self.is_current:
            self._forget_session()
        resume = self._session_id is not None
        address = self._resume_address if resume and self._failures < RESUME_ADDRESS_TRIES else None
        if address is None:
            address = await self._address()
        if not resume:
            self._session_intents = self._intents.value
        self._socket = await asyncio.wait_for(
            _Socket.from_client(
                self._client,
                gateway=self._client.http.format_websocket_url(address),
                shard_id=self.id,
                session=self._session_id,
                sequence=self._sequence,
                resume=resume,
            ),
            CONNECT_TIMEOUT,
        )
        self._socket.is_held = self._is_held

    def on_ready(self) -> None:
        """READY or RESUMED has come through this connection."""
        self._failures = 0
        self._intents.grant(self._session_intents)
        self._set_connected(True)

    def _remember(self) -> None:
        socket = self._socket
        if socket is None:
            return
        self._session_id, self._sequence = socket.session_id, socket.sequence
        self._resume_address = socket.resume_url or self._resume_address

    def _forget_session(self) -> None:
        self._session_id = self._sequence = self._resume_address = None

    def _closed_with(self) -> int | None:
        """The code with which Discord has closed the connection, unless we did."""
        socket = self._socket
        if socket is None or socket._close_code is not None:
            return None
        code: int | None = socket.socket.close_code
        return code

    def _set_connected(self, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            log.info("shard %d is %s", self.id, "connected" if connected else "disconnected")
            self._changed()

    async def _drop_socket(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None and socket.open:
            try:
                await asyncio.wait_for(socket.close(code=SESSION_KEPT), 2.0)
            except Exception as error:
                log.debug("shard %d's old socket did not close: %s", self.id, error)


def _delay(failures: int) -> float:
    """At once the first time, then exponential, with jitter: shards do not come back together."""
    if failures == 0:
        return 0.0
    ceiling: float = min(LAST_DELAY, FIRST_DELAY * 2 ** min(failures - 1, 10))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
