"""All interactions whose tokens live: whose they are, what flora does when no answer comes.

An interaction is known from the moment it arrives, whether or not its guild has a script that
handles it. It knows neither isolates nor queues: how an event has ended is told to it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from gateway.errors import ScopeForbidden
from gateway.rest import Rest
from runtime.event import Ending
from runtime.interactions.errors import expired
from runtime.interactions.exchange import Stage
from runtime.interactions.interaction import Interaction
from runtime.interactions.received import Received
from runtime.interactions.requests import InteractionRequests

log = logging.getLogger("flora.runtime")

# Discord waits 3 s for a first answer; a request to it and back must fit into the rest.
DEFER_AFTER = 2.0
# A token's life at Discord, less the way there.
TOKEN_LIFE = 14 * 60 + 50.0
# Interactions that are remembered at most; the oldest go first.
MAX_KEPT = 50_000
# Commands of which it is remembered that only the member who used them saw their answer.
MAX_HABITS = 20_000

NOT_RUNNING = "This bot is not running here at the moment."
NOT_HANDLED = "This bot does not answer this any more."
FAILED = "Something went wrong in this bot. Who runs it can read why in its log."
INTERRUPTED = "This bot was interrupted before it could answer. Please try again."
NO_ANSWER = "This bot did not answer."
RESTARTING = "This bot is being restarted. Please try again in a moment."

# What a member is told of an event that did not end well.
_NOTICES = {
    Ending.FAILED: FAILED,
    Ending.OVERDUE: NO_ANSWER,
    Ending.LOST: INTERRUPTED,
    Ending.DROPPED: INTERRUPTED,
}


class Clock(Protocol):
    """An event loop's time; tests have one that they turn themselves."""

    def time(self) -> float: ...
    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Any: ...


class Interactions:
    def __init__(
        self,
        rest: Rest,
        application_id: Callable[[], str],
        clock: Clock,
        *,
        patience: float,
        declared_ephemeral: Callable[[str, str], bool],
        max_kept: int = MAX_KEPT,
        max_habits: int = MAX_HABITS,
    ) -> None:
        """patience: how long a member is let wait for a script that has ended without an answer;
        seconds. declared_ephemeral(guild, command): what the guild's script has said of it."""
        self._rest = rest
        self._application_id = application_id
        self._clock = clock
        self._patience = patience
        self._declared_ephemeral = declared_ephemeral
        self._max_kept = max_kept
        self._max_habits = max_habits
        # By token, with the time at which it dies.
        self._kept: OrderedDict[str, tuple[Interaction, float]] = OrderedDict()
        self._timers: dict[str, Any] = {}
        # Of which guild and command the last answer was ephemeral.
        self._habits: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, data: dict[str, Any]) -> Interaction | None:
        """Takes INTERACTION_CREATE's `d`; None for what nobody can answer, and for one that is
        known already: its token stays whose it is. Raises OddPayload."""
        received = Received.of(data)
        if received is None or received.token in self._kept:
            return None
        interaction = Interaction(
            received,
            InteractionRequests(self._rest, self._application_id(), received.id, received.token),
            ephemeral_by_default=bool(received.command)
            and self._declared_ephemeral(received.guild_id, received.command),
            acknowledged=partial(self._cancel_timer, received.token),
            visible=partial(self._note_habit, received),
        )
        now = self._clock.time()
        self._forget(now)
        self._kept[received.token] = interaction, now + TOKEN_LIFE
        self._timers[received.token] = self._clock.call_later(DEFER_AFTER, self._defer, interaction)
        return interaction

    def require(self, guild_id: str, token: str) -> Interaction:
        """The guild's interaction with this token. Raises ScopeForbidden, InteractionError."""
        interaction, ends_at = self._kept.get(token, (None, 0.0))
        if interaction is None or interaction.received.guild_id != guild_id:
            # One answer for another guild's token and for none, so that nothing is learned.
            raise ScopeForbidden("interaction is outside runtime scope")
        if ends_at <= self._clock.time():
            raise expired()
        return interaction

    def refuse(self, interaction: Interaction, sentence: str) -> None:
        """No script will answer it: the member is told."""
        self._spawn(interaction.give_notice(sentence))

    def event_ended(self, interaction: Interaction, ending: Ending, _: object = None) -> None:
        """The event that brought it to a script is over."""
        if sentence := _NOTICES.get(ending):
            self._spawn(interaction.give_notice(sentence))
        elif interaction.stage in (Stage.NEW, Stage.LOADING):
            # A timer of the script, or a promise that nobody awaits, may still answer.
            self._clock.call_later(self._patience, self._give_up, interaction)

    async def drain(self, timeout: float) -> None:
        """Waits until flora has said what it has to say by itself, at most `timeout` seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout)

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks:
            task.cancel()

    # --- inside ----------------------------------------------------------------------------

    def _defer(self, interaction: Interaction) -> None:
        received = interaction.received
        self._timers.pop(received.token, None)
        habit = (received.guild_id, received.command) in self._habits
        ephemeral = interaction.ephemeral_by_default or habit
        self._spawn(interaction.defer_unanswered(ephemeral=ephemeral))

    def _give_up(self, interaction: Interaction) -> None:
        if interaction.stage is Stage.LOADING:
            self._spawn(interaction.give_notice(NO_ANSWER))

    def _cancel_timer(self, token: str) -> None:
        if timer := self._timers.pop(token, None):
            timer.cancel()

    def _note_habit(self, received: Received, ephemeral: bool) -> None:
        if not received.command:
            return
        habit = (received.guild_id, received.command)
        self._habits.pop(habit, None)
        if ephemeral:
            self._habits[habit] = None
            if len(self._habits) > self._max_habits:
                self._habits.popitem(last=False)

    def _forget(self, now: float) -> None:
        """Lets go of those whose tokens are dead, and of the oldest when there are too many."""
        while self._kept:
            token, (_, ends_at) = next(iter(self._kept.items()))
            if ends_at > now and len(self._kept) < self._max_kept:
                return
            del self._kept[token]
            self._cancel_timer(token)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("an interaction could not be seen to", exc_info=error)
