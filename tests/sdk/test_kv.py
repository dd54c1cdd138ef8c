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
    ("set('k', 'v', {expirationTtl: 60})", "kv.set", {**ENTRY_SET, "expirationTtl": 60}),
    ("set('k', 'v', {expirationTtl: 0.5})", "kv.set", {**ENTRY_SET, "expirationTtl": 0.5}),
    ("set('k', 'v', {expirationTtl: null})", "kv.set", ENTRY_SET),
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
    ("setJSON('k', {a: [1, undefined]})", "kv.set", {**ENTRY, "value": '{"a":[1,null]}'}),
    ("setJSON('k', 'text')", "kv.set", {**ENTRY, "value": '"text"'}),
    ("setJSON('k', null)", "kv.set", {**ENTRY, "value": "null"}),
    ("setJSON('k', NaN)", "kv.set", {**ENTRY, "value": "null"}),
    ("setJSON('k', new Date(0))", "kv.set", {**ENTRY, "value": '"1970-01-01T00:00:00.000Z"'}),
    (
        "setJSON('k', false, {expirationTtl: 60n, metadata: [1]})",
        "kv.set",
        {**ENTRY, "value": "false", "expirationTtl": 60, "metadata": [1]},
    ),
    ("getJSON('k')", "kv.get", ENTRY),
    ("increment('k')", "kv.increment", {**ENTRY, "by": 1}),
    ("increment('k', undefined)", "kv.increment", {**ENTRY, "by": 1}),
    ("increment('k', -2.5)", "kv.increment", {**ENTRY, "by": -2.5}),
    ("increment('k', 0)", "kv.increment", {**ENTRY, "by": 0}),
    ("increment('k', 3n)", "kv.increment", {**ENTRY, "by": 3}),
    (
        "increment('k', 1, {expirationTtl: 60, metadata: 'm'})",
        "kv.increment",
        {**ENTRY, "by": 1, "expirationTtl": 60, "metadata": "m"},
    ),
    ("compareAndSet('k', 'a', 'v')", "kv.compareAndSet", {**ENTRY_SET, "expected": "a"}),
    ("compareAndSet('k', '', 'v')", "kv.compareAndSet", {**ENTRY_SET, "expected": ""}),
    ("compareAndSet('k', null, 'v')", "kv.compareAndSet", {**ENTRY_SET, "expected": None}),
    (
        "compareAndSet('k', null, 'v', {expiration: 5, metadata: 1})",
        "kv.compareAndSet",
        {**ENTRY_SET, "expected": None, "expiration": 5, "metadata": 1},
    ),
    ("getMany([])", "kv.getMany", {"store": "notes", "keys": []}),
    ("getMany(['a', 'b', 'a'])", "kv.getMany", {"store": "notes", "keys": ["a", "b", "a"]}),
    ("deleteMany(['a'])", "kv.deleteMany", {"store": "notes", "keys": ["a"]}),
    ("setMany({})", "kv.setMany", {"store": "notes", "entries": []}),
    (
        "setMany({a: '1', ['__proto__']: '2'})",
        "kv.setMany",
        {
            "store": "notes",
            "entries": [{"key": "a", "value": "1"}, {"key": "__proto__", "value": "2"}],
        },
    ),
    (
        "setMany(new Map([['a', '1']]), {expirationTtl: 9})",
        "kv.setMany",
        {"store": "notes", "entries": [{"key": "a", "value": "1", "expirationTtl": 9}]},
    ),
    (
        "setMany([['a', '1'], ['b', '2', {metadata: 3}], ['c', '3', null]], {expiration: 9})",
        "kv.setMany",
        {
            "store": "notes",
            "entries": [
                {"key": "a", "value": "1", "expiration": 9},
                {"key": "b", "value": "2", "metadata": 3},
                {"key": "c", "value": "3"},
            ],
        },
    ),
    ("count()", "kv.count", {"store": "notes"}),
    ("count({prefix: 'a'})", "kv.count", {"store": "notes", "prefix": "a"}),
    ("count(null)", "kv.count", {"store": "notes"}),
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
        ("set('k', 'v', 0)", invalid("options", "expected an object, got number")),
        ("set('k', 'v', '')", invalid("options", "expected an object, got string")),
        (
            "set('k', 'v', {expiration: NaN})",
            invalid("expiration", "expected a finite number, got NaN"),
        ),
        (
            "set('k', 'v', {expirationTtl: Infinity})",
            invalid("expirationTtl", "expected a finite number, got Infinity"),
        ),
        ("setJSON('k')", invalid("value", "expected what JSON can hold, got undefined")),
        ("setJSON('k', Symbol())", invalid("value", "expected what JSON can hold, got symbol")),
        ("setJSON('k', () => 1)", invalid("value", "expected what JSON can hold, got function")),
        (f"setJSON('k', {CYCLE})", invalid("value", CIRCULAR)),
        ("setJSON()", invalid("value", "expected what JSON can hold, got undefined")),
        ("setJSON(5, 1)", invalid("key", "expected text, got number")),
        ("getJSON()", invalid("key", "expected text, got undefined")),
        ("increment()", invalid("key", "expected text, got undefined")),
        ("increment('k', null)", invalid("by", "expected a number, got null")),
        ("increment('k', '1')", invalid("by", "expected a number, got string")),
        ("increment('k', {valueOf: () => 1})", invalid("by", "expected a number, got object")),
        ("increment('k', NaN)", invalid("by", "expected a finite number, got NaN")),
        ("increment('k', -Infinity)", invalid("by", "expected a finite number, got -Infinity")),
        ("increment('k', 1, 5)", invalid("options", "expected an object, got number")),
        ("compareAndSet('k')", invalid("expected", "expected text, got undefined")),
        ("compareAndSet('k', 5, 'v')", invalid("expected", "expected text, got number")),
        ("compareAndSet('k', null)", invalid("value", "expected text, got undefined")),
        ("compareAndSet('k', null, null)", invalid("value", "expected text, got null")),
        ("getMany()", invalid("keys", "expected a list")),
        ("getMany('abc')", invalid("keys", "expected a list")),
        ("getMany(new Set(['a']))", invalid("keys", "expected a list")),
        ("getMany(['a', , 'b'])", invalid("keys[1]", "expected text, got null")),
        ("getMany(['a', 5])", invalid("keys[1]", "expected text, got number")),
        ("deleteMany({0: 'a'})", invalid("keys", "expected a list")),
        ("deleteMany([[]])", invalid("keys[0]", "expected text, got object")),
        (
            "setMany()",
            invalid("entries", "expected an object, a Map or a list of [key, value]"),
        ),
        (
            "setMany('ab')",
            invalid("entries", "expected an object, a Map or a list of [key, value]"),
        ),
        ("setMany(['ab'])", invalid("entries[0]", "expected [key, value]")),
        ("setMany([['a']])", invalid("value", "expected text, got undefined")),
        ("setMany([[1, 'a']])", invalid("key", "expected text, got number")),
        ("setMany({a: 1})", invalid("value", "expected text, got number")),
        ("setMany(new Map([['a', null]]))", invalid("value", "expected text, got null")),
        (
            "setMany([['a', '1', {expirationTtl: NaN}]])",
            invalid("expirationTtl", "expected a finite number, got NaN"),
        ),
        ("setMany([['a', '1', 5]])", invalid("options", "expected an object, got number")),
        ("setMany({a: '1'}, [])", invalid("options", "expected an object")),
        (
            "setMany(Object.assign([['a', '1']], {toJSON: () => 5}))",
            invalid("entries", "expected a list of [key, value]"),
        ),
        ("count('a')", invalid("options", "expected an object, got string")),
        ("list('a')", invalid("options", "expected an object, got string")),
        ("list({limit: NaN})", invalid("limit", "expected a finite number, got NaN")),
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
        ("deleteMany(['a', 'b'])", 1, {"value": 1}),
        ("setMany({a: '1'})", None, {}),
        ("setJSON('a', 1)", None, {}),
        ("getJSON('k')", '{"a":[1]}', {"value": {"a": [1]}}),
        ("getJSON('k')", "null", {"value": None}),
        ("getJSON('k')", None, {"value": None}),
        ("increment('k')", 1.5, {"value": 1.5}),
        ("increment('k')", 0, {"value": 0}),
        ("compareAndSet('k', null, 'v')", False, {"value": False}),
        ("count()", 12, {"value": 12}),
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


