"""Cron expressions: croner's syntax as a table, and a slow reader of expressions as the judge.

The times of the table are croner's own answers, to `FROM`.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.schedule.expression import InvalidExpression, parse
from tests.examples import examples

FROM = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)  # a Wednesday


def times(expression: str, count: int = 3, after: datetime = FROM) -> list[str]:
    found: list[str] = []
    schedule = parse(expression)
    while len(found) < count:
        next_ = schedule.next_after(after)
        if next_ is None:
            break
        found.append(f"{next_:%Y-%m-%d %H:%M:%S}")
        after = next_
    return found


MINUTES = ["2026-11-25 16:01:00", "2026-11-25 16:02:00", "2026-11-25 16:03:00"]
MONDAYS = ["2026-11-30 00:00:00", "2026-12-07 00:00:00", "2026-12-14 00:00:00"]
SUNDAYS = ["2026-11-29 00:00:00", "2026-12-06 00:00:00", "2026-12-13 00:00:00"]
FRIDAY_TO_SUNDAY = ["2026-11-27 00:00:00", "2026-11-28 00:00:00", "2026-11-29 00:00:00"]
LAST_FRIDAYS = ["2026-11-27 00:00:00", "2026-12-25 00:00:00", "2027-01-29 00:00:00"]
FIRSTS = ["2026-12-01 00:00:00", "2027-01-01 00:00:00", "2027-02-01 00:00:00"]
NEW_YEARS = ["2027-01-01 00:00:00", "2028-01-01 00:00:00", "2029-01-01 00:00:00"]
DAYS = ["2026-11-26 00:00:00", "2026-11-27 00:00:00", "2026-11-28 00:00:00"]
HOURS = ["2026-11-25 17:00:00", "2026-11-25 18:00:00", "2026-11-25 19:00:00"]
AT_NINE = ["2026-11-26 09:00:00", "2026-11-27 09:00:00", "2026-11-28 09:00:00"]

TABLE: list[tuple[str, list[str]]] = [
    # stars, numbers, lists, ranges, steps
    ("* * * * *", MINUTES),
    ("? ? ? ? ?", MINUTES),
    ("0 9 * * *", AT_NINE),
    ("  0  9\t* * *  ", AT_NINE),
    ("*/15 * * * *", ["2026-11-25 16:15:00", "2026-11-25 16:30:00", "2026-11-25 16:45:00"]),
    ("30 8-10 * * *", ["2026-11-26 08:30:00", "2026-11-26 09:30:00", "2026-11-26 10:30:00"]),
    ("0 0,12 * * *", ["2026-11-26 00:00:00", "2026-11-26 12:00:00", "2026-11-27 00:00:00"]),
    ("5/20 * * * *", ["2026-11-25 16:05:00", "2026-11-25 16:25:00", "2026-11-25 16:45:00"]),
    ("10-40/15 * * * *", ["2026-11-25 16:10:00", "2026-11-25 16:25:00", "2026-11-25 16:40:00"]),
    ("0 */6 * * *", ["2026-11-25 18:00:00", "2026-11-26 00:00:00", "2026-11-26 06:00:00"]),
    ("1,,2 * * * *", ["2026-11-25 16:01:00", "2026-11-25 16:02:00", "2026-11-25 17:01:00"]),
    # seconds
    ("*/10 * * * * *", ["2026-11-25 16:00:10", "2026-11-25 16:00:20", "2026-11-25 16:00:30"]),
    ("30 0 9 * * *", ["2026-11-26 09:00:30", "2026-11-27 09:00:30", "2026-11-28 09:00:30"]),
    ("15,45 59 23 31 12 *", ["2026-12-31 23:59:15", "2026-12-31 23:59:45", "2027-12-31 23:59:15"]),
    # days and months
    ("0 0 1 * *", FIRSTS),
    ("0 0 1 * ?", FIRSTS),
    ("0 0 31 * *", ["2026-12-31 00:00:00", "2027-01-31 00:00:00", "2027-03-31 00:00:00"]),
    ("0 0 29 2 *", ["2028-02-29 00:00:00", "2032-02-29 00:00:00", "2036-02-29 00:00:00"]),
    ("0 0 */10 * *", ["2026-12-01 00:00:00", "2026-12-11 00:00:00", "2026-12-21 00:00:00"]),
    ("0 0 1 JAN,jul *", ["2027-01-01 00:00:00", "2027-07-01 00:00:00", "2028-01-01 00:00:00"]),
    ("0 0 1 oct-DEC *", ["2026-12-01 00:00:00", "2027-10-01 00:00:00", "2027-11-01 00:00:00"]),
    # weekdays
    ("0 0 * * 1", MONDAYS),
    ("0 0 ? * MON", MONDAYS),
    ("0 0 * * 0", SUNDAYS),
    ("0 0 * * 7", SUNDAYS),
    ("0 0 * * 5-7", FRIDAY_TO_SUNDAY),
    ("0 0 * * FRI-SUN", FRIDAY_TO_SUNDAY),
    ("0 0 * * sun-tue", ["2026-11-29 00:00:00", "2026-11-30 00:00:00", "2026-12-01 00:00:00"]),
    ("0 0 * * 1-5/2", ["2026-11-27 00:00:00", "2026-11-30 00:00:00", "2026-12-02 00:00:00"]),
    # days or weekdays, days and weekdays
    ("0 0 13 * FRI", ["2026-11-27 00:00:00", "2026-12-04 00:00:00", "2026-12-11 00:00:00"]),
    ("0 0 */10 * MON", ["2026-11-30 00:00:00", "2026-12-01 00:00:00", "2026-12-07 00:00:00"]),
    ("0 0 13 * +FRI", ["2027-08-13 00:00:00", "2028-10-13 00:00:00", "2029-04-13 00:00:00"]),
    ("0 0 29 2 +MON", ["2044-02-29 00:00:00", "2072-02-29 00:00:00", "2112-02-29 00:00:00"]),
    # L and W
    ("0 0 L * *", ["2026-11-30 00:00:00", "2026-12-31 00:00:00", "2027-01-31 00:00:00"]),
    ("0 0 L 2 *", ["2027-02-28 00:00:00", "2028-02-29 00:00:00", "2029-02-28 00:00:00"]),
    ("0 0 1,L * *", ["2026-11-30 00:00:00", "2026-12-01 00:00:00", "2026-12-31 00:00:00"]),
    ("0 0 LW * *", ["2026-11-30 00:00:00", "2026-12-31 00:00:00", "2027-01-29 00:00:00"]),
    ("0 0 15W * *", ["2026-12-15 00:00:00", "2027-01-15 00:00:00", "2027-02-15 00:00:00"]),
    ("0 0 15W 8 *", ["2027-08-16 00:00:00", "2028-08-15 00:00:00", "2029-08-15 00:00:00"]),
    ("0 0 1W 5 *", ["2027-05-03 00:00:00", "2028-05-01 00:00:00", "2029-05-01 00:00:00"]),
    ("0 0 31W * *", ["2026-12-31 00:00:00", "2027-01-29 00:00:00", "2027-03-31 00:00:00"]),
    ("0 0 30W 1,2,5 *", ["2027-01-29 00:00:00", "2027-05-31 00:00:00", "2028-01-31 00:00:00"]),
    ("0 0 1W,15 * *", ["2026-12-01 00:00:00", "2026-12-15 00:00:00", "2027-01-01 00:00:00"]),
    ("0 0 * * 5L", LAST_FRIDAYS),
    ("0 0 * * FRIL", LAST_FRIDAYS),
    ("0 0 * * 5#L", LAST_FRIDAYS),
    # the nth weekday
    ("0 0 * * FRI#2", ["2026-12-11 00:00:00", "2027-01-08 00:00:00", "2027-02-12 00:00:00"]),
    ("0 0 * * 1#1,3#2", ["2026-12-07 00:00:00", "2026-12-09 00:00:00", "2027-01-04 00:00:00"]),
    ("0 0 * * MON-FRI#1", ["2026-12-01 00:00:00", "2026-12-02 00:00:00", "2026-12-03 00:00:00"]),
    ("0 0 * * 7#5", ["2026-11-29 00:00:00", "2027-01-31 00:00:00", "2027-05-30 00:00:00"]),
    # years
    ("0 0 0 1 1 * *", NEW_YEARS),
    ("0 0 0 1 1 * 2027", NEW_YEARS[:1]),
    ("0 0 0 1 1 * 2027-2028", NEW_YEARS[:2]),
    ("0 0 0 1 1 * 2020,2030", ["2030-01-01 00:00:00"]),
    ("0 0 12 1 1 * 2026-2100/50", ["2076-01-01 12:00:00"]),
    ("0 0 0 29 2 * 2100-2110", ["2104-02-29 00:00:00", "2108-02-29 00:00:00"]),
    ("59 59 23 31 12 ? 9999", ["9999-12-31 23:59:59"]),
    # nicknames
    ("@yearly", NEW_YEARS),
    ("@annually", NEW_YEARS),
    ("@monthly", FIRSTS),
    ("@weekly", SUNDAYS),
    ("@daily", DAYS),
    ("@midnight", DAYS),
    ("@hourly", HOURS),
    (" @Hourly ", HOURS),
    # nothing ever again
    ("0 0 30 2 *", []),
    ("0 0 31 2,4,6,9,11 *", []),
    ("0 0 0 1 1 * 2025", []),
    ("0 0 0 29 2 * 2101-9999/4", []),
]


@pytest.mark.parametrize(("expression", "expected"), TABLE)
def test_the_syntax(expression: str, expected: list[str]) -> None:
    assert times(expression) == expected


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "5 to 7 fields are expected, there are 0"),
        ("* * * *", "5 to 7 fields are expected, there are 4"),
        ("* * * * * * * *", "5 to 7 fields are expected, there are 8"),
        ("@never", "5 to 7 fields are expected, there are 1"),
        ("@daily *", "5 to 7 fields are expected, there are 2"),
        ("60 * * * *", "60 in the minute field is not between 0 and 59"),
        ("* 24 * * *", "24 in the hour field is not between 0 and 23"),
        ("* * 0 * *", "0 in the day field is not between 1 and 31"),
        ("* * 32 * *", "32 in the day field is not between 1 and 31"),
        ("* * * 13 *", "13 in the month field is not between 1 and 12"),
        ("* * * * 8", "8 in the weekday field is not between 0 and 7"),
        ("60 * * * * *", "60 in the second field is not between 0 and 59"),
        ("0 0 0 1 1 * 0", "0 in the year field is not between 1 and 9999"),
        ("0 0 0 1 1 * 10000", "'10000' in the year field is not understood"),
        ("*/0 * * * *", "the step of '*/0' in the minute field is 0"),
        ("5-1 * * * *", "'5-1' in the minute field ends before it begins"),
        ("0 0 1 nov-feb *", "'NOV-FEB' in the month field ends before it begins"),
        ("a * * * *", "'A' in the minute field is not understood"),
        ("-5 * * * *", "'-5' in the minute field is not understood"),
        ("1.5 * * * *", "'1.5' in the minute field is not understood"),
        ("² * * * *", "'²' in the minute field is not understood"),
        ("1- * * * *", "'1-' in the minute field is not understood"),
        ("*/ * * * *", "'*/' in the minute field is not understood"),
        (", * * * *", "the minute field ',' is empty"),
        ("* * , * *", "the day field ',' is empty"),
        ("* * * * ,", "the weekday field ',' is empty"),
        ("* * * * +", "the weekday field '' is empty"),
        ("0 0 +1 * *", "'+1' in the day field is not understood"),
        ("0 0 MON * *", "'MON' in the day field is not understood"),
        ("0 0 L-3 * *", "'L-3' in the day field is not understood"),
        ("0 0 W * *", "'W' in the day field is not understood"),
        ("0 0 0W * *", "0W in the day field is not between 1W and 31W"),
        ("0 0 32W * *", "32W in the day field is not between 1W and 31W"),
        ("0 0 * * L", "'L' in the weekday field is not understood"),
        ("0 0 * * 1#0", "'1#0' in the weekday field is not understood"),
        ("0 0 * * 1#6", "'1#6' in the weekday field is not understood"),
        ("0 0 * * 8L", "8 in the weekday field is not between 0 and 7"),
    ],
)
def test_what_is_none_says_why(expression: str, problem: str) -> None:
    with pytest.raises(InvalidExpression) as raised:
        parse(expression)
    assert str(raised.value) == problem


def test_a_moment_within_a_second_belongs_to_it() -> None:
    within = FROM.replace(microsecond=1)
    assert parse("* * * * * *").next_after(within) == FROM + timedelta(seconds=1)
    assert parse("* * * * *").next_after(FROM - timedelta(microseconds=1)) == FROM


def test_times_of_elsewhere_are_taken_for_what_they_are() -> None:
    berlin = FROM.astimezone(ZoneInfo("Europe/Berlin"))
    assert parse("0 9 * * *").next_after(berlin) == datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_time_ends_without_an_error() -> None:
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert parse("* * * * * *").next_after(end) is None


# --- properties --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meant:
    """An expression and what it means, said in another way: a predicate for each field."""

    text: str
    seconds: set[int]
    minutes: set[int]
    hours: set[int]
    days: set[str]
    months: set[int]
    weekdays: set[str]
    both: bool

    def names(self, moment: datetime) -> bool:
        return (
            moment.second in self.seconds
            and moment.minute in self.minutes
            and moment.hour in self.hours
            and moment.month in self.months
            and self.names_day(moment.date())
        )

    def names_day(self, day: date) -> bool:
        by_date = any(day in days_of(item, day.replace(day=1)) for item in self.days)
        by_weekday = any(day in weekdays_of(item, day.replace(day=1)) for item in self.weekdays)
        if not self.days:
            return by_weekday or not self.weekdays
        if not self.weekdays:
            return by_date
        return by_date and by_weekday if self.both else by_date or by_weekday


@cache
def month_of(first: date) -> list[date]:
    _, length = calendar.monthrange(first.year, first.month)
    return [first.replace(day=number) for number in range(1, length + 1)]


@cache
def days_of(item: str, first: date) -> list[date]:
    """The dates of the month that begins then which an item of the day field names."""
    days = month_of(first)
    if item == "L":
        return days[-1:]
    if item == "LW":
        return [day for day in days if day.isoweekday() < 6][-1:]
    wanted = [day for day in days if day.day == int(item.removesuffix("W"))]
    if not item.endswith("W"):
        return wanted
    working = [day for day in days if day.isoweekday() < 6]
    return [min(working, key=lambda other: abs(other - day)) for day in wanted]


@cache
def weekdays_of(item: str, first: date) -> list[date]:
    """The dates of the month that begins then which an item of the weekday field names."""
    weekday, _, which = item.partition("#")
    days = [day for day in month_of(first) if day.isoweekday() % 7 == int(weekday) % 7]
    if not which:
        return days
    return days[-1:] if which == "L" else days[int(which) - 1 : int(which)]


def numbers(least: int, greatest: int) -> st.SearchStrategy[tuple[str, set[int]]]:
    """A field's text and its values."""
    number = st.integers(least, greatest)
    ranges = st.tuples(number, number, st.integers(1, 20)).map(sorted_range)
    everything = st.just(("*", set(range(least, greatest + 1))))
    steps = st.integers(1, 70).map(lambda n: (f"*/{n}", set(range(least, greatest + 1, n))))
    plain = number.map(lambda n: (str(n), {n}))
    lists = st.lists(st.one_of(plain, ranges), min_size=1, max_size=3).map(joined)
    return st.one_of(everything, steps, lists)


