"""One isolate as the supervisor sees it: its stage, what it subscribed to, what it asked for.

It turns an isolate's records into calls: operations go to the desk, notices to the guild that
owns it. Everything in a record is hostile and validated here.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol

import msgspec

from runtime.breach_texts import breach_while_loading
from runtime.fetch.exchange import Exchange
from runtime.schedule.job import Job
from runtime.script import LoadFailed, Script, ScriptError, WorkerLost
from runtime.window import Window
from runtime.worker.protocol import Breach, Load, ToWorker, TurnLimits
from runtime.worker.records import UNREADABLE, Record, decode_records
from runtime.worker_process import WorkerProcess

log = logging.getLogger("flora.runtime")

EVERY_EVENT = "*"
# flora's own events by which a script hands its state on: what the handlers of the one return is
# the payload of the other.
SUSPEND, RESUME = "FLORA_SUSPEND", "FLORA_RESUME"
# Operations are counted in steps of so many seconds.
OPERATIONS_WINDOW = 10.0
MAX_STATE_BYTES = 1 << 20
MAX_ERROR_TEXT = 8192
# What a database keeps of a turn's CPU; a worker may say anything.
MAX_CPU_MS = (1 << 31) - 1
# A script on trial whose timers never end counts as loaded when, for so long, nothing else than
# operations with effects has been open; seconds.
TRIAL_PATIENCE = 2.0


class Stage(Enum):
    LOADING = "loading"
    STANDBY = "standby"  # loaded, not yet the guild's: operations with effects wait
    LIVE = "live"
    DRAINING = "draining"  # replaced: what has started may finish
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Overdue:
    """A handler that has lived for as long as it may. dispatch: its number; seconds: how long that
    is; began_at, ended_at: monotonic seconds."""

    dispatch: int
    seconds: float
    began_at: float
    ended_at: float


class _Error(msgspec.Struct):
    name: str = "Error"
    message: str = ""
    stack: str = ""
    event: str = ""

    def as_script_error(self) -> ScriptError:
        return ScriptError(
            _storable(self.name[:256]),
            _storable(self.message[:MAX_ERROR_TEXT]),
            _storable(self.stack[:MAX_ERROR_TEXT]),
            _storable(self.event[:64]),
        )


def _storable(text: str) -> str:
    """PostgreSQL has no place for NUL, in text or JSON."""
    return text.replace("\x00", "\\0")


class Owner(Protocol):
    """The guild an isolate belongs to."""

    def on_settled(self, dispatch: int, error: ScriptError | None) -> None: ...
    def on_log(self, isolate: "HostedIsolate", level: str, text: str) -> None: ...
    def on_uncaught(self, isolate: "HostedIsolate", error: ScriptError) -> None: ...
    def on_breach(self, isolate: "HostedIsolate", breach: Breach) -> None: ...
    def on_gone(self, isolate: "HostedIsolate") -> None: ...
    def on_moved(self, dispatches: list[int], successor: int) -> None: ...
    def on_given_back(self, isolate: "HostedIsolate", dispatches: list[int]) -> None: ...
    def on_operations_ended(self, isolate: "HostedIsolate") -> None: ...
    def on_cpu(self, cpu_ns: int) -> None: ...
    def on_subscriptions(self, isolate: "HostedIsolate") -> None: ...
    def on_load_ended(self, isolate: "HostedIsolate") -> None: ...


class Desk(Protocol):
    """Performs operations; runtime/operations/desk.py is the real one."""

    def has_effect(self, name: str) -> bool: ...
    def perform(self, isolate: "HostedIsolate", record: Record) -> None: ...
    def reject(self, isolate: "HostedIsolate") -> None: ...
    def reject_overdue(
        self, isolate: "HostedIsolate", handler: Overdue, others_began_at: float
    ) -> None: ...


class HostedIsolate:
    def __init__(
        self,
        number: int,
        script: Script,
        worker: WorkerProcess,
        owner: Owner,
        desk: Desk,
        *,
        trial: bool,
    ) -> None:
        """trial: nobody knows yet whether the script loads, so what others could see of it waits
        until it is the guild's."""
        self.number = number
        self.script = script
        self.worker = worker
        self.stage = Stage.LOADING
        self.subscriptions: frozenset[str] = frozenset()
        self.operations_under_way = 0
        # Its guild has moved on without waiting any longer: what it asks is refused.
        self.evicted = False
        self.operations = Window(OPERATIONS_WINDOW)
        # The slash commands that the script has declared, and why they cannot be taken.
        self.commands: list[dict[str, Any]] = []
        self.ephemeral_commands: frozenset[str] = frozenset()
        self.commands_problem = ""
        # What the script wants to take along: JSON, since it has handled SUSPEND.
        self.state = b"null"
        # The cron jobs that the script has registered, by name, how often it has tried to, and
        # why one of them cannot be taken.
        self.jobs: dict[str, Job] = {}
        self.job_registrations = 0
        self.jobs_problem = ""
        # All its top-level code has run; on trial it may count as loaded before.
        self.load_ended = False
        # Requests that the script has under way, by its own numbers; they end with the isolate.
        self.exchanges: dict[int, Exchange] = {}
        # What it knows of the guild's secrets.
        self._placeholders: dict[str, str] = {}
        self._owner = owner
        self._desk = desk
        self._trial = trial
        self._waiting = False
        self._held: list[Record] = []
        self._loaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._notices: dict[str, Callable[[msgspec.Raw], None]] = {
            "done": self._on_done,
            "failed": self._on_failed,
            "loaded": self._on_loaded,
            "load_failed": self._on_load_failed,
            "subscriptions": self._on_subscriptions,
            "suspended": self._on_suspended,
            "log": self._on_log,
            "error": self._on_error,
        }

    @property
    def guild_id(self) -> str:
        return self.script.guild_id

    @property
    def hands_over(self) -> bool:
        """Whether the script says what it takes along to another isolate."""
        return SUSPEND in self.subscriptions

    def declares_ephemeral(self, command: str) -> bool:
        """command: `tag view`; what is declared of `tag` holds for it too."""
        names = command.split(" ")
        return any(
            " ".join(names[:count]) in self.ephemeral_commands for count in range(1, len(names) + 1)
        )

    async def load(self, limits: TurnLimits, timeout: float, placeholders: dict[str, str]) -> None:
        """Runs the script's top-level code; the isolate is STANDBY afterwards.

        On trial, loaded is also a script that can go on only when operations are done which
        wait for the swap. placeholders: of secrets, by name. Raises LoadFailed or WorkerLost.
        """
        self.worker.listeners[self.number] = self
        self._placeholders = placeholders
        script = self.script
        load = Load(self.guild_id, script.source, script.source_name, limits, placeholders)
        self.worker.send(ToWorker.LOAD, self.number, 0, msgspec.msgpack.encode(load))
        try:
            await asyncio.wait_for(self._loaded, timeout or None)
        except TimeoutError:
            self.close()
            raise LoadFailed(
                ScriptError("", f"module_load timed out: top-level code ran over {timeout:g} s")
            ) from None
        except BaseException:
            self.close()
            raise
        self.stage = Stage.STANDBY
        # V8 has it now: megabytes a guild are not kept twice.
        self.script = replace(self.script, source="")

    def go_live(self, owner: Owner) -> None:
        """The owner's script from now on: what it held back is performed."""
        self._owner = owner
        self.stage = Stage.LIVE
        held, self._held = self._held, []
        for record in held:
            self._perform(record)

    def send_event(self, dispatch: int, payload: bytes) -> None:
        self.worker.send(ToWorker.EVENT, self.number, dispatch, payload)

    def tell_placeholders(self, placeholders: dict[str, str]) -> None:
        """The script is to know these secrets, if it does not."""
        if self.stage is not Stage.GONE and placeholders != self._placeholders:
            self._placeholders = placeholders
            self.worker.send(ToWorker.SECRETS, self.number, 0, msgspec.json.encode(placeholders))

    def answer(self, answers: bytes, gated_count: int) -> None:
        """answers: JSON as the bridge's `A` takes it; gated_count: how many are gated, all or 0."""
        self._waiting = False
        if self.stage is not Stage.GONE:
            self.worker.send(ToWorker.ANSWERS, self.number, gated_count, answers)

    def hand_over(self, successor: "HostedIsolate") -> None:
        """Events that have not started go to the successor, in the same worker."""
        self.worker.send(ToWorker.HAND_OVER, self.number, successor.number)

    def give_back(self) -> None:
        """Events that have not started come back: `on_given_back` of the owner."""
        self.worker.send(ToWorker.HAND_OVER, self.number)

    def reject_operations(self) -> None:
        """What the script waits for will not come: it is told so."""
        self._desk.reject(self)

    def reject_overdue(self, handler: Overdue, others_began_at: float) -> None:
        """The same for what one of its handlers waits for; others_began_at: monotonic seconds,
        the first of its handlers that live."""
        if self.stage is not Stage.GONE:
            self._desk.reject_overdue(self, handler, others_began_at)

    def close(self) -> None:
        if self.stage is not Stage.GONE:
            self.stage = Stage.GONE
            self._held.clear()
            self._end_exchanges()
            self.worker.send(ToWorker.CLOSE, self.number)

    def lose(self, how: str) -> bool:
        """The worker has died with this isolate in it; whether it may have died of this one."""
        self.stage = Stage.GONE
        self._held.clear()
        self._end_exchanges()
        suspected = self.worker.suspects()
        suspects = len(suspected) if self.number in suspected else 0
        self._end_load(WorkerLost(how, suspects))
        return suspects > 0

    def operation_ended(self) -> None:
        """Its answer is on its way: the script goes on, and says again when it only waits."""
        self.operations_under_way -= 1
        self._waiting = False
        if self.operations_under_way == 0:
            self._owner.on_operations_ended(self)

    # --- IsolateListener -------------------------------------------------------------------

    def on_records(self, text: bytes, cpu_ns: int) -> None:
        self._owner.on_cpu(cpu_ns)
        try:
            records = decode_records(text)
        except UNREADABLE as error:
            self._end_for(f"it sent what are no records: {error}", cpu_ns)
            return
        for record in records:
            if record.number > 0:
                self._on_operation(record)
            elif notice := self._notices.get(record.name):
                try:
                    notice(record.payload)
                except UNREADABLE:
                    log.warning("isolate %d sent a malformed %s notice", self.number, record.name)
        self._settle_load_if_only_held()

    def _end_for(self, message: str, cpu_ns: int) -> None:
        """No SDK of ours does this: whatever runs there is not believed any more."""
        if self.stage is not Stage.GONE:
            log.error("isolate %d is ended: %s", self.number, message)
            self.on_breach(Breach("protocol", message, min(cpu_ns // 1_000_000, MAX_CPU_MS), 0))
            self.close()

    def on_waiting(self) -> None:
        self._waiting = True
        self._settle_load_if_only_held()

    def on_breach(self, breach: Breach) -> None:
        self._fail_load(breach_while_loading(breach))
        self._owner.on_breach(self, breach)

    def on_closed(self) -> None:
        self.stage = Stage.GONE
        self._end_exchanges()
        self._fail_load(ScriptError("", "the isolate was closed while it loaded"))
        self._owner.on_gone(self)

    def on_handed_over(self, successor: int, dispatches: list[int]) -> None:
        if successor:
            self._owner.on_moved(dispatches, successor)
        else:
            self._owner.on_given_back(self, dispatches)

    def _end_exchanges(self) -> None:
        for exchange in self.exchanges.values():
            exchange.cancel()

    # --- notices ---------------------------------------------------------------------------

    def _on_operation(self, record: Record) -> None:
        tried = self._trial and self.stage in (Stage.LOADING, Stage.STANDBY)
        if tried and self._desk.has_effect(record.name):
            if not self._held:
                asyncio.get_running_loop().call_later(TRIAL_PATIENCE, self.on_waiting)
            self._held.append(record)
        elif self.stage is not Stage.GONE:
            self._perform(record)

    def _perform(self, record: Record) -> None:
        self.operations_under_way += 1
        self._desk.perform(self, record)

    def _settle_load_if_only_held(self) -> None:
        if (
            self._held
            and self._waiting
            and self.operations_under_way == 0
            and not self._loaded.done()
        ):
            self._loaded.set_result(None)

    def _fail_load(self, error: ScriptError) -> None:
        self._end_load(LoadFailed(error))

    def _end_load(self, reason: LoadFailed | WorkerLost) -> None:
        if not self._loaded.done():
            self._loaded.set_exception(reason)
            self._loaded.exception()  # whoever loads may have given up already

    def _on_loaded(self, _: msgspec.Raw) -> None:
        self.load_ended = True
        if self._loaded.done():
            self._owner.on_load_ended(self)
        else:
            self._loaded.set_result(None)

    def _on_load_failed(self, payload: msgspec.Raw) -> None:
        error = msgspec.json.decode(payload, type=_Error).as_script_error()
        if self._loaded.done():
            # It counted as loaded while it waited for the swap, and threw afterwards.
            self._owner.on_uncaught(self, error)
            self.load_ended = True
            self._owner.on_load_ended(self)
        else:
            self._fail_load(error)

    def _on_subscriptions(self, payload: msgspec.Raw) -> None:
        names: Any = msgspec.json.decode(payload, type=list[str] | str)
        self.subscriptions = frozenset([names] if isinstance(names, str) else names[:256])
        self._owner.on_subscriptions(self)

    def _on_suspended(self, payload: msgspec.Raw) -> None:
        state = bytes(payload)
        if len(state) <= MAX_STATE_BYTES:
            self.state = state

    def _on_done(self, payload: msgspec.Raw) -> None:
        self._owner.on_settled(msgspec.json.decode(payload, type=int), None)

    def _on_failed(self, payload: msgspec.Raw) -> None:
        dispatch, error = msgspec.json.decode(payload, type=tuple[int, _Error])
        self._owner.on_settled(dispatch, error.as_script_error())

    def _on_log(self, payload: msgspec.Raw) -> None:
        level, text = msgspec.json.decode(payload, type=tuple[str, str])
        self._owner.on_log(self, level, text)

    def _on_error(self, payload: msgspec.Raw) -> None:
        self._owner.on_uncaught(self, msgspec.json.decode(payload, type=_Error).as_script_error())
