"""What is too much is said once when it begins and once when it is over, with what was lost."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from gateway.rest import Held
from runtime.held_back import HeldBack
from tests.runtime.test_handler_life import LIMITS, WAITS, SlowKv, desk_over
from tests.runtime.test_hosting import GUILD, House

ROOM, CAPACITY = 4, 64


class Quarters(House):
    """Whose guilds' owners read what the runtime notes."""

    def __init__(self, kv: SlowKv) -> None:
        limits = replace(LIMITS, started_events=1, guild_queue=ROOM)
        super().__init__(limits=limits, desk=desk_over(kv))
        self.notes: list[str] = []

    def runtime_note(self, guild_id: str, level: str, text: str) -> None:
        self.notes.append(f"{level}: {text}")
        self._changed.set()


@pytest.fixture
def kv() -> SlowKv:
    return SlowKv()


@pytest_asyncio.fixture
async def house(kv: SlowKv) -> AsyncIterator[Quarters]:
    house = Quarters(kv)
    await house.hosting.start()
    yield house
    await house.hosting.stop(5)


async def test_a_guilds_queue_that_drops_and_recovers(house: Quarters, kv: SlowKv) -> None:
    assert house.hosting.adopt(await house.load(GUILD, WAITS))
    guild = house.hosting.guilds[GUILD]
    house.printed[GUILD] = []
    begins = f"warn: more than {ROOM} events wait: from now on the least urgent are dropped"
    ends = "info: events that wait have room again; dropped meanwhile: 3 (3 MESSAGE_CREATE)"
    kept = [str(number) for number in range(3, ROOM + 3)]
    printed = ["undefined: undefined", "waits", *kept]
    for round_ in (1, 2):
        house.say(GUILD, "waits")
        await kv.until_asked(round_)
        for number in range(ROOM + 3):
            house.say(GUILD, str(number))
        assert (guild.queued, guild.is_overrun) == (ROOM, True)
        assert house.notes == [begins, ends] * (round_ - 1) + [begins]
        kv.asked[-1].set_result("")
        await house.until(lambda: len(house.printed[GUILD]) == len(printed) * round_)  # noqa: B023
        assert house.printed[GUILD] == printed * round_
        assert house.notes == [begins, ends] * round_
        assert not guild.is_overrun


async def test_a_worker_that_is_full_and_has_room_again(
    house: Quarters, kv: SlowKv, caplog: pytest.LogCaptureFixture
) -> None:
    guilds = [f"{GUILD}{number}" for number in range(CAPACITY + 2)]
    for guild_id in guilds:
        assert house.hosting.adopt(await house.load(guild_id, WAITS))
    assert house.worker is not None
    with caplog.at_level(logging.INFO, "flora.runtime"):
        for guild_id in guilds:
            house.say(guild_id, "waits")
        assert house.worker.dispatches == CAPACITY
        assert [house.hosting.guilds[guild_id].queued for guild_id in guilds[-3:]] == [0, 1, 1]
        await kv.until_asked(CAPACITY)
        kv.hurry()
        await house.until(
            lambda: all("waits" in house.printed.get(guild_id, ()) for guild_id in guilds)
        )
        assert house.worker.dispatches == 0
    said = [record.message for record in caplog.records if record.message.startswith("worker 0")]
    assert said == [
        f"worker 0 is full: {CAPACITY} events are under way, "
        "more wait for them in their guilds' queues",
        "worker 0 has room again: guilds had to wait 2 times",
    ]


async def test_requests_to_discord_that_are_not_sent_and_are_again() -> None:
    said, over = list[tuple[str, str, str]](), asyncio.Event()

    def note(guild_id: str, level: str, text: str) -> None:
        said.append((guild_id, level, text))
        if level == "info":
            over.set()

    held_back = HeldBack(note, quiet=0.05)
    for why in (Held.TOO_MANY, Held.TOO_MANY, Held.TOO_MANY):
        held_back.count(GUILD, why)
    async with asyncio.timeout(20):
        await over.wait()
    begins, ends = said
    assert begins[:2] == (GUILD, "warn")
    assert begins[2].startswith("requests to Discord are not sent: the script asks for more")
    assert ends == (GUILD, "info", "requests to Discord are sent again: 3 were not")
    # It may begin anew, for another reason beside.
    held_back.count(GUILD, Held.TOO_MANY)
    held_back.count(GUILD, Held.REFUSED)
    assert [level for _, level, _ in said] == ["warn", "info", "warn", "warn"]
