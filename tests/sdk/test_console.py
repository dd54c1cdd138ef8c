"""`console`: lines of the guild's log, readable whatever is printed, bounded however much."""

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk.conftest import SOURCE_NAME, Script
from tests.sdk.hostile_values import HOSTILE, values

Loader = Callable[..., Script]


def printed(script: Script, arguments: str) -> str:
    """The one line that console.log makes of these arguments."""
    before = len(script.logged)
    script.run(f"console.log({arguments})")
    (line,) = script.logged[before:]
    return line


@pytest.mark.parametrize(
    ("method", "level"),
    [("log", "info"), ("info", "info"), ("debug", "debug"), ("warn", "warn"), ("error", "error")],
)
def test_each_method_has_its_level(script: Script, method: str, level: str) -> None:
    script.run(f"console.{method}('a', 1)")
    assert script.said("log") == [[level, "a 1"]]


def test_trace_says_where_it_was_called(load: Loader) -> None:
    script = load("\nfunction f() { console.trace('here') }\nf()")
    ((level, text),) = script.said("log")
    assert level == "debug"
    assert text.startswith(f"Trace: here\n    at f ({SOURCE_NAME}:2:")
    assert "flora:sdk" not in text.splitlines()[1]


VALUES: list[tuple[str, str]] = [
    ("", ""),
    ("''", ""),
    ("'a'", "a"),
    ("'a', 'b', 1", "a b 1"),
    ("undefined, null, true", "undefined null true"),
    ("1.5, -0, NaN, -Infinity, 10n", "1.5 -0 NaN -Infinity 10n"),
    ("Symbol('s'), Symbol()", "Symbol(s) Symbol()"),
    ("'ü 🌱 \\ud800'", "ü 🌱 \ufffd"),
    # objects
    ("{}", "{}"),
    (
        "{a: 1, b: 'x', 'c d': [true], [Symbol('e')]: null}",
        '{ a: 1, b: "x", "c d": [ true ], [Symbol(e)]: null }',
    ),
    (
        "{a: undefined, f() {}, g: () => 1, h: class Foo {}}",
        "{ a: undefined, f: [Function: f], g: [Function: g], h: [class Foo] }",
    ),
    (
        "{get a() { throw 1 }, set b(v) {}, get c() { return 1 }, set c(v) {}}",
        "{ a: [Getter], b: [Setter], c: [Getter/Setter] }",
    ),
    ("Object.create(null)", "[Object: null prototype] {}"),
    ("Object.create({a: 1}, {b: {value: 2, enumerable: true}, c: {value: 3}})", "{ b: 2 }"),
    ("new (class Point { x = 1; #secret = 2 })", "Point { x: 1 }"),
    ("new (class Point {})", "Point {}"),
    ("new (class Stack extends Array {})(3)", "Stack(3) [ <empty>, <empty>, <empty> ]"),
    ("[]", "[]"),
    ("[1, 'a', [2]]", '[ 1, "a", [ 2 ] ]'),
    ("[1,, undefined]", "[ 1, <empty>, undefined ]"),
    ("Array(150).fill(0)", "[\n" + "  0,\n" * 100 + "  … 50 more\n]"),
    ("'quote \"'", 'quote "'),
    ("['line\\nbreak \"']", '[ "line\\nbreak \\"" ]'),
    # built-ins
    ("new Map([['a', {b: 1}], [2, 3]])", 'Map(2) { "a" => { b: 1 }, 2 => 3 }'),
    ("new Set([1, 'a'])", 'Set(2) { 1, "a" }'),
    ("new Map(), new Set()", "Map(0) {} Set(0) {}"),
    ("new Date(0)", "1970-01-01T00:00:00.000Z"),
    ("new Date(NaN)", "Invalid Date"),
    ("/a+/gi", "/a+/gi"),
    ("new Uint8Array([1, 2])", "Uint8Array(2) [ 1, 2 ]"),
    ("new BigInt64Array(1)", "BigInt64Array(1) [ 0n ]"),
    ("new ArrayBuffer(8)", "ArrayBuffer { byteLength: 8 }"),
    ("Promise.resolve(1), new WeakMap()", "Promise {} WeakMap {}"),
    ("() => 1", "[Function: (anonymous)]"),
    ("function f() {}", "[Function: f]"),
    ("Object.assign(function f() {}, {a: 1})", "[Function: f] { a: 1 }"),
    ("class Foo {}", "[class Foo]"),
    ("console.log, on, Math.max", "[Function: log] [Function: on] [Function: max]"),
    ("new Proxy({a: 1}, {})", "{ a: 1 }"),
    ("new Proxy({}, {ownKeys() { throw 1 }})", "[cannot be shown]"),
    ("new Proxy({}, {getPrototypeOf() { throw 1 }})", "[cannot be shown]"),
    ("Object.defineProperty({}, 'constructor', {get() { throw 1 }})", "{}"),
    # depth and cycles
    ("{a: {b: {c: {d: {e: {f: 1}}}}}}", "{ a: { b: { c: { d: { e: [Object] } } } } }"),
    ("[[[[[[1]]]]]]", "[ [ [ [ [ [Array] ] ] ] ] ]"),
    ("(() => { const a = {x: 1}; a.self = a; return a })()", "{ x: 1, self: [Circular] }"),
    ("(() => { const a = []; a.push([a]); return a })()", "[ [ [Circular] ] ]"),
    ("(() => { const a = {}; return [a, a] })()", "[ {}, {} ]"),
    (
        "(() => { const m = new Map(); m.set(m, m); return m })()",
        "Map(1) { [Circular] => [Circular] }",
    ),
    # long ones get a line for each entry
    (
        "{first: 'x'.repeat(40), second: {third: 'y'.repeat(40)}}",
        '{\n  first: "' + "x" * 40 + '",\n  second: { third: "' + "y" * 40 + '" }\n}',
    ),
    # errors
    ("Object.assign(new Error('m'), {stack: 'Error: m\\n    at x'})", "Error: m\n    at x"),
    ("Object.assign(new Error('m'), {stack: ''})", "[Error: m]"),
    ("Object.assign(new Error('m'), {stack: 'S', code: 'C'})", 'S { code: "C" }'),
    (
        "Object.assign(new Error('m', {cause: 'why'}), {stack: 'S'})",
        'S { [cause]: "why" }',
    ),
    ("[Object.assign(new TypeError('m'), {stack: 'S\\n    at x'})]", "[\n  S\n      at x\n]"),
    # formats
    ("'%s is %d', 'a', 5", "a is 5"),
    ("'%i %f %d %d', 1.9, 1.5, '7', {}", "1 1.5 7 NaN"),
    ("'%o %O %j', {a: 1}, [1], 'x'", '{ a: 1 } [ 1 ] "x"'),
    ("'%cred%c', 'color: red', ''", "red"),
    ("'100%', 5", "100% 5"),
    ("'%%s %s', 'a'", "%s a"),
    ("'%s %s', 'a'", "a %s"),
    ("'%x %s', 'a'", "%x a"),
    ("'%s', 'a', 'b', {}", "a b {}"),
    ("'50% of %s', 'x'", "50% of x"),
    ("'%s'", "%s"),
    ("'%s', {a: 1}", "{ a: 1 }"),
    ("5, '%s', 'a'", "5 %s a"),
]


