"""The bot at Discord's gateway: logs in, holds the shards, hands over events as Discord sends them.

nextcord is transport only: its parsers, caches and command sync never run. Its own `on_connect`
would delete every application command that it does not know.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import Any

import nextcord
from nextcord.http import Route

from gateway.errors import GatewayRefused
from gateway.intents import PRIVILEGED, IntentChoice
from gateway.payloads import OddPayload, check_event
from gateway.session import GatewaySession
from gateway.shard import REFUSALS, Shard

log = logging.getLogger("flora.discord")

# Discord allows one IDENTIFY per 5 s for each of `max_concurrency` groups of shards.
IDENTIFY_EVERY = 5.0
FIRST_DELAY, LAST_DELAY = 1.0, 30.0
# Scripts that are deployed together share one new session; seconds.
GATHER_NEEDS = 1.0

# flora has no use for voice: nothing to warn of.
nextcord.VoiceClient.warn_nacl = False

Sink = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class GatewayOptions:
    """api_base: Discord's REST address, which names the gateway's; intents: those that the
    operator allows, by Discord's names.

    silence: a connection that has said nothing for so long is dead; seconds. Discord asks for a
    heartbeat each 41 s and answers it. identify_every: seconds between two sessions of a group of
    shards, as Discord demands.
    """

    token: str
    api_base: str
    intents: tuple[str, ...]
    silence: float = 60.0
    identify_every: float = IDENTIFY_EVERY


class _Parsers:
    """Stands in for nextcord's table of event parsers: each event goes to the sink, unparsed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._odd = 0

    def __getitem__(self, event: Any) -> Callable[[Any], None]:
        """event, and what is forwarded: what a frame has for its `t` and `d`."""

        def forward(data: Any) -> None:
            try:
                check_event(event, data)
                self._sink(event, data)
            except OddPayload as odd:
                self._note(event, odd)
            except Exception:  # one odd event must not end the connection
                log.exception("event %.100r could not be taken", event)

        return forward

    def _note(self, event: Any, odd: OddPayload) -> None:
        self._odd += 1
        if self._odd.bit_count() == 1:  # the 1st, 2nd, 4th, 8th …: visible, never a flood
            log.warning(
                "event %.100r is not as Discord describes it and was left out: %s (%d so far)",
                event,
                odd,
                self._odd,
            )


