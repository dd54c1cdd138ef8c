"""`Event`, `EventTarget`, `AbortController`, `AbortSignal` and `DOMException`."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sdk.conftest import Script
from tests.sdk.hostile_values import HOSTILE


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script("")
    script.declare("const seen = []; const note = (what) => (event) => { seen.push(what) };")
    yield script
    script.close()


# --- events --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "seen"),
    [
        ("t.addEventListener('x', note(1)); t.addEventListener('x', note(2));", [1, 2]),
        ("const f = note(1); t.addEventListener('x', f); t.addEventListener('x', f);", [1]),
        (
            "const f = note(1); t.addEventListener('x', f); t.addEventListener('x', f, true);",
            [1, 1],
        ),
        ("t.addEventListener('x', note(1)); t.addEventListener('x', note(2), true);", [2, 1]),
        ("const f = note(1); t.addEventListener('x', f); t.removeEventListener('x', f);", []),
        (
            "const f = note(1); t.addEventListener('x', f, true); t.removeEventListener('x', f);",
            [1],
        ),
        ("t.addEventListener('x', {handleEvent: note(1)});", [1]),
        ("t.addEventListener('x', null);", []),
        ("t.addEventListener('y', note(1));", []),
        ("t.addEventListener('x', note(1), {signal: AbortSignal.abort()});", []),
        (
            "const c = new AbortController();"
            "t.addEventListener('x', note(1), {signal: c.signal}); c.abort();",
            [],
        ),
        (
            "t.addEventListener('x', (e) => e.stopImmediatePropagation());"
            "t.addEventListener('x', note(1));",
            [],
        ),
        ("t.addEventListener('x', () => t.addEventListener('x', note(1)));", []),
        (
            "const f = note(1);"
            "t.addEventListener('x', () => t.removeEventListener('x', f));"
            "t.addEventListener('x', f);",
            [],
        ),
    ],
)
def test_who_hears_an_event(script: Script, statements: str, seen: list[int]) -> None:
    script.run(f"const t = new EventTarget(); {statements} t.dispatchEvent(new Event('x'));")
    assert script.value("seen") == seen
    assert script.said("error") == []


def test_once_is_once(script: Script) -> None:
    script.run(
        "const t = new EventTarget(); t.addEventListener('x', note(1), {once: true});"
        "t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x'))"
    )
    assert script.value("seen") == [1]


def test_what_a_listener_throws_reaches_the_log_and_not_the_dispatcher(script: Script) -> None:
    script.run(
        "const t = new EventTarget(); t.addEventListener('x', () => { throw new Error('mine') });"
        "t.addEventListener('x', note(2)); seen.push(t.dispatchEvent(new Event('x')))"
    )
    assert script.value("seen") == [2, True]
    assert [error["message"] for error in script.said("error")] == ["mine"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("new Event('x', {bubbles: 1, cancelable: true}).bubbles", True),
        ("new CustomEvent('x', {detail: {a: 1}}).detail", {"a": 1}),
        ("new CustomEvent('x').detail", None),
        ("new Event('x').isTrusted", False),
        ("(t => (t.addEventListener('x', (e) => e.preventDefault()),"
         " t.dispatchEvent(new Event('x', {cancelable: true}))))(new EventTarget())", False),
        ("(t => (t.addEventListener('x', (e) => e.preventDefault()),"
         " t.dispatchEvent(new Event('x'))))(new EventTarget())", True),
        ("(t => (t.addEventListener('x', (e) => e.preventDefault(), {passive: true}),"
         " t.dispatchEvent(new Event('x', {cancelable: true}))))(new EventTarget())", True),
        ("(t => { const e = new Event('x'); let inside; t.addEventListener('x', (e) => {"
         " inside = [e.target === t, e.currentTarget === t, e.eventPhase,"
         " e.composedPath().length] });"
         " t.dispatchEvent(e); return [inside, e.target === t, e.currentTarget, e.eventPhase] })"
         "(new EventTarget())", [[True, True, 2, 1], True, None, 0]),
        ("new (class Room extends EventTarget {})() instanceof EventTarget", True),
        ("Object.prototype.toString.call(new CustomEvent('x'))", "[object CustomEvent]"),
    ],
)  # fmt: skip
def test_what_an_event_tells(script: Script, expression: str, value: Any) -> None:
    assert script.value(expression) == value


# --- aborting ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(c => (c.abort(), [c.signal.aborted, c.signal.reason.name, c.signal.reason.code]))"
         "(new AbortController())", [True, "AbortError", 20]),
        ("(c => (c.abort('why'), c.signal.reason))(new AbortController())", "why"),
        ("(c => (c.abort('first'), c.abort('second'), c.signal.reason))(new AbortController())",
         "first"),
        ("(c => (c.signal.onabort = () => seen.push(1), c.abort(), c.abort(), seen))"
         "(new AbortController())", [1]),
        ("AbortSignal.abort(5).reason", 5),
        ("AbortSignal.any([]).aborted", False),
        ("AbortSignal.any([AbortSignal.abort(7)]).reason", 7),
        ("(c => { const s = AbortSignal.any([c.signal, new AbortController().signal]);"
         " const deep = AbortSignal.any([s]); c.abort(3); return [s.reason, deep.reason] })"
         "(new AbortController())", [3, 3]),
        ("new AbortController().signal.throwIfAborted() ?? 'went on'", "went on"),
    ],
)  # fmt: skip
def test_what_aborting_does(script: Script, expression: str, value: Any) -> None:
    assert script.value(expression) == value


def test_a_timeout_is_a_timer_of_the_host(script: Script) -> None:
    script.run("globalThis.s = AbortSignal.timeout(25); s.addEventListener('abort', note('over'))")
    assert script.said("timer") == [[1, 25]]
    assert script.value("[s.aborted, seen]") == [False, []]
    script.fire(1)
    assert script.value("[s.aborted, s.reason.name, s.reason instanceof DOMException, seen]") == [
        True,
        "TimeoutError",
        True,
        ["over"],
    ]


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("new AbortSignal()", "TypeError"),
        ("AbortSignal.timeout()", "TypeError"),
        ("AbortSignal.timeout(-1)", "TypeError"),
        ("AbortSignal.timeout(NaN)", "TypeError"),
        ("AbortSignal.timeout(2 ** 53)", "TypeError"),
        ("AbortSignal.any([{}])", "TypeError"),
        ("AbortSignal.any(1)", "TypeError"),
        ("AbortSignal.abort().throwIfAborted()", "AbortError"),
        ("new Event()", "TypeError"),
        ("new Event('x', 5)", "TypeError"),
        ("new EventTarget().addEventListener('x')", "TypeError"),
        ("new EventTarget().addEventListener('x', 5)", "TypeError"),
        ("new EventTarget().addEventListener('x', () => {}, {signal: {}})", "TypeError"),
        ("new EventTarget().dispatchEvent({type: 'x'})", "TypeError"),
        ("(t => { const e = new Event('x'); let error; t.addEventListener('x', () => {"
         " try { t.dispatchEvent(e) } catch (caught) { error = caught } });"
         " t.dispatchEvent(e); throw error })(new EventTarget())", "InvalidStateError"),
    ],
)  # fmt: skip
def test_what_is_refused(script: Script, expression: str, name: str) -> None:
    assert script.failure(expression)["name"] == name


# --- DOMException --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(e => [e.name, e.message, e.code])(new DOMException())", ["Error", "", 0]),
        ("(e => [e.name, e.message, e.code])(new DOMException('m', 'DataCloneError'))",
         ["DataCloneError", "m", 25]),
        ("(e => [e.name, e.cause])(new DOMException('m', {name: 'N', cause: 1}))", ["N", 1]),
        ("[Error.isError(new DOMException()), new DOMException() instanceof Error]", [True, True]),
        ("String(new DOMException('m', 'N'))", "N: m"),
        ("new DOMException('m', 'N').stack.startsWith('N: m\\n')", True),
    ],
)  # fmt: skip
def test_a_dom_exception_is_an_error_with_a_name(
    script: Script, expression: str, value: Any
) -> None:
    assert script.value(expression) == value


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_throws_or_is_taken(script: Script, value: str) -> None:
    for tried in (
        "new Event(V)", "new Event('x', V)", "new CustomEvent('x', V)", "new DOMException(V, V)",
        "new EventTarget().addEventListener('x', V, V)", "new EventTarget().dispatchEvent(V)",
        "AbortSignal.any(V)", "AbortSignal.abort(V)", "new AbortController().abort(V)",
    ):  # fmt: skip
        script.run(f"try {{ {tried.replace('V', f'({value})')} }} catch {{}}")
    assert script.said("error") == []
