"""Requests to Discord for scripts: fair between guilds, bounded in time, with typed errors.

One process speaks to Discord for all workers, so that the bot's limits are kept in one place
and no worker holds the token. nextcord's client repeats whatever Discord's servers fail at, new
messages too, and waits for limits however long that takes: it serves the gateway alone.
"""

import asyncio
import logging
import random
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from nextcord.http import Route
from yarl import URL

from gateway.earned_refusals import EarnedRefusals, is_counted
from gateway.errors import DiscordError
from gateway.rate_limits import Lane, NotInTime, RateLimits
from gateway.refusals import rate_limited, refusal
from gateway.rest_limits import RestLimits, RestLimitsOf

log = logging.getLogger("flora.discord")

# How often a request that changes nothing is repeated when Discord's servers or the way to them
# fail; each time after about twice as long. Seconds.
MAX_REPEATS, FIRST_PAUSE = 2, 0.25
# A guild's requests wait for its earlier ones at most as long as its handlers live; seconds.
TURN_PATIENCE = 30.0


class Held(Enum):
    """Why a request of a guild was not sent."""

    TOO_MANY = "it would have waited for too long"
    REFUSED = "Discord has refused too many"


@dataclass(frozen=True, slots=True)
class File:
    """filename: as Discord will show it; safe to stand in a header."""

    filename: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A body of parts for the one route that takes no JSON beside its file."""

    fields: Mapping[str, str]
    file: File


class Rest(Protocol):
    """What scripts' requests go through. DiscordRest says what the arguments mean."""

    async def request(
        self,
        guild: str,
        method: str,
        path: str,
        /,
        *,
        body: bytes | Form | None = None,
        files: Sequence[File] = (),
        query: Mapping[str, str] | None = None,
        reason: str | None = None,
        **parameters: str,
    ) -> Any: ...

    async def interaction(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        files: Sequence[File] = (),
        query: Mapping[str, str] | None = None,
    ) -> Any: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """shown: the route without ids and tokens. lane: what Discord counts it with. repeatable: it
    does no harm twice. counts: against the limits of the whole bot. guild: empty for an answer to
    an interaction."""

    method: str
    url: str
    shown: str
    lane: str
    body: bytes | Form | None
    files: Sequence[File]
    reason: str | None
    repeatable: bool
    counts: bool = True
    guild: str = ""


def _pause(repeats: int) -> float:
    return FIRST_PAUSE * (1 << repeats) * random.uniform(0.5, 1.5)  # noqa: S311  (spreads load)


