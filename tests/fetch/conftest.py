"""Real servers on 127.0.0.1, by http and by https with an authority of the test's own, and the
guarded client in front of them. Names are looked up in a table of the test's."""

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from runtime.fetch.addresses import Policy
from runtime.fetch.client import GuardedClient
from runtime.fetch.connecting import tls_context
from runtime.fetch.exchange import Head
from runtime.fetch.limits import FetchLimits
from runtime.fetch.request import Redirect, make_request
from runtime.fetch.substitution import NOTHING, Substitution
from runtime.fetch.target import parse_target

GUILD, OTHER = "300000000000000001", "300000000000000002"
# Names that the table knows besides those that a test adds, all of them this machine.
NAMES = ("api.example.com", "other.example", "www.wide.example")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    """A request as the server has got it."""

    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: bytes
    raw_headers: list[tuple[str, str]]


@dataclass
class Server:
    """Echoes what is not routed. handlers: by path; seen: what was asked, in order."""

    http: int
    https: int
    authority: Path
    seen: list[Seen] = field(default_factory=list)
    handlers: dict[str, Handler] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        raw = [(name.decode(), value.decode("latin-1")) for name, value in request.raw_headers]
        headers = {name.lower(): value for name, value in raw}
        self.seen.append(
            Seen(request.method, headers["host"], request.raw_path, headers, body, raw)
        )
        if handler := self.handlers.get(request.path):
            return await handler(request)
        return web.json_response(
            {"path": request.raw_path, "headers": headers, "body": body.decode("latin-1")}
        )

    def redirect(self, path: str, status: int, location: str) -> None:
        async def handler(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": location})

        self.handlers[path] = handler

    def answer(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """headers: `_` in their names stands for a hyphen."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}

        async def handler(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, body=body, headers=sent)

        self.handlers[path] = handler


class Names(AbstractResolver):
    """DNS as the test would have it: addresses by name, one answer after the other."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[list[str]]] = {name: [["127.0.0.1"]] for name in NAMES}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self.addresses.get(host)
        if answers is None:
            raise OSError(None, "Domain name not found")
        now = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in now
        ]

    async def close(self) -> None:
        pass


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest_asyncio.fixture
async def server(authority: trustme.CA, tmp_path: Path) -> AsyncIterator[Server]:
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*NAMES, "127.0.0.1").configure_cert(tls)
    server = Server(0, 0, pem)
    runner = web.ServerRunner(
        web.Server(server.handle, handler_cancellation=True), shutdown_timeout=0.1
    )
    await runner.setup()
    for name, context in (("http", None), ("https", tls)):
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        address = runner.addresses[-1]
        setattr(server, name, address[1])
    yield server
    await runner.cleanup()


@pytest.fixture
def names() -> Names:
    return Names()


MakeClient = Callable[..., GuardedClient]


@pytest_asyncio.fixture
async def make_client(server: Server, names: Names) -> AsyncIterator[MakeClient]:
    made: list[GuardedClient] = []

    def make(
        *, private: tuple[str, ...] = ("127.0.0.1/32",), connections: int = 512, **limits: Any
    ) -> GuardedClient:
        made.append(
            GuardedClient(
                lambda _: FetchLimits(**limits),
                policy=Policy(private),
                tls=tls_context(str(server.authority)),
                resolver=names,
                connections=connections,
            )
        )
        return made[-1]

    yield make
    for client in made:
        await client.close()


@pytest.fixture
def client(make_client: MakeClient) -> GuardedClient:
    return make_client()


@dataclass
class Answer:
    head: Head
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.head.headers}


async def ask(
    client: GuardedClient,
    url: str,
    *,
    method: str = "GET",
    headers: list[tuple[str, str]] | None = None,
    body: bytes | None = None,
    redirect: Redirect = Redirect.FOLLOW,
    substitution: Substitution = NOTHING,
    guild: str = GUILD,
) -> Answer:
    """The whole of a response. Raises FetchError."""
    request = make_request(method, parse_target(url), headers or [], body, redirect)
    exchange = client.exchange(guild, request, substitution)
    head = await exchange.begin()
    pieces: list[bytes] = []
    done = not head.has_body
    while not done:
        chunk = await exchange.read()
        pieces.append(chunk.data)
        done = chunk.done
    return Answer(head, b"".join(pieces))
