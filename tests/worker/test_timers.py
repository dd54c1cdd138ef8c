"""Timers: each fires once, none that was cleared, and no more are kept than there are."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.worker.protocol import Load, TurnLimits
from runtime.worker.tenant import Tenant
from runtime.worker.timers import MAX_TIMERS, SWEPT_FROM, Timers

LOAD = Load("1", "", "main.js", TurnLimits(0, 0, 0, 0, 0, 0))
A_DAY = 86_400_000


def in_(milliseconds: float) -> float:
    return time.monotonic() + milliseconds / 1000


def test_they_fire_once_in_the_order_in_which_they_are_due() -> None:
    timers, one, other = Timers(), Tenant(1, LOAD), Tenant(2, LOAD)
    timers.set(one, 1, 3000)
    timers.set(other, 1, 2000)
    timers.set(one, 2, 1000)
    timers.set(one, 3, A_DAY)
    assert in_(0) < timers.next_due <= in_(1000)
    assert timers.take_due(in_(-1)) == {}
    assert timers.take_due(in_(5000)) == {one: [2, 1], other: [1]}
    assert timers.take_due(in_(5000)) == {}
    assert (list(one.live_timers), list(other.live_timers)) == ([3], [])


def test_what_is_cleared_or_an_isolates_that_has_gone_does_not_fire() -> None:
    timers, one, other = Timers(), Tenant(1, LOAD), Tenant(2, LOAD)
    for timer in (1, 2):
        timers.set(one, timer, 0)
        timers.set(other, timer, 0)
    timers.clear(one, 1)
    timers.clear(one, 1)
    timers.clear(one, 7)
    timers.forget(other)
    assert timers.take_due(in_(1)) == {one: [2]}


def test_one_that_is_set_again_fires_at_its_new_time_alone() -> None:
    timers, one = Timers(), Tenant(1, LOAD)
    timers.set(one, 1, 0)
    timers.set(one, 1, A_DAY)
    assert timers.take_due(in_(1)) == {}
    assert timers.take_due(in_(A_DAY + 1)) == {one: [1]}


@pytest.mark.parametrize("count", [0, 1, MAX_TIMERS - 1, MAX_TIMERS])
def test_an_isolate_has_so_many_and_no_more(count: int) -> None:
    timers, one = Timers(), Tenant(1, LOAD)
    for timer in range(count):
        timers.set(one, timer, A_DAY)
    if count < MAX_TIMERS:
        timers.set(one, count, A_DAY)
        return
    with pytest.raises(ValueError, match="more than 4096 timers"):
        timers.set(one, count, A_DAY)
    timers.set(one, 0, A_DAY)  # one that it has
    timers.set(Tenant(2, LOAD), 0, A_DAY)


def test_what_is_over_is_not_kept_until_it_would_be_due() -> None:
    timers, one = Timers(), Tenant(1, LOAD)
    for timer in range(20 * SWEPT_FROM):
        timers.set(one, timer, A_DAY)
        timers.clear(one, timer)
    for number in range(20):
        gone = Tenant(number, LOAD)
        for timer in range(SWEPT_FROM):
            timers.set(gone, timer, A_DAY)
        timers.forget(gone)
    assert len(timers) <= 2 * SWEPT_FROM


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "clear", "forget"]),
            st.integers(0, 2),
            st.integers(0, 5),
            st.integers(0, 3),
        )
    )
)
def test_whatever_is_done_the_live_ones_fire(steps: list[tuple[str, int, int, int]]) -> None:
    timers, tenants = Timers(), [Tenant(number, LOAD) for number in range(3)]
    expected: dict[tuple[int, int], int] = {}
    for step, number, timer, days in steps:
        if step == "set":
            timers.set(tenants[number], timer, days * A_DAY)
            expected[number, timer] = days
        elif step == "clear":
            timers.clear(tenants[number], timer)
            expected.pop((number, timer), None)
        else:
            timers.forget(tenants[number])
            expected = {key: days for key, days in expected.items() if key[0] != number}
    fired = timers.take_due(in_(A_DAY + 1))
    found = {(tenant.number, timer) for tenant, list_ in fired.items() for timer in list_}
    assert found == {key for key, days in expected.items() if days <= 1}
