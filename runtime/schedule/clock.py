"""The time of day, and waiting for it; tests hand in one of their own."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Protocol

# The time of day may be set, or stand still with the machine: it is looked at this often; seconds.
LOOK_EVERY = 60.0


def rfc3339(moment: datetime) -> str:
    """As JavaScript's toISOString writes it: UTC, milliseconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def wait(self, changed: asyncio.Event, until: datetime) -> None:
        """Returns when the event is set or the time has come, at times earlier."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait(self, changed: asyncio.Event, until: datetime) -> None:
        seconds = (until - self.now()).total_seconds()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), min(max(seconds, 0.0), LOOK_EVERY))
