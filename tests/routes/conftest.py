"""Operations on Discord as a script's are done, against the fake Discord over real sockets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest_asyncio
from aiohttp import web

from gateway.client import GatewayClient, GatewayOptions
from gateway.rest import DiscordRest
from gateway.scope import ObjectScope
from runtime.capabilities import Capabilities
from runtime.database import Database
from runtime.fetch.addresses import Policy
from runtime.fetch.client import GuardedClient
from runtime.isolate import HostedIsolate
from runtime.mentions import MentionDefaults
from runtime.operations.call import HostServices, OpCall
from runtime.operations.errors import as_answer
from runtime.operations.file_turns import FileTurns
from runtime.operations.table import OPERATIONS
from runtime.script import Script
from tests.fake_discord.rest import Request
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import APPLICATION_ID, FakeGuild

NOTHING: Any = None


@dataclass
class Host:
    """Does what scripts ask. own: the guild whose script asks; other: it must not be reached."""

    discord: FakeDiscord
    own: FakeGuild
    other: FakeGuild
    services: HostServices
    isolate: HostedIsolate

    async def do(self, name: str, arguments: Any) -> Any:
        """What the script gets. Raises what it would be told of."""
        operation = OPERATIONS[name]
        decoded = msgspec.json.decode(msgspec.json.encode(arguments), type=operation.arguments)
        result = await operation.perform(OpCall(self.own.id, self.isolate, self.services), decoded)
        return msgspec.json.decode(msgspec.json.encode(result))

    async def ask(self, name: str, arguments: Any) -> dict[str, Any]:
        """`{"value": …}`, or the error as the script sees it."""
        try:
            return {"value": await self.do(name, arguments)}
        except Exception as error:
            told = as_answer(error)
            if told is None:
                raise
            return told

    async def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """discord.request."""
        name = "discord.read" if method == "GET" else "discord.request"
        return await self.ask(name, {"method": method, "path": path, **options})

    def last(self) -> Request:
        return self.discord.requests[-1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def discord() -> AsyncIterator[FakeDiscord]:
    discord = FakeDiscord()
    await discord.start()
    yield discord
    await discord.stop()
    assert discord.problems == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rest(discord: FakeDiscord) -> AsyncIterator[DiscordRest]:
    client = GatewayClient(GatewayOptions(discord.token, discord.api_base, ()), lambda *_: None)
    await client.log_in()
    rest = DiscordRest(client.http)
    yield rest
    await rest.close()
    await client.close()


@dataclass
class FileServer:
    """Somewhere on the internet. files: by path."""

    address: str
    files: dict[str, bytes]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def elsewhere() -> AsyncIterator[FileServer]:
    server = FileServer("", {})

    async def serve(request: web.BaseRequest) -> web.Response:
        content = server.files.get(request.path)
        return web.Response(status=404) if content is None else web.Response(body=content)

    runner = web.ServerRunner(web.Server(serve), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fetch() -> AsyncIterator[GuardedClient]:
    client = GuardedClient(policy=Policy(["127.0.0.1/32"]))
    yield client
    await client.close()


@pytest_asyncio.fixture(loop_scope="module")
async def host(discord: FakeDiscord, rest: DiscordRest, fetch: GuardedClient) -> Host:
    own, other = await discord.add_guild("Garden"), await discord.add_guild("Orchard")
    scope = ObjectScope(
        lambda guild_id, path, **parameters: rest.request(guild_id, "GET", path, **parameters)
    )
    for guild in (own, other):
        scope.learn("GUILD_CREATE", guild.as_json())
    return Host(
        discord, own, other, _services(rest, scope, fetch), isolate_of(Script(own.id, "1", ""))
    )


def isolate_of(script: Script) -> HostedIsolate:
    """One that nothing runs in: operations ask it whose script it is."""
    return HostedIsolate(1, script, NOTHING, NOTHING, NOTHING, trial=False)


def _services(rest: DiscordRest, scope: ObjectScope, fetch: GuardedClient) -> HostServices:
    """What no operation on Discord asks for is not there."""
    services = dict.fromkeys(HostServices.__annotations__, NOTHING)
    services |= {"rest": rest, "scope": scope, "application_id": APPLICATION_ID, "fetch": fetch}
    services |= {"mentions": MentionDefaults(Database()), "file_turns": FileTurns()}
    services |= {"capabilities": Capabilities(Database())}
    return HostServices(**services)
