"""Starts cron jobs and tasks when their time comes, and writes down how they went.

One loop, which sleeps until the next thing is due: the database says what, the agenda in memory
only when to look. It knows nothing of isolates: a run is an event that is offered to its guild.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from deployments.models import JobRun
from deployments.models.schedule import Outcome
from runtime.database import Database, DatabaseAway
from runtime.event import Ending, Event
from runtime.schedule import adoption, claims, rows
from runtime.schedule.adoption import LiveScript
from runtime.schedule.agenda import Agenda
from runtime.schedule.claims import Room, Run
from runtime.schedule.clock import Clock, rfc3339
from runtime.schedule.job import Job
from runtime.schedule.rows import End
from runtime.schedule.run_event import as_event
from runtime.script import ScriptError

log = logging.getLogger("flora.runtime")

# Of one guild: the rest of what it may have under way is left to events and interactions.
JOBS_AT_ONCE = TASKS_AT_ONCE = 4
# Guilds in one transaction.
BATCH = 100
# What was missed while flora was away starts guild by guild, not all at once.
CATCH_UP_PACE = timedelta(milliseconds=50)
# A job that somebody wants to run now, and a guild that was resumed at once, are found after so
# long when no message tells of them.
LOOK_FOR_WISHES_EVERY = timedelta(seconds=5)
RETRY_AFTER = timedelta(seconds=5)
MAX_ERROR_TEXT = 2000

_OUTCOMES = {
    Ending.DONE: Outcome.OK,
    Ending.FAILED: Outcome.FAILED,
    Ending.OVERDUE: Outcome.TIMEOUT,
    Ending.LOST: Outcome.LOST,
    Ending.DROPPED: Outcome.LOST,
}
_REASONS = {
    Ending.LOST: "its isolate ended while it was under way",
    Ending.DROPPED: "it was not started: the script stopped, or too many events waited",
}

Item = TypeVar("Item")


class Notes(Protocol):
    """Where a guild's owner reads of it."""

    def runtime_note(self, guild_id: str, level: str, text: str) -> None: ...


@dataclass(slots=True)
class _LiveGuild:
    """late_from: what was missed starts no earlier. crowded: something due found no room."""

    script: LiveScript
    late_from: datetime
    crowded: bool = False


