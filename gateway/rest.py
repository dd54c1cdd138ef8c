"""Requests to Discord for scripts: fair between guilds, bounded in time, with typed errors.

One process speaks to Discord for all workers, so that the bot's limits are kept in one place
and no worker holds the token. nextcord's HTTP client keeps Discord's buckets and repeats 429s.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nextcord
import orjson
from nextcord.http import Route

from gateway.errors import DiscordError

log = logging.getLogger("flora.discord")

# Discord allows a bot 50 requests a second, interaction callbacks aside; some room is left.
GLOBAL_PER_SECOND = 45


@dataclass(frozen=True, slots=True)
class File:
    filename: str
    data: bytes
    description: str | None = None


class DiscordRest:
    def __init__(self, http: Any, *, concurrency: int, timeout: float) -> None:
        """http: nextcord's HTTP client; concurrency: requests of one guild at once; timeout:
        seconds for one request with all its repeats, 0 for none."""
        self._http = http
        self._concurrency = concurrency
        self._timeout = timeout
        self._guilds: dict[str, asyncio.Semaphore] = {}
        self._pace = _Pace(GLOBAL_PER_SECOND)

    async def request(
        self,
        guild: str,
        method: str,
        path: str,
        /,
        *,
        body: bytes | None = None,
        files: Sequence[File] = (),
        query: dict[str, str] | None = None,
        reason: str | None = None,
        **parameters: str,
    ) -> Any:
        """A request of one guild, `path` with {placeholders} for the parameters.

        body: JSON text, passed on as it is. Raises DiscordError.
        """
        semaphore = self._guilds.setdefault(guild, asyncio.Semaphore(self._concurrency))
        async with semaphore:
            await self._pace.wait()
            route = Route(method, path, **parameters)
            shown = f"{method} {path}"
            return await self._send(route, shown, body, files=files, query=query, reason=reason)

    async def interaction(
        self, method: str, path: str, *, body: bytes | None = None, files: Sequence[File] = ()
    ) -> Any:
        """A callback, a follow-up or an edit of one: under no limit of the bot's or the guild's.

        path: complete, with the interaction's token in it, so that each has a lock of its own
        (nextcord would make one lock of all guilds' callbacks). Raises DiscordError.
        """
        shown = f"{method} {_without_token(path)}"
        return await self._send(Route(method, path), shown, body, files=files)

    async def _send(
        self,
        route: Route,
        shown: str,
        body: bytes | None,
        *,
        files: Sequence[File],
        query: dict[str, str] | None = None,
        reason: str | None = None,
    ) -> Any:
        arguments: dict[str, Any] = {}
        if files:
            arguments["form"] = _form(body or b"{}", files)
        elif body is not None:
            arguments["json"] = orjson.Fragment(body)
        if query:
            arguments["params"] = query
        if reason:
            arguments["reason"] = reason
        try:
            async with asyncio.timeout(self._timeout or None):
                return await self._http.request(route, **arguments)
        except TimeoutError:
            raise DiscordError(
                f"Discord did not answer within {self._timeout:g} s (route: {shown})",
                "DISCORD_TIMEOUT",
            ) from None
        except nextcord.HTTPException as error:
            raise _typed(error, shown) from None
        except (OSError, nextcord.DiscordException) as error:
            raise DiscordError(
                f"Discord is not reachable: {type(error).__name__} (route: {shown})",
                "DISCORD_UNREACHABLE",
            ) from None


class _Pace:
    """Lets through at most `rate` in any one second; the rest waits in its order."""

    def __init__(self, rate: int) -> None:
        self._starts: deque[float] = deque(maxlen=rate)

    async def wait(self) -> None:
        now = start = time.monotonic()
        if len(self._starts) == self._starts.maxlen:
            start = max(now, self._starts[0] + 1.0)
        self._starts.append(start)
        if start > now:
            await asyncio.sleep(start - now)


def _typed(error: nextcord.HTTPException, shown: str) -> DiscordError:
    status = error.status
    body = getattr(error, "text", "") or str(error)
    if status == 429:
        after = getattr(error.response, "headers", {}).get("Retry-After")
        return DiscordError(
            f"Discord rate limited for {shown}",
            "DISCORD_RATE_LIMITED",
            status=status,
            retry_after=float(after) if after else None,
        )
    return DiscordError(
        f"Discord HTTP error ({status}): {body} (route: {shown})",
        "DISCORD_HTTP_ERROR",
        status=status,
        discord_code=error.code or None,
    )


def _form(body: bytes, files: Sequence[File]) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = [
        {"name": "payload_json", "value": body.decode(), "content_type": "application/json"}
    ]
    for number, file in enumerate(files):
        fields.append(
            {
                "name": f"files[{number}]",
                "value": file.data,
                "filename": file.filename,
                "content_type": "application/octet-stream",
            }
        )
    return fields


def _without_token(path: str) -> str:
    """An interaction's token is a credential: error texts show a placeholder."""
    parts = path.split("/")
    if len(parts) > 3:
        parts[3] = "{token}"
    return "/".join(parts)
