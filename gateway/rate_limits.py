"""When a request may go to Discord: what its answers have said of its limits, and the bot's pace.

Requests of one lane go one after the other, in the order in which they were asked: Discord counts
them together, and a script that sends twice wants its messages in that order. It knows nothing of
HTTP but the names of Discord's headers.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping

# Discord allows a bot 50 requests a second, answers to interactions aside; some room is left.
GLOBAL_PER_SECOND = 45


class NotInTime(Exception):
    """The request may not go before its deadline. seconds: after which it might; None: unknown."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Lane:
    """Times are the loop's, in seconds."""

    __slots__ = ("opens_at", "turn", "users")

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.users = 0
        self.opens_at = 0.0


class Pace:
    """So many starts in any one second, each as soon as there is room. Times are the loop's."""

    __slots__ = ("_starts",)

    def __init__(self) -> None:
        # No longer than the pace, and who waits for a place.
        self._starts: deque[float] = deque()

    def next_start(self, per_second: int, now: float) -> float:
        """When one more may start; nothing is taken yet. Asked with the pace that holds now."""
        while self._starts and self._starts[0] + 1.0 <= now:
            self._starts.popleft()
        if len(self._starts) < per_second:
            return now
        return max(now, self._starts[-per_second] + 1.0)

    def take(self, start: float) -> None:
        self._starts.append(start)

    @property
    def ends_at(self) -> float:
        """When its last start counts no more."""
        return self._starts[-1] + 1.0 if self._starts else 0.0


class RateLimits:
    """A deadline is a time of the loop, None for none. What waits raises NotInTime at once when
    the wait would outlast it."""

    def __init__(self, per_second: int = GLOBAL_PER_SECOND) -> None:
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[str, Lane] = {}
        self._opens_at = 0.0
        self._per_second = per_second
        self._pace = Pace()
        # Of guilds that have asked within the last second.
        self._guilds: dict[str, Pace] = {}

    @contextlib.asynccontextmanager
    async def lane(self, name: str, deadline: float | None) -> AsyncIterator[Lane]:
        """Whoever is in it is alone in it."""
        lane = self._lanes.setdefault(name, Lane())
        lane.users += 1
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    await lane.turn.acquire()
            except TimeoutError:
                raise NotInTime(self._seconds_until(lane.opens_at) or None) from None
            try:
                yield lane
            finally:
                lane.turn.release()
        finally:
            lane.users -= 1
            self._let_go(name, lane)

    async def wait(
        self,
        lane: Lane,
        deadline: float | None,
        *,
        counts: bool,
        guild: str = "",
        share: int = GLOBAL_PER_SECOND,
    ) -> None:
        """Returns when the next request of the lane may go. counts: against the whole bot's
        limits, which an interaction's answer does not; share: how many of them in a second may be
        this guild's, so that none takes them all."""
        while (opens_at := max(lane.opens_at, self._opens_at if counts else 0.0)) > self._now():
            await self._sleep_until(opens_at, deadline)
        if counts:
            if guild and share < self._per_second:
                # First its own pace: a place in the bot's is not kept for who must wait anyway.
                await self._sleep_until(self._start_of_guild(guild, share, deadline), deadline)
            start = self._reserve(self._pace, self._per_second, deadline)
            await self._sleep_until(start, deadline)

    def note(self, lane: Lane, headers: Mapping[str, str]) -> None:
        """What an answer says of the lane's next requests."""
        if headers.get("X-RateLimit-Remaining") == "0":
            self.close(lane, seconds_of(headers.get("X-RateLimit-Reset-After")) or 0.0)

    def close(self, lane: Lane, seconds: float) -> None:
        lane.opens_at = max(lane.opens_at, self._now() + seconds)

    def close_all(self, seconds: float) -> bool:
        """Whether all was open before."""
        was_open = self._opens_at <= self._now()
        self._opens_at = max(self._opens_at, self._now() + seconds)
        return was_open

    # --- inside ----------------------------------------------------------------------------

    def _reserve(self, pace: Pace, per_second: int, deadline: float | None) -> float:
        """Takes the next place in a pace. Raises NotInTime, and has then taken none."""
        start = pace.next_start(per_second, self._now())
        self._require_before(start, deadline)
        pace.take(start)
        return start

    def _start_of_guild(self, guild: str, share: int, deadline: float | None) -> float:
        pace = self._guilds.get(guild)
        if pace is None:
            pace = self._guilds[guild] = Pace()
            self._loop.call_later(1.0, self._let_go_of_guild, guild)
        return self._reserve(pace, share, deadline)

    def _let_go_of_guild(self, guild: str) -> None:
        """Its pace is forgotten as soon as nothing of it counts any more."""
        ends_at = self._guilds[guild].ends_at
        if ends_at <= self._now():
            del self._guilds[guild]
        else:
            self._loop.call_at(ends_at, self._let_go_of_guild, guild)

    async def _sleep_until(self, time: float, deadline: float | None) -> None:
        self._require_before(time, deadline)
        if (seconds := self._seconds_until(time)) > 0:
            await asyncio.sleep(seconds)

    def _require_before(self, time: float, deadline: float | None) -> None:
        if deadline is not None and time > deadline:
            raise NotInTime(self._seconds_until(time))

    def _seconds_until(self, time: float) -> float:
        return max(0.0, time - self._now())

    def _now(self) -> float:
        return self._loop.time()

    def _let_go(self, name: str, lane: Lane) -> None:
        """A lane without users is forgotten as soon as it is open."""
        if lane.users or self._lanes.get(name) is not lane:
            return
        if lane.opens_at <= self._now():
            del self._lanes[name]
        else:
            self._loop.call_at(lane.opens_at, self._let_go, name, lane)


def seconds_of(text: object) -> float | None:
    """A number of seconds that Discord has sent, as text or as a number; None if it is none."""
    try:
        seconds = float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return seconds if 0.0 <= seconds < 1e6 else None
