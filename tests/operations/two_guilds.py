"""Two guilds on real services: one whose script asks, and one that has what it would like to have.

Everything of the other guild's that can be read says MARKER; everything that can be written is in
`state_of_the_other`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from deployments.actor import Actor
from deployments.kv.rules import Limits as KvLimits
from deployments.models import CronJob, Guild, KvEntry, Secret, Task
from deployments.sealing import configured_sealer
from deployments.services.secrets import put_secret
from gateway.client import GatewayClient, GatewayOptions
from gateway.rest import DiscordRest
from gateway.rest_limits import RestLimits
from gateway.scope import ObjectScope
from runtime.capabilities import Capabilities
from runtime.database import Database
from runtime.fetch.addresses import Policy
from runtime.fetch.client import GuardedClient
from runtime.interactions.interactions import Interactions
from runtime.isolate import HostedIsolate
from runtime.kv.engine import KvEngine
from runtime.mentions import MentionDefaults
from runtime.operations.call import HostServices, OpCall
from runtime.operations.errors import as_answer
from runtime.operations.table import OPERATIONS
from runtime.schedule.clock import SystemClock
from runtime.schedule.tasks import PendingTask, Tasks
from runtime.script import Script
from runtime.secrets.vault import SecretVault
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import APPLICATION_ID, FakeGuild, Interaction
from tests.fetch.conftest import Names

Json = dict[str, Any]
Result = TypeVar("Result")
NOTHING: Any = None

MARKER = "only-for-the-orchard"
STORE, KEY, TASK, JOB, SECRET, EXCHANGE = "shop", "till", "closing", "audit", "KEY", 7
FAR = datetime(2100, 1, 1, tzinfo=UTC)


class TwoGuilds:
    """Needs a database that threads see; lives on a loop of its own, which `run` turns."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.discord = FakeDiscord()
        # What the server has got that scripts may fetch from.
        self.fetched: list[str] = []
        self.runner.run(self._open())
        self.secret = self._fill_database()
        self.runner.run(self._fill())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def close(self) -> None:
        self.runner.run(self._close())
        self.services.kv.stop()
        self.database.close()
        self.runner.close()

    # --- asking ----------------------------------------------------------------------------

    async def ask(self, name: str, arguments: Any) -> Json:
        """`{"value": …}`, or the error as the own guild's script sees it."""
        operation = OPERATIONS[name]
        call = OpCall(self.own.id, self.isolate, self.services)
        try:
            decoded = msgspec.json.decode(msgspec.json.encode(arguments), type=operation.arguments)
            result = await operation.perform(call, decoded)
            return {"value": msgspec.json.decode(msgspec.json.encode(result))}
        except Exception as error:
            if (told := as_answer(error)) is None:
                raise
            return told

    def state_of_the_other(self) -> Json:
        """All that a script of the own guild could have changed of the other guild's."""
        guild, pk = self.other, int(self.other.id)
        return {
            "kv": list(KvEntry.objects.filter(store__guild=pk).order_by("pk").values()),
            "tasks": list(Task.objects.filter(guild=pk).order_by("pk").values()),
            "jobs": list(CronJob.objects.filter(guild=pk).order_by("pk").values()),
            "secrets": list(Secret.objects.filter(guild=pk).order_by("pk").values()),
            "discord": msgspec.json.encode(
                [
                    *(guild.as_json(), guild.messages, guild.commands, guild.members, guild.bans),
                    *(guild.invites, guild.webhooks, guild.audit, guild.things),
                    *(self.command.callback, self.command.original, self.command.followups),
                ]
            ),
            "isolate": [
                *(self.other_isolate.commands, self.other_isolate.ephemeral_commands),
                *(self.other_isolate.jobs, sorted(self.other_isolate.exchanges)),
            ],
        }

    # --- the world -------------------------------------------------------------------------

    async def _open(self) -> None:
        await self.discord.start()
        self.own = await self.discord.add_guild("Garden")
        self.other = await self.discord.add_guild("Orchard")
        self.database = Database()
        options = GatewayOptions(self.discord.token, self.discord.api_base, ())
        self._client = GatewayClient(options, lambda *_: None)
        await self._client.log_in()
        self.rest = DiscordRest(
            self._client.http, lambda _: RestLimits(seconds=5.0), pause=lambda repeats: 0.0
        )
        await self._serve()
        self.services = self._services()
        self.services.kv.start()
        for guild in (self.own, self.other):
            self.services.scope.learn("GUILD_CREATE", guild.as_json())
        self.isolate, self.other_isolate = _isolate(1, self.own), _isolate(2, self.other)

    def _services(self) -> HostServices:
        rest, clock = self.rest, SystemClock()
        return HostServices(
            kv=KvEngine(self.database, lambda _: KvLimits(writes_per_minute=0)),
            rest=rest,
            scope=ObjectScope(
                lambda guild_id, path, **at: rest.request(guild_id, "GET", path, **at)
            ),
            interactions=Interactions(
                rest,
                lambda: APPLICATION_ID,
                asyncio.get_running_loop(),
                patience=30.0,
                declared_ephemeral=lambda *_: False,
            ),
            mentions=MentionDefaults(self.database),
            capabilities=Capabilities(self.database),
            fetch=GuardedClient(policy=Policy(["127.0.0.1/32"]), resolver=Names()),
            secrets=SecretVault(self.database, configured_sealer(), lambda *_: None),
            application_id=APPLICATION_ID,
            commands_changed=lambda isolate: None,
            clock=clock,
            tasks=Tasks(self.database, clock, lambda *_: None),
            max_cron_jobs=lambda guild_id: 32,
            jobs_changed=lambda isolate: None,
        )

    async def _serve(self) -> None:
        """Somewhere on the internet, that answers with bytes and notes what it was sent."""

        async def serve(request: web.BaseRequest) -> web.Response:
            sent = (await request.read()).decode("latin-1")
            self.fetched.append(f"{request.raw_path} {dict(request.headers)} {sent}")
            return web.Response(body=MARKER.encode() if request.path == "/other" else b"hello")

        self._elsewhere = web.ServerRunner(web.Server(serve), shutdown_timeout=0.1)
        await self._elsewhere.setup()
        await web.TCPSite(self._elsewhere, "127.0.0.1", 0).start()
        self.elsewhere = f"http://127.0.0.1:{self._elsewhere.addresses[0][1]}"

    def _fill_database(self) -> Secret:
        for guild in (self.own, self.other):
            Guild.objects.create(pk=int(guild.id), name=guild.name)
        other = Guild.objects.get(pk=int(self.other.id))
        CronJob.objects.create(guild=other, name=JOB, expression="0 0 1 1 *", next_at=FAR)
        return put_secret(
            guild=other,
            name=SECRET,
            value=MARKER,
            allowed_hosts=["127.0.0.1"],
            actor=Actor.system(),
        )

    async def _fill(self) -> None:
        """There must be something to reach."""
        guild, services = self.other.id, self.services
        await services.kv.set(guild, STORE, KEY, MARKER, f'{{"note":"{MARKER}"}}', None)
        await services.tasks.schedule(guild, PendingTask(TASK, FAR, f'"{MARKER}"'))
        for guild_id in (self.own.id, guild):
            await services.secrets.refresh(guild_id)
        self.message = await self.other.say(MARKER)
        self.webhook = await self._make("/channels/{channel_id}/webhooks", b'{"name":"w"}')
        self.invite = await self._make("/channels/{channel_id}/invites", b"{}")
        self.role = await self._make("/guilds/{guild_id}/roles", b'{"name":"r"}')
        self.command = await self.other.command("ping")
        services.interactions.begin(self.command.payload)
        fetch = OPERATIONS["fetch.get"]
        arguments = fetch.arguments(id=EXCHANGE, url=f"{self.elsewhere}/other")
        await fetch.perform(OpCall(guild, self.other_isolate, services), arguments)

    async def own_command(self) -> Interaction:
        """An interaction of the own guild's, as it has come."""
        asked = await self.own.command("ping")
        self.services.interactions.begin(asked.payload)
        return asked

    async def _make(self, path: str, body: bytes) -> Json:
        """Of the other guild's, by the name of another script."""
        at = {"channel_id": self.other.channel_id, "guild_id": self.other.id}
        parameters = {name: value for name, value in at.items() if f"{{{name}}}" in path}
        made: Json = await self.rest.request(self.other.id, "POST", path, body=body, **parameters)
        return made

    async def _close(self) -> None:
        for isolate in (self.isolate, self.other_isolate):
            for exchange in isolate.exchanges.values():
                exchange.cancel()
        self.services.interactions.stop()
        closing: tuple[Callable[[], Awaitable[None]], ...] = (
            *(self.services.secrets.stop, self.services.fetch.close, self.rest.close),
            *(self._client.close, self._elsewhere.cleanup, self.discord.stop),
        )
        for close in closing:
            await close()


def _isolate(number: int, guild: FakeGuild) -> HostedIsolate:
    """One that nothing runs in: what the host keeps of it is what operations use."""
    script = Script(guild.id, "00000000-0000-0000-0000-000000000000", "")
    return HostedIsolate(number, script, NOTHING, NOTHING, NOTHING, trial=False)
