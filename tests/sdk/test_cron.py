"""`cron`: what a script registers, what its handlers get, and what becomes of a refusal."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk import discord
from tests.sdk.conftest import Script, invalid
from tests.sdk.hostile_values import HOSTILE

Loader = Callable[..., Script]

JOB = {"name": "report", "expression": "0 9 * * *", "skipIfRunning": False}
SLOT = {"name": "report", "scheduledAt": "2026-11-25T09:00:00.000Z"}
REGISTER = "cron('report', '0 9 * * *', (ctx) => console.log(ctx.scheduledAt))"


def registered(script: Script) -> list[Any]:
    return [payload for _, name, payload in script.operations if name == "cron.register"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("", {}),
        (", undefined", {}),
        (", null", {}),
        (", {}", {}),
        (", {skipIfRunning: true}", {"skipIfRunning": True}),
        (", {skipIfRunning: 1, catchUp: 'once'}", {"skipIfRunning": True, "catchUp": "once"}),
        (", {skipIfRunning: null, catchUp: 'skip'}", {"catchUp": "skip"}),
        (", {timezone: 'Europe/Berlin'}", {}),
    ],
)
def test_a_job_is_registered_with_its_options(
    script: Script, options: str, told: dict[str, Any]
) -> None:
    assert script.asks(f"cron('report', '0 9 * * *', () => {{}}{options})") == [
        ("cron.register", {**JOB, **told})
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "cron name must be a non-empty string"),
        ("5, '* * * * *', () => {}", "cron name must be a non-empty string"),
        ("' ', '* * * * *', () => {}", "cron name must be a non-empty string"),
        ("'a'", "cron expression must be a non-empty string"),
        ("'a', '', () => {}", "cron expression must be a non-empty string"),
        ("'a', ['* * * * *'], () => {}", "cron expression must be a non-empty string"),
        ("'a', '* * * * *'", "cron handler must be a function"),
        ("'a', '* * * * *', {}", "cron handler must be a function"),
    ],
)
def test_wrong_arguments_are_refused_in_the_originals_words(
    script: Script, arguments: str, message: str
) -> None:
    assert script.failure(f"cron({arguments})") == {"name": "TypeError", "message": message}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ("5", invalid("options", "expected an object, got number")),
        ("{catchUp: 'twice'}", invalid("catchUp", 'expected "skip" or "once"')),
        ("{catchUp: 1}", invalid("catchUp", 'expected "skip" or "once"')),
        ("{get catchUp() { throw new Error('mine') }}", invalid("catchUp", "mine")),
    ],
)
def test_options_are_checked(script: Script, options: str, error: Any) -> None:
    assert script.failure(f"cron('a', '* * * * *', () => {{}}, {options})") == error


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_brings_the_isolate_down(script: Script, value: str) -> None:
    for arguments in (
        f"{value}, '* * * * *', () => {{}}",
        f"'a', {value}, () => {{}}",
        f"'b', '* * * * *', {value}",
        f"'c', '* * * * *', () => {{}}, {value}",
    ):
        script.attempt(f"cron({arguments})")
    assert script.value("1 + 1") == 2


def test_a_name_is_taken_once(script: Script) -> None:
    script.run(REGISTER)
    assert script.failure(REGISTER) == {
        "name": "Error",
        "message": "cron job with name 'report' already exists",
        "code": "CRON_JOB_EXISTS",
    }


# --- events ------------------------------------------------------------------------------------


def test_a_handler_gets_the_slot_in_both_forms(script: Script) -> None:
    script.run(
        "cron('report', '0 9 * * *', (ctx) => console.log(JSON.stringify("
        "[ctx.msg, ctx.name, ctx.scheduledAt])))"
    )
    dispatch = script.event("FLORA_CRON", SLOT)
    (line,) = script.logged
    assert line == (
        '[{"name":"report","scheduledAt":"2026-11-25T09:00:00.000Z"},'
        '"report","2026-11-25T09:00:00.000Z"]'
    )
    assert script.outcome(dispatch) == "done"


def test_only_that_jobs_handler_is_called(script: Script) -> None:
    script.run("cron('report', '0 9 * * *', () => console.log('mine'))")
    script.run("cron('other', '0 9 * * *', () => console.log('other'))")
    script.run("on('report', () => console.log('an event')); on('task', () => console.log('task'))")
    script.event("FLORA_CRON", SLOT)
    assert script.logged == ["mine"]


def test_a_run_is_over_when_its_handler_is(script: Script) -> None:
    script.run("cron('report', '0 9 * * *', () => kv.store('s').get('k'))")
    dispatch = script.event("FLORA_CRON", SLOT)
    assert script.outcome(dispatch) is None
    script.answer(script.operations[-1], "v")
    assert script.outcome(dispatch) == "done"


def test_what_a_handler_throws_ends_its_run(script: Script) -> None:
    script.run("cron('report', '0 9 * * *', () => { throw new RangeError('no') })")
    error = script.outcome(script.event("FLORA_CRON", SLOT))
    assert (error["name"], error["message"]) == ("RangeError", "no")


def test_there_is_nobody_to_reply_to(script: Script) -> None:
    script.run("cron('report', '0 9 * * *', (ctx) => ctx.reply('hi'))")
    error = script.outcome(script.event("FLORA_CRON", SLOT))
    assert error["message"] == "Invalid input for channel_id: invalid snowflake"


@pytest.mark.parametrize("touch", ["", "__floraHandlers;"])
def test_a_job_without_a_handler_says_so(script: Script, touch: str) -> None:
    script.run(touch)
    error = script.outcome(script.event("FLORA_CRON", SLOT))
    assert error["message"] == "the script has no handler for the cron job 'report'"


def test_the_originals_doors_lead_to_jobs_too(script: Script) -> None:
    script.run(REGISTER)
    assert script.value("Object.keys(__floraHandlers)") == ["__cron:report"]
    script.run("__floraHandlers['__cron:report'].push((ctx) => console.log('second', ctx.name))")
    script.event("FLORA_CRON", SLOT)
    assert script.logged == ["2026-11-25T09:00:00.000Z", "second report"]


def test_a_replaced_dispatch_gets_jobs_under_the_originals_name(load: Loader) -> None:
    script = load(
        "__floraDispatch = async (event, payload) => console.log(event, JSON.stringify(payload))"
    )
    script.event("FLORA_CRON", SLOT)
    assert script.logged == [
        '__cron:report {"name":"report","scheduledAt":"2026-11-25T09:00:00.000Z"}'
    ]


def test_a_job_is_no_subscription(load: Loader) -> None:
    script = load(REGISTER)
    assert script.said("subscriptions") in ([], [[]])


def test_a_gateway_event_cannot_pass_for_a_slot(script: Script) -> None:
    script.run(REGISTER)
    script.event("MESSAGE_CREATE", discord.message(content="__cron:report"))
    script.event("__cron:report", SLOT)
    assert script.logged == []


# --- what the host says ------------------------------------------------------------------------


def test_a_load_waits_for_the_host_to_take_its_jobs(load: Loader) -> None:
    script = load("cron('a', '* * * * *', () => {}); cron('b', '* * * * *', () => {})")
    assert script.said("loaded") == []
    first, second = script.operations
    script.answer(second)
    assert script.said("loaded") == []
    script.answer(first)
    assert script.said("loaded") == [None]


def test_a_job_that_the_host_refuses_fails_the_load_and_names_its_line(load: Loader) -> None:
    script = load("const good = 1;\n\ncron('a', 'nonsense', () => {});\n")
    (operation,) = script.operations
    script.refuse(operation, "invalid cron expression 'nonsense': why", code="INVALID_CRON_JOB")
    (error,) = script.said("load_failed")
    assert error["message"] == "invalid cron expression 'nonsense': why"
    assert error["stack"].startswith("Error: invalid cron expression 'nonsense': why\n")
    assert "flora/3/rev/bundle.js:3:" in error["stack"]
    assert script.said("loaded") == script.said("error") == []


def test_later_a_refusal_is_an_error_of_its_own_and_leaves_nothing_behind(script: Script) -> None:
    script.run("const wrong = 'x'; cron('a', wrong, () => console.log('never'))")
    script.refuse(script.operations[-1], "invalid cron expression 'x': why")
    (error,) = script.said("error")
    assert error["message"] == "invalid cron expression 'x': why"
    script.run("cron('a', '* * * * *', () => console.log('second'))")
    script.answer(script.operations[-1])
    script.event("FLORA_CRON", {**SLOT, "name": "a"})
    assert script.logged == ["second"]