def test_many_values_come_as_a_map_in_the_order_of_the_keys(script: Script) -> None:
    attempt = script.attempt(
        "kv.store('notes').getMany(['b', '__proto__', 'b', 'a']).then(x => [...x])"
    )
    script.answer(attempt.asked[0], ["2", None, "2", ""])
    assert attempt.result == {"value": [["b", "2"], ["__proto__", None], ["a", ""]]}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("{a", "Expected property name or '}' in JSON at position 1 (line 1 column 2)"),
        ("", "Unexpected end of JSON input"),
    ],
)
def test_a_value_that_is_no_json_says_so(script: Script, value: str, reason: str) -> None:
    attempt = script.attempt("kv.store('notes').getJSON('k\"')")
    script.answer(attempt.asked[0], value)
    assert attempt.result == {
        "error": {
            "name": "Error",
            "message": f'the value of "k\\"" is not JSON: {reason}',
            "code": "KV_NOT_JSON",
        }
    }


ALL_CALLS = [call for call, _, _ in CALLS[:3]] + [
    *("delete('k')", "list()", "getJSON('k')", "setJSON('k', 1)", "increment('k')", "count()"),
    *("compareAndSet('k', null, 'v')", "getMany(['k'])", "setMany({})", "deleteMany(['k'])"),
]


@pytest.mark.parametrize("call", ALL_CALLS)
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
