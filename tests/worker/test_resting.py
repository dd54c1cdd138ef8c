"""Isolates without a turn: who computes all the same, and who goes when memory runs out."""

from dataclasses import dataclass

from runtime.worker.protocol import Load, TurnLimits
from runtime.worker.resting import CHECK_CROWDED_EVERY, CHECK_EVERY, UNWATCHED_NS, Resting
from runtime.worker.tenant import Stage, Tenant

LOAD = Load("1", "", "main.js", TurnLimits(0, 0, 0, 0, 0, 0))
FULL = 1000


@dataclass
class Clock:
    """An isolate as far as its CPU time goes."""

    ns: int = 0

    def cpu_ns(self) -> int:
        return self.ns


class Room:
    def __init__(self) -> None:
        self.resident = 100
        self.clocks = [Clock() for _ in range(3)]
        self.tenants = [Tenant(number, LOAD) for number in range(3)]
        for tenant, clock in zip(self.tenants, self.clocks, strict=True):
            tenant.stage = Stage.LIVE
            tenant.isolate = clock  # type: ignore[assignment]
        self.resting = Resting(lambda: self.resident, FULL)

    def check(self) -> tuple[list[int], int | None]:
        busy, too_large = self.resting.check(self.tenants, 10.0)
        return [tenant.number for tenant in busy], too_large and too_large.number


def test_who_computes_without_a_turn_is_named() -> None:
    room = Room()
    room.clocks[0].ns = UNWATCHED_NS
    room.clocks[1].ns = room.clocks[2].ns = UNWATCHED_NS + 1
    room.tenants[2].computing = True
    assert room.check() == ([1], None)
    assert room.resting.due == 10.0 + CHECK_EVERY


def test_in_a_full_worker_the_largest_at_rest_goes_and_nobody_before() -> None:
    room = Room()
    room.check()
    room.clocks[0].ns, room.clocks[1].ns, room.clocks[2].ns = 10, 30, 60
    room.resident = FULL
    assert room.check() == ([], None)
    assert [tenant.held_bytes for tenant in room.tenants] == [90, 270, 540]
    room.resident = FULL + 1
    room.tenants[2].computing = True
    assert room.check() == ([], 1)
    room.tenants[1].stage = Stage.LEAVING
    room.tenants[0].closing = True
    assert room.check() == ([], None)


def test_no_more_go_than_have_to() -> None:
    room = Room()
    room.check()
    room.clocks[0].ns, room.clocks[1].ns, room.clocks[2].ns = 10, 30, 60
    room.resident = FULL + 540
    assert room.check() == ([], 2)
    assert room.resting.due == 10.0 + CHECK_CROWDED_EVERY
    held = room.tenants[2].held_bytes
    room.tenants[2].stage = Stage.LEAVING
    room.resident = FULL + held
    assert room.check() == ([], None)
    room.resident += 1
    room.clocks[1].ns = 31
    assert room.check() == ([], 1)
    room.tenants.pop()
    room.resident = FULL
    assert room.check() == ([], None)
    assert room.resting.due == 10.0 + CHECK_EVERY
