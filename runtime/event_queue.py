"""The events of one guild that wait, and which of them goes when there are too many."""

from collections import deque

from runtime.event import Event
from runtime.limits import DROPPABLE_EVENTS, URGENT_EVENTS


class EventQueue:
    def __init__(self) -> None:
        self._events: deque[Event] = deque()

    def __len__(self) -> int:
        return len(self._events)

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits for the answer to the first one."""
        return self._events[0].name in URGENT_EVENTS

    def put(self, event: Event, room: int) -> Event | None:
        """The event that has to go for it, which may be itself; None while there is room."""
        self._events.append(event)
        return self._give_up_one() if len(self._events) > room else None

    def take(self) -> Event:
        return self._events.popleft()

    def put_back(self, events: list[Event]) -> None:
        """To the head, in this order: they had been taken. However full it is, none goes."""
        self._events.extendleft(reversed(events))

    def clear(self) -> list[Event]:
        events = list(self._events)
        self._events.clear()
        return events

    def _give_up_one(self) -> Event:
        """The oldest of those that matter least; interactions last."""
        for matters_least in (DROPPABLE_EVENTS.__contains__, _nobody_waits, _any):
            for position, event in enumerate(self._events):
                if matters_least(event.name):
                    del self._events[position]
                    return event
        raise AssertionError("a full queue has an event")


def _nobody_waits(name: str) -> bool:
    return name not in URGENT_EVENTS


def _any(_: str) -> bool:
    return True
