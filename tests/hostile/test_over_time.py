"""Harm that is no single event's: at load, at the third event, turn after turn, after a turn."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from deployments.models.fault import FaultKind
from runtime.event import Ending
from runtime.script import LoadFailed
from runtime.worker.protocol import Breach
from tests.hostile.house import ANSWERS, LIMITS, HostileHouse

UNDER_WAY = LIMITS.turn.operations


@pytest_asyncio.fixture
async def house() -> AsyncIterator[HostileHouse]:
    house = HostileHouse()
    await house.start()
    yield house
    await house.stop()


MIB = 1 << 20


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("await new Promise(() => {})", "module_load timed out: top-level code ran over 2 s"),
        ("for (;;) await null", r"module_load timed out: top-level code used \d+ ms of CPU"),
        ("while (true);", r"module_load timed out: top-level code used \d+ ms of CPU"),
        ("const a = []; for (;;) a.push({ n: a.length })", "out of memory: top-level code used"),
        ("setInterval(() => {}, 0); await new Promise(() => {})", "top-level code ran over 2 s"),
        ("throw { get message() { throw 1 } }", "^Error: $"),
        (
            f"/*{'x' * 8 * MIB}",
            "SyntaxError: Invalid or unexpected token|module_load timed out|out of memory",
        ),
        (f"({'[' * 8 * MIB}", "SyntaxError|RangeError|module_load timed out|out of memory"),
        ("f();" * 2 * MIB, "ReferenceError|module_load timed out|out of memory"),
        (f"0{'+1' * 4 * MIB}", "RangeError|module_load timed out|out of memory"),
    ],
    ids=[
        "waits for ever",
        "microtasks for ever",
        "loops",
        "grows",
        "timers and waits",
        "throws a getter",
        "8 MiB of a comment without an end",
        "8 MiB of brackets",
        "8 MiB of calls",
        "8 MiB of one sum",
    ],
)
async def test_top_level_code_that_does_not_load_is_refused_with_why(
    house: HostileHouse, source: str, told: str
) -> None:
    neighbour = await house.move_in(ANSWERS)
    with pytest.raises(LoadFailed, match=told):
        await house.move_in(source)
    assert (await house.ask(neighbour, "still here"))[0] is Ending.DONE
    assert house.seen[neighbour].notes == []


@pytest.mark.parametrize(
    "source",
    [f"/*{'x' * 8 * MIB}*/", f"const text = '{'x' * 8 * MIB}';"],
    ids=["a comment", "a text"],
)
async def test_eight_megabytes_of_source_may_be_loaded(house: HostileHouse, source: str) -> None:
    guild = await house.move_in(ANSWERS + ";" + source)
    assert (await house.ask(guild, "hello"))[0] is Ending.DONE
    assert house.seen[guild].printed == ["hello"]


async def test_a_script_that_crashes_on_its_third_event_only_begins_anew_each_time(
    house: HostileHouse,
) -> None:
    neighbour = await house.move_in(ANSWERS)
    guild = await house.move_in(
        "let count = 0; on('messageCreate', () => {"
        " if (++count === 3) new Array(2 ** 32 - 1).fill(0); console.log(count) })"
    )
    endings = [(await house.ask(guild, "hello"))[0] for _ in range(6)]
    assert endings == [Ending.DONE, Ending.DONE, Ending.LOST] * 2
    assert house.seen[guild].printed == ["1", "2"] * 2
    offences = house.seen[guild].offences
    assert {offence.kind for offence in offences} <= {FaultKind.STUCK, FaultKind.WORKER}
    assert [offence.event for offence in offences] == ["MESSAGE_CREATE"] * 2
    # The second time it was apart from the others.
    assert (await house.ask(neighbour, "still here"))[0] is Ending.DONE
    assert [house.hosting.metrics.worker_restarts.value(index) for index in ("0", "1")] == [1, 1]


AFTER_A_TURN = {
    "a cleanup callback": (
        "globalThis.kept = new FinalizationRegistry(() => { for (;;); });"
        " for (let n = 0; n < 2e5; n++) kept.register({ n }, 1)"
    ),
    "a promise of a getter": (
        "Promise.reject({ get message() { (async () => { for (;;) await null })(); return '' } })"
    ),
}


@pytest.mark.parametrize("harm", AFTER_A_TURN.values(), ids=AFTER_A_TURN)
async def test_what_computes_when_its_turn_is_over_is_found_and_stopped(
    house: HostileHouse, harm: str
) -> None:
    neighbour = await house.move_in(ANSWERS)
    guild = await house.move_in(f"on('messageCreate', () => {{ {harm} }})")
    house.say(guild, "bad")
    (offence,) = await house.until(lambda: house.seen[guild].offences)
    assert offence.kind is FaultKind.CPU
    assert (await house.ask(neighbour, "still here"))[0] is Ending.DONE


async def test_a_flood_of_operations_is_refused_before_it_leaves_the_isolate(
    house: HostileHouse,
) -> None:
    guild = await house.move_in(
        "on('messageCreate', async () => { const codes = {};"
        " const count = ({ code }) => { codes[code] = (codes[code] ?? 0) + 1 };"
        " const ask = () => kv.store('s').get('k').catch(count);"
        " await Promise.all(Array.from({ length: 5000 }, ask));"
        " console.log(JSON.stringify(codes)) })"
    )
    assert (await house.ask(guild, "flood"))[0] is Ending.DONE
    # The house has no database: those that reached it failed there.
    expected = f'{{"TOO_MANY_OPERATIONS":{5000 - UNDER_WAY},"INTERNAL_ERROR":{UNDER_WAY}}}'
    assert house.seen[guild].printed == [expected]
    assert house.metrics.operations.value("kv.get", "refused") == UNDER_WAY
    assert house.metrics.operations.total() == UNDER_WAY


async def test_who_asks_too_often_is_refused_late_and_others_are_answered_at_once(
    house: HostileHouse,
) -> None:
    house.limits = replace(LIMITS, operations=3)
    guild = await house.move_in(
        "on('messageCreate', async () => { for (let n = 0; n < 4; n++) {"
        " const begun = Date.now();"
        " try { await kv.store('s').get('k') } catch ({ code }) {"
        " console.log(code, code === 'INTERNAL_ERROR' || Date.now() - begun >= 200) } } })"
    )
    assert (await house.ask(guild, "often"))[0] is Ending.DONE
    assert house.seen[guild].printed == [
        *["INTERNAL_ERROR true"] * 3,
        "TOO_MANY_OPERATIONS true",
    ]


FLOODS = {
    "operations": (
        "const ask = async () => { for (;;) try { await kv.store('s').get('k') } catch {} };"
        f" for (let n = 0; n < {UNDER_WAY}; n++) ask()"
    ),
    "lines": "setInterval(() => { for (let n = 0; n < 200; n++) console.log(n) }, 0)",
    "errors": "setInterval(() => { throw new Error('again') }, 0)",
    "timers": "for (let n = 0; n < 4000; n++) setInterval(() => {}, 0)",
    "subscriptions": "setInterval(() => { on(`x${Math.random()}`, () => {}) }, 0)",
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_neighbours_of_a_flood_that_goes_on_are_answered(
    house: HostileHouse, flood: str
) -> None:
    neighbour = await house.move_in(ANSWERS)
    guild = await house.move_in(f"on('messageCreate', () => {{ {flood} }})")
    await house.ask(guild, "flood")
    for _ in range(50):
        assert (await house.ask(neighbour, "hello"))[0] is Ending.DONE
    assert house.seen[neighbour].printed == ["hello"] * 50


async def test_who_holds_most_of_a_worker_without_memory_begins_anew_and_has_not_struck(
    house: HostileHouse,
) -> None:
    guild = await house.move_in(ANSWERS)
    live = house.hosting.guilds[guild].live
    assert live is not None
    live.on_breach(Breach("crowded", "", 0, 2 << 30))
    assert (await house.ask(guild, "hello"))[0] is Ending.DONE
    assert house.hosting.guilds[guild].live is not live
    assert house.seen[guild].offences == []
    assert house.seen[guild].notes == [
        "the script was started anew: its worker ran out of memory, and it held most of it"
    ]


async def test_timers_of_a_silent_script_are_charged_to_its_guild(house: HostileHouse) -> None:
    guild = await house.move_in(
        "on('messageCreate', () => {}); setInterval(() => {"
        " const until = Date.now() + 15; while (Date.now() < until); }, 1)"
    )
    runtime = house.hosting.guilds[guild]
    async with asyncio.timeout(20):
        while runtime.cpu_ns < 100_000_000:  # noqa: ASYNC110  (nobody is told of it)
            await asyncio.sleep(0.01)
    assert house.seen[guild].offences == []