@pytest.mark.parametrize(("arguments", "line"), VALUES, ids=[value[:50] for value, _ in VALUES])
def test_what_a_value_looks_like(script: Script, arguments: str, line: str) -> None:
    assert printed(script, arguments) == line


def test_an_error_is_shown_with_its_stack(load: Loader) -> None:
    script = load("\nconsole.error('failed:', new RangeError('no'))")
    ((level, text),) = script.said("log")
    assert level == "error"
    assert text.startswith(f"failed: RangeError: no\n    at {SOURCE_NAME}:2:")


def test_printing_runs_nothing_of_the_value(script: Script) -> None:
    script.run(
        "globalThis.ran = []; const ran = (what) => () => { globalThis.ran.push(what) };"
        "console.log({toString: ran('toString'), toJSON: ran('toJSON'), valueOf: ran('valueOf'),"
        " [Symbol.toPrimitive]: ran('primitive'), get getter() { ran('getter')() },"
        " [Symbol.for('nodejs.util.inspect.custom')]: ran('inspect'), inspect: ran('inspect')})"
    )
    assert script.value("ran") == []


# --- tables, groups, counters, clocks ------------------------------------------------------

TABLES: list[tuple[str, str]] = [
    (
        "[{a: 1, b: 'x'}, {a: 22, c: [1, 2]}]",
        '(index)  a   b    c\n0        1   "x"  \n1        22       [ 1, 2 ]',
    ),
    ("{x: {n: 1}, y: 3}", "(index)  n  (value)\nx        1  \ny           3"),
    ("[[1, 2], [3]]", "(index)  0  1\n0        1  2\n1        3  "),
    ("[{a: 1, b: 2}, {b: 3}], ['b', 'z']", "(index)  b  z\n0        2  \n1        3  "),
    (
        "[Object.fromEntries(Array.from({length: 30}, (_, i) => ['k' + i, i]))], ['k29']",
        "(index)  k29\n0        29",
    ),
    ("[{get a() { throw 1 }, b: 1}]", "(index)  a          b\n0        undefined  1"),
    ("[{a: Array(50).fill(1)}]", "(index)  a\n0        […"),
    (
        "Array(102).fill(1)",
        "(index)  (value)" + "".join(f"\n{i:<7}  1" for i in range(100)) + "\n… more",
    ),
    ("5", "5"),
    ("'%s', 'a'", "%s"),
    ("[]", "[]"),
    ("", "undefined"),
]


