"""When which guild has something due next: a heap in memory of what the database says.

One time a guild, so that thousands of guilds with a thousand tasks each stay thousands of entries.
"""

import heapq
from datetime import datetime


class Agenda:
    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}
        # May hold times that are no longer a guild's; `_at` decides.
        self._heap: list[tuple[datetime, str]] = []

    def set(self, guild_id: str, at: datetime | None) -> None:
        """The guild's next time, None for nothing ahead."""
        if at is None:
            self._at.pop(guild_id, None)
        elif self._at.get(guild_id) != at:
            self._at[guild_id] = at
            heapq.heappush(self._heap, (at, guild_id))

    def bring_forward(self, guild_id: str, at: datetime) -> None:
        """The guild's next time is this one at the latest."""
        known = self._at.get(guild_id)
        if known is None or at < known:
            self.set(guild_id, at)

    def due(self, now: datetime, limit: int) -> list[str]:
        """Takes out up to `limit` guilds whose time has come, earliest first."""
        guild_ids: list[str] = []
        while len(guild_ids) < limit and (first := self.next()) is not None and first <= now:
            _, guild_id = heapq.heappop(self._heap)
            del self._at[guild_id]
            guild_ids.append(guild_id)
        return guild_ids

    def next(self) -> datetime | None:
        """The earliest time of all."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
