"""`Blob`, `File`, `FormData`, `Headers`, `Request` and `Response`: all of fetch but the asking."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sdk.conftest import Script
from tests.sdk.hostile_values import HOSTILE


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    script = Script("")
    script.declare(
        """
        const A = "https://a.example/";
        const form = (...entries) => entries.reduce((f, e) => (f.append(...e), f), new FormData());
        const told = (promise) => promise.then((value) => ({value}), (error) => error.name);
        const lines = (...parts) => parts.join("\\r\\n");
        const multipart = (text) =>
          new Response(text, {headers: {"content-type": "multipart/form-data; boundary=B"}});
        """
    )
    yield script
    script.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        # blobs
        ("new Blob(['a€', new Uint8Array([98]), new Blob(['c'])]).text()", "a€bc"),
        ("(b => [b.size, b.type])(new Blob(['€'], {type: 'Text/PLAIN'}))", [3, "text/plain"]),
        ("new Blob(['a'], {type: 'é'}).type", ""),
        ("new Blob([1, null, {}]).text()", "1null[object Object]"),
        ("new Blob(['abcdef']).slice(1, -1, 'X/y').text()", "bcde"),
        ("new Blob(['abcdef']).slice(-2).text()", "ef"),
        ("new Blob(['ab']).bytes().then((b) => [...b])", [97, 98]),
        ("new Blob(['ab']).arrayBuffer().then((b) => b.byteLength)", 2),
        ("new Response(new Blob(['ab']).stream()).text()", "ab"),
        ("new Blob().size", 0),
        ("(f => [f.name, f.size, f.type, f.lastModified, f instanceof Blob])"
         "(new File(['ab'], 'a.txt', {lastModified: 7.9}))", ["a.txt", 2, "", 7, True]),
        # forms
        ("[...form(['a', 1], ['a', '2'], ['b', new Blob(['x'])])].map(([k, v]) => [k, v.name ??"
         " v])",
         [["a", "1"], ["a", "2"], ["b", "blob"]]),
        ("(f => (f.set('a', 'z'), f.getAll('a')))(form(['a', 1], ['b', 2], ['a', 3]))", ["z"]),
        ("(f => (f.delete('a'), [f.has('a'), f.get('a'), f.get('b')]))(form(['a', 1], ['b', 2]))",
         [False, None, "2"]),
        ("form(['f', new File(['x'], 'a'), 'b']).get('f').name", "b"),
        ("[...form(['a', 1]).keys(), ...form(['a', 1]).values()]", ["a", "1"]),
        # headers
        ("[...new Headers({'X-B': 1, a: ' y '})]", [["a", "y"], ["x-b", "1"]]),
        ("new Headers([['a', '1'], ['A', '2']]).get('a')", "1, 2"),
        ("(h => (h.append('Set-Cookie', 'a=1'), h.append('set-cookie', 'b=2'),"
         " [h.getSetCookie(), [...h].length, h.get('set-cookie')]))(new Headers())",
         [["a=1", "b=2"], 2, "a=1, b=2"]),
        ("(h => (h.set('a', '3'), h.delete('B'), [...h]))(new Headers({a: 1, b:"
         " 2}))", [["a", "3"]]),
        ("new Headers(new Headers({a: '1'})).has('A')", True),
        ("(h => { const got = []; h.forEach((v, k) => got.push(k + v)); return got })"
         "(new Headers({b: 1, a: 2}))", ["a2", "b1"]),
        # requests
        ("(r => [r.url, r.method, r.redirect, r.body, r.bodyUsed])(new Request('https://a.b'))",
         ["https://a.b/", "GET", "follow", None, False]),
        ("new Request(A, {method: 'post', body: 'x'}).method", "POST"),
        ("new Request(A, {method: 'patch'}).method", "patch"),
        ("new Request(A, {method: 'PUT', body: 'é'}).headers.get('content-type')",
         "text/plain;charset=UTF-8"),
        ("new Request(A, {method: 'PUT', body: new"
         " URLSearchParams('a=1')}).headers.get('content-type')",
         "application/x-www-form-urlencoded;charset=UTF-8"),
        ("new Request(A, {method: 'PUT', body: 'x', headers: {'content-type': 'a/b'}})"
         ".headers.get('content-type')", "a/b"),
        ("new Request(new Request(A, {method: 'PUT', body: 'x'})).text()", "x"),
        ("(r => { const copy = new Request(r, {method: 'POST'}); return [r.bodyUsed,"
         " copy.method] })"
         "(new Request(A, {method: 'PUT', body: 'x'}))", [True, "POST"]),
        ("(async r => [await r.clone().text(), await r.text()])"
         "(new Request(A, {method: 'PUT', body: 'x'}))", ["x", "x"]),
        ("(c => { const r = new Request(A, {signal: c.signal}); const copy = r.clone(); c.abort(5);"
         " return [r.signal.reason, copy.signal.reason] })(new AbortController())", [5, 5]),
        ("new Request(new URL('/x', A), {headers: [['a', 'b']]}).headers.get('a')", "b"),
        # responses
        ("(r => [r.status, r.ok, r.statusText, r.type, r.url, r.redirected])(new Response())",
         [200, True, "", "default", "", False]),
        ("(r => [r.status, r.ok])(new Response(null, {status: 404}))", [404, False]),
        ("new Response('{\"a\": [1]}').json()", {"a": [1]}),
        ("new Response('\\ufeffa').text()", "a"),
        ("new Response(new Uint8Array([104, 105])).text()", "hi"),
        ("new Response(new Blob(['x'], {type: 'a/b'})).headers.get('content-type')", "a/b"),
        ("new Response('x', {headers: {'content-type': 'a/b'}}).blob().then((b) => [b.type,"
         " b.size])",
         ["a/b", 1]),
        ("new Response('ab').bytes().then((b) => [...b])", [97, 98]),
        ("(async r => [await r.clone().text(), await r.text(), r.bodyUsed])(new Response('x'))",
         ["x", "x", True]),
        ("(async r => [await r.clone().text(), await r.text()])(new Response(new"
         " Blob(['x']).stream()))",
         ["x", "x"]),
        ("(async () => { const got = []; for await (const b of new Response('abc').body)"
         " got.push(...b);"
         " return got })()", [97, 98, 99]),
        ("(async r => { const reader = r.body.getReader(); await reader.read(); return"
         " r.bodyUsed })"
         "(new Response('abc'))", True),
        ("(r => [r.status, r.headers.get('location')])(Response.redirect('https://a.b/c'))",
         [302, "https://a.b/c"]),
        ("(r => [r.type, r.status, r.body])(Response.error())", ["error", 0, None]),
        ("(async r => [r.headers.get('content-type'), r.status, await r.text()])"
         "(Response.json({a: 1}, {status: 201}))", ["application/json", 201, '{"a":1}']),
        ("told(new Response(null, {status: 204}).text())", {"value": ""}),
        # forms in bodies
        ("new Response(new URLSearchParams('a=1&b=x+y')).formData().then((f) => [...f])",
         [["a", "1"], ["b", "x y"]]),
        ("new Response(form(['t', 'é\\n'], ['q\"\\n', '1'])).formData().then((f) => [...f])",
         [["t", "é\r\n"], ['q"\r\n', "1"]]),
        ("(async () => { const f = await new Response(form(['f', new File(['\\r\\n--x'], 'ü\".bin',"
         " {type: 'a/b'})])).formData(); const file = f.get('f');"
         " return [file.name, file.type, await file.text()] })()", ['ü".bin', "a/b", "\r\n--x"]),
        ("multipart(lines('--B', 'Content-Disposition: form-data; name=a', '', '1', '--B--', ''))"
         ".formData().then((f) => [...f])", [["a", "1"]]),
        ("multipart('--B--').formData().then((f) => [...f])", []),
    ],
)  # fmt: skip
def test_what_they_give(shared: Script, expression: str, value: Any) -> None:
    assert shared.attempt(expression).result == {"value": value}


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("new Blob('text')", "TypeError"),
        ("new Blob(5)", "TypeError"),
        ("new Blob([], 5)", "TypeError"),
        ("new File(['a'])", "TypeError"),
        ("new FormData({})", "TypeError"),
        ("new FormData().append('a')", "TypeError"),
        ("new FormData().append('a', 'text', 'name')", "TypeError"),
        ("new Headers({'a b': '1'})", "TypeError"),
        ("new Headers({a: 'x\\ny'})", "TypeError"),
        ("new Headers({a: 'x\\0y'})", "TypeError"),
        ("new Headers({a: '€'})", "TypeError"),
        ("new Headers([['a']])", "TypeError"),
        ("new Headers('a: b')", "TypeError"),
        ("new Headers(null)", "TypeError"),
        ("new Request()", "TypeError"),
        ("new Request('/relative')", "TypeError"),
        ("new Request('https://user:password@a.b')", "TypeError"),
        ("new Request(A, {method: 'CONNECT'})", "TypeError"),
        ("new Request(A, {method: 'a b'})", "TypeError"),
        ("new Request(A, {body: 'x'})", "TypeError"),
        ("new Request(A, {method: 'HEAD', body: 'x'})", "TypeError"),
        ("new Request(A, {redirect: 'somewhere'})", "TypeError"),
        ("new Request(A, {signal: {}})", "TypeError"),
        ("new Response('x', {status: 204})", "TypeError"),
        ("new Response('', {status: 199})", "RangeError"),
        ("new Response('', {status: 600})", "RangeError"),
        ("new Response('', {statusText: 'a\\nb'})", "TypeError"),
        ("Response.redirect('nowhere')", "TypeError"),
        ("Response.redirect('https://a.b', 200)", "RangeError"),
        ("Response.json(undefined)", "TypeError"),
        ("Response.redirect('https://a.b').headers.set('a', 'b')", "TypeError"),
        ("new Response('{').json()", "SyntaxError"),
        ("(async r => { await r.text(); await r.text() })(new Response('x'))", "TypeError"),
        ("(async r => { await r.text(); r.clone() })(new Response('x'))", "TypeError"),
        ("(async r => { r.body.getReader(); await r.text() })(new Response('x'))", "TypeError"),
        ("new Response(new ReadableStream({start(c) { c.enqueue('text'); c.close() }})).text()",
         "TypeError"),
        ("new Response(new ReadableStream({start(c) { c.error(new RangeError()) }})).text()",
         "RangeError"),
        ("(s => { s.getReader(); new Response(s) })(new ReadableStream())", "TypeError"),
        ("new Response('x').formData()", "TypeError"),
        ("multipart('').formData()", "TypeError"),
        ("multipart('--B').formData()", "TypeError"),
        ("multipart(lines('--B', 'Content-Disposition: form-data', '', '1', '--B--')).formData()",
         "TypeError"),
        ("multipart(lines('--B', 'Content-Disposition: form-data; name=a', '', '1')).formData()",
         "TypeError"),
    ],
)  # fmt: skip
def test_what_is_refused(shared: Script, expression: str, name: str) -> None:
    assert shared.failure(expression)["name"] == name


def test_what_a_form_looks_like_on_the_wire(shared: Script) -> None:
    text = shared.attempt(
        "(async r => [r.headers.get('content-type'), await r.text()])(new Response(form("
        "['a', 'x\\ny'], ['f\"', new File(['data'], 'n\\r\\n.txt', {type: 'text/x'})],"
        " ['g', new Blob(['b'])])))"
    ).result["value"]
    boundary = text[0].removeprefix("multipart/form-data; boundary=")
    assert len(boundary) >= 32
    assert text[1].split("\r\n") == [
        f"--{boundary}",
        'Content-Disposition: form-data; name="a"',
        "",
        "x",
        "y",
        f"--{boundary}",
        'Content-Disposition: form-data; name="f%22"; filename="n%0D%0A.txt"',
        "Content-Type: text/x",
        "",
        "data",
        f"--{boundary}",
        'Content-Disposition: form-data; name="g"; filename="blob"',
        "Content-Type: application/octet-stream",
        "",
        "b",
        f"--{boundary}--",
        "",
    ]


def test_two_forms_have_boundaries_of_their_own(shared: Script) -> None:
    assert shared.value(
        "new Response(form(['a', '1'])).headers.get('content-type')"
        " !== new Response(form(['a', '1'])).headers.get('content-type')"
    )


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_throws_or_is_taken(shared: Script, value: str) -> None:
    before = len(shared.said("error"))
    for tried in (
        "new Blob(V)", "new Blob([V], V)", "new File([V], V, V)", "new FormData().append(V, V, V)",
        "new Headers(V)", "new Headers({a: V})", "new Headers().get(V)", "new Request(V)",
        "new Request(A, V)", "new Request(A, {method: V, body: V, headers: V, redirect: V})",
        "new Response(V, V)", "new Response(V, {status: V, statusText: V, headers: V})",
        "Response.json(V, V)", "Response.redirect(V, V)",
    ):  # fmt: skip
        shared.run(f"try {{ {tried.replace('V', f'({value})')} }} catch {{}}")
    assert shared.said("error")[before:] == []
