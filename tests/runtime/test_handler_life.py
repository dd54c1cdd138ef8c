"""A handler that waits for longer than it may: what it waits for is answered, its isolate stays."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from runtime.guild import GuildRuntime
from runtime.isolate import Overdue
from runtime.limits import Limits
from runtime.operations.call import HostServices
from runtime.operations.desk import OperationDesk
from runtime.worker.records import ONE_OF_SEVERAL, Record
from tests.runtime.test_desk import Isolate
from tests.runtime.test_hosting import GUILD, TURN, House

LIFE = 30.0
BEFORE, NEVER = 0.0, float("inf")
LIMITS = Limits(TURN, handler_seconds=LIFE, operations_under_way=4)
TIMED_OUT = "timed out: the handler that asked it took over 30 s; it may still be done all the same"
WAITS = """
on("messageCreate", async (ctx) => {
  if (ctx.msg.content === "waits") {
    const { code, message } = await kv.store("s").get("slow").catch((error) => error);
    console.log(`${code}: ${message}`);
  }
  console.log(ctx.msg.content);
});
"""


class SlowKv:
    """Reads keys when it is told to. asked: one for each that somebody waits for, in order; by:
    how many each guild has asked."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[str]] = []
        self.by = Counter[str]()
        self.is_quick = False
        self._changed = asyncio.Event()

    async def get(self, guild_id: str = "", *_: str) -> Any:
        reading: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.asked.append(reading)
        self.by[guild_id] += 1
        self._changed.set()
        if self.is_quick:
            reading.set_result("")
        value = await reading
        return SimpleNamespace(value=value.encode())

    async def set(self, *_: str | None) -> None:
        await self.get()

    def hurry(self) -> None:
        """From now on each is read at once."""
        self.is_quick = True
        for reading in self.asked:
            if not reading.done():
                reading.set_result("")

    async def until_asked(self, count: int, by: str = "") -> None:
        """by: a guild; of any if it is not given."""
        async with asyncio.timeout(20):
            while (self.by[by] if by else len(self.asked)) < count:
                self._changed.clear()
                await self._changed.wait()


def desk_over(kv: SlowKv, limits: Limits = LIMITS) -> OperationDesk:
    without: dict[str, Any] = dict.fromkeys(HostServices.__annotations__)
    return OperationDesk(HostServices(**{**without, "kv": kv, "tasks": kv}), lambda _: limits)


@pytest.fixture
def kv() -> SlowKv:
    return SlowKv()


@pytest_asyncio.fixture
async def house(kv: SlowKv) -> AsyncIterator[House]:
    house = House(limits=LIMITS, desk=desk_over(kv))
    await house.hosting.start()
    yield house
    await house.hosting.stop(5)


async def waiting(house: House, kv: SlowKv) -> tuple[GuildRuntime, float]:
    """The guild, whose handler waits for a key and whose next event for the gate that this closes,
    and a time at which the handler's life is over."""
    assert house.hosting.adopt(await house.load(GUILD, WAITS))
    before = time.monotonic()
    house.say(GUILD, "waits")
    house.say(GUILD, "next")
    await kv.until_asked(1)
    guild = house.hosting.guilds[GUILD]
    guild.end_overdue(before + LIFE)
    assert guild.under_way == 2
    return guild, time.monotonic() + LIFE + 0.001


async def test_what_an_overdue_handler_waits_for_is_rejected_and_its_isolate_goes_on(
    house: House, kv: SlowKv
) -> None:
    guild, over = await waiting(house, kv)
    before = guild.live
    guild.end_overdue(over)
    expected = [f"TIMEOUT: {TIMED_OUT}", "waits", "next"]
    await house.until(lambda: len(house.printed.get(GUILD, ())) == 3)
    assert house.printed[GUILD] == expected
    assert guild.live is before
    assert not guild.busy
    assert house.offences == []
    # The answer that comes too late is nobody's.
    kv.asked[0].set_result("late")
    house.say(GUILD, "later")
    await house.until(lambda: "later" in house.printed[GUILD])
    assert house.printed[GUILD] == [*expected, "later"]


