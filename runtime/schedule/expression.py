"""Cron expressions as croner 3 reads them: which seconds an expression names, in UTC.

Five to seven fields (seconds first, year last, both optional) of `*`, `?`, numbers, names,
ranges, steps and lists; `L`, `LW` and `15W` for days; `5L`, `5#L` and `MON#2` for weekdays. Days
and weekdays are OR-ed when both are given, AND-ed by a `+` before the weekdays. It knows no jobs
and no clock.

Not croniter: 7.0.0 has no `LW`, no `5L`, no `W` in a list, and misses the first bounded year.
"""

import calendar
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from itertools import groupby, islice

LAST_YEAR = 9999
# The calendar repeats after so many years: what names no day in them never does.
CALENDAR_CYCLE = 400
SATURDAY, SUNDAY = 6, 0

NICKNAMES = {
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
    "@MONTHLY": "0 0 1 * *",
    "@WEEKLY": "0 0 * * 0",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@HOURLY": "0 * * * *",
}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
_WEEKDAYS = {
    name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])
}
_ITEM = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?", re.ASCII)
_NEAREST = re.compile(r"(\d{1,2})W", re.ASCII)
_WHICH = re.compile(r"(?P<weekdays>.+?)(?:#(?P<nth>[1-5L])|(?P<last>L))", re.ASCII)


