"""What Discord has been told in answer to one interaction, and what it may be told next.

Whoever calls sees to it that first answers come one after the other. It knows nothing of scripts,
of time, or of who has deferred.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from gateway.errors import DiscordError
from runtime.interactions.answer import EPHEMERAL, Answer
from runtime.interactions.requests import (
    ALREADY_ACKNOWLEDGED,
    ORIGINAL,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    Callback,
    InteractionRequests,
)

_WITHOUT_CONTENT = (Callback.DEFERRED_MESSAGE, Callback.DEFERRED_UPDATE, Callback.CHOICES)


class Stage(Enum):
    NEW = "new"  # Discord has heard nothing
    LOADING = "loading"  # members see "thinking…", a message that waits for its content
    UPDATED = "updated"  # the component's message was acknowledged: it is @original from now on
    ANSWERED = "answered"  # with a message of its own, a modal, or choices
    TOO_LATE = "too late"  # Discord takes no answer any more


class Exchange:
    """Its methods raise DiscordError; what Discord has refused has changed nothing."""

    def __init__(self, requests: InteractionRequests, acknowledged: Callable[[], None]) -> None:
        """acknowledged(): Discord has its first answer, or takes none any more."""
        self.stage = Stage.NEW
        # Whether members have seen more than that something is under way.
        self.said_something = False
        self._requests = requests
        self._acknowledged = acknowledged
        self._loading_ephemeral = False

    # --- first answers ---------------------------------------------------------------------

    async def respond(self, answer: Answer, *, ephemeral: bool) -> Any:
        """With a message of its own; gives it."""
        data = answer.as_new(ephemeral=ephemeral)
        message = await self._respond(Callback.MESSAGE, Stage.ANSWERED, data, answer)
        self.said_something = True
        return message

    async def defer(self, *, ephemeral: bool) -> None:
        """Discord fixes with this who will see the message."""
        data = b'{"flags":%d}' % EPHEMERAL if ephemeral else None
        self._loading_ephemeral = ephemeral
        await self._respond(Callback.DEFERRED_MESSAGE, Stage.LOADING, data)

    async def defer_update(self) -> None:
        await self._respond(Callback.DEFERRED_UPDATE, Stage.UPDATED)

    async def update(self, answer: Answer) -> Any:
        """Changes the message that holds the component; gives it."""
        message = await self._respond(Callback.UPDATE, Stage.UPDATED, answer.as_edit(), answer)
        self.said_something = True
        return message

    async def show_modal(self, modal: bytes) -> None:
        await self._respond(Callback.MODAL, Stage.ANSWERED, modal)
        self.said_something = True

    async def suggest(self, choices: bytes) -> None:
        await self._respond(Callback.CHOICES, Stage.ANSWERED, choices)

    # --- what comes after ------------------------------------------------------------------

    async def fill(self, answer: Answer, *, ephemeral: bool) -> tuple[Any, str]:
        """Gives the message that loads its content, or puts a follow-up in its place if others
        than those who see it loading are to see that. The message and its address."""
        if ephemeral == self._loading_ephemeral:
            message = await self.edit(ORIGINAL, answer)
            self._settle(Stage.ANSWERED)
            return message, ORIGINAL
        await self.remove_loading()
        message = await self.follow_up(answer, ephemeral=ephemeral)
        return message, message["id"]

    async def remove_loading(self) -> None:
        """Raises unless it is gone: a follow-up would take its place, as visible as it is."""
        try:
            await self._requests.delete(ORIGINAL)
        except DiscordError as error:
            if error.discord_code != UNKNOWN_MESSAGE:
                raise
        self._settle(Stage.ANSWERED)

    async def follow_up(self, answer: Answer, *, ephemeral: bool) -> Any:
        """A further message; gives it."""
        body = answer.as_new(ephemeral=ephemeral)
        message = await self._requests.follow_up(body, answer.files)
        self.said_something = True
        return message

    async def edit(self, message: str, answer: Answer) -> Any:
        """message: an id or ORIGINAL. Gives the message."""
        edited = await self._requests.edit(message, answer.as_edit(), answer.files)
        self.said_something = True
        return edited

    async def delete(self, message: str) -> None:
        await self._requests.delete(message)

    async def fetch(self, message: str) -> Any:
        return await self._requests.fetch(message)

    # --- inside ----------------------------------------------------------------------------

    async def _respond(
        self,
        callback: Callback,
        then: Stage,
        data: bytes | None = None,
        answer: Answer | None = None,
    ) -> Any:
        files = answer.files if answer else ()
        try:
            message = await self._requests.respond(callback, data, files)
        except DiscordError as error:
            if error.discord_code == UNKNOWN_INTERACTION:
                self._settle(Stage.TOO_LATE)
            elif error.discord_code == ALREADY_ACKNOWLEDGED:
                # A repeat of ours: the first try came through, its answer got lost.
                self._settle(then)
                if callback in _WITHOUT_CONTENT:
                    return None
            raise
        self._settle(then)
        return message

    def _settle(self, stage: Stage) -> None:
        was_new, self.stage = self.stage is Stage.NEW, stage
        if was_new:
            self._acknowledged()
