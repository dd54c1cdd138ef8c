"""Sessions of bots at the gateway: what each was sent, so that it can resume where it was cut off.

Knows frames and connections only as things to write to; the protocol is gateway.py's.
"""

import secrets
from collections import OrderedDict, deque
from typing import Any, Protocol

import discord
import orjson

# Events that a session can replay.
REPLAY = 1000
# Sessions that are kept, connected or not.
SESSIONS = 16

DISPATCH = 0


class Connection(Protocol):
    def send(self, frame: bytes) -> None: ...

    def close(self, code: int) -> None: ...


def frame(
    op: int, data: Any = None, event: str | None = None, sequence: int | None = None
) -> bytes:
    """All four fields, always: nextcord reads them unasked."""
    return orjson.dumps({"t": event, "s": sequence, "op": op, "d": data})


class Session:
    def __init__(self, intents: discord.Intents) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.sequence = 0
        self.connection: Connection | None = None
        self._log: deque[tuple[int, bytes]] = deque(maxlen=REPLAY)

    def dispatch(self, event: str, data: Any) -> None:
        """Sends an event, or keeps it for the bot's return."""
        self.sequence += 1
        sent = frame(DISPATCH, data, event, self.sequence)
        self._log.append((self.sequence, sent))
        if self.connection is not None:
            self.connection.send(sent)

    def missed_since(self, sequence: int) -> list[bytes] | None:
        """The frames after this number; None when they are not all there any more."""
        if sequence > self.sequence:
            return None
        missed = [sent for number, sent in self._log if number > sequence]
        return missed if len(missed) == self.sequence - sequence else None


class Sessions:
    """The newest ones; those without a connection go first."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __iter__(self) -> Any:
        return iter(list(self._sessions.values()))

    def add(self, session: Session) -> None:
        self._sessions[session.id] = session
        while len(self._sessions) > SESSIONS:
            alone = (s for s in self._sessions.values() if s.connection is None)
            oldest = next(alone, next(iter(self._sessions.values())))
            del self._sessions[oldest.id]
            if oldest.connection is not None:
                oldest.connection.close(4009)

    def get(self, session_id: Any) -> Session | None:
        return self._sessions.get(session_id) if isinstance(session_id, str) else None

    def forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    @property
    def connected(self) -> bool:
        return any(session.connection is not None for session in self._sessions.values())