class InvalidExpression(ValueError):
    """What is wrong, and in which field."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    greatest: int
    names: dict[str, int] = field(default_factory=dict)

    def ranges(self, text: str) -> Iterator[range]:
        """The values of each item of a list."""
        for item in filter(None, text.split(",")):
            yield self.range_of(item)

    def range_of(self, item: str) -> range:
        found = _ITEM.fullmatch(item)
        if found is None:
            raise InvalidExpression(f"{item!r} in the {self.name} field is not understood")
        step = int(found["step"] or 1)
        if step == 0:
            raise InvalidExpression(f"the step of {item!r} in the {self.name} field is 0")
        if found["first"] == "*" and not found["last"]:
            return range(self.least, self.greatest + 1, step)
        first = self._number(found["first"], item)
        if found["last"]:
            last = self._number(found["last"], item)
            if found["last"] == "SUN":
                last = 7
        else:
            last = self.greatest if found["step"] else first
        if last < first:
            raise InvalidExpression(f"{item!r} in the {self.name} field ends before it begins")
        return range(first, last + 1, step)

    def _number(self, word: str, item: str) -> int:
        if word in self.names:
            return self.names[word]
        if not word.isdecimal() or len(word) > len(str(self.greatest)):
            raise InvalidExpression(f"{item!r} in the {self.name} field is not understood")
        number = int(word)
        if not self.least <= number <= self.greatest:
            raise InvalidExpression(
                f"{number} in the {self.name} field is not between {self.least} and {self.greatest}"
            )
        return number

    def numbers(self, text: str) -> tuple[int, ...]:
        """All values, in order."""
        values = {number for values in self.ranges(text) for number in values}
        if not values:
            raise InvalidExpression(f"the {self.name} field {text!r} is empty")
        return tuple(sorted(values))


SECOND = _Field("second", 0, 59)
MINUTE = _Field("minute", 0, 59)
HOUR = _Field("hour", 0, 23)
DAY = _Field("day", 1, 31)
MONTH = _Field("month", 1, 12, _MONTHS)
WEEKDAY = _Field("weekday", 0, 7, _WEEKDAYS)
YEAR = _Field("year", 1, LAST_YEAR)


@dataclass(frozen=True, slots=True)
class _Month:
    """All that decides which days of a month are named. first: the weekday of its first day."""

    first: int
    length: int

    def weekday(self, day: int) -> int:
        return (self.first + day - 1) % 7

    def nearest_working_day(self, day: int) -> int:
        """Never in another month."""
        if self.weekday(day) == SATURDAY:
            return day - 1 if day > 1 else day + 2
        if self.weekday(day) == SUNDAY:
            return day + 1 if day < self.length else day - 2
        return day


@dataclass(frozen=True, slots=True)
class _Days:
    """The day field. nearest: of `15W`."""

    every: bool
    numbers: frozenset[int]
    nearest: frozenset[int]
    last: bool
    last_working: bool

    @classmethod
    def parse(cls, text: str) -> "_Days":
        items = [item for item in text.split(",") if item]
        nearest = {int(found[1]) for item in items if (found := _NEAREST.fullmatch(item))}
        for day in nearest:
            if not DAY.least <= day <= DAY.greatest:
                raise InvalidExpression(f"{day}W in the day field is not between 1W and 31W")
        plain = [item for item in items if item not in ("L", "LW") and not _NEAREST.fullmatch(item)]
        if not items:
            raise InvalidExpression(f"the day field {text!r} is empty")
        return cls(
            every=text == "*",
            numbers=frozenset(DAY.numbers(",".join(plain)) if plain else ()),
            nearest=frozenset(nearest),
            last="L" in items,
            last_working="LW" in items,
        )

    def include(self, day: int, month: _Month) -> bool:
        return (
            day in self.numbers
            or (self.last and day == month.length)
            or (self.last_working and day == month.nearest_working_day(month.length))
            or any(
                day == month.nearest_working_day(wanted)
                for wanted in self.nearest
                if wanted <= month.length
            )
        )


@dataclass(frozen=True, slots=True)
class _Weekdays:
    """The weekday field. nth: (weekday, which one of the month); last: the month's last ones."""

    every: bool
    numbers: frozenset[int]
    nth: frozenset[tuple[int, int]]
    last: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> "_Weekdays":
        numbers: set[int] = set()
        nth: set[tuple[int, int]] = set()
        last: set[int] = set()
        for item in filter(None, text.split(",")):
            which = _WHICH.fullmatch(item)
            weekdays = {day % 7 for day in WEEKDAY.range_of(which["weekdays"] if which else item)}
            if which is None:
                numbers |= weekdays
            elif which["last"] or which["nth"] == "L":
                last |= weekdays
            else:
                nth |= {(weekday, int(which["nth"])) for weekday in weekdays}
        if not numbers | last and not nth:
            raise InvalidExpression(f"the weekday field {text!r} is empty")
        return cls(text == "*", frozenset(numbers), frozenset(nth), frozenset(last))

    def include(self, day: int, month: _Month) -> bool:
        weekday = month.weekday(day)
        return (
            weekday in self.numbers
            or (weekday, (day + 6) // 7) in self.nth
            or (weekday in self.last and day + 7 > month.length)
        )


@dataclass(frozen=True, slots=True)
class CronExpression:
    """both: a day must be named by day and weekday field, not by one of the two."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: _Days
    months: tuple[int, ...]
    weekdays: _Weekdays
    years: tuple[range, ...]
    both: bool
    _days_by_month: dict[_Month, tuple[int, ...]] = field(default_factory=dict, compare=False)

    def next_after(self, moment: datetime) -> datetime | None:
        """The first second after this moment that is named; None when there is none any more."""
        try:
            start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        except OverflowError:
            return None
        for day in self._days_from(start.date()):
            at_least = start.time() if day == start.date() else time.min
            if (found := self._first_time(at_least)) is not None:
                return datetime.combine(day, found, UTC)
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in self._years_from(first.year):
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for number in self._days_of(year, month):
                    day = date(year, month, number)
                    if day >= first:
                        yield day

    def _years_from(self, first: int) -> Iterator[int]:
        to_come = (years[bisect_left(years, first) :] for years in self.years)
        # One more than a cycle: the first one may be over already.
        return islice((year for year, _ in groupby(merge(*to_come))), CALENDAR_CYCLE + 1)

    def _days_of(self, year: int, month: int) -> tuple[int, ...]:
        first, length = calendar.monthrange(year, month)
        shape = _Month((first + 1) % 7, length)
        days = self._days_by_month.get(shape)
        if days is None:
            days = tuple(day for day in range(1, length + 1) if self._names_day(day, shape))
            self._days_by_month[shape] = days
        return days

    def _names_day(self, day: int, month: _Month) -> bool:
        if self.days.every:
            return self.weekdays.include(day, month)
        if self.weekdays.every:
            return self.days.include(day, month)
        by_date, by_weekday = self.days.include(day, month), self.weekdays.include(day, month)
        return by_date and by_weekday if self.both else by_date or by_weekday

    def _first_time(self, at_least: time) -> time | None:
        """The first time of a day that is named, not before this one."""
        for hour in self.hours:
            if hour > at_least.hour:
                return time(hour, self.minutes[0], self.seconds[0])
            if hour == at_least.hour:
                for minute in self.minutes:
                    if minute > at_least.minute:
                        return time(hour, minute, self.seconds[0])
                    if minute == at_least.minute:
                        for second in self.seconds:
                            if second >= at_least.second:
                                return time(hour, minute, second)
        return None


@lru_cache(maxsize=1024)
def parse(text: str) -> CronExpression:
    """Raises InvalidExpression."""
    upper = text.strip().upper()
    fields = NICKNAMES.get(upper, upper).replace("?", "*").split()
    if not 5 <= len(fields) <= 7:
        raise InvalidExpression(f"5 to 7 fields are expected, there are {len(fields)}")
    second = "0" if len(fields) == 5 else fields.pop(0)
    year = fields.pop() if len(fields) == 6 else "*"
    minute, hour, day, month, weekday = fields
    years = tuple(YEAR.ranges(year))
    if not years:
        raise InvalidExpression(f"the year field {year!r} is empty")
    return CronExpression(
        seconds=SECOND.numbers(second),
        minutes=MINUTE.numbers(minute),
        hours=HOUR.numbers(hour),
        days=_Days.parse(day),
        months=MONTH.numbers(month),
        weekdays=_Weekdays.parse(weekday.removeprefix("+")),
        years=years,
        both=weekday.startswith("+"),
    )
