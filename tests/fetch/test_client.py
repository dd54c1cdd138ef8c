"""The guarded client against real servers: where it connects, what it sends, what it reads."""

import asyncio
import gzip
import json
import os
import zlib
from typing import Any

import brotli
import pytest
from aiohttp import web

from runtime.fetch.client import GuardedClient
from runtime.fetch.errors import FetchError
from runtime.fetch.request import Redirect, make_request
from runtime.fetch.substitution import NOTHING
from runtime.fetch.target import parse_target
from tests.fetch.conftest import GUILD, OTHER, MakeClient, Names, Server, ask


async def refusal(client: GuardedClient, url: str, **parts: Any) -> tuple[str, str]:
    """The message and the code of a request that must fail."""
    with pytest.raises(FetchError) as error:
        await ask(client, url, **parts)
    return str(error.value), error.value.code


# --- where it connects ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.2", "0.0.0.0"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]"),
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "224.0.0.1"),
        *("[fe80::1]", "[fd00:ec2::254]", "[2001:0:7f00:1::]", "198.18.0.1", "255.255.255.255"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_address_that_is_not_public_is_not_reached(
    make_client: MakeClient, server: Server, host: str, scheme: str
) -> None:
    message, code = await refusal(
        make_client(private=()), f"{scheme}://{host}:{getattr(server, scheme)}/"
    )
    assert message.endswith("is not on the public internet")
    assert code == "FETCH_FORBIDDEN"
    assert server.seen == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["::1", "2606:4700::1111"],
        ["8.8.8.8", "::ffff:10.0.0.1"],
        ["169.254.169.254"],
    ],
)
async def test_a_name_with_an_answer_that_is_not_public_is_not_reached(
    make_client: MakeClient, names: Names, server: Server, addresses: list[str]
) -> None:
    names.addresses["mixed.example"] = [addresses]
    message, code = await refusal(make_client(private=()), f"http://mixed.example:{server.http}/")
    assert (message, code) == (
        "fetch failed: mixed.example leads to an address that is not on the public internet",
        "FETCH_FORBIDDEN",
    )
    assert server.seen == []


async def test_a_name_is_looked_up_once_and_means_what_was_judged(
    make_client: MakeClient, names: Names, server: Server
) -> None:
    """Rebinding: the first answer is allowed, the second one would be somewhere else."""
    names.addresses["rebinding.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    client = make_client(private=("127.0.0.1/32",))
    answer = await ask(client, f"http://rebinding.example:{server.http}/")
    assert answer.head.status == 200
    assert names.asked == ["rebinding.example"]
    message, _ = await refusal(client, f"http://rebinding.example:{server.http}/")
    assert "not on the public internet" in message
    assert len(server.seen) == 1


async def test_a_name_in_other_spelling_is_looked_up_in_its_own(
    client: GuardedClient, names: Names, server: Server
) -> None:
    names.addresses["xn--bcher-kva.example"] = [["127.0.0.1"]]
    await ask(client, f"http://BÜCHER.example.:{server.http}/")
    assert names.asked == ["xn--bcher-kva.example"]
    assert server.seen[0].host == f"xn--bcher-kva.example:{server.http}"


async def test_each_redirect_is_judged_anew(
    make_client: MakeClient, server: Server, names: Names
) -> None:
    names.addresses["inside.example"] = [["10.0.0.1"]]
    inside = ["http://127.0.0.2/", "http://[::1]/", "http://2130706434/", "http://inside.example/"]
    for location in inside:
        server.redirect("/go", 302, location)
        message, code = await refusal(make_client(), f"http://api.example.com:{server.http}/go")
        assert "not on the public internet" in message
        assert code == "FETCH_FORBIDDEN"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("ftp://api.example.com/", "Invalid URL: only http: and https: can be fetched"),
        ("file:///etc/passwd", "Invalid URL: only http: and https: can be fetched"),
        ("http://me:pw@api.example.com/", "Invalid URL: an address has no user or password"),
        ("http://api.example.com:25/", "fetch failed: port 25 is not for HTTP"),
    ],
)
async def test_a_redirect_to_what_cannot_be_fetched_is_refused(
    client: GuardedClient, server: Server, location: str, message: str
) -> None:
    server.redirect("/go", 302, location)
    assert (await refusal(client, f"http://api.example.com:{server.http}/go"))[0].startswith(
        message
    )