def sorted_range(drawn: tuple[int, int, int]) -> tuple[str, set[int]]:
    first, last = sorted(drawn[:2])
    return f"{first}-{last}/{drawn[2]}", set(range(first, last + 1, drawn[2]))


def joined(items: list[tuple[str, set[int]]]) -> tuple[str, set[int]]:
    return ",".join(text for text, _ in items), set().union(*(values for _, values in items))


day_items = st.sampled_from([*map(str, range(1, 32)), *(f"{n}W" for n in range(1, 32)), "L", "LW"])
weekday_items = st.sampled_from(
    [*map(str, range(8)), *(f"{day}#{nth}" for day in range(8) for nth in "12345L")]
)


@st.composite
def expressions(draw: st.DrawFn) -> Meant:
    fields = [draw(numbers(0, 59)), draw(numbers(0, 59)), draw(numbers(0, 23))]
    days = draw(st.lists(day_items, max_size=3))
    month = draw(numbers(1, 12))
    weekdays = draw(st.lists(weekday_items, max_size=3))
    both = bool(weekdays) and draw(st.booleans())
    weekday = f"{'+' if both else ''}{','.join(weekdays)}"
    text = [*(text for text, _ in fields), ",".join(days) or "*", month[0], weekday or "*"]
    seconds, minutes, hours = (values for _, values in fields)
    return Meant(" ".join(text), seconds, minutes, hours, set(days), month[1], set(weekdays), both)


