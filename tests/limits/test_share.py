"""How many requests of one guild start in any one second."""

import pytest

from gateway.rate_limits import Pace

SHARE = 15


@pytest.mark.parametrize(
    ("before", "starts_at"),
    [(0, 5.0), (1, 5.0), (SHARE - 1, 5.0), (SHARE, 6.0), (SHARE + 1, 6.0), (2 * SHARE, 7.0)],
)
def test_the_next_start_waits_once_the_share_is_used(before: int, starts_at: float) -> None:
    pace = Pace()
    for _ in range(before):
        pace.take(pace.next_start(SHARE, 5.0))
    assert pace.next_start(SHARE, 5.0) == starts_at
    assert pace.next_start(SHARE, starts_at + 1.0) == starts_at + 1.0
