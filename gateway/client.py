"""The bot at Discord's gateway: logs in, holds the shards, hands over events as Discord sends them.

nextcord is transport only: its parsers, caches and command sync never run. Its own `on_connect`
would delete every application command that it does not know.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nextcord
from nextcord.http import Route

from gateway.errors import GatewayRefused
from gateway.intents import intents_value
from gateway.shard import REFUSALS, Shard

log = logging.getLogger("flora.discord")

# Discord allows one IDENTIFY per 5 s for each of `max_concurrency` groups of shards.
IDENTIFY_EVERY = 5.0
FIRST_DELAY, LAST_DELAY = 1.0, 30.0

# flora has no use for voice: nothing to warn of.
nextcord.VoiceClient.warn_nacl = False

Sink = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class GatewayOptions:
    """api_base: Discord's REST address, which names the gateway's; intents: Discord's names.

    silence: a connection that has said nothing for so long is dead; seconds. Discord asks for a
    heartbeat each 41 s and answers it.
    """

    token: str
    api_base: str
    intents: tuple[str, ...]
    silence: float = 60.0


class _Parsers:
    """Stands in for nextcord's table of event parsers: each event goes to the sink, unparsed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def __getitem__(self, event: str) -> Callable[[dict[str, Any]], None]:
        def forward(data: dict[str, Any]) -> None:
            try:
                self._sink(event, data)
            except Exception:  # one odd event must not end the connection
                log.exception("event %s could not be taken", event)

        return forward


class _Client(nextcord.AutoShardedClient):
    """Carries the token, the HTTP session and the intents for nextcord's socket."""

    identify_gate: Callable[[int], Any]

    def dispatch(self, event: str, *args: Any, **kwargs: Any) -> None:
        """nextcord's own events have no listeners here."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        await self.identify_gate(shard_id or 0)


class GatewayClient:
    def __init__(self, options: GatewayOptions, sink: Sink) -> None:
        """sink(name, d) is called on the loop for each dispatch, in the order of each shard."""
        Route.BASE = options.api_base
        intents = nextcord.Intents.none()
        intents.value = intents_value(options.intents)
        self.application_id = ""
        self.user_id = ""
        self.shards: list[Shard] = []
        self._options = options
        self._sink = sink
        self._client = _Client(
            intents=intents,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=nextcord.MemberCacheFlags.none(),
            rollout_delete_unknown=False,
            heartbeat_timeout=options.silence,
        )
        connection: Any = self._client._connection
        connection.parsers = _Parsers(self._take)
        self._client.identify_gate = self._wait_to_identify
        self._identified_at: dict[int, float] = {}
        self._identify_locks: dict[int, asyncio.Lock] = {}
        self._max_concurrency = 1
        self._all_connected = asyncio.Event()

    @property
    def http(self) -> Any:
        """nextcord's HTTP client, logged in once `log_in` has returned."""
        return self._client.http

    @property
    def connected(self) -> bool:
        return bool(self.shards) and all(shard.connected for shard in self.shards)

    async def log_in(self) -> None:
        """Checks the token and learns who the bot is; waits while Discord is not reachable.

        Raises GatewayRefused for a wrong token.
        """
        await self._persist("log in at Discord", self._log_in)

    async def run(self) -> None:
        """Holds all shards until cancelled. Raises GatewayRefused."""
        bot: Any = await self._persist("ask for Discord's gateway", self._ask_for_gateway)
        self._max_concurrency = bot["session_start_limit"]["max_concurrency"]
        count = bot["shards"]
        self._client.shard_count = self._client._connection.shard_count = count
        self.shards = [
            Shard(
                self._client,
                shard_id,
                address=self._address,
                intents=", ".join(self._options.intents),
                changed=self._note_state,
            )
            for shard_id in range(count)
        ]
        async with asyncio.TaskGroup() as group:
            for shard in self.shards:
                group.create_task(shard.run(), name=f"shard-{shard.id}")

    async def wait_connected(self) -> None:
        """Returns when all shards are connected for the first time."""
        await self._all_connected.wait()

    async def close(self) -> None:
        for shard in self.shards:
            await shard.close()
        await self._client.http.close()

    # --- inside ----------------------------------------------------------------------------

    def _take(self, event: str, data: dict[str, Any]) -> None:
        if event in ("READY", "RESUMED"):
            shard = self.shards[data.pop("__shard_id__", None) or 0]
            if event == "READY":
                self.application_id = data["application"]["id"]
                self.user_id = data["user"]["id"]
            shard.on_ready()
        self._sink(event, data)

    def _note_state(self) -> None:
        if self.connected:
            self._all_connected.set()

    async def _log_in(self) -> None:
        if self._client.http.token is None:
            user = await self._client.http.static_login(self._options.token.strip())
            self.user_id = str(user["id"])
            application = await self._client.http.request(Route("GET", "/applications/@me"))
            self.application_id = application["id"]

    async def _ask_for_gateway(self) -> Any:
        return await self._client.http.request(Route("GET", "/gateway/bot"))

    async def _address(self) -> str:
        bot = await self._client.http.request(Route("GET", "/gateway"))
        return str(bot["url"])

    async def _persist(self, what: str, attempt: Callable[[], Any]) -> Any:
        """Repeats an attempt until Discord answers; says so once."""
        delay = FIRST_DELAY
        while True:
            try:
                result = await attempt()
            except nextcord.LoginFailure:
                raise GatewayRefused(
                    REFUSALS[4004].replace("close code 4004", "HTTP 401")
                ) from None
            except Exception as error:
                if delay == FIRST_DELAY:
                    log.warning("could not %s, trying on: %s", what, error or type(error).__name__)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LAST_DELAY)
            else:
                return result

    async def _wait_to_identify(self, shard_id: int) -> None:
        group = shard_id % self._max_concurrency
        lock = self._identify_locks.setdefault(group, asyncio.Lock())
        async with lock:
            loop = asyncio.get_running_loop()
            due = self._identified_at.get(group, -IDENTIFY_EVERY) + IDENTIFY_EVERY
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._identified_at[group] = loop.time()