async def test_a_server_whose_certificate_is_not_valid_is_told_nothing(
    client: GuardedClient, names: Names, server: Server
) -> None:
    names.addresses["wrong.example"] = [["127.0.0.1"]]
    message, code = await refusal(client, f"https://wrong.example:{server.https}/?secret")
    assert message.startswith(
        f"fetch failed: the certificate of wrong.example:{server.https} is not valid: Hostname"
    )
    assert code == "FETCH_FAILED"
    stranger = GuardedClient(resolver=names, policy=client._policy)
    message, _ = await refusal(stranger, f"https://api.example.com:{server.https}/")
    await stranger.close()
    assert "is not valid: unable to get local issuer certificate" in message
    assert server.seen == []


async def test_why_there_is_no_answer(client: GuardedClient, server: Server) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def no_http(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"* OK IMAP4rev1 ready\r\n")
        request.transport.close()
        return web.Response()

    server.handlers = {"/hang-up": hang_up, "/imap": no_http}
    place = f"api.example.com:{server.http}"
    assert [
        await refusal(client, url)
        for url in (
            f"http://nowhere.example:{server.http}/",
            f"https://{place}/",
            f"http://{place}/hang-up",
            f"http://{place}/imap",
        )
    ] == [
        ("fetch failed: nowhere.example was not found: Domain name not found", "FETCH_FAILED"),
        (f"fetch failed: no TLS connection with {place}", "FETCH_FAILED"),
        (f"fetch failed: {place} closed the connection", "FETCH_FAILED"),
        (f"fetch failed: {place} answered with what is no HTTP", "FETCH_FAILED"),
    ]


# --- what it sends -------------------------------------------------------------------------------


async def test_a_request_arrives_as_it_was_written(client: GuardedClient, server: Server) -> None:
    headers = [("X-One", "1"), ("accept", "text/csv"), ("Content-Type", "text/plain")]
    url = f"https://api.example.com:{server.https}/a%2Fb?c=d e&f=%41"
    await ask(client, url, method="PATCH", headers=headers, body="héllo".encode())
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == (
        "PATCH",
        "/a%2Fb?c=d%20e&f=%41",
        "héllo".encode(),
    )
    assert seen.headers == {
        "host": f"api.example.com:{server.https}",
        "x-one": "1",
        "accept": "text/csv",
        "content-type": "text/plain",
        "accept-encoding": "gzip, deflate, br",
        "user-agent": "flora (hosts Discord bots)",
        "content-length": "6",
        "connection": "close",
    }


async def test_headers_about_the_connection_are_flora_s_own(
    client: GuardedClient, server: Server
) -> None:
    theirs = [
        *[("Host", "evil.example"), ("Content-Length", "3"), ("Transfer-Encoding", "chunked")],
        *[("Connection", "keep-alive"), ("Expect", "100-continue"), ("Upgrade", "h2c")],
        *[("Proxy-Authorization", "x"), ("TE", "trailers"), ("Accept-Encoding", "zstd")],
    ]
    await ask(
        client,
        f"http://api.example.com:{server.http}/",
        method="POST",
        headers=theirs,
        body=b"12345",
    )
    (seen,) = server.seen
    assert seen.body == b"12345"
    assert sorted(seen.headers) == [
        *("accept", "accept-encoding", "connection", "content-length", "host", "user-agent")
    ]
    assert seen.headers["host"] == f"api.example.com:{server.http}"


async def test_neither_cookies_nor_connections_outlive_a_request(
    client: GuardedClient, server: Server
) -> None:
    server.answer("/in", Set_Cookie="session=1")
    for _ in range(2):
        answer = await ask(client, f"http://api.example.com:{server.http}/in")
        assert answer.headers["set-cookie"] == "session=1"
    assert ["cookie" in seen.headers for seen in server.seen] == [False, False]
    assert [seen.headers["connection"] for seen in server.seen] == ["close", "close"]


