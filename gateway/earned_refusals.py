"""How often Discord has refused a guild's requests of late, and when it should ask no more.

Discord shuts a bot's address out for as long as it likes after 10,000 answers of 401, 403 or 429
within ten minutes, whosever they were: one guild's script must not earn that for all.
https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit, seen 2026-11.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping

WITHIN = 600.0
# Of one guild; and of all together, from where on each guild may earn a few only.
MAX_OF_GUILD, MAX_OF_ALL, FEW = 300, 7500, 5


def is_counted(status: int, headers: Mapping[str, str]) -> bool:
    """Whether Discord counts such an answer; not a limit that others share."""
    if status == 429:
        return headers.get("X-RateLimit-Scope") != "shared"
    return status in (401, 403)


class EarnedRefusals:
    def __init__(
        self,
        *,
        of_guild: int = MAX_OF_GUILD,
        of_all: int = MAX_OF_ALL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._of_guild = of_guild
        self._of_all = of_all
        self._clock = clock
        # Both in the order of time; what is too old leaves both together.
        self._all: deque[tuple[float, str]] = deque()
        self._guilds: dict[str, deque[float]] = {}

    def note(self, guild: str) -> None:
        now = self._clock()
        self._all.append((now, guild))
        self._guilds.setdefault(guild, deque()).append(now)

    def seconds_to_wait(self, guild: str) -> float:
        """Before the guild may ask again; 0 for at once."""
        now = self._clock()
        self._forget(now - WITHIN)
        own = self._guilds.get(guild, ())
        allowed = self._of_guild if len(self._all) < self._of_all else min(FEW, self._of_guild)
        if len(own) < allowed:
            return 0.0
        return own[len(own) - allowed] + WITHIN - now

    def _forget(self, before: float) -> None:
        while self._all and self._all[0][0] <= before:
            _, guild = self._all.popleft()
            own = self._guilds[guild]
            own.popleft()
            if not own:
                del self._guilds[guild]