@pytest.mark.parametrize(("arguments", "text"), TABLES, ids=[table[:40] for table, _ in TABLES])
def test_a_table_has_a_line_for_each_entry(script: Script, arguments: str, text: str) -> None:
    script.run(f"console.table({arguments})")
    assert script.said("log") == [["info", text]]


def test_a_table_of_many_columns_is_cut(script: Script) -> None:
    script.run(
        "console.table([Object.fromEntries(Array.from({length: 1e4}, (_, i) => ['k' + i, i]))])"
    )
    (text,) = script.logged
    assert text.splitlines()[0].split() == ["(index)", *(f"k{number}" for number in range(20))]


def test_a_table_of_a_huge_array_is_made_at_once(script: Script) -> None:
    script.run("console.table(Array(1e6).fill({a: 1}), Array(2 ** 32 - 1)); console.table([[1]])")
    assert [len(text.splitlines()) for text in script.logged] == [102, 2]


def test_a_group_indents_what_follows(script: Script) -> None:
    script.run(
        "console.group('one', 1); console.log('a\\nb'); console.groupCollapsed();"
        "console.warn({x: 1}); console.groupEnd(); console.groupEnd(); console.groupEnd();"
        "console.log('out')"
    )
    assert script.said("log") == [
        ["info", "one 1"],
        ["info", "  a\n  b"],
        ["warn", "    { x: 1 }"],
        ["info", "out"],
    ]


def test_a_forgotten_group_ends_with_the_turn(script: Script) -> None:
    script.run("for (let i = 0; i < 99; i++) console.group(); console.log('deep')")
    script.run("console.log('next')")
    assert script.logged == [" " * 20 + "deep", "next"]


def test_counters_have_labels(script: Script) -> None:
    script.run("console.count(); console.count('a'); console.count(); console.countReset();")
    script.run("console.count(); console.countReset('b')")
    assert script.said("log") == [
        ["info", "default: 1"],
        ["info", "a: 1"],
        ["info", "default: 2"],
        ["info", "default: 1"],
        ["warn", "Count for 'b' does not exist"],
    ]


