"""The guarded HTTP client: what scripts ask of the internet, and nothing of the inside.

Every connection of it is judged where it is made (connecting.py), each guild has its share, and
nothing of one request reaches another: no cookies, no kept connections, no proxy from outside.
"""

import asyncio
import io
import re
import ssl
import weakref
from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import Any
from urllib.parse import unquote

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict
from yarl import URL

from runtime.fetch.addresses import Policy
from runtime.fetch.connecting import guarded_connector, tls_context
from runtime.fetch.decoding import ACCEPTED
from runtime.fetch.errors import failed, too_large
from runtime.fetch.exchange import Exchange
from runtime.fetch.limits import FetchLimits, FetchLimitsOf
from runtime.fetch.request import Redirect, Request, make_request
from runtime.fetch.substitution import NOTHING, Substitution
from runtime.fetch.target import parse_target

USER_AGENT = "flora (hosts Discord bots)"
# DNS of its own: seconds, and how often. A name server that does not answer holds up nobody else.
LOOKUP_SECONDS, LOOKUP_TRIES = 3.0, 2
MAX_FILENAME = 100
# Of all guilds, so that their requests do not use up the process's descriptors.
MAX_CONNECTIONS = 512

_NOT_IN_FILENAMES = re.compile(r"[^\w.() -]")


@dataclass(frozen=True, slots=True)
class Fetched:
    """content_type: as the server says, without parameters; filename: never empty."""

    data: bytes
    content_type: str
    filename: str


class GuardedClient:
    def __init__(
        self,
        limits_of: FetchLimitsOf = lambda _: FetchLimits(),
        *,
        policy: Policy | None = None,
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        connections: int = MAX_CONNECTIONS,
    ) -> None:
        """limits_of(guild): asked for each request; resolver: what names are looked up with,
        aiohttp's own over DNS by default; connections: of all guilds together."""
        self.limits_of = limits_of
        self._policy = policy or Policy()
        self._tls = tls
        self._resolver = resolver
        self._max_connections = connections
        self._connections: aiohttp.ClientSession | None = None
        # By guild and how many turns it has: after a change those who have one end in the old one.
        self._turns: weakref.WeakValueDictionary[tuple[str, int], asyncio.Semaphore] = (
            weakref.WeakValueDictionary()
        )

    def exchange(self, guild_id: str, request: Request, substitution: Substitution) -> Exchange:
        """A request that begins with Exchange.begin; its time runs from now on."""
        limits = self.limits_of(guild_id)
        return self._exchange(
            guild_id, request, substitution, limits.seconds, limits.response_bytes
        )

    async def get_bytes(self, guild_id: str, url: str, *, limit: int, timeout: float) -> Fetched:
        """The whole of what a GET gives, at most `limit` bytes, within `timeout` seconds.

        Raises FetchError, also for an answer that is no success.
        """
        request = make_request("GET", parse_target(url), [], None, Redirect.FOLLOW)
        exchange = self._exchange(guild_id, request, NOTHING, timeout, limit)
        try:
            head = await exchange.begin()
            if not 200 <= head.status < 300 or not head.has_body:
                raise failed(f"{exchange.request.target.place} answered with {head.status}")
            data, done = bytearray(), False
            while not done:
                chunk = await exchange.read()
                data += chunk.data
                done = chunk.done
        finally:
            exchange.cancel()
        headers = {name.lower(): value for name, value in head.headers}
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        name = _filename(headers.get("content-disposition", ""), exchange.request.target.path)
        return Fetched(bytes(data), kind or "application/octet-stream", name)

    async def close(self) -> None:
        if self._connections is not None:
            await self._connections.close()

    # --- inside ----------------------------------------------------------------------------

    def _exchange(
        self,
        guild_id: str,
        request: Request,
        substitution: Substitution,
        seconds: float,
        max_bytes: int,
    ) -> Exchange:
        limits = self.limits_of(guild_id)
        allowed = limits.concurrency
        turns = self._turns.setdefault((guild_id, allowed), asyncio.Semaphore(allowed))
        send = partial(self._send, limits.request_bytes)
        return Exchange(request, substitution, send, turns, seconds=seconds, max_bytes=max_bytes)

    async def _send(
        self, max_body: int, request: Request, substitution: Substitution, *, redirected: bool
    ) -> aiohttp.ClientResponse:
        outgoing = substitution.reveal(request, redirected=redirected)
        headers = CIMultiDict(outgoing.headers)
        headers["Accept-Encoding"] = ACCEPTED
        headers.setdefault("User-Agent", USER_AGENT)
        return await self._session().request(
            request.method,
            URL(request.target.origin + outgoing.path, encoded=True),
            headers=headers,
            data=_body(outgoing.body, max_body),
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._connections is None:
            resolver = self._resolver or aiohttp.AsyncResolver(
                timeout=LOOKUP_SECONDS, tries=LOOKUP_TRIES
            )
            tls = self._tls or tls_context()
            self._connections = aiohttp.ClientSession(
                connector=guarded_connector(resolver, self._policy, tls, self._max_connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                trust_env=False,
            )
        return self._connections


def _body(body: bytes | None, limit: int) -> Any:
    if body is None:
        return None
    if len(body) > limit:
        raise too_large(f"the request has {len(body)} bytes, at most {limit} are sent")
    return io.BytesIO(body)


def _filename(disposition: str, path: str) -> str:
    """What the server calls it, else the end of its path; safe to stand in a header."""
    header = Message()
    header["Content-Disposition"] = disposition
    name = header.get_filename() or unquote(path.partition("?")[0].rpartition("/")[2])
    name = _NOT_IN_FILENAMES.sub("_", name.rpartition("/")[2]).strip(" .")[-MAX_FILENAME:]
    return name or "file"