moments = st.integers(-(30 * 365 * 86400), 90 * 365 * 86400).map(
    lambda seconds: FROM + timedelta(seconds=seconds)
)


@settings(max_examples=examples(150), deadline=None)
@given(expressions(), moments)
def test_the_next_time_is_later_is_named_and_none_before_it_is(
    meant: Meant, moment: datetime
) -> None:
    found = parse(meant.text).next_after(moment)
    until = found or moment + timedelta(days=366 * 8)
    if found is not None:
        assert found > moment
        assert meant.names(found)
    # Whole days in between name nothing; of the first and the last day each second is tried.
    day = moment.date() + timedelta(days=1)
    while day < until.date():
        assert day.month not in meant.months or not meant.names_day(day)
        day += timedelta(days=1)
    second = moment.replace(microsecond=0) + timedelta(seconds=1)
    first_day_ends = min(until, datetime.combine(second.date(), datetime.max.time(), UTC))
    assert_nothing_named(meant, second, first_day_ends)
    if found is not None and found.date() > second.date():
        assert_nothing_named(meant, datetime.combine(found.date(), datetime.min.time(), UTC), found)


def assert_nothing_named(meant: Meant, first: datetime, end: datetime) -> None:
    """No second from `first` on, before `end`."""
    if first.month not in meant.months or not meant.names_day(first.date()):
        return
    for hour in meant.hours:
        for minute in meant.minutes:
            for second in meant.seconds:
                named = first.replace(hour=hour, minute=minute, second=second)
                assert not first <= named < end


@settings(max_examples=examples(300), deadline=None)
@given(st.text(alphabet="0123456789*/,-#LW?+ MONJA@", max_size=30), moments)
def test_any_text_is_read_or_refused(text: str, moment: datetime) -> None:
    try:
        found = parse(text).next_after(moment)
    except InvalidExpression:
        return
    assert found is None or found > moment
