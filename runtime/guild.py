"""One guild in the runtime: its live isolate, the events that wait, those that are under way.

Events start in the order in which they came, at most `started_events` at a time. When an isolate
or its worker is lost, events that had not started are delivered again, started ones never.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from deployments.models.fault import FaultKind
from runtime.breach_texts import breach_while_running
from runtime.dispatches import Dispatch, Dispatches
from runtime.event import Ending, Event
from runtime.event_queue import EventQueue, Overrun
from runtime.isolate import EVERY_EVENT, HostedIsolate, Stage
from runtime.limits import Limits, LimitsOf
from runtime.metrics import Metrics
from runtime.offence import Offence
from runtime.pace import WINDOW, Pace
from runtime.script import Script, ScriptError
from runtime.worker.protocol import Breach
from runtime.worker_process import WorkerProcess

log = logging.getLogger("flora.runtime")


class GuildReports(Protocol):
    """Where a guild's owner reads what became of the script."""

    def script_log(self, guild_id: str, level: str, text: str) -> None: ...
    def script_failed(self, isolate: HostedIsolate, stage: str, error: ScriptError) -> None: ...
    def load_failed(self, script: Script, error: ScriptError) -> None: ...
    def runtime_note(self, guild_id: str, level: str, text: str) -> None: ...