async def test_what_has_begun_counts_until_it_ends(kv: SlowKv) -> None:
    desk, isolate = desk_over(kv), Isolate("1", operations_under_way=0)
    for number in range(1, 5):
        asks(desk, isolate, number, dispatch=7)
    await kv.until_asked(4)
    desk.reject_overdue(isolate, Overdue(7, LIFE, 0.0, NEVER), NEVER)  # type: ignore[arg-type]
    assert isolate.operations_under_way == 0
    asks(desk, isolate, 5)
    await answers(isolate, 5)
    assert codes(isolate) == {**dict.fromkeys((1, 2, 3, 4), "TIMEOUT"), 5: "TOO_MANY_OPERATIONS"}
    kv.asked[0].set_result("late")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asks(desk, isolate, 6)
    await kv.until_asked(5)
    kv.asked[4].set_result("in time")
    await answers(isolate, 6)
    assert isolate.answers[-1] == [6, 1, "in time"]


@pytest.mark.parametrize(
    ("began_at", "ended_at", "others_began_at", "rejected"),
    [
        (BEFORE, NEVER, NEVER, {1, 3}),  # nobody else lives
        (BEFORE, NEVER, BEFORE, {1}),  # another handler did already
        (NEVER, NEVER, NEVER, {1}),  # this one did not yet
        (BEFORE, BEFORE, NEVER, set()),  # it was told before, and has asked since
    ],
)
async def test_of_whose_asker_nobody_knows_goes_what_none_else_can_have_asked(
    kv: SlowKv, began_at: float, ended_at: float, others_began_at: float, rejected: set[int]
) -> None:
    desk, isolate = desk_over(kv), Isolate("1", operations_under_way=0)
    for number, dispatch in ((1, 7), (2, 8), (3, ONE_OF_SEVERAL), (4, 0)):
        asks(desk, isolate, number, dispatch=dispatch)
    await kv.until_asked(4)
    handler = Overdue(7, LIFE, began_at, ended_at)
    desk.reject_overdue(isolate, handler, others_began_at)  # type: ignore[arg-type]
    await answers(isolate, len(rejected))
    assert codes(isolate) == dict.fromkeys(rejected, "TIMEOUT")


class SlowTasks(SlowKv):
    """The same for tasks, which no gate keeps from two handlers at once."""

    async def get(self, *_: str) -> None:
        await super().get(*_)


TWO_QUESTIONS = """
on("messageCreate", async (ctx) => {
  await tasks.get("first");
  const answer = await tasks.get("second").catch((error) => error);
  console.log(`${ctx.msg.content} ${answer?.code}`);
});
"""


async def test_what_one_of_two_has_asked_goes_when_none_of_them_lives() -> None:
    """Their first answers come in one turn: nobody knows who asks what from then on."""
    slow = SlowTasks()
    house = House(limits=LIMITS, desk=desk_over(slow))
    await house.hosting.start()
    assert house.hosting.adopt(await house.load(GUILD, TWO_QUESTIONS))
    guild = house.hosting.guilds[GUILD]
    house.say(GUILD, "one")
    between = time.monotonic()
    house.say(GUILD, "two")
    await slow.until_asked(2)
    for reading in slow.asked:
        reading.set_result("")
    await slow.until_asked(4)
    guild.end_overdue(between + LIFE)
    assert (guild.under_way, guild.busy) == (1, True)
    slow.asked[3].set_result("")
    await house.until(lambda: house.printed.get(GUILD))
    assert house.printed == {GUILD: ["two undefined"]}
    guild.end_overdue(between + LIFE)
    await house.until(lambda: len(house.printed[GUILD]) == 2)
    assert house.printed == {GUILD: ["two undefined", "one TIMEOUT"]}
    await house.hosting.stop(5)


def asks(desk: OperationDesk, isolate: Isolate, number: int, dispatch: int = 0) -> None:
    payload = msgspec.Raw(msgspec.json.encode({"store": "s", "key": str(number)}))
    isolate.operations_under_way += 1
    desk.perform(isolate, Record(number, "kv.get", payload, dispatch))  # type: ignore[arg-type]


async def answers(isolate: Isolate, count: int) -> None:
    async with asyncio.timeout(20):
        while len(isolate.answers) < count:
            isolate.answered.clear()
            await isolate.answered.wait()


def codes(isolate: Isolate) -> dict[int, str]:
    return {number: error["code"] for number, succeeded, error in isolate.answers if not succeeded}
