"""The events of one guild that are under way in its isolates, and how long each may live.

It knows which isolate has which event, and by the workers' journals which have started; what
becomes of an event, and what its owner is told, is the guild's.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runtime.event import Event
from runtime.isolate import HostedIsolate, Overdue


@dataclass(slots=True)
class Dispatch:
    event: Event
    isolate: HostedIsolate
    sent_at: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.sent_at

    def has_started(self, number: int) -> bool:
        return self.isolate.worker.forked.journal.has_started(number)


class Dispatches:
    """By their numbers, in the order in which they were sent."""

    def __init__(self) -> None:
        self._sent: dict[int, Dispatch] = {}
        self._overdue: list[tuple[HostedIsolate, Overdue]] = []

    def __len__(self) -> int:
        return len(self._sent)

    def get(self, number: int) -> Dispatch | None:
        return self._sent.get(number)

    def send(self, number: int, event: Event, isolate: HostedIsolate) -> None:
        """number: one that the isolate's worker has given."""
        self._sent[number] = Dispatch(event, isolate, time.monotonic())
        isolate.send_event(number, event.payload)

    def end(self, number: int) -> Dispatch | None:
        """Gives the number back to its worker."""
        dispatch = self._sent.pop(number, None)
        if dispatch is not None:
            dispatch.isolate.worker.release_dispatch(number)
        return dispatch

    @property
    def isolates(self) -> set[HostedIsolate]:
        return {dispatch.isolate for dispatch in self._sent.values()}

    def within(self, isolates: set[HostedIsolate]) -> list[tuple[int, Dispatch]]:
        return [item for item in self._sent.items() if item[1].isolate in isolates]

    def newest_started(self, isolate: HostedIsolate) -> str:
        """The event's name, empty where none has started."""
        for number, dispatch in reversed(self._sent.items()):
            if dispatch.isolate is isolate and dispatch.has_started(number):
                return dispatch.event.name
        return ""

    # --- lives -----------------------------------------------------------------------------

    def overdue(
        self, now: float, life_of: Callable[[Event], float]
    ) -> Iterator[tuple[int, Dispatch]]:
        """Those whose handlers have lived for as long as they may; whoever takes one ends it.
        life_of(event): seconds, 0 for ever."""
        for number, dispatch in list(self._sent.items()):
            life = life_of(dispatch.event)
            if life and now - dispatch.sent_at > life and dispatch.has_started(number):
                handler = Overdue(number, life, dispatch.sent_at, now)
                self._overdue.append((dispatch.isolate, handler))
                yield number, dispatch

    def reject_what_overdue_ones_wait_for(self) -> None:
        """Again as long as handlers live that were under way with an overdue one: which of them
        has asked what is not always known."""
        undecided = []
        for isolate, handler in self._overdue:
            alive = (each.sent_at for each in self._sent.values() if each.isolate is isolate)
            others_began_at = min(alive, default=math.inf)
            isolate.reject_overdue(handler, others_began_at)
            if others_began_at < handler.ended_at:
                undecided.append((isolate, handler))
        self._overdue = undecided