class GuildRuntime:
    def __init__(
        self,
        guild_id: str,
        limits_of: LimitsOf,
        reports: GuildReports,
        rebuild: Callable[["GuildRuntime"], None],
        subscribed: Callable[[HostedIsolate], None],
        adopted: Callable[[HostedIsolate], None],
        offended: Callable[[HostedIsolate, Offence], None],
        metrics: Metrics | None = None,
    ) -> None:
        """rebuild(guild): called when the live isolate is gone and its script is wanted again;
        subscribed(isolate): the live isolate may listen to something else than before;
        adopted(isolate): it is the live one now, and once more when its top-level code, which had
        waited for that, has come to its end; offended(isolate, offence): it has broken a limit."""
        self.guild_id = guild_id
        self.live: HostedIsolate | None = None
        self.revision_id: str | None = None
        self.subscriptions: frozenset[str] = frozenset()
        self.cpu_ns = 0
        self.dropped = 0
        self.pace = Pace(limits_of(guild_id).minute_cpu_seconds)
        self._limits_of = limits_of
        self._reports = reports
        self._rebuild = rebuild
        self._subscribed = subscribed
        self._adopted = adopted
        self._offended = offended
        self._metrics = metrics or Metrics()
        self._rebuilding = False
        self._queue = EventQueue()
        self._overrun = Overrun()
        self._dispatches = Dispatches()
        self._waits_for_room = False
        self._pausing: asyncio.TimerHandle | None = None
        self._blamed: HostedIsolate | None = None
        # While the guild moves its events wait here, and while one isolate gives back what it has
        # not started, or newer events could overtake it.
        self._held = False
        self._giving_back: HostedIsolate | None = None
        self._settled = asyncio.Event()

    @property
    def _limits(self) -> Limits:
        return self._limits_of(self.guild_id)

    # --- events ----------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether an event is under way or waits, or an operation that no handler waits for."""
        operations = self.live.operations_under_way if self.live is not None else 0
        return bool(self._dispatches or self._queue or operations)

    @property
    def queued(self) -> int:
        """Events that wait for their turn."""
        return len(self._queue)

    @property
    def under_way(self) -> int:
        return len(self._dispatches)

    def wants(self, event: str) -> bool:
        return event in self.subscriptions or EVERY_EVENT in self.subscriptions

    def offer(self, event: Event) -> None:
        """Queues an event and starts it as soon as its turn comes."""
        room = self._limits.guild_queue
        if (dropped := self._queue.put(event, room)) is not None:
            self._note_drop(dropped, room)
            self._drop(dropped, "queue full")
        self._pump()

    def offer_first(self, event: Event) -> None:
        """The same, before everything that waits."""
        self._queue.put_back([event])
        self._pump()

    @property
    def is_overrun(self) -> bool:
        """Whether its queue has dropped events, and is not down to half of its room since."""
        return bool(self._overrun)

    def _note_drop(self, event: Event, room: int) -> None:
        self.dropped += 1
        if self._overrun.begins_with(event):
            text = f"more than {room} events wait: from now on the least urgent are dropped"
            self._reports.runtime_note(self.guild_id, "warn", text)

    def _note_recovery(self) -> None:
        if self._overrun and (dropped := self._overrun.end(len(self._queue), self._limits)):
            text = f"events that wait have room again; dropped meanwhile: {dropped}"
            self._reports.runtime_note(self.guild_id, "info", text)

    def _drop(self, event: Event, reason: str) -> None:
        self._metrics.drops.add(reason)
        self._over(event, Ending.DROPPED)

    def _over(
        self,
        event: Event,
        ending: Ending,
        error: ScriptError | None = None,
        seconds: float | None = None,
    ) -> None:
        """seconds: since it was sent to its worker, None when it never was."""
        self._metrics.event_ended(event.stage, ending.value, seconds)
        event.end(ending, error)

    def _pump(self) -> None:
        isolate = self.live
        while self._queue and isolate is not None:
            if len(self._dispatches) >= self._limits.started_events or self._is_held_up():
                return
            number = isolate.worker.take_dispatch()
            if number is None:
                self._waits_for_room = True
                isolate.worker.when_room(self._on_room, urgent=self._queue.is_urgent)
                return
            event = self._queue.take()
            self._note_recovery()
            self._dispatches.send(number, event, isolate)

    def _on_room(self) -> None:
        self._waits_for_room = False
        self._pump()

    def _is_held_up(self) -> bool:
        """By a move, a full worker, or by its own pace, after which it goes on by itself."""
        if self._held or self._giving_back is not None:
            return True
        if self._waits_for_room or self._pausing is not None:
            return True
        pause = self.pace.pause(time.monotonic())
        if pause:
            self._pausing = asyncio.get_running_loop().call_later(pause, self._on_pause_over)
        return pause > 0

    def _on_pause_over(self) -> None:
        self._pausing = None
        self._pump()

    # --- the live isolate ------------------------------------------------------------------

    def expect(self, events: Iterable[str]) -> None:
        """Its script is being loaded: what it is known to listen to waits for it."""
        self.subscriptions = frozenset(events)

    def adopt(self, isolate: HostedIsolate) -> None:
        """Makes a loaded isolate the guild's; the one before finishes what has started in it."""
        before, self.live = self.live, isolate
        self.revision_id = isolate.script.revision_id
        if self._rebuilding:
            self._metrics.isolate_restarted()
        self._rebuilding = False
        self._listen(isolate)
        isolate.go_live(self)
        if before is not None:
            if before.worker is isolate.worker:
                before.hand_over(isolate)
            else:
                self._take_back(before)
            self._retire(before)
        self._adopted(isolate)
        self._pump()

    def release(self) -> None:
        """The guild has no script from now on: pause, undeploy, or the bot has left."""
        before, self.live = self.live, None
        self._rebuilding = False
        self.subscriptions = frozenset()
        for event in self._queue.clear():
            self._drop(event, "no script")
        self._note_recovery()
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None
        if before is not None:
            self._retire(before)

    def _retire(self, isolate: HostedIsolate) -> None:
        isolate.stage = Stage.DRAINING
        if not self._close_when_drained(isolate) and self._limits.handler_seconds:
            asyncio.get_running_loop().call_later(self._limits.handler_seconds, isolate.close)

    def _close_when_drained(self, isolate: HostedIsolate) -> bool:
        if self._is_at_work(isolate):
            return False
        isolate.close()
        return True

    # --- moving ----------------------------------------------------------------------------

    def hold(self) -> None:
        """From now on events wait; those that have not started come back to the queue's head."""
        self._held = True
        if self.live is not None:
            self._take_back(self.live)

    def let_go(self) -> None:
        self._held = False
        self._pump()

    async def until_quiet(self) -> None:
        """Waits until no handler of the live isolate is under way and no operation of it
        unanswered. A timer that sleeps counts for nothing."""
        while not self._is_quiet():
            self._settled.clear()
            await self._settled.wait()

    def tell(self, isolate: HostedIsolate, event: Event) -> None:
        """Starts an event of the runtime's own in this isolate, whatever waits."""
        if isolate.stage is Stage.GONE:
            event.end(Ending.LOST)
            return
        number = isolate.worker.take_dispatch()
        if number is None:
            isolate.worker.when_room(lambda: self.tell(isolate, event), urgent=True)
            return
        self._dispatches.send(number, event, isolate)

    def _is_quiet(self) -> bool:
        if self._giving_back is not None:
            return False
        live = self.live
        return live is None or not (live.operations_under_way or self._is_at_work(live))

    def _is_at_work(self, isolate: HostedIsolate) -> bool:
        return isolate in self._dispatches.isolates

    def _take_back(self, isolate: HostedIsolate) -> None:
        if self._is_at_work(isolate):
            self._giving_back = isolate
            isolate.give_back()

    def _put_back(self, events: list[Event]) -> None:
        for event in events:
            if not event.again:
                self._over(event, Ending.LOST)
        self._queue.put_back([event for event in events if event.again])

    # --- Owner -----------------------------------------------------------------------------

    def on_settled(self, dispatch: int, error: ScriptError | None) -> None:
        ended = self._end(dispatch)
        if ended is not None and error is not None:
            self._reports.script_failed(ended.isolate, ended.event.stage, error)
            self._over(ended.event, Ending.FAILED, error, ended.seconds)
        elif ended is not None:
            self._over(ended.event, Ending.DONE, None, ended.seconds)
        self._pump()

    def on_moved(self, dispatches: list[int], successor: int) -> None:
        isolate = self.live
        if isolate is None or isolate.number != successor:
            return
        for number in dispatches:
            if moved := self._dispatches.get(number):
                before, moved.isolate = moved.isolate, isolate
                self._close_when_drained(before)

    def on_given_back(self, isolate: HostedIsolate, dispatches: list[int]) -> None:
        ended = [dispatch for number in dispatches if (dispatch := self._end(number))]
        self._put_back([dispatch.event for dispatch in ended])
        if self._giving_back is isolate:
            self._giving_back = None
        self._settled.set()
        self._pump()

    def on_operations_ended(self, isolate: HostedIsolate) -> None:
        self._settled.set()

    def on_subscriptions(self, isolate: HostedIsolate) -> None:
        if isolate is self.live:
            self._listen(isolate)

    def on_load_ended(self, isolate: HostedIsolate) -> None:
        if isolate is self.live:
            self._adopted(isolate)

    def _listen(self, isolate: HostedIsolate) -> None:
        self.subscriptions = isolate.subscriptions
        self._subscribed(isolate)

    def on_log(self, isolate: HostedIsolate, level: str, text: str) -> None:
        self._reports.script_log(self.guild_id, level, text)

    def on_uncaught(self, isolate: HostedIsolate, error: ScriptError) -> None:
        self._reports.script_failed(isolate, "unhandled", error)

    def on_cpu(self, cpu_ns: int) -> None:
        self.cpu_ns += cpu_ns
        self._metrics.cpu_ns += cpu_ns
        self.pace.cpu_seconds = self._limits.minute_cpu_seconds
        was_slowed = self.pace.slowed_since is not None
        self.pace.spend(cpu_ns / 1e9, time.monotonic())
        if self.pace.slowed_since is not None and not was_slowed:
            self._reports.runtime_note(self.guild_id, "warn", self._slowness())

    def on_breach(self, isolate: HostedIsolate, breach: Breach) -> None:
        self._metrics.limit_broken(breach.kind)
        if breach.kind == "stuck":
            self._blamed = isolate
            isolate.worker.accused = isolate.worker.accused or isolate.number
            isolate.worker.kill(f"guild {self.guild_id} computes and cannot be interrupted")
        if isolate is not self.live and isolate.stage is not Stage.DRAINING:
            # It was loading: whoever loads it is told, or whoever tells it what it takes over.
            self._lose({isolate}, breach_while_running(breach, self._limits.turn))
            return
        if breach.kind == "crowded":
            self._reports.runtime_note(
                self.guild_id,
                "warn",
                "the script was started anew: its worker ran out of memory, and it held most of it",
            )
            self._lose({isolate})
            return
        error = breach_while_running(breach, self._limits.turn)
        self._reports.script_failed(isolate, "dispatch", error)
        offence = Offence(
            FaultKind(breach.kind),  # a ValueError for what no worker says costs it its life
            error,
            self._dispatches.newest_started(isolate),
            breach.cpu_ms,
            breach.peak_bytes,
        )
        self._offended(isolate, offence)
        if breach.kind != "stuck":
            self._lose({isolate}, error)

    def on_gone(self, isolate: HostedIsolate) -> None:
        if isolate is self.live:
            self._lose({isolate})
        for number, dispatch in self._dispatches.within({isolate}):
            self._give_up(number, dispatch)  # drained for longer than a handler lives
        if self._giving_back is isolate:
            self._giving_back = None
        self._settled.set()
        self._pump()

    def on_worker_lost(self, worker: WorkerProcess, how: str) -> None:
        """The worker has died; its journal tells who computed and which events had started."""
        ours = self._dispatches.isolates | {self.live}
        lost = {isolate for isolate in ours if isolate is not None and isolate.worker is worker}
        if self._giving_back is not None and self._giving_back.worker is worker:
            self._giving_back = None
        if not lost:
            self._pump()
            return
        for isolate in lost:
            is_suspect = isolate.lose(how) and not worker.is_asked_to_stop
            if is_suspect and isolate is not self._blamed:
                error = ScriptError("", f"its worker process died: {how}")
                self._reports.script_failed(isolate, "dispatch", error)
                started = self._dispatches.newest_started(isolate)
                is_sure = len(worker.suspects()) == 1
                offence = Offence(FaultKind.WORKER, error, started, is_sure=is_sure)
                self._offended(isolate, offence)
        self._waits_for_room = False
        self._lose(lost)

    # --- losing isolates -------------------------------------------------------------------

    def abandon(self) -> list[Event]:
        """flora ends, and the workers have. Gives what may wait for the next process, in order;
        of everything else that was not done its end is told."""
        self.live = None
        self._recover(self._dispatches.isolates, "flora stopped")
        left = []
        for event in self._queue.clear():
            if event.may_wait:
                left.append(event)
            else:
                event.end(Ending.DROPPED)
        return left

    def _lose(self, isolates: set[HostedIsolate], why: ScriptError | None = None) -> None:
        self._recover(isolates, "its isolate ended", why)
        if self.live in isolates:
            self.live = None
            if not self._rebuilding:
                self._rebuilding = True
                self._rebuild(self)
        self._pump()

    def _recover(
        self, isolates: set[HostedIsolate], course: str, why: ScriptError | None = None
    ) -> None:
        """What has not started in them goes back to the queue, in the order in which it came."""
        again: list[Event] = []
        for number, dispatch in self._dispatches.within(isolates):
            has_started = dispatch.has_started(number)
            self._end(number)
            if has_started:
                self._reports.runtime_note(
                    self.guild_id,
                    "error",
                    f"{dispatch.event.name} was lost: it had started when {course}",
                )
                self._over(dispatch.event, Ending.LOST, why, dispatch.seconds)
            else:
                again.append(dispatch.event)
        self._put_back(again)
        if self._giving_back in isolates:
            self._giving_back = None
        self._settled.set()

    def _end(self, number: int) -> Dispatch | None:
        dispatch = self._dispatches.end(number)
        if dispatch is not None:
            self._settled.set()
            if dispatch.isolate.stage is Stage.DRAINING:
                self._close_when_drained(dispatch.isolate)
        return dispatch

    def end_overdue(self, now: float) -> None:
        """Lets go of handlers that have only waited for longer than a handler lives, and ends what
        they wait for."""
        for number, dispatch in self._dispatches.overdue(now, self._life_of):
            self._give_up(number, dispatch)
            self._pump()
        self._dispatches.reject_what_overdue_ones_wait_for()

    def judge_pace(self, now: float) -> None:
        """A guild that has been over its share for a whole minute has struck once more."""
        slowed_since = self.pace.slowed_since
        if self.live is None or slowed_since is None or now - slowed_since < WINDOW:
            return
        if self.pace.pause(now) or self.pace.used(now) >= self.pace.cpu_seconds:
            self.pace.slowed_since = now
            error = ScriptError("", self._slowness())
            self._offended(self.live, Offence(FaultKind.BUSY, error, goes_on=True))

    def _slowness(self) -> str:
        return (
            f"it computes for more than {self.pace.cpu_seconds:g} s in a minute: "
            "its events start more slowly"
        )

    def _life_of(self, event: Event) -> float:
        return self._limits.handler_seconds if event.seconds is None else event.seconds

    def _give_up(self, number: int, dispatch: Dispatch) -> None:
        error = self._overdue(dispatch)
        event = dispatch.event
        self._reports.script_failed(dispatch.isolate, event.stage, error)
        if event.stage == "cron":
            offence = Offence(FaultKind.TIMEOUT, error, event.name, goes_on=True)
            self._offended(dispatch.isolate, offence)
        self._end(number)
        self._over(event, Ending.OVERDUE, error, dispatch.seconds)

    def _overdue(self, dispatch: Dispatch) -> ScriptError:
        event, seconds = dispatch.event, self._life_of(dispatch.event)
        return ScriptError("", f"{event.stage} timed out: {event.name} took over {seconds:g} s")