@pytest.mark.parametrize(
    "parts",
    [
        {"method": "CONNECT"},
        {"method": "TRACE"},
        {"method": "GET IT"},
        {"method": ""},
        {"method": "GET\r\nX: 1"},
        {"method": "GET", "body": b""},
        {"method": "HEAD", "body": b"x"},
        {"headers": [("a b", "c")]},
        {"headers": [("", "c")]},
        {"headers": [("a", "b\r\nc: d")]},
        {"headers": [("a", "b\x00")]},
        {"headers": [("a", "b" * 17_000)]},
        {"headers": [(f"a{n}", "b" * 400) for n in range(100)]},
        {"headers": [("a", "b")] * 101},
    ],
)
async def test_what_is_no_request_is_not_sent(
    client: GuardedClient, server: Server, parts: dict[str, Any]
) -> None:
    _, code = await refusal(client, f"http://api.example.com:{server.http}/", **parts)
    assert code == "INVALID_INPUT"
    assert server.seen == []


@pytest.mark.parametrize("most", [0, 1, 100])
async def test_a_body_has_a_limit(make_client: MakeClient, server: Server, most: int) -> None:
    client = make_client(request_bytes=most)
    url = f"http://api.example.com:{server.http}/"
    for size in sorted({0, max(0, most - 1), most}):
        await ask(client, url, method="POST", body=b"x" * size)
    sent = len(server.seen)
    assert await refusal(client, url, method="POST", body=b"x" * (most + 1)) == (
        f"fetch failed: the request has {most + 1} bytes, at most {most} are sent",
        "FETCH_TOO_LARGE",
    )
    assert len(server.seen) == sent


@pytest.mark.parametrize(
    ("most", "size", "fits"),
    [(1, 0, True), (1, 1, True), (1, 2, False), (9, 8, True), (9, 9, True), (9, 10, False)],
)
async def test_a_response_has_a_limit(
    make_client: MakeClient, server: Server, most: int, size: int, fits: bool
) -> None:
    server.answer("/", b"x" * size)
    client, url = make_client(response_bytes=most), f"http://api.example.com:{server.http}/"
    if fits:
        assert (await ask(client, url)).body == b"x" * size
    else:
        assert (await refusal(client, url))[1] == "FETCH_TOO_LARGE"


# --- redirects -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "method", "becomes", "keeps_body"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (303, "HEAD", "HEAD", False),
        (301, "PUT", "PUT", True),
        (302, "DELETE", "DELETE", True),
        (307, "POST", "POST", True),
        (308, "POST", "POST", True),
        (301, "GET", "GET", False),
    ],
)
async def test_what_a_redirect_makes_of_a_request(
    client: GuardedClient,
    server: Server,
    status: int,
    method: str,
    becomes: str,
    keeps_body: bool,
) -> None:
    server.redirect("/old", status, "/new?x#y")
    base = f"http://api.example.com:{server.http}"
    body = None if method in ("GET", "HEAD") else b"body"
    headers = [("Content-Type", "text/plain"), ("Authorization", "a"), ("Cookie", "b")]
    answer = await ask(client, f"{base}/old", method=method, body=body, headers=headers)
    first, second = server.seen
    assert (second.method, second.path) == (becomes, "/new?x")
    assert second.body == (b"body" if keeps_body else b"")
    assert ("content-type" in second.headers) is (becomes == first.method)
    assert second.headers["authorization"] == "a"
    assert second.headers["cookie"] == "b"
    assert (answer.head.url, answer.head.redirected) == (f"{base}/new?x", True)


@pytest.mark.parametrize(
    "elsewhere", ["http://other.example:{http}", "https://api.example.com:{https}"]
)
async def test_credentials_are_for_one_origin(
    client: GuardedClient, server: Server, elsewhere: str
) -> None:
    location = elsewhere.format(http=server.http, https=server.https) + "/"
    server.redirect("/old", 307, location)
    headers = [("Authorization", "a"), ("Cookie", "b"), ("X-Kept", "c")]
    await ask(client, f"http://api.example.com:{server.http}/old", headers=headers)
    assert server.seen[0].headers["authorization"] == "a"
    second = server.seen[1].headers
    assert ("authorization" in second, "cookie" in second, second["x-kept"]) == (False, False, "c")


