"""The web platform's names: made when they are touched, a script's own to replace, well shown."""

import json
from collections.abc import Callable

import pytest

from tests.sdk.conftest import DIST, Script

Loader = Callable[..., Script]

NAMES = [
    *("AbortController", "AbortSignal", "Blob", "ByteLengthQueuingStrategy"),
    *("CountQueuingStrategy", "Crypto", "CryptoKey", "CustomEvent", "DOMException", "Event"),
    *("EventTarget", "File", "FormData", "Headers", "Performance", "ReadableStream"),
    *("ReadableStreamDefaultController", "ReadableStreamDefaultReader", "Request", "Response"),
    *("SubtleCrypto", "TextDecoder", "TextEncoder", "URL", "URLSearchParams"),
    *("atob", "btoa", "crypto", "fetch", "performance", "structuredClone"),
]


def test_all_names_are_among_the_globals() -> None:
    assert set(NAMES) <= set(json.loads((DIST / "globals.json").read_text()))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_made_at_its_first_touch(script: Script, name: str) -> None:
    look = f"Object.getOwnPropertyDescriptor(globalThis, '{name}')"
    assert script.value(f"Object.keys({look})") == ["get", "set", "enumerable", "configurable"]
    assert script.value(f"{name} === globalThis.{name} && typeof {name}") in ("function", "object")
    after = script.value(f"Object.entries({look}).slice(1)")
    assert after == [["writable", True], ["enumerable", False], ["configurable", True]]
    if name not in ("crypto", "performance"):
        assert script.value(f"{name}.name") == name
    if name[0].isupper():
        assert script.value(f"{name}.prototype[Symbol.toStringTag]") == name


def test_touching_a_family_leaves_the_others_untouched(script: Script) -> None:
    untouched = (
        "((names) => names.filter((name) =>"
        f" Object.getOwnPropertyDescriptor(globalThis, name).get))({json.dumps(NAMES)})"
    )
    assert script.value(untouched) == NAMES
    script.run("performance.now()")
    assert script.value(untouched) == [name for name in NAMES if name != "performance"]


@pytest.mark.parametrize("name", ["URL", "crypto", "structuredClone", "fetch"])
def test_a_script_may_put_its_own_in_place(load: Loader, name: str) -> None:
    script = load(f"globalThis.{name} = 5; console.log({name}, typeof Headers)")
    assert script.logged == ["5 function"]
    assert script.value(f"(delete globalThis.{name}, '{name}' in globalThis)") is False


def test_what_the_sdk_itself_uses_is_not_what_the_script_put_there(script: Script) -> None:
    script.run(
        "globalThis.TextEncoder = globalThis.Blob = globalThis.URL = function () { throw 1 }"
    )
    assert script.value("new Request('https://a.example/ü').url") == "https://a.example/%C3%BC"
    assert script.attempt("new Response('a').blob().then((b) => b.text())").result == {"value": "a"}


def test_a_family_is_made_though_a_script_took_eval_away(script: Script) -> None:
    script.run("globalThis.eval = globalThis.Function = () => { throw 1 }")
    assert script.value("new URL('a:b').href") == "a:b"


def test_what_a_family_throws_shows_frames_of_the_sdk_by_its_name(load: Loader) -> None:
    script = load("\nfunction look() { new URL('nowhere') }\nlook()")
    (error,) = script.said("load_failed")
    first, *frames = error["stack"].splitlines()
    assert first == 'TypeError: Invalid URL: "nowhere"'
    assert next(frame for frame in frames if "flora:sdk" not in frame).startswith("    at look (")
    assert "flora:sdk" in frames[0]


def test_a_frozen_global_object_still_has_its_families(script: Script) -> None:
    script.run("Object.freeze(globalThis)")
    assert script.value("[URL === URL, new URL('a:b').href]") == [True, "a:b"]
    error = script.failure("(() => { 'use strict'; globalThis.Headers = 1 })()")
    assert error["name"] == "TypeError"


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ("new URL('https://a.b')", 'URL { href: "https://a.b/" }'),
        ("new URLSearchParams('a=1')", 'URLSearchParams Map(1) { "a" => "1" }'),
        ("new Headers({a: 'b'})", 'Headers { a: "b" }'),
        ("new Blob(['abc'])", 'Blob { size: 3, type: "" }'),
        ("new Response(null, {status: 404}).status", "404"),
        ("new AbortController().signal", "AbortSignal { aborted: false }"),
        ("new (class Mine extends EventTarget { x = 1 })()", "Mine { x: 1 }"),
        ("new ReadableStream()", "ReadableStream { locked: false }"),
        ("URL", "[class URL]"),
        ("[new URL('a:b')]", '[ URL { href: "a:b" } ]'),
    ],
)
def test_how_the_console_shows_them(script: Script, expression: str, line: str) -> None:
    script.run(f"console.log({expression})")
    assert script.logged == [line]


def test_performance_tells_the_time_since_the_start(script: Script) -> None:
    now, origin, wall = script.value("[performance.now(), performance.timeOrigin, Date.now()]")
    assert 0 <= now <= wall - origin + 1
    assert script.value("performance.toJSON().timeOrigin") == origin
    assert script.value(
        "(() => { const one = performance.now(), two = performance.now(); return two >= one })()"
    )


def test_the_isolate_lives_on_when_a_poisoned_family_fails(load: Loader) -> None:
    script = load(
        "Array.prototype.map = String.prototype.split = Map.prototype.get = () => { throw 1 };"
        "Object.defineProperty(Object.prototype, 'get', {get() { throw 2 }, configurable: true});"
        "on('ready', () => { try { new URL('https://ü/') } catch {} console.log('alive') });"
    )
    dispatch = script.event("READY", {"user": {"id": "1"}})
    assert script.outcome(dispatch) == "done"
    assert script.logged == ["alive"]


@pytest.mark.parametrize("name", [name for name in NAMES if name[0].isupper()])
def test_a_method_called_on_something_else_throws_an_error_at_most(
    script: Script, name: str
) -> None:
    script.declare(
        f"""
        const strange = [];
        for (const key of Reflect.ownKeys({name}.prototype)) {{
          const {{get, value}} = Object.getOwnPropertyDescriptor({name}.prototype, key);
          const call = get ?? value;
          if (key === "constructor" || typeof call !== "function") continue;
          try {{
            Promise.resolve(call.call(Object.create(null))).catch(() => {{}});
          }} catch (error) {{
            if (!Error.isError(error)) strange.push(String(key));
          }}
        }}
        """
    )
    assert script.value("strange") == []
    assert script.run("") == []
