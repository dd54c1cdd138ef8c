"""Moves one guild to another worker while its events go on coming: none is lost, none comes twice,
and they keep their order.

New events wait; handlers and operations that are under way end; the script says what it takes
along; it is loaded on the target and gets that back; then what has waited goes there. Whatever
fails on the way leaves the guild where it was. Which guild should move is others' business.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from runtime.event import Ending, Event
from runtime.guild import GuildRuntime
from runtime.hosting import Hosting
from runtime.isolate import RESUME, SUSPEND, HostedIsolate, Stage
from runtime.script import LoadFailed, NoWorker, Script, ScriptError, WorkerLost

log = logging.getLogger("flora.runtime")

NOTHING = b"null"
# How long the database may take to give the script, before any event waits; seconds.
FETCH_PATIENCE = 10.0
# How long a script may load on the target while its events wait. One that must move gets what a
# load always gets.
LOAD_PATIENCE = 5.0
# What handlers get to end by themselves once they have been told to wait no longer.
LAST_WORDS = 0.1

Lock = Callable[[str], AbstractAsyncContextManager[object]]
Fetch = Callable[[str], Awaitable[Script | None]]
Note = Callable[[str, str, str], None]


class NotMoved(Exception):
    """Why a guild is still where it was."""


class NothingToMove(NotMoved):
    """The guild runs no script."""


class NoSuchWorker(NotMoved):
    """The pool has no worker of this number."""


@dataclass(frozen=True, slots=True)
class Moved:
    """From worker to worker, by their numbers; seconds from the first event that had to wait to
    the moment when they went on, and how much of it handlers and operations took to end."""

    guild_id: str
    source: int
    target: int
    seconds: float
    quiesce_seconds: float


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """timeout: for handlers and operations to end, for `suspend`, and for `resume`; seconds.

    succeeded and timed_out are called for each move that has come to this, with the seconds that
    handlers and operations took to end, or had to.
    """

    timeout: float
    succeeded: Callable[[float], None] = lambda _: None
    timed_out: Callable[[float], None] = lambda _: None


class Migration:
    def __init__(
        self, hosting: Hosting, fetch: Fetch, lock: Lock, note: Note, options: MigrationOptions
    ) -> None:
        """fetch(guild) gives the script that it should run; lock(guild) is held by whoever changes
        what it runs; note(guild, level, text) writes into its log."""
        self._hosting = hosting
        self._fetch = fetch
        self._lock = lock
        self._note = note
        self._options = options

    async def move(
        self, guild_id: str, index: int, *, forced: bool = False, lasting: bool = True
    ) -> Moved:
        """forced: at the deadline the remaining operations are rejected, and what a script does
        wrong while it is suspended or resumed holds nothing up. lasting: its next loads come to the
        same worker. Raises NotMoved."""
        async with self._lock(guild_id):
            try:
                moved = await self._move(guild_id, index, forced)
                if lasting and index < self._hosting.pool.size:
                    self._hosting.place(guild_id, index)
            except NotMoved as reason:
                log.warning("guild %s was not moved to worker %d: %s", guild_id, index, reason)
                raise
        self._options.succeeded(moved.quiesce_seconds)
        self._note(guild_id, "info", "the script was moved to another process")
        log.info(
            "guild %s moved from worker %d to worker %d",
            *(guild_id, moved.source, moved.target),
            extra={
                "ms": round(moved.seconds * 1000, 1),
                "quiesce_ms": round(moved.quiesce_seconds * 1000, 1),
            },
        )
        return moved

    async def suspend(self, guild: GuildRuntime) -> bytes:
        """What the guild's script wants to take along where nothing is moved: at a stop. JSON.
        Raises NotMoved."""
        if guild.live is None:
            raise NothingToMove("the guild runs no script")
        return await self._suspend(guild, guild.live)

    async def _move(self, guild_id: str, index: int, forced: bool) -> Moved:
        guild, source, script = await self._prepare(guild_id, index)
        started = time.monotonic()
        guild.hold()
        try:
            quiesced = await self._quiesce(guild, source, forced) - started
            state = await self._part(guild, source, forced)
            try:
                successor = await self._arrive(guild, script, index, state, forced)
                self._switch(guild, source, successor, index)
            except Exception:
                await self._return(guild, source, state)
                raise
        finally:
            guild.let_go()
        return Moved(guild_id, source.worker.index, index, time.monotonic() - started, quiesced)

    async def _prepare(
        self, guild_id: str, index: int
    ) -> tuple[GuildRuntime, HostedIsolate, Script]:
        """Everything that can be refused or waited for before a single event has to wait."""
        script = await self._script_of(guild_id)
        guild = self._hosting.guilds.get(guild_id)
        if guild is None or guild.live is None or script is None:
            raise NothingToMove("the guild runs no script")
        source, target = guild.live, self._hosting.pool.worker(index)
        pool = self._hosting.pool
        if not 0 <= index < pool.size and index != source.worker.index:
            raise NoSuchWorker(f"there is no worker {index}: they are 0 to {pool.size - 1}")
        if index in self._hosting.out_of_service and index != source.worker.index:
            raise NotMoved(f"worker {index} is out of service: take it back into service first")
        if target is None:
            raise NotMoved(f"worker {index} is being started")
        if source.worker is target:
            raise NotMoved(f"the guild runs in worker {index} already")
        if self._hosting.is_secluded(guild_id) and index < pool.size:
            raise NotMoved("the guild's script has killed a worker: it is kept apart for a while")
        if source.stage is not Stage.LIVE or script.revision_id != source.script.revision_id:
            raise NotMoved("another revision is about to be loaded")
        return guild, source, script

    async def _script_of(self, guild_id: str) -> Script | None:
        try:
            async with asyncio.timeout(FETCH_PATIENCE), self._hosting.fetches:
                return await self._fetch(guild_id)
        except TimeoutError:
            raise NotMoved("the database does not answer") from None

    # --- the source ------------------------------------------------------------------------

    async def _quiesce(self, guild: GuildRuntime, source: HostedIsolate, forced: bool) -> float:
        """When nothing was under way any more, or nobody waited for it; monotonic seconds."""
        try:
            await asyncio.wait_for(guild.until_quiet(), self._options.timeout)
        except TimeoutError:
            self._options.timed_out(self._options.timeout)
            if not forced:
                raise NotMoved(
                    "migration_quiesce timed out: handlers or operations were under way for over "
                    f"{self._options.timeout:g} s"
                ) from None
            source.reject_operations()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(guild.until_quiet(), LAST_WORDS)
        if guild.live is not source:
            raise NotMoved("the script's isolate ended meanwhile, and is being rebuilt")
        return time.monotonic()

    async def _part(self, guild: GuildRuntime, source: HostedIsolate, forced: bool) -> bytes:
        try:
            return await self._suspend(guild, source)
        except NotMoved as reason:
            if not forced or guild.live is not source:
                raise
            log.warning("guild %s takes nothing along: %s", guild.guild_id, reason)
            return NOTHING

    async def _suspend(self, guild: GuildRuntime, source: HostedIsolate) -> bytes:
        source.state = NOTHING
        await self._tell(guild, source, SUSPEND, b"{}")
        return source.state

    async def _return(self, guild: GuildRuntime, source: HostedIsolate, state: bytes) -> None:
        """The script that was suspended goes on where it is."""
        if guild.live is source:
            with contextlib.suppress(NotMoved):
                await self._tell(guild, source, RESUME, state)

    # --- the target ------------------------------------------------------------------------

    async def _arrive(
        self, guild: GuildRuntime, script: Script, index: int, state: bytes, forced: bool
    ) -> HostedIsolate:
        """The script in the target, with what it has taken along."""
        try:
            async with asyncio.timeout(None if forced else LOAD_PATIENCE):
                successor = await self._hosting.load_in(index, script)
        except TimeoutError:
            raise NotMoved(f"the script took over {LOAD_PATIENCE:g} s to load") from None
        except (LoadFailed, NoWorker, WorkerLost) as error:
            raise NotMoved(f"the script did not load in worker {index}: {error}") from error
        try:
            await self._tell(guild, successor, RESUME, state)
        except NotMoved as reason:
            if not forced:
                self._hosting.discard(successor)
                raise
            log.warning("guild %s goes on without its state: %s", guild.guild_id, reason)
        except BaseException:
            self._hosting.discard(successor)
            raise
        return successor

    def _switch(
        self, guild: GuildRuntime, source: HostedIsolate, successor: HostedIsolate, index: int
    ) -> None:
        if self._hosting.guilds.get(guild.guild_id) is not guild:
            self._hosting.discard(successor)
            raise NotMoved("the guild's script was stopped meanwhile")
        if not self._hosting.adopt(successor):
            raise NotMoved(f"worker {index} died meanwhile")
        if source.stage is not Stage.GONE:
            source.evicted = True
            source.reject_operations()

    # --- both ------------------------------------------------------------------------------

    async def _tell(
        self, guild: GuildRuntime, isolate: HostedIsolate, name: str, payload: bytes
    ) -> None:
        """Waits for the handlers. Raises NotMoved when they fail or take too long."""
        handler = "suspend" if name == SUSPEND else "resume"
        over: asyncio.Future[tuple[Ending, ScriptError | None]]
        over = asyncio.get_running_loop().create_future()

        def ended(ending: Ending, error: ScriptError | None) -> None:
            if not over.done():
                over.set_result((ending, error))

        seconds = self._options.timeout
        text = b"%b\n%b" % (name.encode(), payload)
        event = Event(name, text, ended, stage=handler, seconds=seconds, again=False)
        guild.tell(isolate, event)
        try:
            ending, error = await asyncio.wait_for(over, seconds)
        except TimeoutError:
            raise NotMoved(f"on('{handler}') took over {seconds:g} s") from None
        if ending is not Ending.DONE:
            raise NotMoved(f"on('{handler}') failed: {error or 'its isolate ended'}")
