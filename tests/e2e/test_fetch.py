"""`fetch` and secrets through a whole flora: a real server by https, and what it is never told."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
import trustme
from aiohttp import web

from tests.e2e.conftest import installations
from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

VALUE = 'correct "horse" battery/staple'


@dataclass
class Server:
    """Echoes what it is asked. seen: (path, headers, body) each; closed: `/slow` was given up."""

    port: int = 0
    seen: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def allowed(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def other(self) -> str:
        """The same server by a name that no secret allows."""
        return f"https://localhost:{self.port}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append((request.raw_path, headers, body))
        if request.path == "/large":
            return web.Response(body=bytes(6 << 20))
        if request.path == "/away":
            return web.Response(status=307, headers={"Location": f"{self.other}/there"})
        if request.path == "/slow":
            return await self._slowly(request)
        return web.json_response({"path": request.raw_path, "headers": headers, "body": body})

    async def _slowly(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        try:
            await asyncio.Event().wait()
        finally:
            self.closed.set()
        return response


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fetching(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Installation, FakeDiscord, Server]]:
    """A flora whose scripts may reach this machine, for this file's tests."""
    directory = tmp_path_factory.mktemp("fetching")
    authority, server, discord = trustme.CA(), Server(), FakeDiscord()
    authority.cert_pem.write_to_path(str(directory / "authority.pem"))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(tls)
    runner = web.ServerRunner(
        web.Server(server.handle, handler_cancellation=True), shutdown_timeout=0.1
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    server.port = runner.addresses[0][1]
    await discord.start()
    async with installations(directory) as make:
        flora = make(
            discord,
            FETCH_PRIVATE_ADDRESSES="127.0.0.1/32",
            FETCH_CA_FILE=str(directory / "authority.pem"),
        )
        await flora.start()
        yield flora, discord, server
    await discord.stop()
    await runner.cleanup()
    assert discord.problems == []


@pytest.fixture
def flora(fetching: tuple[Installation, FakeDiscord, Server]) -> Installation:
    return fetching[0]


@pytest.fixture
def server(fetching: tuple[Installation, FakeDiscord, Server]) -> Server:
    fetching[2].seen.clear()
    return fetching[2]


@pytest_asyncio.fixture(loop_scope="session")
async def guild(fetching: tuple[Installation, FakeDiscord, Server]) -> FakeGuild:
    guild = await fetching[1].add_guild("Garden")
    await guild.until(lambda g: g.commands)
    return guild


def answering(expression: str, before: str = "") -> str:
    """A script that replies with the JSON of an expression, or of the error that it throws."""
    return f"""{before}
    on('messageCreate', async (ctx) => {{
      let answer;
      try {{ answer = {expression}; }}
      catch (e) {{ answer = {{name: e.name, message: e.message, code: e.code, cause: e.cause}}; }}
      console.log(answer);
      await ctx.reply(JSON.stringify(answer) ?? 'undefined');
    }});"""


async def answer(guild: FakeGuild, message: str = "go") -> Any:
    return json.loads(await guild.reply_to(message))


async def put(flora: Installation, guild: FakeGuild, name: str, *hosts: str) -> None:
    body = {"value": VALUE, "allowed_hosts": list(hosts)}
    stored = await flora.request("PUT", f"/api/secrets/{guild.id}/{name}", body)
    assert stored.status == 200, stored.json


async def test_a_secret_goes_where_it_is_allowed_and_nowhere_else(
    flora: Installation, guild: FakeGuild, server: Server
) -> None:
    await put(flora, guild, "KEY", f"127.0.0.1:{server.port}")
    script = answering(
        """await (await fetch(ctx.msg.content + '?k=' + secrets.get('KEY'), {
          method: 'POST',
          headers: {'Content-Type': 'application/json', 'X-Key': secrets.get('KEY')},
          body: JSON.stringify({key: secrets.get('KEY')}),
        })).json()"""
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    echo = await answer(guild, f"{server.allowed}/post")
    ((path, headers, body),) = server.seen
    assert path == "/post?k=correct%20%22horse%22%20battery%2Fstaple"
    assert headers["x-key"] == VALUE
    assert json.loads(body) == {"key": VALUE}
    # What comes back is what the script has written.
    placeholder = echo["headers"]["x-key"]
    assert placeholder.startswith("__FLORA_SECRET__:")
    assert echo["path"] == f"/post?k={placeholder}"
    assert json.loads(echo["body"]) == {"key": placeholder}

    server.seen.clear()
    for address in (f"{server.other}/post", f"http://127.0.0.1:{server.port}/post"):
        refused = await answer(guild, address)
        assert (refused["name"], refused["message"], refused["code"]) == (
            "TypeError",
            "secret not allowed for request host",
            "SECRET_NOT_ALLOWED",
        )
        assert "KEY" in refused["cause"]
    assert server.seen == []
    # The server has got the body once, and sends on: what it sends us to gets nothing.
    carried = await answer(guild, f"{server.allowed}/away")
    assert carried["code"] == "SECRET_NOT_ALLOWED"
    assert [path.partition("?")[0] for path, *_ in server.seen] == ["/away"]

    logged = await flora.until_logged(guild.id, placeholder)
    assert "horse" not in " ".join(logged) + flora.log() + str(guild.sent())


async def test_a_change_is_known_at_once_without_a_deploy(
    flora: Installation, guild: FakeGuild
) -> None:
    script = answering("[secrets.get('KEY') ?? null, secrets.get('toString') ?? null]")
    assert (await flora.deploy(guild.id, script)).status == 200
    assert await answer(guild) == [None, None]
    await put(flora, guild, "KEY")
    placeholder, _ = await answer(guild)
    assert placeholder.startswith("__FLORA_SECRET__:")
    await put(flora, guild, "KEY", "a.example")
    assert await answer(guild) == [placeholder, None]
    await flora.request("DELETE", f"/api/secrets/{guild.id}/KEY")
    assert await answer(guild) == [None, None]


async def test_another_guilds_placeholder_is_only_text(
    flora: Installation,
    guild: FakeGuild,
    server: Server,
    fetching: tuple[Installation, FakeDiscord, Server],
) -> None:
    await put(flora, guild, "KEY", "127.0.0.1")
    assert (await flora.deploy(guild.id, answering("[secrets.get('KEY')]"))).status == 200
    (placeholder,) = await answer(guild)
    thief = await fetching[1].add_guild("Orchard")
    await thief.until(lambda g: g.commands)
    await put(flora, thief, "OWN", "127.0.0.1")
    script = answering(f"(await fetch('{server.allowed}/?k={placeholder}')).status")
    assert (await flora.deploy(thief.id, script)).status == 200
    assert await answer(thief) == 200
    assert [path for path, *_ in server.seen] == [f"/?k={placeholder}"]


async def test_what_cannot_be_put_in_is_computed_by_the_host(
    flora: Installation, guild: FakeGuild, server: Server
) -> None:
    await put(flora, guild, "KEY", "127.0.0.1")
    script = answering(
        f"""[
          await secrets.hmac('KEY', 'sha256', 'hello'),
          await secrets.hmac('KEY', 'SHA-512', new Uint8Array(300000), 'base64url'),
          (await fetch('{server.allowed}/', {{
            headers: {{Authorization: secrets.basicAuth('jö', 'KEY')}},
          }})).status,
          await secrets.hmac('NONE', 'sha256', '').catch((e) => [e.message, e.code]),
        ]"""
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    short, long, status, unknown = await answer(guild)
    key = VALUE.encode()
    assert short == hmac.new(key, b"hello", hashlib.sha256).hexdigest()
    made = hmac.new(key, bytes(300_000), hashlib.sha512).digest()
    assert base64.urlsafe_b64decode(long + "==") == made
    assert status == 200
    ((_, headers, _),) = server.seen
    credentials = base64.b64encode(f"jö:{VALUE}".encode()).decode()
    assert headers["authorization"] == f"Basic {credentials}"
    assert unknown == ["there is no secret 'NONE'", "UNKNOWN_SECRET"]


async def test_a_script_may_ask_while_it_loads_and_change_things_once_it_is_live(
    flora: Installation, guild: FakeGuild, server: Server
) -> None:
    await put(flora, guild, "KEY", "127.0.0.1")
    before = f"""
      const got = await (await fetch('{server.allowed}/got', {{
        headers: {{'X-Key': secrets.get('KEY')}},
      }})).json();
      fetch('{server.allowed}/sent', {{method: 'POST', body: 'x'}});"""
    script = answering("got.path", before)
    broken = await flora.deploy(guild.id, f"{before} throw new Error('no');")
    assert broken.status == 400
    assert [path for path, *_ in server.seen] == ["/got"]
    assert (await flora.deploy(guild.id, script)).status == 200
    assert await answer(guild) == "/got"
    assert [path for path, *_ in server.seen] == ["/got", "/got", "/sent"]
    assert server.seen[1][1]["x-key"] == VALUE


@pytest.mark.parametrize(
    ("address", "code", "message"),
    [
        ("{allowed}/large", "FETCH_TOO_LARGE", "fetch failed: the response has over 5242880 bytes"),
        (
            "http://169.254.169.254/latest/meta-data/",
            "FETCH_FORBIDDEN",
            "fetch failed: 169.254.169.254 is not on the public internet",
        ),
        (
            "http://0x7f000002/",
            "FETCH_FORBIDDEN",
            "fetch failed: 127.0.0.2 is not on the public internet",
        ),
        ("http://[::1]:81/", "FETCH_FORBIDDEN", "fetch failed: ::1 is not on the public internet"),
        ("ftp://a.example/", "INVALID_URL", "Invalid URL: only http: and https: can be fetched"),
    ],
)
async def test_what_is_refused_says_why(
    address: str, code: str, message: str, flora: Installation, guild: FakeGuild, server: Server
) -> None:
    script = answering("await (await fetch(ctx.msg.content)).text()")
    assert (await flora.deploy(guild.id, script)).status == 200
    refused = await answer(guild, address.format(allowed=server.allowed))
    assert (refused["name"], refused["code"], refused["message"]) == ("TypeError", code, message)


async def test_requests_end_with_their_script(
    flora: Installation, guild: FakeGuild, server: Server
) -> None:
    script = answering(
        f"(reader = (await fetch('{server.allowed}/slow')).body.getReader(),"
        " new TextDecoder().decode((await reader.read()).value))",
        "let reader;",
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    assert await answer(guild) == "begun"
    assert not server.closed.is_set()
    assert (await flora.deploy(guild.id, "1")).status == 200
    async with asyncio.timeout(5):
        await server.closed.wait()
