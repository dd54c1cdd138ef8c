"""The bridge as docs/bridge.md promises it: numbers, order, answers, errors, sizes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk import discord
from tests.sdk.conftest import Operation, Script

Loader = Callable[..., Script]

READ = "rest.fetchMessage({channelId: CHANNEL, messageId: MESSAGE})"
MIB = 1 << 20
MOST_RECORDS = 10_000
LIMIT = 15 * MIB
FULL = {
    "name": "Error",
    "message": f"too much at once: at most {LIMIT} bytes may leave a script in one turn",
    "code": "LIMIT_EXCEEDED",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    """One script for all examples of a property."""
    script = Script("on('messageCreate', (ctx) => { bench.ctx = ctx })")
    script.event("MESSAGE_CREATE", discord.message())
    yield script
    script.close()


# --- records -------------------------------------------------------------------------------


def test_a_quiet_turn_drains_nothing(script: Script) -> None:
    assert script.turn("A[]") == []
    assert script.turn("T[]") == []


def test_operations_are_numbered_by_one_and_drained_in_the_order_of_what_happened(
    script: Script,
) -> None:
    records = script.run(
        "console.log('a'); store('s').get('1'); setTimeout(() => {}, 5); store('s').get('2');"
        " rest.deleteMessage({}).catch(() => {}); on('messageCreate', () => {});"
        " store('s').get('3')"
    )
    assert records == [
        [0, "subscriptions", ["MESSAGE_CREATE"]],
        [0, "log", ["info", "a"]],
        [1, "kv.get", {"store": "s", "key": "1"}],
        [0, "timer", [1, 5]],
        [2, "kv.get", {"store": "s", "key": "2"}],
        [3, "kv.get", {"store": "s", "key": "3"}],
    ]


def test_a_dispatch_is_the_hosts_number_whatever_its_size(load: Loader) -> None:
    script = load("on('ready', ({msg}) => { if (msg.user.bot) throw Error('no') })")
    number = 2**53 + 1
    records = script.turn(f'E{number}\nREADY\n{{"user": {{"id": "1"}}}}')
    assert records == [[0, "done", number]]
    ((_, name, (failed, _)),) = script.turn(f'E{number}\nREADY\n{{"user": {{"bot": true}}}}')
    assert (name, failed) == ("failed", number)


# --- answers -------------------------------------------------------------------------------


def test_answers_come_in_any_order_and_each_finds_its_promise(script: Script) -> None:
    attempts = [script.attempt(READ) for _ in range(20)]
    for number in (7, 3, 19, 0):
        script.answer(attempts[number].asked[0], {"n": number})
    results = [attempt.result for attempt in attempts]
    expected = [None] * 20
    for number in (7, 3, 19, 0):
        expected[number] = {"value": {"n": number}}
    assert results == expected


def test_answers_of_one_round_come_together(script: Script) -> None:
    one, two = script.attempt(READ), script.attempt(READ)
    (a,), (b,) = one.asked, two.asked
    script.turn(f'A[[{b.number}, 0, {{"message": "no"}}], [{a.number}, 1, [1]]]')
    assert one.result == {"value": [1]}
    assert two.result == {"error": {"name": "Error", "message": "no"}}


def test_an_answer_counts_once(script: Script) -> None:
    attempt = script.attempt(f"{READ}.then((value) => {{ console.log(value); return value }})")
    script.answer(attempt.asked[0], "first")
    script.answer(attempt.asked[0], "second")
    script.answer(Operation(999, "", None), "unknown")
    assert script.logged == ["first"]
    assert attempt.result == {"value": "first"}


def test_a_resolved_object_is_not_taken_for_a_promise(script: Script) -> None:
    attempt = script.attempt(READ)
    script.answer(attempt.asked[0], {"then": "a field of Discord", "constructor": 1})
    assert attempt.result == {"value": {"then": "a field of Discord", "constructor": 1}}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"message": "no", "code": "C"}, {"name": "Error", "message": "no", "code": "C"}),
        (
            {"message": "no", "status": 429, "retryAfter": 1.5, "errors": {"a": []}},
            {
                "name": "Error",
                "message": "no",
                "status": 429,
                "retryAfter": 1.5,
                "errors": {"a": []},
            },
        ),
        ({"message": "no", "name": "DiscordError"}, {"name": "DiscordError", "message": "no"}),
        ({"message": 5}, {"name": "Error", "message": ""}),
        ({}, {"name": "Error", "message": ""}),
        (None, {"name": "Error", "message": ""}),
        ("text", {"name": "Error", "message": ""}),
    ],
)
def test_every_key_of_a_refusal_is_a_property_of_the_error(
    script: Script, answer: Any, told: Any
) -> None:
    attempt = script.attempt(READ)
    script.turn(f"A{json.dumps([[attempt.asked[0].number, 0, answer]])}")
    assert attempt.result == {"error": told}


# --- texts that no host sends --------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "X", "A", "A{", "Anull", "A[1]", "A[null]", "T", "Tnull", "E1\nREADY", "E1\nREADY\n"],
)
def test_a_text_that_means_nothing_breaks_nothing(script: Script, text: str) -> None:
    for _, name, payload in script.turn(text):
        assert name in ("error", "failed"), payload
    attempt = script.attempt(READ)
    script.answer(attempt.asked[0], "still here")
    assert attempt.result == {"value": "still here"}


@settings(max_examples=examples(150), deadline=None)
@given(
    kind=st.sampled_from(["A", "T", "E1\nMESSAGE_CREATE\n", "E1\nINTERACTION_CREATE\n"]),
    text=st.text(max_size=30)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-5, 2**40) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "data", "options", "author", "member", "id", "user", "emoji"]
                ),
                inner,
                max_size=4,
            )
        ),
    ).map(json.dumps),
)
def test_whatever_the_host_sends_is_survived(shared: Script, kind: str, text: str) -> None:
    for number, name, payload in shared.turn(kind + text):
        assert (number, name in ("done", "failed", "error")) == (0, True), payload


# --- sizes ---------------------------------------------------------------------------------


def test_a_turn_that_would_leave_too_much_is_refused_and_the_next_is_not(script: Script) -> None:
    put = f"kv.store('s').set('k', 'x'.repeat({4 * MIB}))"
    attempts = script.attempt(
        f"Promise.allSettled([1, 2, 3, 4].map(() => {put})).then((settled) => settled.length)"
    )
    assert len(attempts.asked) == 3
    assert script.failure(f"kv.store('s').set('k', 'x'.repeat({LIMIT}))") == FULL
    assert len(script.asks(put)) == 1


def test_sizes_are_counted_as_the_host_counts_them(script: Script) -> None:
    put = "kv.store('s').set('k', '€'.repeat(%d))"
    room = (LIMIT - 1000) // 3
    assert len(script.asks(put % room)) == 1
    assert script.failure(put % (room + 1000)) == FULL


@pytest.mark.parametrize(
    "flood",
    [
        "rest.deleteOriginalInteractionResponse({token: 'x'}).catch(() => {})",
        "clearTimeout(setTimeout(() => {}))",
        "store('').get('').catch(() => {})",
        "console.log('')",
    ],
)
def test_a_flood_of_small_records_fits_what_the_host_takes(script: Script, flood: str) -> None:
    # Script.turn fails when more is drained than a worker accepts.
    drained = script.run(f"try {{ for (let i = 0; i < 3e4; i++) {flood} }} catch {{}}")
    assert len(drained) <= MOST_RECORDS
    assert len(script.asks(READ)) == 1


def test_operations_under_way_are_counted_in_the_isolate(load: Loader) -> None:
    script = load(operations=2)
    one, two, three = (script.attempt(READ) for _ in range(3))
    assert [len(attempt.asked) for attempt in (one, two, three)] == [1, 1, 0]
    assert three.result == {
        "error": {
            "name": "Error",
            "message": "more than 2 operations are under way: await some first",
            "code": "TOO_MANY_OPERATIONS",
        }
    }
    script.refuse(one.asked[0], "no")
    four = script.attempt(READ)
    assert len(four.asked) == 1
    script.answer(two.asked[0], 2)
    script.answer(four.asked[0], 4)
    assert (two.result, four.result) == ({"value": 2}, {"value": 4})


def test_many_events_may_fail_in_one_turn(load: Loader) -> None:
    script = load(
        f"on('messageCreate', async () => {{ await {READ}; throw Error('\\x01'.repeat(3000)) }})"
    )
    events = [script.event("MESSAGE_CREATE", discord.message()) for _ in range(200)]
    answers = [[operation.number, 1, None] for operation in script.operations]
    records = script.turn(f"A{json.dumps(answers)}")
    assert [payload[0] for _, name, payload in records if name == "failed"] == events
    assert script.outcome(events[0])["message"] == "\x01" * 2048
    assert script.outcome(events[-1])["message"] == "too many errors at once: not all are shown"


# --- whose an operation is -----------------------------------------------------------------

NOBODYS, ONE_OF_SEVERAL = 0, -1
READS_AGAIN = (
    "on('messageCreate', async (ctx) => { const s = kv.store('s');"
    " await s.get('first'); await s.get('second'); setTimeout(() => s.get('timer'), 5) });"
    "void kv.store('s').get('load')"
)


def asked(script: Script) -> list[tuple[str, int]]:
    return [(o.payload["key"], script.asked_by[o.number]) for o in script.operations]


def test_an_operation_names_the_event_in_whose_course_it_was_asked(load: Loader) -> None:
    script = load(READS_AGAIN)
    one, other = (script.event("MESSAGE_CREATE", discord.message()) for _ in range(2))
    _, ones, others = script.operations
    script.answer(others)
    script.answer(ones)
    for operation in script.operations[-2:]:
        script.answer(operation)
    script.turn("T[1]")
    script.turn("T[2]")
    assert asked(script) == [
        ("load", NOBODYS),
        *(("first", dispatch) for dispatch in (one, other)),
        *(("second", dispatch) for dispatch in (other, one)),
        *(("timer", dispatch) for dispatch in (other, one)),
    ]


def test_after_answers_to_several_events_in_one_turn_nobody_knows(load: Loader) -> None:
    script = load(READS_AGAIN)
    for _ in range(2):
        script.event("MESSAGE_CREATE", discord.message())
    first = script.operations[-2:]
    script.turn(b"A" + msgspec.json.encode([[o.number, 1, None] for o in first]))
    assert asked(script)[-2:] == [("second", ONE_OF_SEVERAL)] * 2
    # What follows on one answer is no better known than that.
    script.answer(script.operations[-1])
    script.turn("T[1]")
    assert asked(script)[-1] == ("timer", ONE_OF_SEVERAL)
