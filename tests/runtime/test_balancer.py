"""Which guild moves, and that it does, when a worker computes much more than another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.balancer import (
    AHEAD,
    GUILD_REST,
    HOT,
    LOOKS,
    REST,
    Advice,
    Balancer,
    Load,
    advise,
    hottest,
)
from tests.runtime.test_hosting import GUILD
from tests.runtime.test_migration import COUNTS, Estate


def loads(*rows: tuple[str, int, float]) -> list[Load]:
    return [Load(guild_id, worker, share, is_movable=True) for guild_id, worker, share in rows]


@pytest.mark.parametrize(
    ("rows", "moves"),
    [
        ([], None),
        ([("a", 0, 0.3), ("b", 0, 0.29)], None),  # not hot
        ([("a", 0, 0.5), ("b", 0, 0.4), ("c", 1, 0.61)], None),  # hot, but so is the other
        ([("a", 0, 0.9)], None),  # alone, it would only be hot elsewhere
        ([("a", 0, 0.4), ("b", 0, 0.4)], "a"),
        ([("a", 0, 0.7), ("b", 0, 0.2)], "b"),  # |0.9 - 0.4| is less than |0.9 - 1.4|… and no tie
        ([("a", 0, 0.6), ("b", 0, 0.01)], "a"),  # b changes nothing; a makes room for the rest
        ([("a", 0, 0.5), ("b", 0, 0.3), ("c", 1, 0.1)], "b"),
    ],
)
def test_the_move_that_evens_most_out_is_chosen(
    rows: list[tuple[str, int, float]], moves: str | None
) -> None:
    advice = advise(loads(*rows), workers=range(2))
    assert (advice and advice.guild_id) == moves


def test_who_must_not_be_moved_is_not() -> None:
    fixed = [Load("a", 0, 0.4, is_movable=False), Load("b", 0, 0.4, is_movable=False)]
    assert advise(fixed, workers=range(2)) is None
    assert advise([*fixed, *loads(("c", 0, 0.05))], workers=range(2)) == Advice("c", 0, 1)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1), st.booleans()), min_size=1, max_size=20)
)
def test_a_move_always_narrows_the_gap_and_never_makes_another_hot_one(
    rows: list[tuple[int, float, bool]],
) -> None:
    before = [Load(str(n), *row) for n, row in enumerate(rows)]
    advice = advise(before, workers=range(4))
    if advice is None:
        return
    moved = next(load for load in before if load.guild_id == advice.guild_id)
    assert (moved.worker, moved.is_movable) == (advice.source, True)
    assert hottest(before, range(4)) == (advice.source, advice.target)

    def used(worker: int) -> float:
        return sum(load.share for load in before if load.worker == worker)

    gap = used(advice.source) - used(advice.target)
    assert used(advice.source) >= HOT
    assert gap >= AHEAD
    assert abs(gap - 2 * moved.share) < gap


class Day:
    """A balancer over two workers, of which it is told how long each guild has computed."""

    def __init__(self, estate: Estate, *, moves_all: bool = False) -> None:
        self.estate = estate
        self.balancer = Balancer(estate.hosting, estate.migration, moves_all=moves_all)
        self.now = self.balancer._looked_at

    async def pass_(self, seconds: float, **shares: float) -> None:
        self.now += seconds
        for name, share in shares.items():
            guild = self.estate.hosting.guilds[f"{GUILD}{name[1:]}"]
            guild.cpu_ns += int(seconds * share * 1e9)
        await self.balancer.look(self.now)

    def workers(self) -> list[int]:
        return [self.estate.worker_of(guild_id) for guild_id in sorted(self.estate.hosting.guilds)]


async def test_a_guild_moves_off_a_worker_that_stays_hot_and_then_all_rest() -> None:
    estate = Estate()
    await estate.hosting.start()
    try:
        for number in range(3):
            await estate.run(COUNTS, f"{GUILD}{number}")
        day = Day(estate)
        hot = {"g0": 0.35, "g1": 0.3, "g2": 0.1}
        await day.pass_(5)  # what they have computed before is nobody's measure
        for _ in range(LOOKS - 1):
            await day.pass_(5, **hot)
        assert day.workers() == [0, 0, 0]
        await day.pass_(5)  # a peak that ends: counted anew
        for _ in range(LOOKS - 1):
            await day.pass_(5, **hot)
        assert day.workers() == [0, 0, 0]
        await day.pass_(5, **hot)
        assert day.workers() == [1, 0, 0]
        # The one that has moved is left alone for long, and all others for a while.
        busy = {"g0": 0.9, "g1": 0.01}
        for _ in range(int(REST / 5) + LOOKS + 1):
            await day.pass_(5, **busy)
        assert day.workers() == [1, 0, 0]
        await day.pass_(GUILD_REST)
        for _ in range(LOOKS):
            await day.pass_(5, g0=0.5, g1=0.01)
        assert day.workers() == [1, 0, 0]  # alone there, it would only be hot elsewhere
    finally:
        await estate.hosting.stop(5)


@pytest.mark.parametrize("moves_all", [False, True])
async def test_scripts_that_take_nothing_along_are_left_alone_unless_the_operator_says_so(
    moves_all: bool,
) -> None:
    estate = Estate()
    await estate.hosting.start()
    try:
        for number in range(2):
            await estate.run("on('messageCreate', () => {})", f"{GUILD}{number}")
        day = Day(estate, moves_all=moves_all)
        await day.pass_(5)
        for _ in range(LOOKS):
            await day.pass_(5, g0=0.4, g1=0.4)
        assert day.workers() == ([1, 0] if moves_all else [0, 0])
    finally:
        await estate.hosting.stop(5)
