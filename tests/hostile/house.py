"""One worker for a hostile script and its good neighbours, in the hosting that production has."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flora_site.composition import SDK
from runtime.event import Ending, Event
from runtime.hosting import Hosting
from runtime.isolate import HostedIsolate
from runtime.limits import Limits
from runtime.metrics import Metrics
from runtime.offence import Offence
from runtime.operations.desk import OperationDesk
from runtime.pool import PoolOptions
from runtime.script import Script, ScriptError
from runtime.worker.protocol import TurnLimits
from runtime.worker_process import WorkerProcess

# Small, so that a case takes little time. The machine may be busy: only CPU time ends a turn.
LIMITS = Limits(
    TurnLimits(
        cpu_seconds=0.2,
        wall_seconds=0,
        load_cpu_seconds=0.3,
        load_wall_seconds=0,
        heap_bytes=32 << 20,
        external_bytes=32 << 20,
        operations=64,
    ),
    load_seconds=2.0,
)
PATIENCE = 40.0
ANSWERS = "on('messageCreate', (ctx) => { console.log(ctx.msg.content) })"


@dataclass
class Seen:
    """What one guild's owner and members have seen. endings: of its events, in order."""

    printed: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    offences: list[Offence] = field(default_factory=list)


class HostileHouse:
    """Operations go to the real desk, which has no services: none of a hostile script's may get so
    far that it needs one. `seen` is by guild."""

    def __init__(self, limits: Limits = LIMITS, *, pin: bool = False) -> None:
        self.limits = limits
        self.desired: dict[str, Script] = {}
        self.seen: dict[str, Seen] = {}
        self.metrics = Metrics()
        self._numbers = 0
        self._changed = asyncio.Event()
        self.hosting = Hosting(
            PoolOptions(workers=1, pin=pin, worker_capacity=1024, sdk=SDK, driver="native"),
            lambda _: self.limits,
            OperationDesk(None, lambda _: self.limits, self.metrics),  # type: ignore[arg-type]
            self,
            self._fetch,
            secrets=self,
            adopted=lambda _: None,
            released=lambda _: None,
            subscribed=lambda _: None,
            offended=self._offended,
        )

    async def start(self) -> None:
        await self.hosting.start()

    async def stop(self) -> None:
        await self.hosting.stop(5)

    # --- what a test does ------------------------------------------------------------------

    async def move_in(self, source: str) -> str:
        """A new guild runs the script; its id. Raises LoadFailed."""
        self._numbers += 1
        guild_id = str(300_000_000_000_000_000 + self._numbers)
        self.seen[guild_id] = Seen()
        script = Script(guild_id, str(self._numbers), source)
        self.desired[guild_id] = script
        while not self.hosting.adopt(await self.hosting.load(script, trial=True)):
            pass  # its worker has died meanwhile
        return guild_id

    def move_out(self, guild_id: str) -> None:
        self.desired.pop(guild_id, None)
        self.hosting.release(guild_id)

    def say(self, guild_id: str, content: str) -> None:
        message = {"id": "1", "channel_id": "2", "content": content, "author": {"id": "3"}}
        payload = b"MESSAGE_CREATE\n" + json.dumps(message).encode()
        self.hosting.guilds[guild_id].offer(
            Event("MESSAGE_CREATE", payload, ended=lambda how, _: self._ended(guild_id, how))
        )

    async def ask(self, guild_id: str, content: str) -> tuple[Ending, float]:
        """Says something and waits until that has ended: how, and after how many seconds."""
        seen = self.seen[guild_id]
        before, started = len(seen.endings), time.perf_counter()
        self.say(guild_id, content)
        await self.until(lambda: len(seen.endings) > before)
        return seen.endings[before], time.perf_counter() - started

    async def until(self, condition: Callable[[], Any]) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not (result := condition()):
                self._changed.clear()
                await self._changed.wait()
        return result

    @property
    def worker(self) -> WorkerProcess | None:
        return self.hosting.pool.worker(0)

    # --- what the hosting asks and tells: Secrets and GuildReports -------------------------

    async def _fetch(self, guild_id: str) -> Script | None:
        return self.desired.get(guild_id)

    def _ended(self, guild_id: str, how: Ending) -> None:
        self.seen[guild_id].endings.append(how)
        self._changed.set()

    def _offended(self, isolate: HostedIsolate, offence: Offence) -> None:
        self.seen[isolate.guild_id].offences.append(offence)
        self._changed.set()

    async def refresh(self, guild_id: str) -> None: ...

    def placeholders(self, guild_id: str) -> dict[str, str]:
        return {}

    def script_log(self, guild_id: str, level: str, text: str) -> None:
        self.seen[guild_id].printed.append(text)
        self._changed.set()

    def script_failed(self, isolate: HostedIsolate, stage: str, error: ScriptError) -> None:
        self.seen[isolate.guild_id].told.append(f"{stage}: {error.message}")
        self._changed.set()

    def load_failed(self, script: Script, error: ScriptError) -> None:
        self.seen[script.guild_id].told.append(f"load: {error.message}")
        self._changed.set()

    def runtime_note(self, guild_id: str, level: str, text: str) -> None:
        self.seen[guild_id].notes.append(text)
        self._changed.set()
