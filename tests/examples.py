"""How many examples a property gets: as its test says, many times as many in a soak."""

import os

from hypothesis import HealthCheck, settings

_TIMES = int(os.environ.get("FLORA_SOAK", "1"))


def examples(count: int) -> int:
    return count * _TIMES


def same_each_time(count: int) -> settings:
    """For what asks a whole flora: an ordinary run tries the same examples as the one before, so
    that what fails has been changed; a soak goes on to others."""
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    return settings(
        max_examples=examples(count),
        derandomize=_TIMES == 1,
        database=None,
        deadline=None,
        suppress_health_check=slow,
    )
