"""The guilds' logs: what their scripts print and what happens to them, in batches to the database.

A noisy script costs itself lines, nobody else: so many in WINDOW seconds, then one line that says
how many are missing, however quiet it has become.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deployments.models import Guild, LogEntry
from runtime.database import Database, DatabaseAway
from runtime.limits import LimitsOf
from runtime.window import Window

log = logging.getLogger("flora.runtime")

WINDOW = 10.0
# Written at least this often; seconds.
FLUSH_EVERY = 0.25
BATCH = 500
# Kept while the database is away; the oldest go first.
BUFFER = 10_000
LEVELS = {"debug": 10, "info": 20, "warn": 30, "error": 40}


@dataclass(slots=True)
class _Line:
    guild_id: str
    level: str
    target: str
    message: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class GuildLog:
    def __init__(
        self,
        database: Database,
        limits_of: LimitsOf,
        redacted: Callable[[str, str], str] = lambda _, text: text,
        *,
        window: float = WINDOW,
    ) -> None:
        """redacted(guild_id, text): the text without what the guild keeps secret; window: seconds
        in which a guild has its lines."""
        self._database = database
        self._limits_of = limits_of
        self._redacted = redacted
        self._buffer: deque[_Line] = deque(maxlen=BUFFER)
        self._window = window
        # Of guilds that have had a line in the last one, and of where it came from: a script that
        # floods its log must not keep flora from saying what follows.
        self._windows: dict[tuple[str, str], Window] = {}
        self._writer: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write(), name="guild-log")

    async def stop(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
        for key in list(self._windows):
            self._tell_dropped(key[0], self._windows.pop(key).dropped)
        if self._buffer:
            await self._flush(patience=2.0)

    def write(self, guild_id: str, level: str, target: str, message: str) -> None:
        """level: debug, info, warn or error; anything else counts as info."""
        if self.claim(guild_id, target):
            self.put(guild_id, level, target, message)

    def claim(self, guild_id: str, target: str) -> bool:
        """Takes one of the lines that the guild has from there; False, and counted, when there is
        none."""
        now, key = time.monotonic(), (guild_id, target)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(self._window)
            asyncio.get_running_loop().call_later(self._window, self._look_at, key)
        self._tell_dropped(guild_id, window.turn(now))
        return window.claim(self._limits_of(guild_id).log_lines, now)

    def put(self, guild_id: str, level: str, target: str, message: str) -> None:
        """Writes a line that has been claimed."""
        level = level if level in LEVELS else "info"
        message = _cut(self._redacted(guild_id, message), self._limits_of(guild_id).log_line_bytes)
        server_log = logging.getLogger(target.replace(":", "."))
        server_log.log(LEVELS[level], "%s", message, extra={"guild": guild_id})
        self._buffer.append(_Line(guild_id, level, target, message))
        self._arrived.set()

    def _look_at(self, key: tuple[str, str]) -> None:
        """A guild that has said nothing since its window ended is told of what it lost there."""
        window = self._windows.get(key)
        if window is None:
            return
        if (seconds := window.left(time.monotonic())) > 0:
            asyncio.get_running_loop().call_later(seconds, self._look_at, key)
        else:
            del self._windows[key]
            self._tell_dropped(key[0], window.dropped)

    def _tell_dropped(self, guild_id: str, lines: int) -> None:
        if lines:
            self.put(guild_id, "warn", "flora:runtime", f"{lines} log lines dropped")

    async def _write(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(FLUSH_EVERY)
            self._arrived.clear()
            await self._flush(patience=60.0)
            if self._buffer:  # the database is away for longer than that
                self._arrived.set()

    async def _flush(self, patience: float) -> None:
        while self._buffer:
            batch = [self._buffer.popleft() for _ in range(min(BATCH, len(self._buffer)))]
            try:
                await self._database.run(lambda lines=batch: _insert(lines), patience=patience)  # type: ignore[misc]
            except DatabaseAway:
                room = BUFFER - len(self._buffer)
                self._buffer.extendleft(reversed(batch[-room:] if room else []))
                return
            except Exception:  # a line that the database refuses must not be the last of all
                log.exception("%d lines of guilds' logs could not be written", len(batch))


def _insert(lines: list[_Line]) -> None:
    known = set(
        Guild.objects.filter(pk__in={int(line.guild_id) for line in lines}).values_list(
            "pk", flat=True
        )
    )
    LogEntry.objects.bulk_create(
        LogEntry(
            guild_id=int(line.guild_id),
            at=line.at,
            level=line.level,
            target=line.target,
            message=line.message,
        )
        for line in lines
        if int(line.guild_id) in known
    )


def _cut(message: str, limit: int) -> str:
    """At most `limit` bytes, and nothing that a database cannot keep."""
    encoded = message.replace("\x00", "\\0").encode(errors="replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[:limit].decode(errors="ignore") + " … (cut)"