def test_clocks_have_labels(script: Script) -> None:
    script.run("console.time('a'); console.time('a'); console.timeLog('a', {x: 1});")
    script.run("console.timeEnd('a'); console.timeEnd('a')")
    exists, log, end, missing = script.said("log")
    assert exists == ["warn", "Timer 'a' already exists"]
    assert re.fullmatch(r"a: \d+ ms { x: 1 }", log[1])
    assert re.fullmatch(r"a: \d+ ms", end[1])
    assert missing == ["warn", "Timer 'a' does not exist"]


def test_an_assertion_prints_only_when_it_fails(script: Script) -> None:
    script.run("console.assert(1, 'no'); console.assert(0, 'x is %d', 5); console.assert()")
    assert script.said("log") == [
        ["error", "Assertion failed: x is 5"],
        ["error", "Assertion failed"],
    ]


def test_an_object_is_printed_without_a_format(script: Script) -> None:
    script.run("console.dir('%s', 1); console.dirxml({a: 1}, 'b'); console.clear()")
    assert script.said("log") == [["info", '"%s"'], ["info", "{ a: 1 } b"]]


# --- bounds --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "line"),
    [
        ("'x'.repeat(10000)", "x" * 10_000),
        ("'x'.repeat(10001)", "x" * 10_000 + "… (cut: 10001 bytes)"),
        ("'€'.repeat(4000)", "€" * 3333 + "… (cut: 12000 bytes)"),
        ("'🌱'.repeat(2501)", "🌱" * 2500 + "… (cut: 10004 bytes)"),
    ],
)
def test_a_long_line_is_cut_between_characters(script: Script, argument: str, line: str) -> None:
    assert printed(script, argument) == line


@pytest.mark.parametrize(
    "value",
    [
        "'x'.repeat(1 << 24)",
        "Array(1e6).fill('x'.repeat(1000))",
        "Object.fromEntries(Array.from({length: 1e5}, (_, i) => ['key' + i, i]))",
        "new Set(Array.from({length: 1e5}, (_, i) => i))",
        "(() => { let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; return a })()",
        "Array(50).fill(Array(50).fill(Array(50).fill(Array(50).fill('xxxx'))))",
        "Object.assign(new Error('x'.repeat(1e6)), {stack: 'y'.repeat(1e6)})",
        "Symbol('x'.repeat(1e6))",
        "'%s'.repeat(1e4), ...Array(1e4).fill('x'.repeat(100))",
        "...Array(1e5).fill('xx')",
    ],
)
def test_a_huge_value_makes_a_line_of_ordinary_size(script: Script, value: str) -> None:
    line = printed(script, value)
    assert 0 < len(line.encode()) <= 10_050


def test_a_turn_prints_two_hundred_lines(load: Loader) -> None:
    script = load("on('ready', () => { for (let i = 0; i < 1000; i++) console.log(i) })")
    lines = [
        *(["info", str(number)] for number in range(200)),
        ["warn", "more than 200 lines at once: what else is printed now is dropped"],
    ]
    script.event("READY", {"user": {"id": "1"}})
    assert script.said("log") == lines
    script.event("READY", {"user": {"id": "1"}})
    assert script.said("log") == lines + lines


def test_printing_never_fails_for_lack_of_room(script: Script) -> None:
    script.run(
        "const full = 'x'.repeat((15 << 20) - 200);"
        " store('a').set('k', full).catch(() => {});"
        " try { console.log('y'.repeat(9000)); bench.printed = true }"
        " catch (error) { bench.printed = error.message }"
    )
    assert script.value("bench.printed") is True
    assert script.logged == []  # there was no room for it
    assert printed(script, "'next turn'") == "next turn"


# --- any value -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    script = Script("")
    yield script
    script.close()


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_makes_one_line(script: Script, value: str) -> None:
    printed(script, f"[{value}], {value}, '%s %d %o', {value}, {value}, {value}")
    before = len(script.logged)
    script.run(f"console.table({value}); console.table([{value}, {value}]); console.dir({value})")
    assert len(script.logged) == before + 3


@settings(max_examples=examples(100), deadline=None)
@given(arguments=st.lists(values, max_size=4))
def test_any_values_make_one_line(shared: Script, arguments: list[str]) -> None:
    printed(shared, ", ".join(arguments))