class _Client(nextcord.AutoShardedClient):
    """Carries the token, the HTTP session and the intents for nextcord's socket."""

    identify_gate: Callable[[int], Any]

    def dispatch(self, event: str, *args: Any, **kwargs: Any) -> None:
        """nextcord's own events have no listeners here."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        await self.identify_gate(shard_id or 0)


class GatewayClient:
    def __init__(
        self,
        options: GatewayOptions,
        sink: Sink,
        intents_refused: Callable[[], None] = lambda: None,
        resuming: Callable[[], None] = lambda: None,
    ) -> None:
        """sink(name, d) is called on the loop for each dispatch, in the order of each shard;
        intents_refused() when Discord does not grant what `intents` has asked for; resuming()
        before the first event when sessions of an earlier process go on: no READY comes then, and
        no GUILD_CREATE."""
        Route.BASE = options.api_base
        self.intents = IntentChoice(options.intents)
        # As Discord's REST describes them; empty until `log_in` has returned.
        self.user: dict[str, Any] = {}
        self.application: dict[str, Any] = {}
        self.shards: list[Shard] = []
        self._options = options
        self._sink = sink
        self._intents_refused = intents_refused
        self._resuming = resuming
        self._earlier: dict[int, GatewaySession] = {}
        self._is_held = False
        self._client = _Client(
            intents=nextcord.Intents(guilds=True),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=nextcord.MemberCacheFlags.none(),
            rollout_delete_unknown=False,
            heartbeat_timeout=options.silence,
        )
        connection: Any = self._client._connection
        connection.parsers = _Parsers(self._take)
        connection._intents = self.intents  # its value is read for each IDENTIFY
        self._client.identify_gate = self._wait_to_identify
        self._identified_at: dict[int, float] = {}
        self._identify_locks: dict[int, asyncio.Lock] = {}
        self._max_concurrency = 1
        self._all_connected = asyncio.Event()
        self._renewal: asyncio.Task[None] | None = None
        self._choosing = asyncio.Lock()

    @property
    def http(self) -> Any:
        """nextcord's HTTP client, logged in once `log_in` has returned."""
        return self._client.http

    @property
    def user_id(self) -> str:
        return str(self.user.get("id", ""))

    @property
    def application_id(self) -> str:
        return str(self.application.get("id", ""))

    @property
    def connected(self) -> bool:
        return bool(self.shards) and all(shard.connected for shard in self.shards)

    async def log_in(self) -> None:
        """Checks the token and learns who the bot is; waits while Discord is not reachable.

        Raises GatewayRefused for a wrong token.
        """
        await self._persist("log in at Discord", self._log_in)

    async def run(self) -> None:
        """Holds all shards until cancelled or, once `hold` was called, until their connections
        end. Raises GatewayRefused."""
        bot: Any = await self._persist("ask for Discord's gateway", self._ask_for_gateway)
        if self._is_held:
            return
        self._max_concurrency = bot["session_start_limit"]["max_concurrency"]
        count = bot["shards"]
        self._client.shard_count = self._client._connection.shard_count = count
        self.shards = [
            Shard(
                self._client,
                shard_id,
                address=self._address,
                intents=self.intents,
                intent_refused=self._choose_other_intents,
                changed=self._note_state,
            )
            for shard_id in range(count)
        ]
        self._resume_earlier_sessions()
        async with asyncio.TaskGroup() as group:
            for shard in self.shards:
                group.create_task(shard.run(), name=f"shard-{shard.id}")

    async def wait_connected(self) -> None:
        """Returns when all shards are connected for the first time."""
        await self._all_connected.wait()

    def need(self, intents: Set[str]) -> None:
        """Scripts need these: a new session asks for those that are allowed and were not asked
        for yet. There are few of them, so that this happens a few times in a process's life."""
        if self.intents.need(intents) and self.shards:
            self._renew_soon()

    def go_on_with(self, sessions: Iterable[GatewaySession]) -> None:
        """Before `run`: it resumes those of these sessions that are still of use, so that Discord
        sends what came since. The others are let go of."""
        self._earlier = {session.shard: session for session in sessions}

    def hold(self) -> None:
        """Acknowledges no event any more: what still comes, comes again when its session goes on.
        No session begins from now on, no connection that ends is replaced."""
        self._is_held = True
        if self._renewal is not None:
            self._renewal.cancel()
        for shard in self.shards:
            shard.hold()

    def sessions(self) -> list[GatewaySession]:
        """What another process may go on with, as far as events have been taken. After `hold`."""
        base, count = self._options.api_base, len(self.shards)
        kept = (
            shard.session(bot_id=self.user_id, api_base=base, shards=count) for shard in self.shards
        )
        return [*self._earlier.values(), *(session for session in kept if session is not None)]

    async def close(self) -> None:
        """Ends all connections; Discord keeps their sessions for a while."""
        if self._renewal is not None:
            self._renewal.cancel()
        await asyncio.gather(*(shard.close() for shard in self.shards))
        await self._client.http.close()

    # --- inside ----------------------------------------------------------------------------

    def _take(self, event: str, data: dict[str, Any]) -> None:
        if event in ("READY", "RESUMED"):
            shard = self.shards[data.pop("__shard_id__", None) or 0]
            shard.on_ready()
            if not shard.is_current:
                self._renew_soon()
        self._sink(event, data)

    def _resume_earlier_sessions(self) -> None:
        earlier, self._earlier = self._earlier, {}
        here = self.user_id, self._options.api_base, len(self.shards)
        resumed = 0
        for shard in self.shards:
            session = earlier.get(shard.id)
            if (
                session is not None
                and (session.bot_id, session.api_base, session.shards) == here
                and self.intents.go_on_with(session.intents)
            ):
                shard.go_on_with(session)
                resumed += 1
        if resumed:
            log.info("%d gateway sessions of the process before go on", resumed)
            self._resuming()

    def _note_state(self) -> None:
        if self.connected:
            self._all_connected.set()

    async def _log_in(self) -> None:
        """One attempt, from the beginning: nextcord keeps a token that was never answered, and
        makes a session each time without closing the one before."""
        http = self._client.http
        await http.close()
        user = await http.static_login(self._options.token.strip())
        self.user, self.application = dict(user), await self._application()

    async def _application(self) -> dict[str, Any]:
        application: dict[str, Any] = await self._client.http.request(
            Route("GET", "/applications/@me")
        )
        return application

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

    def _renew_soon(self) -> None:
        if self._renewal is None and not self._is_held:
            self._renewal = asyncio.create_task(self._renew_sessions(), name="renew-sessions")

    async def _renew_sessions(self) -> None:
        try:
            await asyncio.sleep(GATHER_NEEDS)
        finally:
            self._renewal = None
        for shard in self.shards:
            await shard.renew()

    async def _choose_other_intents(self, refused_value: int) -> None:
        """refused_value: what a shard has asked for. Raises GatewayRefused when there is nothing
        to do without."""
        async with self._choosing:
            if self.intents.value == refused_value:  # or another shard was here before
                await self._give_up_intents()

    async def _give_up_intents(self) -> None:
        try:
            flags = int((await self._application()).get("flags") or 0)
        except Exception as error:
            log.warning("could not ask which intents are switched on: %s", error)
            flags = 0
        refused = self.intents.refuse(flags)
        if not refused:
            raise GatewayRefused(
                "Discord refused a privileged intent (close code 4014), and none was asked for: "
                "this is a defect of flora."
            )
        switches = ", ".join(sorted(PRIVILEGED[name][0] for name in refused))
        if not self.intents.has_been_granted:
            raise GatewayRefused(
                "Discord refused privileged intents (close code 4014): switch on "
                f"{switches} in the developer portal under Bot → Privileged Gateway Intents, or "
                f"take {', '.join(sorted(refused))} out of DISCORD_INTENTS."
            )
        log.error(
            "Discord refused privileged intents (close code 4014), flora goes on without: switch "
            "on %s in the developer portal under Bot → Privileged Gateway Intents and restart "
            "flora, or take %s out of DISCORD_INTENTS",
            switches,
            ", ".join(sorted(refused)),
        )
        self._intents_refused()

    async def _wait_to_identify(self, shard_id: int) -> None:
        group = shard_id % self._max_concurrency
        lock = self._identify_locks.setdefault(group, asyncio.Lock())
        async with lock:
            loop = asyncio.get_running_loop()
            every = self._options.identify_every
            due = self._identified_at.get(group, -every) + every
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._identified_at[group] = loop.time()
