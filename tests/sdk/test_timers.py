"""Timers and microtasks: what the host is told, what runs when it says that a timer is due."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk import discord
from tests.sdk.conftest import Script

Loader = Callable[..., Script]

LONGEST = 2**31 - 1


@pytest.mark.parametrize(
    ("delay", "timeout", "interval"),
    [
        ("5", 5, 5),
        ("0", 0, 1),
        ("-3", 0, 1),
        ("1.9", 1, 1),
        ("undefined", 0, 1),
        ("null", 0, 1),
        ("NaN", 0, 1),
        ("'12'", 12, 12),
        ("'soon'", 0, 1),
        ("7n", 7, 7),
        ("Infinity", LONGEST, LONGEST),
        ("2 ** 40", LONGEST, LONGEST),
        ("{}", 0, 1),
    ],
)
def test_a_delay_is_a_whole_number_of_milliseconds(
    script: Script, delay: str, timeout: int, interval: int
) -> None:
    assert script.run(f"setTimeout(() => {{}}, {delay}); setInterval(() => {{}}, {delay})") == [
        [0, "timer", [1, timeout]],
        [0, "timer", [2, interval]],
    ]


def test_a_timer_fires_once_with_its_arguments(script: Script) -> None:
    script.run("setTimeout((...args) => console.log(args), 5, 'a', {b: 1})")
    script.fire(1)
    script.fire(1)
    assert script.logged == ['[ "a", { b: 1 } ]']
    assert len(script.said("timer")) == 1


def test_due_timers_fire_in_the_hosts_order(script: Script) -> None:
    script.run("for (const n of [1, 2, 3]) setTimeout(console.log, 0, n)")
    script.fire(2, 3, 1, 2, 99, -1, 0)
    assert script.logged == ["2", "3", "1"]


def test_an_interval_is_set_again_after_each_call(script: Script) -> None:
    script.run("let n = 0; setInterval((word) => console.log(word, ++n), 20, 'tick')")
    script.fire(1)
    script.fire(1)
    assert script.logged == ["tick 1", "tick 2"]
    assert script.said("timer") == [[1, 20]] * 3


def test_a_timer_may_set_timers(script: Script) -> None:
    script.run("setTimeout(() => { setTimeout(() => console.log('inner'), 3) }, 1)")
    script.fire(1)
    assert script.said("timer") == [[1, 1], [2, 3]]
    script.fire(2)
    assert script.logged == ["inner"]


@pytest.mark.parametrize("clear", ["clearTimeout", "clearInterval"])
@pytest.mark.parametrize("start", ["setTimeout", "setInterval"])
def test_a_cleared_timer_does_not_fire(script: Script, start: str, clear: str) -> None:
    records = script.run(f"const id = {start}(() => console.log('never'), 5); {clear}(id)")
    assert records == [[0, "timer", [1, 5]], [0, "clear", 1]]
    script.fire(1)
    assert script.logged == []


def test_an_interval_may_clear_itself(script: Script) -> None:
    script.run("const id = setInterval(() => { console.log('once'); clearInterval(id) }, 5)")
    script.fire(1)
    script.fire(1)
    assert script.logged == ["once"]
    assert (len(script.said("timer")), script.said("clear")) == (1, [1])


def test_a_timer_may_clear_one_that_is_due_with_it(script: Script) -> None:
    script.run("setTimeout(() => clearTimeout(2)); setTimeout(() => console.log('never'))")
    script.fire(1, 2)
    assert script.logged == []


@pytest.mark.parametrize("id_", ["", "undefined", "null", "0", "99", "'x'", "{}", "Symbol()", "1n"])
def test_clearing_what_is_no_timer_does_nothing(script: Script, id_: str) -> None:
    script.run("setTimeout(() => console.log('fires'))")
    assert script.run(f"clearTimeout({id_}); clearInterval({id_})") == []
    script.fire(1)
    assert script.logged == ["fires"]


def test_a_timers_id_may_come_back_as_text(script: Script) -> None:
    script.run("setTimeout(() => console.log('never'))")
    assert script.run("clearTimeout('1')") == [[0, "clear", 1]]


@pytest.mark.parametrize("callback", ["undefined", "null", "'code()'", "{}"])
@pytest.mark.parametrize("name", ["setTimeout", "setInterval", "queueMicrotask"])
def test_a_callback_must_be_a_function(script: Script, name: str, callback: str) -> None:
    got = {"null": "object", "'code()'": "string", "{}": "object"}.get(callback, callback)
    assert script.failure(f"{name}({callback})") == {
        "name": "TypeError",
        "message": f"{name}: expected a function, got {got}",
    }


def test_so_many_timers_may_be_set_at_a_time(script: Script) -> None:
    script.run("for (let i = 0; i < 4096; i++) setTimeout(() => {})")
    assert script.failure("setTimeout(() => {})") == {
        "name": "Error",
        "message": "at most 4096 timers may be set at a time",
        "code": "LIMIT_EXCEEDED",
    }
    script.run("clearTimeout(7)")
    assert script.run("setTimeout(() => {})") == [[0, "timer", [4097, 0]]]


# --- order ---------------------------------------------------------------------------------


def test_microtasks_run_in_order_before_the_turn_ends(script: Script) -> None:
    script.run(
        "setTimeout(() => console.log('timer'));"
        "queueMicrotask(() => { console.log('b'); queueMicrotask(() => console.log('d')) });"
        "Promise.resolve().then(() => console.log('c'));"
        "console.log('a')"
    )
    assert script.logged == ["a", "b", "c", "d"]


def test_sleeping_between_two_answers(load: Loader) -> None:
    script = load(
        "const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));"
        " on('messageCreate', async (ctx) => { await sleep(1500); await ctx.reply('late') })"
    )
    event = script.event("MESSAGE_CREATE", discord.message())
    assert (script.said("timer"), script.operations) == ([[1, 1500]], [])
    script.fire(1)
    (reply,) = script.operations
    script.answer(reply, {})
    assert script.outcome(event) == "done"


# --- failure -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "setTimeout(() => { throw new RangeError('no') })",
        "setTimeout(async () => { throw new RangeError('no') })",
        "setTimeout(() => Promise.reject(new RangeError('no')))",
        "setInterval(() => { throw new RangeError('no') })",
        "queueMicrotask(() => { throw new RangeError('no') })",
    ],
)
def test_what_a_callback_throws_is_reported(script: Script, statement: str) -> None:
    script.run(statement)
    script.fire(1)
    (error,) = script.said("error")
    assert (error["name"], error["message"]) == ("RangeError", "no")


def test_a_timer_that_throws_keeps_no_other_from_firing(script: Script) -> None:
    script.run("setTimeout(() => { throw 1 }); setTimeout(() => console.log('fires'))")
    script.fire(1, 2)
    assert script.logged == ["fires"]


def test_an_interval_that_throws_goes_on(script: Script) -> None:
    script.run("setInterval(() => { throw new Error('no') }, 9)")
    script.fire(1)
    script.fire(1)
    assert len(script.said("error")) == 2
    assert script.said("timer") == [[1, 9]] * 3


@pytest.mark.parametrize(
    "result",
    [
        "new Proxy({}, {getPrototypeOf() { throw new Error('trap') }})",
        "Object.create(Promise.prototype)",
    ],
)
def test_what_a_callback_gives_cannot_break_the_turn(script: Script, result: str) -> None:
    script.run(f"setTimeout(() => {result}); setTimeout(() => console.log('fires'))")
    script.fire(1, 2)
    assert script.logged == ["fires"]
    assert len(script.said("error")) == 1


def counted(records: list[Any], name: str) -> int:
    return sum(1 for record in records if record[1] == name)


def test_a_flood_of_errors_ends_with_a_note(script: Script) -> None:
    flood = "for (let i = 0; i < 1e5; i++) queueMicrotask(() => { throw Error('no') })"
    records = script.run(flood)
    assert 100 < counted(records, "error") < 2000
    assert records[-1] == [
        *(0, "error"),
        {"name": "Error", "message": "too many errors at once: not all are shown", "stack": ""},
    ]
    script.run("queueMicrotask(() => { throw Error('later') })")
    assert script.said("error")[-1]["message"] == "later"


def test_all_timers_may_throw_at_once(script: Script) -> None:
    script.run(
        "for (let i = 0; i < 4096; i++) setInterval(() => { throw Error('\\x01'.repeat(3000)) }, 5)"
    )
    before = len(script.said("timer"))
    script.fire(*range(1, 4097))
    assert len(script.said("timer")) - before == 4096
    assert script.said("error")[-1]["message"].startswith("too many errors at once")
