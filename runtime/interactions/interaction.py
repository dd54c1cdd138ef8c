"""One interaction as its script sees it: each answer translated into what Discord takes now.

Discord takes one first answer within 3 s. When none has come after 2 s flora defers, as if the
script had done it; what the script answers afterwards is translated, so that it need not know.
Answers that change what the next one must be are given one after the other: nothing overtakes a
deferral. It knows neither isolates nor time.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from gateway.errors import DiscordError
from runtime.interactions.answer import Answer
from runtime.interactions.errors import (
    already_answered,
    deferred,
    not_answered,
    too_late,
    wrong_kind,
)
from runtime.interactions.exchange import Exchange, Stage
from runtime.interactions.received import Kind, Received
from runtime.interactions.requests import ORIGINAL, InteractionRequests

log = logging.getLogger("flora.runtime")

NO_CHOICES = b'{"choices":[]}'


class Interaction:
    """What scripts do raises InteractionError and DiscordError; what flora does never raises."""

    def __init__(
        self,
        received: Received,
        requests: InteractionRequests,
        *,
        ephemeral_by_default: bool,
        acknowledged: Callable[[], None],
        visible: Callable[[bool], None],
    ) -> None:
        """ephemeral_by_default: who sees its messages when the script does not say.
        acknowledged(): Discord has its first answer, or takes none any more;
        visible(ephemeral): the script has answered it with a message."""
        self.received = received
        self.ephemeral_by_default = ephemeral_by_default
        self._exchange = Exchange(requests, acknowledged)
        self._visible = visible
        self._lock = asyncio.Lock()
        self._deferred_by_flora = False
        # What the script's own deferral has asked for.
        self._deferred_ephemeral: bool | None = None
        # Where `reply` has put its message, and what the script takes for @original.
        self._reply: str | None = None
        self._original = ORIGINAL

    @property
    def stage(self) -> Stage:
        return self._exchange.stage

    # --- what a script does ----------------------------------------------------------------

    async def reply(self, answer: Answer) -> Any:
        """A message: the first answer, the content of a deferred one, or a follow-up; gives it."""
        self._refuse_for_autocomplete()
        async with self._lock:
            self._require_time()
            if self.stage in (Stage.NEW, Stage.LOADING):
                return await self._answer(answer)
            if self.stage is Stage.UPDATED and self._reply is None:
                message = await self._follow_up(answer)
                self._reply = message["id"]
                if self._deferred_by_flora:
                    self._original = message["id"]
                return message
        return await self._follow_up(answer)

    async def follow_up(self, answer: Answer) -> Any:
        """A further message; where none was given yet, the first one. Gives it."""
        self._refuse_for_autocomplete()
        async with self._lock:
            self._require_time()
            if self.stage in (Stage.NEW, Stage.LOADING):
                # Discord would make it the deferred message, as visible as that is.
                return await self._answer(answer)
        return await self._follow_up(answer)

    async def defer(self, ephemeral: bool | None) -> None:
        """Promises a message of its own."""
        self._refuse_for_autocomplete()
        wanted = self.ephemeral_by_default if ephemeral is None else ephemeral
        async with self._lock:
            self._require_time()
            if self.stage is Stage.NEW:
                await self._exchange.defer(ephemeral=wanted)
            elif not self._only_flora_has_answered():
                raise already_answered("there is nothing left to defer")
            self._deferred_ephemeral = wanted

    async def defer_update(self) -> None:
        """Acknowledges a component; its message stays as it is for now."""
        self._require_component()
        async with self._lock:
            self._require_time()
            if self.stage is Stage.NEW:
                await self._exchange.defer_update()
            elif not self._only_flora_has_answered():
                raise already_answered("there is nothing left to defer")
            self._deferred_by_flora = False

    async def update(self, answer: Answer) -> Any:
        """Changes the message that holds the component; gives it."""
        self._require_component()
        async with self._lock:
            self._require_time()
            if self.stage is Stage.NEW:
                return await self._exchange.update(answer)
            if self.stage is not Stage.UPDATED:
                raise already_answered("ctx.edit changes the message that holds the component")
        return await self._exchange.edit(ORIGINAL, answer)

    async def show_modal(self, modal: bytes) -> None:
        """modal: JSON text."""
        if self.received.kind not in (Kind.COMMAND, Kind.COMPONENT):
            raise wrong_kind("a modal answers a command or a component only")
        async with self._lock:
            self._require_time()
            if self.stage is Stage.NEW:
                await self._exchange.show_modal(modal)
            elif self._exchange.said_something:
                raise already_answered("a modal can only be the first answer")
            else:
                raise deferred("a modal can only be the first answer, show it before slow work")

    async def suggest(self, choices: bytes) -> None:
        """choices: JSON text, autocompletion's answer. Nobody waits for a late one."""
        if self.received.kind is not Kind.AUTOCOMPLETE:
            raise wrong_kind("choices answer autocompletion only")
        async with self._lock:
            if self.stage is Stage.NEW:
                await self._exchange.suggest(choices)

    async def edit_original(self, answer: Answer) -> Any:
        """Changes the first answer; after an update, the component's message. Gives it."""
        async with self._lock:
            self._require_answer()
            if self.stage is Stage.LOADING:
                return await self._answer(answer)
            if self._owes_message():
                message = await self._follow_up(answer)
                self._reply = self._original = message["id"]
                return message
        return await self._exchange.edit(self._original, answer)

    async def delete_original(self) -> None:
        async with self._lock:
            self._require_answer()
            if self.stage is Stage.LOADING:
                await self._exchange.remove_loading()
                return
            if self._owes_message():
                return
        await self._exchange.delete(self._original)

    async def fetch_original(self) -> Any:
        async with self._lock:
            self._require_answer()
        return await self._exchange.fetch(self._original)

    async def fetch_reply(self) -> Any:
        """The message with which `reply` has answered."""
        async with self._lock:
            self._require_answer()
        return await self._exchange.fetch(self._reply or self._original)

    async def edit_followup(self, message: str, answer: Answer) -> Any:
        async with self._lock:
            self._require_answer()
        return await self._exchange.edit(message, answer)

    async def delete_followup(self, message: str) -> None:
        async with self._lock:
            self._require_answer()
        await self._exchange.delete(message)

    # --- what flora does -------------------------------------------------------------------

    async def defer_unanswered(self, *, ephemeral: bool) -> None:
        """When nothing has been sent in time. ephemeral: as the command's answers are."""
        async with self._lock:
            if self.stage is not Stage.NEW:
                return
            try:
                if self.received.kind is Kind.AUTOCOMPLETE:
                    await self._exchange.suggest(NO_CHOICES)
                elif self.received.updates_message:
                    await self._exchange.defer_update()
                else:
                    await self._exchange.defer(ephemeral=ephemeral)
            except DiscordError as error:
                log.info("an interaction could not be deferred: %s", error)
            else:
                self._deferred_by_flora = True

    async def give_notice(self, sentence: str) -> None:
        """Tells the member, and nobody else, why no answer comes; nothing if one has come."""
        notice = Answer.notice(sentence)
        async with self._lock:
            if self._exchange.said_something:
                return
            try:
                if self.received.kind is Kind.AUTOCOMPLETE:
                    if self.stage is Stage.NEW:
                        await self._exchange.suggest(NO_CHOICES)
                elif self.stage is Stage.NEW:
                    await self._exchange.respond(notice, ephemeral=True)
                elif self.stage is Stage.LOADING:
                    await self._exchange.fill(notice, ephemeral=True)
                elif self.stage is Stage.UPDATED:
                    await self._exchange.follow_up(notice, ephemeral=True)
            except DiscordError as error:
                log.info("a member could not be told %r: %s", sentence, error)

    # --- inside ----------------------------------------------------------------------------

    async def _answer(self, answer: Answer) -> Any:
        """The first message, or the content of a deferred one."""
        ephemeral = self._is_ephemeral(answer)
        if self.stage is Stage.NEW:
            message = await self._exchange.respond(answer, ephemeral=ephemeral)
            self._reply = ORIGINAL
        else:
            message, at = await self._exchange.fill(answer, ephemeral=ephemeral)
            self._reply = self._original = at
        self._visible(ephemeral)
        return message

    async def _follow_up(self, answer: Answer) -> Any:
        return await self._exchange.follow_up(answer, ephemeral=self._is_ephemeral(answer))

    def _is_ephemeral(self, answer: Answer) -> bool:
        for said in (answer.ephemeral, self._deferred_ephemeral):
            if said is not None:
                return said
        return self.ephemeral_by_default

    def _only_flora_has_answered(self) -> bool:
        """Whether the script may still say how it would have deferred."""
        return (
            self._deferred_by_flora
            and self._deferred_ephemeral is None
            and not self._exchange.said_something
        )

    def _owes_message(self) -> bool:
        """The script has promised a message of its own, where flora had promised none."""
        deferred_twice = self.stage is Stage.UPDATED and self._deferred_ephemeral is not None
        return deferred_twice and self._reply is None

    def _require_time(self) -> None:
        if self.stage is Stage.TOO_LATE:
            raise too_late()

    def _require_answer(self) -> None:
        self._require_time()
        if self.stage is Stage.NEW:
            raise not_answered()

    def _require_component(self) -> None:
        if not self.received.updates_message:
            raise wrong_kind("only a component, or a modal that one has opened, updates a message")

    def _refuse_for_autocomplete(self) -> None:
        if self.received.kind is Kind.AUTOCOMPLETE:
            raise wrong_kind("autocompletion is answered with choices, not with a message")
