"""What happens when a script breaks a limit: the fault is recorded, its guild's owner is told, and
what the record says follows at once.

The database decides (deployments/services/faults.py); here it is only made true.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from deployments.models.fault import FaultKind, FollowUp
from deployments.services.faults import Breach, Consequence, Policy, record_fault
from deployments.services.notices import Recipient
from runtime.database import Database, DatabaseAway
from runtime.metrics import Metrics
from runtime.offence import KILLS_WORKERS, Offence
from runtime.script import Script, ScriptError
from runtime.stack_traces import StackTraces

log = logging.getLogger("flora.runtime")

# How long a database that is away may hold up a fault; seconds.
PATIENCE = 3600.0
# Faults of one guild that wait to be written; more say nothing new.
WAITING = 16

Note = Callable[[str, str, str], None]
Notice = Callable[[str, Recipient, str], Awaitable[None]]


class Faults:
    def __init__(
        self,
        database: Database,
        traces: StackTraces,
        policy: Policy,
        note: Note,
        metrics: Metrics,
        *,
        bring_up: Callable[[str], Awaitable[None]],
        settle: Callable[[str], Awaitable[object]],
        notice: Notice,
    ) -> None:
        """note(guild, level, text) writes into the guild's log; bring_up(guild) makes true what
        the database says of it; settle(revision) finishes a deployment; notice(guild,
        recipient, text) tells whom the owner has chosen."""
        self._database = database
        self._traces = traces
        self._policy = policy
        self._note = note
        self._metrics = metrics
        self._bring_up = bring_up
        self._settle = settle
        self._notice = notice
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: defaultdict[str, int] = defaultdict(int)
        self._tasks: set[asyncio.Task[None]] = set()

    def report(self, script: Script, offence: Offence) -> None:
        """A script that runs has broken a limit."""
        self._spawn(script, offence)

    def load_failed(self, script: Script, error: ScriptError) -> None:
        """An active revision does not load any more."""
        self._spawn(script, Offence(FaultKind.LOAD, error))

    async def stop(self, patience: float) -> None:
        """What is under way may come to its end."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()

    def _spawn(self, script: Script, offence: Offence) -> None:
        if self._waiting[script.guild_id] >= WAITING:
            return
        self._waiting[script.guild_id] += 1
        task = asyncio.create_task(self._follow(script, offence), name=f"fault-{script.guild_id}")
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, script.guild_id))

    def _ended(self, guild_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._waiting[guild_id] -= 1
        if not self._waiting[guild_id]:
            del self._waiting[guild_id]
            self._locks.pop(guild_id, None)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, DatabaseAway):
            log.error("a fault of guild %s could not be settled", guild_id, exc_info=error)

    async def _follow(self, script: Script, offence: Offence) -> None:
        async with self._locks[script.guild_id]:
            breach = await self._describe(script, offence)
            consequence = await self._database.run(
                partial(record_fault, breach, self._policy), patience=PATIENCE
            )
        if consequence is None:
            return
        if breach.strike:
            self._metrics.strikes.add(offence.kind.value)
        if consequence.step:
            self._metrics.suspensions.add(str(consequence.step))
        sentence = told(breach, consequence, self._policy)
        level = "warn" if offence.goes_on else "error"
        self._note(script.guild_id, level, sentence)
        if consequence.rollback_id is not None:
            await self._settle(consequence.rollback_id)
        elif consequence.follow_up == FollowUp.SUSPENDED:
            await self._bring_up(script.guild_id)
        if consequence.recipient and offence.kind is not FaultKind.BUSY:
            text = f"**{consequence.guild_name}**: {sentence}"
            await self._notice(script.guild_id, consequence.recipient, text)

    async def _describe(self, script: Script, offence: Offence) -> Breach:
        trace = await self._traces.explain(offence.error, script.revision_id)
        is_load = offence.kind is FaultKind.LOAD
        return Breach(
            script.guild_id,
            script.revision_id,
            offence.kind,
            trace.message,
            offence.event or offence.error.event,
            trace.place.file if trace.place else "",
            trace.place.line if trace.place else None,
            offence.cpu_ms,
            offence.peak_bytes,
            strike=offence.is_sure and not is_load,
            kills_worker=offence.kind in KILLS_WORKERS,
            goes_on=offence.goes_on,
        )


def told(breach: Breach, consequence: Consequence, policy: Policy) -> str:
    """What happened and what follows, for the owner."""
    course = f" while it handled {breach.event}" if breach.event else ""
    place = f" ({breach.file}:{breach.line})" if breach.file else ""
    count = f"strike {consequence.strikes} of {policy.strikes}"
    follows = {
        FollowUp.RESTARTED: f"It was started anew ({count}).",
        FollowUp.GOES_ON: f"The handler was given up ({count}).",
        FollowUp.SLOWED: f"It goes on, slowly ({count}).",
        FollowUp.SECLUDED: f"It was started anew, apart from other guilds' scripts ({count}).",
        FollowUp.ROLLED_BACK: "The last revision that ran well is being brought back.",
        FollowUp.SUSPENDED: _suspension(consequence.until),
        FollowUp.STOPPED: "It does not run until it is deployed, rolled back or tried again.",
    }[consequence.follow_up]
    return f"the script was stopped{course}{place}: {breach.message}. {follows}"


def _suspension(until: datetime | None) -> str:
    if until is None:
        return "The guild is suspended until its owner resumes it or deploys a better script."
    return f"The guild is suspended until {until:%H:%M:%S} UTC."