async def test_a_redirect_can_be_left_to_the_script(client: GuardedClient, server: Server) -> None:
    server.redirect("/old", 302, "/new")
    url = f"http://api.example.com:{server.http}/old"
    answer = await ask(client, url, redirect=Redirect.MANUAL)
    assert (answer.head.status, answer.headers["location"]) == (302, "/new")
    assert (answer.head.url, answer.head.redirected) == (url, False)
    assert await refusal(client, url, redirect=Redirect.ERROR) == (
        f"fetch failed: api.example.com:{server.http} answered with a redirect",
        "FETCH_FAILED",
    )
    assert [seen.path for seen in server.seen] == ["/old", "/old"]


async def test_redirects_come_to_an_end(client: GuardedClient, server: Server) -> None:
    server.redirect("/loop", 302, "/loop")
    message, _ = await refusal(client, f"http://api.example.com:{server.http}/loop")
    assert message == "fetch failed: more than 20 redirects"
    assert len(server.seen) == 21


@pytest.mark.parametrize(
    ("hops", "arrives"), [(0, True), (1, True), (19, True), (20, True), (21, False)]
)
async def test_so_many_redirects_are_followed(
    client: GuardedClient, server: Server, hops: int, arrives: bool
) -> None:
    for hop in range(hops):
        server.redirect(f"/{hop}", 302, f"/{hop + 1}")
    url = f"http://api.example.com:{server.http}/0"
    if arrives:
        assert json.loads((await ask(client, url)).body)["path"] == f"/{hops}"
    else:
        assert (await refusal(client, url))[0] == "fetch failed: more than 20 redirects"


async def test_a_redirect_without_a_location_is_a_response(
    client: GuardedClient, server: Server
) -> None:
    server.answer("/odd", b"here", 302)
    answer = await ask(client, f"http://api.example.com:{server.http}/odd")
    assert (answer.head.status, answer.body) == (302, b"here")


# --- what it reads -------------------------------------------------------------------------------

RAW = os.urandom(1000) + b"flora " * 50_000


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("", RAW),
        ("identity", RAW),
        ("gzip", gzip.compress(RAW)),
        ("X-GZIP", gzip.compress(RAW[:500]) + gzip.compress(RAW[500:])),
        ("deflate", zlib.compress(RAW)),
        ("deflate", zlib.compress(RAW, wbits=-15)),
        ("br", brotli.compress(RAW)),
        ("gzip, br", brotli.compress(gzip.compress(RAW))),
    ],
)
async def test_a_compressed_body_is_read(
    client: GuardedClient, server: Server, coding: str, body: bytes
) -> None:
    headers = {"Content_Encoding": coding} if coding else {}
    server.answer("/", body, **headers)
    assert (await ask(client, f"http://api.example.com:{server.http}/")).body == RAW


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
async def test_an_empty_body_may_have_any_coding(
    client: GuardedClient, server: Server, coding: str
) -> None:
    server.answer("/", b"", Content_Encoding=coding)
    assert (await ask(client, f"http://api.example.com:{server.http}/")).body == b""


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"no gzip at all"),
        ("br", b"\xff\xff no brotli"),
        ("deflate", b"\xff\xff\xff"),
        ("gzip", gzip.compress(RAW)[:-20]),
        ("br", brotli.compress(RAW)[:-5]),
        ("gzip, gzip, gzip", b"x"),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_refused(
    client: GuardedClient, server: Server, coding: str, body: bytes
) -> None:
    server.answer("/", body, Content_Encoding=coding)
    _, code = await refusal(client, f"http://api.example.com:{server.http}/")
    assert code == "FETCH_FAILED"


async def test_a_coding_that_nobody_knows_is_left_to_the_script(
    client: GuardedClient, server: Server
) -> None:
    server.answer("/", b"\x28\xb5", Content_Encoding="zstd")
    answer = await ask(client, f"http://api.example.com:{server.http}/")
    assert (answer.body, answer.headers["content-encoding"]) == (b"\x28\xb5", "zstd")


