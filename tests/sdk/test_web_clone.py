"""`structuredClone`: equal in every part, shared in none."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sdk.conftest import Script
from tests.sdk.hostile_values import HOSTILE


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    script = Script("")
    script.declare("const kind = (value) => Object.prototype.toString.call(value);")
    yield script
    script.close()


@pytest.mark.parametrize(
    "value",
    [
        "undefined", "null", "true", "-0", "NaN", "10n", "'text'",
        "{a: [1, {b: null}], c: undefined}",
        "[1,, 3]",
        "Object.assign([1], {extra: 2})",
        "new Date(5)", "new Date(NaN)",
        "/a.c/gi",
        "new Map([[{a: 1}, new Set([1, [2]])]])",
        "new Boolean(false)", "new Number(-0)", "new String('x')", "Object(10n)",
        "new Uint8Array([1, 2, 3]).subarray(1)", "new Float64Array([0.5])",
        "new BigInt64Array([5n])", "new DataView(new ArrayBuffer(8), 2, 3)",
        "new ArrayBuffer(3)", "new ArrayBuffer(2, {maxByteLength: 8})",
        "new RangeError('no', {cause: {a: 1}})", "new Error()",
        "new DOMException('m', 'AbortError')",
        "Object.create(null)",
    ],
)  # fmt: skip
def test_a_copy_prints_as_its_original_does(shared: Script, value: str) -> None:
    before = len(shared.logged)
    shared.run(
        f"const one = {value}; const other = structuredClone(one);"
        "console.log(one); console.log(other);"
        "bench.other = [kind(one) === kind(other), Object(one) !== one || one !== other]"
    )
    printed, copied = shared.logged[before:]
    assert copied == printed.replace("[Object: null prototype]", "").strip()
    assert shared.value("bench.other") == [True, True]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(a => (a.self = a, (c => c.self === c && c !== a)(structuredClone(a))))({})", True),
        ("(x => (c => c[0] === c[1] && c[0] !== x)(structuredClone([x, x])))({})", True),
        ("(b => (c => c[0].buffer === c[1].buffer && c[0].buffer !== b)"
         "(structuredClone([new Uint8Array(b), new DataView(b)])))(new ArrayBuffer(4))", True),
        ("(m => (m.set(m, m), (c => c.get(c) === c)(structuredClone(m))))(new Map())", True),
        ("structuredClone(new (class Point { x = 1 })()).constructor === Object", True),
        ("structuredClone({get a() { return 5 }})", {"a": 5}),
        ("structuredClone(Object.create({inherited: 1}, {hidden: {value: 2}}))", {}),
        ("structuredClone({[Symbol('s')]: 1, __proto__: null, ['__proto__']: 5})",
         {"__proto__": 5}),
        ("structuredClone(Object.assign(new TypeError('m'), {code: 'X'})).code ?? null", None),
        ("structuredClone(new TypeError('m')) instanceof TypeError", True),
        ("(b => (c => [b.byteLength, c.byteLength, b.detached])"
         "(structuredClone(b, {transfer: [b]})))(new ArrayBuffer(5))", [0, 5, True]),
        ("(f => [f.name, f.type, f.size, f.lastModified])"
         "(structuredClone(new File(['abc'], 'a.txt', {type: 'text/x', lastModified: 5})))",
         ["a.txt", "text/x", 3, 5]),
    ],
)  # fmt: skip
def test_what_a_copy_keeps(shared: Script, expression: str, value: Any) -> None:
    assert shared.value(expression) == value


@pytest.mark.parametrize(
    "value",
    [
        "() => {}", "class {}", "Symbol('s')", "{deep: [function () {}]}", "Promise.resolve()",
        "new WeakMap()", "new WeakRef({})", "(function* () {})()", "new URL('a:b')",
        "new AbortController()", "new Headers()", "[][Symbol.iterator]()", "Object(Symbol())",
        "new Intl.NumberFormat()", "new (class extends EventTarget {})()",
        "(b => (b.transfer(), b))(new ArrayBuffer(1))",
    ],
)  # fmt: skip
def test_what_cannot_be_copied_is_refused(shared: Script, value: str) -> None:
    error = shared.failure(f"structuredClone({value})")
    assert (error["name"], error["message"].partition(":")[0]) == (
        "DataCloneError",
        "structuredClone",
    )


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("structuredClone()", "TypeError"),
        ("structuredClone(1, {transfer: [1]})", "DataCloneError"),
        ("(b => structuredClone(b, {transfer: [b, b]}))(new ArrayBuffer(1))", "DataCloneError"),
        ("structuredClone({get a() { throw new RangeError('mine') }})", "RangeError"),
        ("(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; structuredClone(a) })()",
         "RangeError"),
    ],
)  # fmt: skip
def test_what_it_throws(shared: Script, expression: str, name: str) -> None:
    assert shared.failure(expression)["name"] == name


def test_a_failed_copy_moves_nothing(shared: Script) -> None:
    assert shared.value(
        "(b => { try { structuredClone([b, () => {}], {transfer: [b]}) }"
        " catch { return b.byteLength } })(new ArrayBuffer(5))"
    ) == 5  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_throws_or_is_copied(shared: Script, value: str) -> None:
    shared.run(f"try {{ structuredClone({value}) }} catch {{}}")
    shared.run(f"try {{ structuredClone([{value}, {value}], {value}) }} catch {{}}")
    assert shared.said("error") == []
