"""`suspend` and `resume`: what a script takes along to another isolate."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.isolate import MAX_STATE_BYTES, RESUME, SUSPEND
from tests.examples import examples
from tests.sdk.conftest import Script

Loader = Callable[..., Script]


def suspend(script: Script) -> tuple[Any, list[Any]]:
    """How the event ended, and the states that were told before."""
    outcome = script.outcome(script.event(SUSPEND, None))
    return outcome, script.said("suspended")


@pytest.mark.parametrize(
    ("returned", "state"),
    [
        ("{count: 7, names: ['a', null]}", {"count": 7, "names": ["a", None]}),
        ("[1, 2]", [1, 2]),
        ("'text \\ud83c\\udf31 \\ud800'", "text 🌱 \ufffd"),
        ("0", 0),
        ("null", None),
        ("undefined", None),
        ("() => 1", None),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("{toJSON: () => 'mine'}", "mine"),
        ("new Map([[1, 2]])", {}),
        ("9n", 9),
    ],
)
@pytest.mark.parametrize("how", ["({})", "Promise.resolve({})"])
def test_what_a_handler_returns_is_taken_along_as_json(
    load: Loader, returned: str, state: Any, how: str
) -> None:
    script = load(f"on('suspend', () => {how.format(returned)})")
    assert suspend(script) == ("done", [state])


def test_a_script_without_a_handler_takes_nothing_along(script: Script) -> None:
    assert suspend(script) == ("done", [None])


def test_the_last_handler_that_returns_anything_decides(load: Loader) -> None:
    script = load(
        "on('suspend', (ctx) => { console.log(ctx.event); return 1 });"
        " on('suspend', async () => 2); on('suspend', () => {})"
    )
    assert suspend(script) == ("done", [2])
    assert script.logged == ["suspend"]


def test_a_handler_may_wait_for_the_host(load: Loader) -> None:
    script = load("on('suspend', async () => ({last: await store('s').get('k')}))")
    dispatch = script.event(SUSPEND, None)
    assert (script.outcome(dispatch), script.said("suspended")) == (None, [])
    script.answer(script.operations[0], "v")
    assert (script.outcome(dispatch), script.said("suspended")) == ("done", [{"last": "v"}])


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("() => { throw new Error('no') }", "no"),
        ("async () => { throw new Error('no') }", "no"),
        (
            "() => { const a = {}; a.a = a; return a }",
            "Invalid input for state: Converting circular structure to JSON",
        ),
        (
            "() => { let a = []; for (let i = 0; i < 70; i++) a = [a]; return a }",
            "Invalid input for state: nested deeper than 64 levels",
        ),
    ],
)
def test_a_handler_that_fails_ends_it_and_nothing_is_taken_along(
    load: Loader, handler: str, message: str
) -> None:
    script = load(f"on('suspend', {handler}); on('suspend', () => console.log('never'))")
    outcome, states = suspend(script)
    assert (outcome["message"], states, script.logged) == (message, [], [])


QUOTES = 2


@pytest.mark.parametrize(
    ("length", "told"), [(MAX_STATE_BYTES - QUOTES, True), (MAX_STATE_BYTES - QUOTES + 1, False)]
)
def test_a_state_has_at_most_a_mebibyte(load: Loader, length: int, told: bool) -> None:
    outcome, states = suspend(load(f"on('suspend', () => 'x'.repeat({length}))"))
    if told:
        assert (outcome, len(states[0])) == ("done", length)
    else:
        assert outcome["message"] == (
            'a script may take 1048576 bytes along, on("suspend") gave 1048577'
        )
        assert states == []


def test_the_state_comes_back(load: Loader) -> None:
    script = load(
        "on('resume', ({event, state}) => console.log(event, JSON.stringify(state)));"
        " on('resume', async ({state}) => { state && console.log(state.count) })"
    )
    assert script.outcome(script.event(RESUME, {"count": 7})) == "done"
    assert script.outcome(script.event(RESUME, None)) == "done"
    assert script.logged == ['resume {"count":7}', "7", "resume null"]


def test_a_script_that_does_not_ask_for_its_state_goes_on_without(script: Script) -> None:
    assert script.outcome(script.event(RESUME, {"count": 7})) == "done"


def test_a_handler_of_resume_that_throws_fails_the_event(load: Loader) -> None:
    script = load("on('resume', () => { throw new Error('no') })")
    assert script.outcome(script.event(RESUME, None))["message"] == "no"


def test_neither_is_an_event_for_those_who_listen_to_everything(load: Loader) -> None:
    script = load("on('*', (ctx) => console.log(ctx.event)); __floraDispatch = () => {}")
    assert suspend(script) == ("done", [None])
    assert script.outcome(script.event(RESUME, None)) == "done"
    assert script.logged == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@settings(max_examples=examples(60), deadline=None)
@given(JSON)
def test_any_state_arrives_as_it_was(state: Any) -> None:
    script = Script(
        "let kept; on('resume', (ctx) => { kept = ctx.state }); on('suspend', () => kept)"
    )
    try:
        script.event(RESUME, state)
        assert suspend(script) == ("done", [state])
    finally:
        script.close()