class Scheduler:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        notes: Notes,
        offer: Callable[[str, Event], bool],
        *,
        job_seconds: Callable[[str], float],
    ) -> None:
        """offer(guild_id, event): gives the event to the guild's script; False when it has none.
        job_seconds(guild_id): how long its cron handlers may take, 0 for as long as any handler."""
        self._database = database
        self._clock = clock
        self._notes = notes
        self._offer = offer
        self._job_seconds = job_seconds
        self._agenda = Agenda()
        self._guilds: dict[str, _LiveGuild] = {}
        self._to_adopt: dict[str, LiveScript] = {}
        self._under_way: dict[int, tuple[Run, datetime]] = {}  # with when they were offered
        self._runs_of: defaultdict[str, set[int]] = defaultdict(set)
        self._ends: deque[End] = deque()
        self._catch_up_at = self._look_for_wishes_at = clock.now()
        self._changed = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    # --- told by others --------------------------------------------------------------------

    def adopt(
        self, guild_id: str, revision_id: str, jobs: dict[str, Job], *, complete: bool
    ) -> None:
        """The guild's live script has registered these jobs; from now on they and the guild's
        tasks start. complete: all its top-level code has run."""
        script = LiveScript(guild_id, revision_id, dict(jobs), complete)
        self._catch_up_at = max(self._catch_up_at, self._clock.now()) + CATCH_UP_PACE
        self._guilds[guild_id] = _LiveGuild(script, self._catch_up_at)
        self._to_adopt[guild_id] = script
        self._agenda.set(guild_id, None)
        self._changed.set()

    def release(self, guild_id: str) -> None:
        """The guild has no script any more: nothing of it starts."""
        self._guilds.pop(guild_id, None)
        self._to_adopt.pop(guild_id, None)
        self._agenda.set(guild_id, None)

    def wake(self, guild_id: str, at: datetime | None = None) -> None:
        """Something of the guild is due at this time, or now."""
        if guild_id in self._guilds and guild_id not in self._to_adopt:
            self._agenda.bring_forward(guild_id, at or self._clock.now())
            self._changed.set()

    # --- life ------------------------------------------------------------------------------

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="scheduler")

    async def stop(self, timeout: float) -> None:
        """Starts nothing any more. What is being claimed is still offered."""
        self._stopping = True
        self._changed.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=timeout)
            self._task.cancel()

    async def close(self, patience: float) -> None:
        """Writes down how everything ended, after stop and once no handler runs any more."""
        for run, _ in list(self._under_way.values()):
            self._end(run, Outcome.LOST, adoption.LOST)
        try:
            await self._record_ends(patience)
        except DatabaseAway:
            log.error("how %d runs ended is not recorded", len(self._ends))

    async def _run(self) -> None:
        patience, lost = float("inf"), adoption.lose_runs_of_stopped_guilds
        await self._attempt(self._database.run(lost, patience=patience))
        while not self._stopping:
            self._changed.clear()
            if await self._attempt(self.round()):
                until = self._next_look()
            else:
                until = self._clock.now() + RETRY_AFTER
            if not self._stopping:
                await self._clock.wait(self._changed, until)

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> bool:
        try:
            await work
        except DatabaseAway:
            return False  # it says so itself, once
        except Exception:
            log.exception("the scheduler has failed")
            return False
        return True

    def _next_look(self) -> datetime:
        due, wishes = self._agenda.next(), self._look_for_wishes_at
        return wishes if due is None else min(due, wishes)

    async def round(self) -> None:
        """Does all that is due now. Raises DatabaseAway."""
        await self._record_ends(patience=10.0)
        await self._look_for_wishes()
        while self._to_adopt:
            scripts = list(self._to_adopt.values())[:BATCH]
            await self._one_by_one_if_it_fails(scripts, self._adopt)
        while not self._stopping and (due := self._agenda.due(self._clock.now(), BATCH)):
            await self._one_by_one_if_it_fails(due, self._claim)

    async def _one_by_one_if_it_fails(
        self, items: list[Item], work: Callable[[list[Item]], Coroutine[Any, Any, None]]
    ) -> None:
        """One guild's row that cannot be worked on stops nobody else's."""
        try:
            await work(items)
        except DatabaseAway:
            raise
        except Exception:
            if len(items) == 1:
                log.exception("the scheduler has failed with %s", items[0])
                return
            for item in items:
                await self._one_by_one_if_it_fails([item], work)

    # --- a round's parts -------------------------------------------------------------------

    async def _adopt(self, scripts: list[LiveScript]) -> None:
        under_way = frozenset(self._under_way)
        now = self._clock.now()
        for script in scripts:
            if self._to_adopt.get(script.guild_id) is script:
                del self._to_adopt[script.guild_id]
        try:
            adopted = await self._database.run(partial(adoption.adopt, scripts, under_way, now))
        except Exception as error:
            if len(scripts) > 1 or isinstance(error, DatabaseAway):
                for script in scripts:
                    self._to_adopt.setdefault(script.guild_id, script)
            raise
        for run in adopted.lost:
            self._tell_of_lost(run)
        for guild_id, at in adopted.wakes.items():
            if guild_id in self._guilds and at is not None:
                self._agenda.bring_forward(guild_id, at)

    def _tell_of_lost(self, run: JobRun) -> None:
        kind = "task" if run.job_id is None else "cron job"
        self._notes.runtime_note(
            str(run.guild_id),
            "error",
            f"{kind} '{run.name}' of {rfc3339(run.slot)} was lost: {adoption.LOST}",
        )

    async def _look_for_wishes(self) -> None:
        now = self._clock.now()
        if now >= self._look_for_wishes_at:
            self._look_for_wishes_at = now + LOOK_FOR_WISHES_EVERY
            wishes = await self._database.run(rows.wishes)
            for guild_id in wishes.requested:
                self.wake(guild_id, now)
            for guild_id in wishes.resumed:
                if guild := self._guilds.get(guild_id):
                    self._to_adopt.setdefault(guild_id, guild.script)

    async def _claim(self, guild_ids: list[str]) -> None:
        rooms = [room for guild_id in guild_ids if (room := self._room(guild_id)) is not None]
        if not rooms:
            return
        now = self._clock.now()
        try:
            claimed = await self._database.run(partial(claims.claim, rooms, now))
        except Exception:
            for room in rooms:
                self.wake(room.guild_id, now + RETRY_AFTER)
            raise
        for guild_id, at in claimed.wakes.items():
            if at is not None:
                self.wake(guild_id, at)
        for guild_id in claimed.crowded & self._guilds.keys():
            self._guilds[guild_id].crowded = True
        for run in claimed.runs:
            self._start(run)

    def _room(self, guild_id: str) -> Room | None:
        guild = self._guilds.get(guild_id)
        if guild is None:
            return None
        runs = [self._under_way[run_id][0] for run_id in self._runs_of.get(guild_id, ())]
        job_ids = [run.job_id for run in runs if run.job_id is not None]
        return Room(
            guild_id=guild_id,
            jobs=frozenset(guild.script.jobs),
            complete=guild.script.complete,
            running=set(job_ids),
            late_from=guild.late_from,
            free_jobs=max(0, JOBS_AT_ONCE - len(job_ids)),
            free_tasks=max(0, TASKS_AT_ONCE - (len(runs) - len(job_ids))),
        )

    # --- runs ------------------------------------------------------------------------------

    def _start(self, run: Run) -> None:
        self._under_way[run.id] = run, self._clock.now()
        self._runs_of[run.guild_id].add(run.id)
        event = as_event(run, self._job_seconds(run.guild_id))
        event.ended = partial(self._on_ended, run)
        if not self._offer(run.guild_id, event):
            self._on_ended(run, Ending.DROPPED, None)

    def _on_ended(self, run: Run, ending: Ending, error: ScriptError | None) -> None:
        if ending is Ending.LOST and error is not None:
            ending = Ending.FAILED  # a limit has ended its isolate: how far it came is known
        self._end(run, _OUTCOMES[ending], str(error) if error else _REASONS.get(ending, ""))
        guild = self._guilds.get(run.guild_id)
        if guild is not None and guild.crowded:
            guild.crowded = False
            self.wake(run.guild_id)

    def _end(self, run: Run, outcome: Outcome, error: str) -> None:
        if known := self._under_way.pop(run.id, None):
            runs = self._runs_of[run.guild_id]
            runs.discard(run.id)
            if not runs:
                del self._runs_of[run.guild_id]
            # The time of day may have been set back meanwhile.
            duration = max(timedelta(), self._clock.now() - known[1])
            milliseconds = duration // timedelta(milliseconds=1)
            self._ends.append(End(run.id, outcome, milliseconds, _storable(error)))
            self._changed.set()

    async def _record_ends(self, patience: float) -> None:
        async def record(ends: list[End]) -> None:
            await self._database.run(partial(rows.record_ends, ends), patience=patience)

        while self._ends:
            ends = list(self._ends)[:BATCH]
            await self._one_by_one_if_it_fails(ends, record)
            for _ in ends:
                self._ends.popleft()


def _storable(text: str) -> str:
    """Nothing that a database cannot keep."""
    return text.replace("\x00", "\\0").encode(errors="replace").decode()[:MAX_ERROR_TEXT]
