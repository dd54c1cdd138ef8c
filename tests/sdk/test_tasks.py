"""`tasks`: times in their forms, one operation a call, and what handlers get."""

from typing import Any

import msgspec
import pytest

from runtime.operations.table import OPERATIONS
from tests.sdk.conftest import Script, invalid
from tests.sdk.hostile_values import HOSTILE

Json = dict[str, Any]
AT = {"key": "k", "at": 1893456000000, "data": None}
FORMS = "expected a Date, milliseconds, an ISO 8601 text or {in: milliseconds}"

CALLS: list[tuple[str, str, Json]] = [
    ("schedule('k', new Date(1893456000000))", "tasks.schedule", AT),
    ("schedule('k', 1893456000000)", "tasks.schedule", AT),
    ("schedule('k', 1893456000000n)", "tasks.schedule", AT),
    ("schedule('k', '2030-01-01T00:00:00Z')", "tasks.schedule", AT),
    ("schedule('k', '2030-01-01T01:00:00+01:00')", "tasks.schedule", AT),
    ("schedule('k', '2030-01-01')", "tasks.schedule", AT),
    ("schedule('k', 1893456000000, undefined)", "tasks.schedule", AT),
    (
        "schedule('k', 1893456000000, {a: [1, 'x']})",
        "tasks.schedule",
        {**AT, "data": {"a": [1, "x"]}},
    ),
    ("schedule('k', 1893456000000, 0)", "tasks.schedule", {**AT, "data": 0}),
    (
        "schedule('k', 1893456000000, new Date(0))",
        "tasks.schedule",
        {**AT, "data": "1970-01-01T00:00:00.000Z"},
    ),
    ("schedule('k', 0)", "tasks.schedule", {**AT, "at": 0}),
    ("schedule('k', -1.5)", "tasks.schedule", {**AT, "at": -1.5}),
    ("schedule('k', 2 ** 53)", "tasks.schedule", {**AT, "at": 2**53}),
    ("cancel('k')", "tasks.cancel", {"key": "k"}),
    ("get('k')", "tasks.get", {"key": "k"}),
    ("list()", "tasks.list", {}),
]


@pytest.mark.parametrize(("call", "name", "payload"), CALLS)
def test_a_call_asks_for_one_operation(script: Script, call: str, name: str, payload: Json) -> None:
    assert script.asks(f"tasks.{call}") == [(name, payload)]


@pytest.mark.parametrize(("name", "payload"), [call[1:] for call in CALLS])
def test_the_host_takes_every_payload(name: str, payload: Json) -> None:
    msgspec.json.decode(msgspec.json.encode(payload), type=OPERATIONS[name].arguments)


@pytest.mark.parametrize(("form", "milliseconds"), [("{in: 60000}", 60_000), ("{in: '5'}", 5)])
def test_a_time_may_be_told_from_now(script: Script, form: str, milliseconds: int) -> None:
    before = script.value("Date.now()")
    ((_, payload),) = script.asks(f"tasks.schedule('k', {form})")
    after = script.value("Date.now()")
    assert before + milliseconds <= payload["at"] <= after + milliseconds


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("schedule()", invalid("key", "expected a non-empty text")),
        ("schedule('', 1)", invalid("key", "expected a non-empty text")),
        ("schedule(5, 1)", invalid("key", "expected a non-empty text")),
        ("schedule('k')", invalid("when", FORMS)),
        ("schedule('k', NaN)", invalid("when", FORMS)),
        ("schedule('k', Infinity)", invalid("when", FORMS)),
        ("schedule('k', new Date(NaN))", invalid("when", FORMS)),
        ("schedule('k', 'tomorrow')", invalid("when", FORMS)),
        ("schedule('k', '')", invalid("when", FORMS)),
        ("schedule('k', true)", invalid("when", FORMS)),
        ("schedule('k', null)", invalid("when", FORMS)),
        ("schedule('k', {})", invalid("when", FORMS)),
        ("schedule('k', {in: 'soon'})", invalid("when", FORMS)),
        ("schedule('k', [1])", invalid("when", "expected an object")),
        ("schedule('k', () => 1)", invalid("when", FORMS)),
        (
            "schedule('k', 1, (() => { const a = {}; a.a = a; return a })())",
            invalid("data", "Converting circular structure to JSON"),
        ),
        ("cancel()", invalid("key", "expected a non-empty text")),
        ("get(null)", invalid("key", "expected a non-empty text")),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(script: Script, call: str, error: Any) -> None:
    assert script.failure(f"tasks.{call}") == error


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_brings_the_isolate_down(script: Script, value: str) -> None:
    for arguments in (f"{value}, 1", f"'k', {value}", f"'k', 1, {value}"):
        script.attempt(f"tasks.schedule({arguments})")
    script.attempt(f"tasks.cancel({value})")
    assert script.value("1 + 1") == 2


PENDING = {"key": "k", "scheduledAt": "2030-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("call", "answer", "result"),
    [
        ("schedule('k', 1)", PENDING, {"value": PENDING}),
        ("cancel('k')", True, {"value": True}),
        ("cancel('k')", False, {"value": False}),
        ("get('k')", {**PENDING, "data": [1]}, {"value": {**PENDING, "data": [1]}}),
        ("get('k')", None, {}),  # undefined
        ("list()", [PENDING], {"value": [PENDING]}),
        ("list()", [], {"value": []}),
    ],
)
def test_answers_arrive(script: Script, call: str, answer: Any, result: Json) -> None:
    attempt = script.attempt(f"tasks.{call}")
    script.answer(attempt.asked[0], answer)
    assert attempt.result == result


# --- the event ---------------------------------------------------------------------------------

TASK = {**PENDING, "data": {"text": "tea", "n": [1]}}


def test_a_handler_gets_key_data_and_time(script: Script) -> None:
    script.run(
        "on('task', (ctx) => console.log(JSON.stringify("
        "[ctx.key, ctx.data, ctx.scheduledAt, ctx.msg])))"
    )
    dispatch = script.event("FLORA_TASK", TASK)
    (line,) = script.logged
    assert msgspec.json.decode(line) == ["k", TASK["data"], TASK["scheduledAt"], TASK]
    assert script.outcome(dispatch) == "done"


def test_handlers_of_tasks_run_in_order_and_the_first_throw_ends_it(script: Script) -> None:
    script.run("on('task', () => console.log('one'))")
    script.run("on('task', () => { throw new Error('two') })")
    script.run("on('task', () => console.log('three'))")
    error = script.outcome(script.event("FLORA_TASK", TASK))
    assert error["message"] == "two"
    assert script.logged == ["one"]


def test_a_task_that_nobody_handles_says_what_to_do(script: Script) -> None:
    error = script.outcome(script.event("FLORA_TASK", TASK))
    assert error["message"] == 'the script has no handler for tasks: add on("task", …)'
