"""A guild that computes more than its share gets slower, and never more than its share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.pace import RECOVERED, WINDOW, Pace

SHARE = 10.0


@pytest.mark.parametrize(("used", "slowed"), [(0, False), (9.99, False), (10, True), (10.01, True)])
def test_at_its_share_it_slows_down(used: float, slowed: bool) -> None:
    pace = Pace(SHARE)
    pace.spend(used, 100)
    assert (pace.slowed_since is not None) == slowed
    assert (pace.pause(100) > 0) == slowed


def test_what_was_used_a_minute_ago_is_forgotten() -> None:
    pace = Pace(SHARE)
    pace.spend(9, 100)
    assert pace.used(159.9) == 9
    assert pace.used(160) == 0
    pace.spend(9, 161)
    assert pace.slowed_since is None


def test_it_goes_at_full_speed_again_when_it_has_recovered() -> None:
    pace = Pace(SHARE)
    pace.spend(3, 100)
    pace.spend(7, 130)
    assert pace.slowed_since == 130
    assert pace.pause(160) == 0  # seven seconds are under the part that counts as recovered
    assert SHARE * RECOVERED > 7
    assert pace.slowed_since is None


def test_no_limit_is_no_limit() -> None:
    pace = Pace(0)
    pace.spend(1000, 100)
    assert pace.pause(100) == 0


@given(st.lists(st.floats(0.001, 1.0), min_size=200, max_size=400))
def test_whoever_starts_as_soon_as_it_may_uses_little_more_than_its_share(
    turns: list[float],
) -> None:
    """Over any minute: its share, what it had left of a burst, and the turn under way."""
    pace, now = Pace(SHARE), 0.0
    spent: list[tuple[float, float]] = []
    for seconds in turns:
        now += pace.pause(now) + seconds
        pace.spend(seconds, now)
        spent.append((now, seconds))
    for end, _ in spent:
        minute = sum(seconds for at, seconds in spent if end - WINDOW < at <= end)
        assert minute <= 2 * SHARE + max(turns)