class DiscordRest:
    def __init__(
        self,
        http: Any,
        limits_of: RestLimitsOf = lambda _: RestLimits(),
        *,
        pause: Callable[[int], float] = _pause,
        earned: EarnedRefusals | None = None,
        ended: Callable[[str], None] = lambda result: None,
        held_back: Callable[[str, Held], None] = lambda guild, why: None,
    ) -> None:
        """http: nextcord's client, which has the token once the bot has logged in;
        limits_of(guild): asked for each request, so that a change holds from the next one on;
        pause(n): seconds before the repeat after n others; earned: whom Discord has refused too
        often of late; ended(result): for each one, with Discord's HTTP status, or `timeout`,
        `unreachable`, and `held back` for one that limits let nobody send; held_back(guild, why):
        for each of those that is a guild's."""
        self._http = http
        self._limits_of = limits_of
        self._pause = pause
        self._earned = earned or EarnedRefusals()
        self._ended = ended
        self._held_back = held_back
        self._limits = RateLimits()
        # By guild and how many turns it has: after a change those who have one end in the old one.
        self._turns: weakref.WeakValueDictionary[tuple[str, int], asyncio.Semaphore] = (
            weakref.WeakValueDictionary()
        )
        self._connections: aiohttp.ClientSession | None = None

    async def request(
        self,
        guild: str,
        method: str,
        path: str,
        /,
        *,
        body: bytes | Form | None = None,
        files: Sequence[File] = (),
        query: Mapping[str, str] | None = None,
        reason: str | None = None,
        **parameters: str,
    ) -> Any:
        """A request of one guild, `path` with {placeholders} for the parameters.

        body: JSON text, passed on as it is; reason: for the guild's audit log. Gives what Discord
        answers, None for nothing. Raises DiscordError.
        """
        shown = f"{method} {path}"
        address = path.format_map({name: quote(v, safe="") for name, v in parameters.items()})
        majors = (parameters.get(name, "") for name in ("channel_id", "webhook_id"))
        asked = _Asked(
            method,
            f"{Route.BASE}{address}{f'?{urlencode(query)}' if query else ''}",
            shown,
            " ".join((guild, shown, *majors)),
            body,
            files,
            reason,
            repeatable=method == "GET",
            guild=guild,
        )
        allowed = self._limits_of(guild).concurrency
        turns = self._turns.setdefault((guild, allowed), asyncio.Semaphore(allowed))
        try:
            async with asyncio.timeout(TURN_PATIENCE):
                await turns.acquire()
        except TimeoutError:
            self._hold_back(guild, Held.TOO_MANY)
            raise rate_limited(shown, None) from None
        try:
            if (seconds := self._earned.seconds_to_wait(guild)) > 0:
                self._hold_back(guild, Held.REFUSED)
                raise rate_limited(shown, seconds, why="too many were refused")
            return await self._send(asked)
        finally:
            turns.release()

    async def interaction(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        files: Sequence[File] = (),
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """A callback, a follow-up or an edit of one: under no limit of the bot's or the guild's.

        path: complete, with the interaction's token in it. A callback is repeated like a request
        that changes nothing: Discord takes the first one only. Raises DiscordError.
        """
        shown = f"{method} {_without_token(path)}"
        return await self._send(
            _Asked(
                method,
                f"{Route.BASE}{path}{f'?{urlencode(query)}' if query else ''}",
                shown,
                f"{method} {path}",
                body,
                files,
                None,
                repeatable=method == "GET" or path.endswith("/callback"),
                counts=False,
            )
        )

    async def close(self) -> None:
        if self._connections is not None:
            await self._connections.close()

    # --- inside ----------------------------------------------------------------------------

    async def _send(self, asked: _Asked) -> Any:
        """Waits for limits and repeats what may be repeated, all within one deadline."""
        limits = self._limits_of(asked.guild)
        deadline = asyncio.get_running_loop().time() + limits.seconds if limits.seconds else None
        refused: DiscordError | None = None
        repeats = 0
        try:
            async with self._limits.lane(asked.lane, deadline) as lane:
                while True:
                    await self._limits.wait(
                        lane,
                        deadline,
                        counts=asked.counts,
                        guild=asked.guild,
                        share=limits.per_second,
                    )
                    try:
                        return await self._exchange(asked, lane, deadline)
                    except DiscordError as error:
                        if error.status == 429 and error.retry_after is not None:
                            refused = error
                        elif error.is_passing and asked.repeatable and repeats < MAX_REPEATS:
                            self._limits.close(lane, self._pause(repeats))
                            repeats += 1
                        else:
                            raise
        except NotInTime as late:
            self._hold_back(asked.guild, Held.TOO_MANY)
            raise refused or rate_limited(asked.shown, late.seconds) from None

    async def _exchange(self, asked: _Asked, lane: Lane, deadline: float | None) -> Any:
        """One request and its answer, which the limits learn from. Raises DiscordError."""
        headers = {"Authorization": f"Bot {self._http.token}"}
        if asked.reason:
            headers["X-Audit-Log-Reason"] = quote(asked.reason, safe="")
        data: Any = asked.body
        if isinstance(asked.body, Form) or asked.files:
            data = _multipart(asked.body, asked.files)
        elif asked.body is not None:
            headers["Content-Type"] = "application/json"
        url = URL(asked.url, encoded=True)
        try:
            async with (
                asyncio.timeout_at(deadline),
                self._session().request(asked.method, url, data=data, headers=headers) as answer,
            ):
                text = await answer.read()
        except TimeoutError:
            self._ended("timeout")
            raise DiscordError(
                f"Discord did not answer within {self._limits_of(asked.guild).seconds:g} s "
                f"(route: {asked.shown})",
                "DISCORD_TIMEOUT",
            ) from None
        except (OSError, aiohttp.ClientError) as error:
            self._ended("unreachable")
            raise DiscordError(
                f"Discord is not reachable: {type(error).__name__} (route: {asked.shown})",
                "DISCORD_UNREACHABLE",
            ) from None
        self._ended(str(answer.status))
        self._limits.note(lane, answer.headers)
        if 200 <= answer.status < 300:
            return orjson.loads(text) if text else None
        if asked.guild and is_counted(answer.status, answer.headers):
            self._earned.note(asked.guild)
        refused = refusal(answer.status, answer.headers, text, asked.shown)
        if refused.status == 429 and refused.retry_after is not None:
            self._limits.close(lane, refused.retry_after)
            if refused.everywhere and self._limits.close_all(refused.retry_after):
                log.warning(
                    "Discord takes no request of the bot for %g s (route: %s)",
                    refused.retry_after,
                    asked.shown,
                )
        raise refused

    def _hold_back(self, guild: str, why: Held) -> None:
        self._ended("held back")
        if guild:
            self._held_back(guild, why)

    def _session(self) -> aiohttp.ClientSession:
        if self._connections is None:
            self._connections = aiohttp.ClientSession(
                headers={"User-Agent": self._http.user_agent},
                # How many are open is bounded by the bot's pace and the time of a request.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._connections


def _multipart(body: bytes | Form | None, files: Sequence[File]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    kind = "application/octet-stream"
    if isinstance(body, Form):
        for name, value in body.fields.items():
            form.add_field(name, value)
        form.add_field("file", body.file.data, filename=body.file.filename, content_type=kind)
        return form
    text = (body or b"{}").decode()
    form.add_field("payload_json", text, content_type="application/json")
    for number, file in enumerate(files):
        form.add_field(f"files[{number}]", file.data, filename=file.filename, content_type=kind)
    return form


def _without_token(path: str) -> str:
    """An interaction's token is a credential: error texts show a placeholder."""
    parts = path.split("/")
    if len(parts) > 3:
        parts[3] = "{token}"
    return "/".join(parts)
