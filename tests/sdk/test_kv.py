"""`kv`: arguments in their forms, one operation each, and answers as scripts know them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.operations.table import OPERATIONS
from tests.examples import examples
from tests.sdk.conftest import Script, invalid
from tests.sdk.discord import Json

ENTRY = {"store": "notes", "key": "k"}
ENTRY_SET = {**ENTRY, "value": "v"}

CALLS: list[tuple[str, str, Json]] = [
    ("get('k')", "kv.get", ENTRY),
    ("getWithMetadata('k')", "kv.getWithMetadata", ENTRY),
    ("set('k', 'v')", "kv.set", ENTRY_SET),
    ("set('k', '')", "kv.set", {**ENTRY, "value": ""}),
    ("set('k', 'v', undefined)", "kv.set", ENTRY_SET),
    ("set('k', 'v', null)", "kv.set", ENTRY_SET),
    ("set('k', 'v', {})", "kv.set", ENTRY_SET),
    ("set('k', 'v', {expiration: null, metadata: null})", "kv.set", ENTRY_SET),
    ("set('k', 'v', {expiration: 1893456000})", "kv.set", {**ENTRY_SET, "expiration": 1893456000}),
    ("set('k', 'v', {expiration: 1893456000n})", "kv.set", {**ENTRY_SET, "expiration": 1893456000}),
    ("set('k', 'v', {expiration: 2n ** 60n})", "kv.set", {**ENTRY_SET, "expiration": str(2**60)}),
    ("set('k', 'v', {expiration: 1.5})", "kv.set", {**ENTRY_SET, "expiration": 1.5}),
    ("set('k', 'v', {expiration: NaN})", "kv.set", ENTRY_SET),
    (
        "set('k', 'v', {metadata: {a: [1, null, 'x']}})",
        "kv.set",
        {**ENTRY_SET, "metadata": {"a": [1, None, "x"]}},
    ),
    ("set('k', 'v', {metadata: 'text'})", "kv.set", {**ENTRY_SET, "metadata": "text"}),
    ("set('k', 'v', {metadata: false})", "kv.set", {**ENTRY_SET, "metadata": False}),
    ("set('k', 'v', {metadata: 0})", "kv.set", {**ENTRY_SET, "metadata": 0}),
    (
        "set('k', 'v', {metadata: new Date(0)})",
        "kv.set",
        {**ENTRY_SET, "metadata": "1970-01-01T00:00:00.000Z"},
    ),
    ("updateMetadata('k', {a: 1})", "kv.updateMetadata", {**ENTRY, "metadata": {"a": 1}}),
    ("updateMetadata('k', '')", "kv.updateMetadata", {**ENTRY, "metadata": ""}),
    ("updateMetadata('k', undefined)", "kv.updateMetadata", ENTRY),
    ("updateMetadata('k', null)", "kv.updateMetadata", ENTRY),
    ("delete('k')", "kv.delete", ENTRY),
    ("list()", "kv.list", {"store": "notes"}),
    ("list(null)", "kv.list", {"store": "notes"}),
    ("list({})", "kv.list", {"store": "notes"}),
    (
        "list({prefix: 'a', limit: 10, cursor: 'c', more: 1})",
        "kv.list",
        {"store": "notes", "prefix": "a", "limit": 10, "cursor": "c"},
    ),
    (
        "list({limit: 1000n, prefix: null, cursor: undefined})",
        "kv.list",
        {"store": "notes", "limit": 1000},
    ),
    ("list({limit: 0})", "kv.list", {"store": "notes", "limit": 0}),
]


@pytest.mark.parametrize("kv", ["kv.store('notes')", "store('notes')", "new KvStore('notes')"])
@pytest.mark.parametrize(("call", "name", "payload"), CALLS[:3])
def test_a_store_is_had_in_three_ways(
    script: Script, kv: str, call: str, name: str, payload: Json
) -> None:
    assert script.asks(f"{kv}.{call}") == [(name, payload)]


@pytest.mark.parametrize(("call", "name", "payload"), CALLS)
def test_a_call_asks_for_one_operation(script: Script, call: str, name: str, payload: Json) -> None:
    assert script.asks(f"kv.store('notes').{call}") == [(name, payload)]


@pytest.mark.parametrize(("name", "payload"), [call[1:] for call in CALLS])
def test_the_host_takes_every_payload(name: str, payload: Json) -> None:
    msgspec.json.decode(msgspec.json.encode(payload), type=OPERATIONS[name].arguments)


CYCLE = "(() => { const a = {}; a.a = a; return a })()"
CIRCULAR = "Converting circular structure to JSON"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("get()", invalid("key", "expected text, got undefined")),
        ("get(null)", invalid("key", "expected text, got null")),
        ("get(5)", invalid("key", "expected text, got number")),
        ("get(new String('k'))", invalid("key", "expected text, got object")),
        ("delete(Symbol())", invalid("key", "expected text, got symbol")),
        ("set('k')", invalid("value", "expected text, got undefined")),
        ("set('k', {a: 1})", invalid("value", "expected text, got object")),
        ("set('k', 5)", invalid("value", "expected text, got number")),
        ("set('k', 'v', 5)", invalid("options", "expected an object, got number")),
        ("set('k', 'v', [1])", invalid("options", "expected an object")),
        (f"set('k', 'v', {{metadata: {CYCLE}}})", invalid("metadata", CIRCULAR)),
        (f"updateMetadata('k', {CYCLE})", invalid("metadata", CIRCULAR)),
        (
            "set('k', 'v', {metadata: {toJSON() { throw new Error('bomb') }}})",
            invalid("metadata", "bomb"),
        ),
        ("list('a')", invalid("options", "expected an object, got string")),
        (
            "list({get prefix() { throw new Error('mine') }})",
            invalid("prefix", "mine"),
        ),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(script: Script, call: str, error: Any) -> None:
    assert script.failure(f"kv.store('notes').{call}") == error


@pytest.mark.parametrize(
    ("name", "got"), [("undefined", "undefined"), ("5", "number"), ("{}", "object")]
)
@pytest.mark.parametrize("make", ["store(%s)", "kv.store(%s)"])
def test_a_stores_name_is_text(script: Script, make: str, name: str, got: str) -> None:
    assert script.failure(make % name) == invalid("store_name", f"expected text, got {got}")


# --- answers -------------------------------------------------------------------------------

PAGE = {"keys": [{"name": "a", "expiration": 5, "metadata": {"x": 1}}], "listComplete": False}


@pytest.mark.parametrize(
    ("call", "answer", "result"),
    [
        ("get('k')", "v", {"value": "v"}),
        ("get('k')", "", {"value": ""}),
        ("get('k')", None, {"value": None}),  # null, not undefined
        (
            "getWithMetadata('k')",
            {"value": "v", "metadata": [1]},
            {"value": {"value": "v", "metadata": [1]}},
        ),
        ("getWithMetadata('k')", {"value": "v"}, {"value": {"value": "v"}}),
        ("getWithMetadata('k')", {"value": None}, {"value": {"value": None}}),
        ("getWithMetadata('k')", None, {"value": {"value": None}}),
        ("set('k', 'v')", None, {}),  # undefined
        ("updateMetadata('k', 1)", None, {}),
        ("delete('k')", None, {}),
        (
            "list()",
            {**PAGE, "cursor": "a"},
            {"value": {**PAGE, "cursor": "a", "list_complete": False}},
        ),
        (
            "list()",
            {"keys": [], "listComplete": True},
            {"value": {"keys": [], "listComplete": True, "list_complete": True}},
        ),
    ],
)
def test_what_a_call_gives(script: Script, call: str, answer: Any, result: Any) -> None:
    attempt = script.attempt(f"kv.store('notes').{call}")
    assert attempt.result is None
    script.answer(attempt.asked[0], answer)
    assert attempt.result == result


@pytest.mark.parametrize("call", [call for call, _, _ in CALLS[:3]] + ["delete('k')", "list()"])
def test_an_error_of_the_host_is_thrown(script: Script, call: str) -> None:
    attempt = script.attempt(f"kv.store('notes').{call}")
    script.refuse(attempt.asked[0], "store not found", code="KV_STORE_NOT_FOUND")
    assert attempt.result == {
        "error": {"name": "Error", "message": "store not found", "code": "KV_STORE_NOT_FOUND"}
    }


def test_an_errors_stack_names_the_line_that_called(load: Callable[..., Script]) -> None:
    script = load(
        "on('ready', async () => {\n"
        "  try { await kv.store('a').set('k', 'v') } catch (error) { console.log(error.stack) }\n"
        "})"
    )
    script.event("READY", {"user": {"id": "1"}})
    script.refuse(script.operations[0], "store not found", code="KV_STORE_NOT_FOUND")
    (stack,) = script.logged
    assert stack.startswith("Error: store not found\n")
    assert "flora/3/rev/bundle.js:2:" in stack


# --- values --------------------------------------------------------------------------------

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15)  # larger ones look like integers on the way
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def as_javascript(value: Any) -> str:
    """An expression that has the value, `__proto__` keys and lone surrogates included."""
    return f"JSON.parse({json.dumps(json.dumps(value))})"


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    """One script for all examples: nothing of an example stays in it."""
    script = Script("")
    yield script
    script.close()


@settings(max_examples=examples(150), deadline=None)
@given(metadata=anything, key=st.text(), value=st.text())
def test_keys_values_and_metadata_reach_the_host_unchanged(
    shared: Script, metadata: Any, key: str, value: str
) -> None:
    options = f"{{metadata: {as_javascript(metadata)}}}"
    ((_, payload),) = shared.asks(
        f"kv.store('notes').set({as_javascript(key)}, {as_javascript(value)}, {options})"
    )
    assert (payload["key"], payload["value"]) == (key, value)
    assert payload.get("metadata") == metadata
