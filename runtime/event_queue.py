"""One guild's events that wait, which go when there are too many, and what is said of it."""

from collections import Counter, deque

from runtime.event import Event
from runtime.limits import DROPPABLE_EVENTS, URGENT_EVENTS, Limits

# Of what was dropped, so many kinds are named.
NAMES_TOLD = 5


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


class Overrun:
    """What a full queue has dropped since it began to, until it is down to half of its room."""

    def __init__(self) -> None:
        self._dropped: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._dropped)

    def begins_with(self, event: Event) -> bool:
        """Notes what was dropped; whether it is the first."""
        self._dropped[event.name] += 1
        return self._dropped.total() == 1

    def end(self, waiting: int, limits: Limits) -> str:
        """What was dropped, in words, once it is over; empty before."""
        if waiting > limits.guild_queue // 2:
            return ""
        most = self._dropped.most_common(NAMES_TOLD)
        names = ", ".join(f"{count} {name}" for name, count in most)
        others = "" if len(most) == len(self._dropped) else ", …"
        total = self._dropped.total()
        self._dropped.clear()
        return f"{total} ({names}{others})"


def _nobody_waits(name: str) -> bool:
    return name not in URGENT_EVENTS


def _any(_: str) -> bool:
    return True
