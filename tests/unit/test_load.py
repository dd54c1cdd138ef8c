"""What a guild has used lately is told from samples that are a few seconds apart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.guild import GuildRuntime
from runtime.limits import Limits
from runtime.load import KEPT, SAMPLE_EVERY, Load
from runtime.pool import Pool, PoolOptions
from runtime.worker.protocol import TurnLimits
from tests.unit.test_guild_queue import Reports

Nothing = Callable[..., None]


@pytest.fixture
def guild() -> GuildRuntime:
    nothing: Nothing = lambda *_: None  # noqa: E731
    limits = Limits(TurnLimits(0, 0, 0, 0, 0, 0))
    return GuildRuntime("1", lambda _: limits, Reports(), nothing, nothing, nothing, nothing)


@pytest.fixture
def load(guild: GuildRuntime) -> Load:
    nothing: Nothing = lambda *_: None  # noqa: E731
    options = PoolOptions(workers=1, pin=False, driver="native", worker_capacity=1, sdk=Path("-"))
    return Load(Pool(options, lost=nothing, replaced=nothing), {guild.guild_id: guild})


def used(load: Load, guild: GuildRuntime, seconds_by_time: dict[float, float]) -> None:
    """The guild has used so many CPU seconds, since it began, at each of these times."""
    for now, seconds in seconds_by_time.items():
        guild.cpu_ns = int(seconds * 1e9)
        load.sample(now)


def test_only_the_last_minute_counts(load: Load, guild: GuildRuntime) -> None:
    used(load, guild, {0: 1, 30: 5, 60: 9, 90: 9})
    assert load.guild_cpu_seconds(guild, 90) == 4
    assert load.guild_cpu_seconds(guild, 95) == 4
    assert load.guild_cpu_seconds(guild, 120) == 0
    guild.cpu_ns += 500_000_000  # since the last sample
    assert load.guild_cpu_seconds(guild, 121) == 0.5


def test_before_a_minute_is_over_the_first_sample_counts(load: Load, guild: GuildRuntime) -> None:
    assert load.guild_cpu_seconds(guild, 0) == 0
    used(load, guild, {0: 2, 5: 3})
    assert load.guild_cpu_seconds(guild, 6) == 1


def test_a_guild_that_has_begun_anew_has_used_what_it_has(load: Load, guild: GuildRuntime) -> None:
    used(load, guild, {0: 50, 5: 51})
    guild.cpu_ns = 700_000_000
    assert load.guild_cpu_seconds(guild, 6) == 0.7


def test_a_minute_of_samples_is_enough_for_the_whole_minute(
    load: Load, guild: GuildRuntime
) -> None:
    times = [number * SAMPLE_EVERY for number in range(100)]
    used(load, guild, {now: now / 10 for now in times})
    assert load.guild_cpu_seconds(guild, times[-1]) == pytest.approx(KEPT / 10)


def test_a_worker_that_is_not_there_has_used_nothing(load: Load) -> None:
    load.sample(0)
    load.sample(30)
    assert (load.worker_cpu_seconds(0), load.worker_share(0, 30)) == (0, 0)