@pytest.mark.parametrize("coding", ["", "gzip", "br", "chunked"])
async def test_a_response_has_a_limit_whatever_it_unpacks_to(
    make_client: MakeClient, server: Server, coding: str
) -> None:
    limit = 100_000
    packed = {"gzip": gzip.compress, "br": brotli.compress}.get(coding, bytes)

    async def chunked(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * (limit + 1))
        return response

    headers = {"Content_Encoding": coding} if coding in ("gzip", "br") else {}
    server.answer("/most", packed(b"x" * limit), **headers)
    server.answer("/more", packed(b"x" * (limit + 1)), **headers)
    server.answer("/bomb", packed(b"x" * (200 * limit if coding else 2 * limit)), **headers)
    if coding == "chunked":
        server.handlers["/more"] = server.handlers["/bomb"] = chunked
    client = make_client(response_bytes=limit)
    base = f"http://api.example.com:{server.http}"
    assert len((await ask(client, f"{base}/most")).body) == limit
    for path in ("/more", "/bomb"):
        assert await refusal(client, base + path) == (
            f"fetch failed: the response has over {limit} bytes",
            "FETCH_TOO_LARGE",
        )


@pytest.mark.parametrize(
    ("method", "status", "has_body"),
    [("GET", 200, True), ("GET", 404, True), ("GET", 500, True), ("HEAD", 200, False)]
    + [("GET", status, False) for status in (204, 205, 304)],
)
async def test_which_responses_have_a_body(
    client: GuardedClient, server: Server, method: str, status: int, has_body: bool
) -> None:
    server.answer("/", b"" if status in (204, 205, 304) else b"text", status)
    answer = await ask(client, f"http://api.example.com:{server.http}/", method=method)
    assert (answer.head.status, answer.head.has_body) == (status, has_body)


async def test_headers_come_as_they_were_sent(client: GuardedClient, server: Server) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(
            b"HTTP/1.1 200 F\xc3\xbcr dich\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"
            b"X-Latin: \xe9\r\nContent-Length: 0\r\n\r\n"
        )
        request.transport.close()
        return web.Response()

    server.handlers["/"] = handler
    answer = await ask(client, f"http://api.example.com:{server.http}/")
    assert answer.head.headers == [
        ("Set-Cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("X-Latin", "é"),
        ("Content-Length", "0"),
    ]
    assert answer.head.reason.encode("latin-1").decode() == "Für dich"


async def test_what_breaks_off_is_no_body(client: GuardedClient, server: Server) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    server.handlers["/"] = handler
    message, code = await refusal(client, f"http://api.example.com:{server.http}/")
    assert message == f"fetch failed: the response of api.example.com:{server.http} broke off"
    assert code == "FETCH_FAILED"


class Stream:
    """A response that the test writes; told when its reader has gone."""

    def __init__(self, server: Server, path: str = "/stream") -> None:
        self.gone = asyncio.Event()
        self.opened = asyncio.Event()
        self.written = 0
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        server.handlers[path] = self._handle

    def write(self, piece: bytes | None) -> None:
        """None: the end."""
        self._pieces.put_nowait(piece)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        self.opened.set()
        try:
            while (piece := await self._pieces.get()) is not None:
                await response.write(piece)
                self.written += len(piece)
        finally:
            self.gone.set()
        return response


def begun(client: GuardedClient, url: str, guild: str = GUILD) -> Any:
    request = make_request("GET", parse_target(url), [], None, Redirect.FOLLOW)
    return client.exchange(guild, request, NOTHING)


async def test_pieces_are_given_as_they_come(client: GuardedClient, server: Server) -> None:
    stream = Stream(server)
    exchange = begun(client, f"http://api.example.com:{server.http}/stream")
    await exchange.begin()
    for piece in (b"one", b"two"):
        stream.write(piece)
        assert (await exchange.read()).data == piece
    stream.write(None)
    last = await exchange.read()
    assert (last.data, last.done) == (b"", True)
    with pytest.raises(FetchError):
        await exchange.read()


async def test_who_does_not_read_is_not_sent_more(client: GuardedClient, server: Server) -> None:
    stream = Stream(server)
    exchange = begun(client, f"http://api.example.com:{server.http}/stream")
    await exchange.begin()
    for _ in range(400):
        stream.write(b"x" * (64 << 10))
    stream.write(None)
    before, written = -1, 0
    while written != before or not written:  # until the server is held up
        before = written
        await asyncio.sleep(0.05)
        written = stream.written
    assert written < 20 << 20
    exchange.cancel()


@pytest.mark.parametrize("when", ["while it connects", "while it reads", "between"])
async def test_giving_up_ends_the_connection(
    client: GuardedClient, server: Server, when: str
) -> None:
    stream = Stream(server)
    exchange = begun(client, f"http://api.example.com:{server.http}/stream")
    if when == "while it connects":
        waiting = asyncio.ensure_future(exchange.begin())
        await asyncio.sleep(0)
    else:
        await exchange.begin()
        waiting = asyncio.ensure_future(exchange.read()) if when == "while it reads" else None
        await asyncio.sleep(0)
    exchange.cancel()
    exchange.cancel()
    if waiting is not None:
        with pytest.raises(FetchError) as error:
            await waiting
        assert (str(error.value), error.value.code) == (
            "fetch failed: it was aborted",
            "FETCH_ABORTED",
        )
    if when != "while it connects":
        async with asyncio.timeout(5):
            await stream.gone.wait()
    with pytest.raises(FetchError):
        await exchange.read()


async def test_two_reads_at_once_are_refused(client: GuardedClient, server: Server) -> None:
    stream = Stream(server)
    exchange = begun(client, f"http://api.example.com:{server.http}/stream")
    await exchange.begin()
    first = asyncio.ensure_future(exchange.read())
    await asyncio.sleep(0)
    with pytest.raises(FetchError) as error:
        await exchange.read()
    assert error.value.code == "INVALID_INPUT"
    stream.write(b"mine")
    assert (await first).data == b"mine"
    exchange.cancel()


# --- time and turns ------------------------------------------------------------------------------


async def test_the_whole_of_it_has_one_deadline(make_client: MakeClient, server: Server) -> None:
    client = make_client(seconds=0.3)
    stream = Stream(server)
    url = f"http://api.example.com:{server.http}/stream"
    late = (
        f"fetch failed: api.example.com:{server.http} took over 0.3 s",
        "FETCH_TIMEOUT",
    )
    stream.write(b"begun")
    assert await refusal(client, url) == late  # its body does not end
    exchange = begun(client, url)
    await exchange.begin()
    async with asyncio.timeout(5):  # nobody reads: it ends all the same
        await stream.gone.wait()
    with pytest.raises(FetchError) as error:
        await exchange.read()
    assert (str(error.value), error.value.code) == late


async def test_a_guild_has_its_turns_and_takes_none_from_others(
    make_client: MakeClient, server: Server
) -> None:
    client = make_client(concurrency=2)
    streams = [Stream(server, f"/{n}") for n in range(4)]
    base = f"http://api.example.com:{server.http}"
    exchanges = [begun(client, f"{base}/{n}") for n in range(3)]
    beginnings = [asyncio.ensure_future(exchange.begin()) for exchange in exchanges]
    await asyncio.wait(beginnings[:2])
    assert not streams[2].opened.is_set()
    other = begun(client, f"{base}/3", OTHER)
    await other.begin()
    other.cancel()
    assert not beginnings[2].done()
    exchanges[0].cancel()  # its turn is the third one's
    await beginnings[2]
    assert streams[2].opened.is_set()
    for exchange in exchanges:
        exchange.cancel()


async def test_all_guilds_together_have_so_many_connections(
    make_client: MakeClient, server: Server
) -> None:
    client = make_client(connections=2)
    streams = [Stream(server, f"/{n}") for n in range(3)]
    base = f"http://api.example.com:{server.http}"
    exchanges = [begun(client, f"{base}/{n}", str(n)) for n in range(3)]
    for exchange in exchanges[:2]:
        await exchange.begin()
    waiting = asyncio.ensure_future(exchanges[2].begin())
    await asyncio.wait({waiting}, timeout=0.05)
    assert not streams[2].opened.is_set()
    exchanges[0].cancel()
    await waiting
    for exchange in exchanges:
        exchange.cancel()


async def test_a_turn_comes_back_however_a_request_ends(
    make_client: MakeClient, server: Server
) -> None:
    client = make_client(concurrency=1, seconds=5)
    base = f"http://api.example.com:{server.http}"
    server.redirect("/loop", 302, "/loop")
    server.answer("/broken", b"x", Content_Encoding="gzip")
    server.answer("/none", status=204)
    for _ in range(3):
        await refusal(client, f"http://127.0.0.9:{server.http}/")
        await refusal(client, "http://nowhere.example/")
        await refusal(client, f"{base}/loop")
        await refusal(client, f"{base}/broken")
        await ask(client, f"{base}/none")
        await ask(client, f"{base}/")
        given_up = begun(client, f"{base}/")
        waiting = asyncio.ensure_future(given_up.begin())
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(FetchError):
            await waiting


async def test_who_waits_for_a_turn_may_give_up(make_client: MakeClient, server: Server) -> None:
    client = make_client(concurrency=1)
    Stream(server)
    base = f"http://api.example.com:{server.http}"
    first, second = begun(client, f"{base}/stream"), begun(client, f"{base}/")
    await first.begin()
    waiting = asyncio.ensure_future(second.begin())
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(FetchError):
        await waiting
    first.cancel()
    assert json.loads((await ask(client, f"{base}/x")).body)["path"] == "/x"
    assert [seen.path for seen in server.seen] == ["/stream", "/x"]


# --- files by URL --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers", "name", "kind"),
    [
        ("/a/cat.png?x=1", {"Content_Type": "image/png; q=1"}, "cat.png", "image/png"),
        ("/", {}, "file", "application/octet-stream"),
        ("/%2e%2e%2fetc%2fpasswd", {}, "passwd", "application/octet-stream"),
        ("/x", {"Content_Disposition": 'attachment; filename="a \\"b\\".txt"'}, "a _b_.txt", ""),
        ("/x", {"Content_Disposition": "inline; filename=../../up.txt"}, "up.txt", ""),
        ("/x", {"Content_Disposition": "inline; filename*=UTF-8''z%C3%BC.txt"}, "zü.txt", ""),
        ("/z%C3%BC%00.txt", {}, "zü_.txt", ""),
        ("/" + "n" * 300 + ".png", {}, "n" * 96 + ".png", ""),
    ],
)
async def test_a_file_by_url(
    client: GuardedClient, server: Server, path: str, headers: dict[str, str], name: str, kind: str
) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return web.Response(body=b"bytes", headers=sent)

    class Everything(dict[str, Any]):
        def get(self, *_: Any) -> Any:
            return handler

    server.handlers = Everything()
    url = f"https://api.example.com:{server.https}{path}"
    fetched = await client.get_bytes(GUILD, url, limit=5, timeout=5)
    assert (fetched.data, fetched.filename) == (b"bytes", name)
    assert fetched.content_type == (kind or "application/octet-stream")


async def test_a_file_that_is_none_or_too_large(client: GuardedClient, server: Server) -> None:
    server.answer("/none", b"no", 404)
    server.answer("/large", b"x" * 11)
    base = f"http://api.example.com:{server.http}"

    async def failure(url: str) -> str:
        with pytest.raises(FetchError) as error:
            await client.get_bytes(GUILD, url, limit=10, timeout=5)
        return str(error.value)

    place = f"api.example.com:{server.http}"
    assert await failure(f"{base}/none") == f"fetch failed: {place} answered with 404"
    assert await failure(f"{base}/large") == "fetch failed: the response has over 10 bytes"
    assert await failure("file:///etc/passwd") == (
        "Invalid URL: only http: and https: can be fetched"
    )
    assert "not on the public internet" in await failure("http://169.254.169.254/latest")
