"""`fetch`: what it asks of the host, and how a response is read, given up or lost."""

import base64
from contextlib import closing
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from runtime.operations.table import OPERATIONS
from tests.examples import examples
from tests.sdk.conftest import Attempt, Operation, Script
from tests.sdk.hostile_values import HOSTILE, values

Json = dict[str, Any]
URL = "https://api.example.com/a"
TEXT = ["content-type", "text/plain;charset=UTF-8"]
FORM = ["content-type", "application/x-www-form-urlencoded;charset=UTF-8"]


def asked(method: str = "GET", body: str | None = None, **fields: Any) -> Json:
    """What the host is asked. body: as text, one character a byte."""
    encoded = {} if body is None else {"body": base64.b64encode(body.encode("latin-1")).decode()}
    given = {"url": URL, "method": method, "redirect": "follow", "headers": [], **fields}
    return {"id": 1, **given, **encoded}


POST = "fetch(URL_, {method: 'POST', body: %s})"
CALLS: list[tuple[str, str, Json]] = [
    ("fetch(URL_)", "fetch.get", asked()),
    ("fetch(new URL(URL_))", "fetch.get", asked()),
    ("fetch(new Request(URL_))", "fetch.get", asked()),
    ("fetch({toString: () => URL_})", "fetch.get", asked()),
    ("fetch('HTTPS://API.example.com:443/a#part')", "fetch.get", asked(url=URL + "#part")),
    ("fetch(URL_, {method: 'head'})", "fetch.get", asked("HEAD")),
    ("fetch(URL_, {method: 'OPTIONS'})", "fetch.get", asked("OPTIONS")),
    ("fetch(URL_, {method: 'delete'})", "fetch.send", asked("DELETE")),
    ("fetch(URL_, {method: 'PATCH'})", "fetch.send", asked("PATCH")),
    ("fetch(URL_, {method: 'propfind'})", "fetch.send", asked("propfind")),
    ("fetch(URL_, {redirect: 'manual'})", "fetch.get", asked(redirect="manual")),
    ("fetch(URL_, {redirect: 'error', signal: null})", "fetch.get", asked(redirect="error")),
    (
        "fetch(URL_, {headers: {'X-B': 'b', Accept: ' a '}})",
        "fetch.get",
        asked(headers=[["accept", "a"], ["x-b", "b"]]),
    ),
    (
        "fetch(URL_, {headers: [['Set-Cookie', 'a'], ['set-cookie', 'b'], ['x', 1], ['X', 2]]})",
        "fetch.get",
        asked(headers=[["set-cookie", "a"], ["set-cookie", "b"], ["x", "1, 2"]]),
    ),
    (
        "fetch(new Request(URL_, {method: 'PUT', body: 'x'}), {headers: {a: 'b'}})",
        "fetch.send",
        asked("PUT", "x", headers=[["a", "b"]]),
    ),
    (POST % "'hé'", "fetch.send", asked("POST", "h\xc3\xa9", headers=[TEXT])),
    (POST % "'\\ud800'", "fetch.send", asked("POST", "\xef\xbf\xbd", headers=[TEXT])),
    (POST % "''", "fetch.send", asked("POST", "", headers=[TEXT])),
    (POST % "5", "fetch.send", asked("POST", "5", headers=[TEXT])),
    (POST % "null", "fetch.send", asked("POST")),
    (POST % "new Uint8Array([0, 255])", "fetch.send", asked("POST", "\0\xff")),
    (POST % "new Uint8Array([1, 2, 3]).buffer", "fetch.send", asked("POST", "\1\2\3")),
    (POST % "new DataView(new ArrayBuffer(4), 1, 2)", "fetch.send", asked("POST", "\0\0")),
    (
        POST % "new URLSearchParams({a: '1 2'})",
        "fetch.send",
        asked("POST", "a=1+2", headers=[FORM]),
    ),
    (
        POST % "new Blob(['<a/>'], {type: 'text/xml'})",
        "fetch.send",
        asked("POST", "<a/>", headers=[["content-type", "text/xml"]]),
    ),
    (
        POST % "new ReadableStream({start(c) { c.enqueue(new Uint8Array([65])); c.close() }})",
        "fetch.send",
        asked("POST", "A"),
    ),
    (
        "fetch(URL_, {method: 'POST', body: '{}', headers: {'content-type': 'application/json'}})",
        "fetch.send",
        asked("POST", "{}", headers=[["content-type", "application/json"]]),
    ),
]


@pytest.fixture
def script(script: Script) -> Script:
    script.declare(f"const URL_ = '{URL}'")
    return script


def begun(script: Script, expression: str = "fetch(URL_)") -> tuple[Attempt, Operation]:
    """A request under way, and what the host has to answer."""
    attempt = script.attempt(expression)
    (operation,) = attempt.asked
    return attempt, operation


def head(**fields: Any) -> Json:
    """What the host answers with when a head has come."""
    return {
        "status": 200,
        "statusText": "OK",
        "url": URL,
        "redirected": False,
        "headers": [],
        "hasBody": True,
        **fields,
    }


def responded(script: Script, **fields: Any) -> None:
    """A response is there, as the script's `response`."""
    script.declare("let response")
    _, operation = begun(script, "fetch(URL_).then((it) => { response = it })")
    script.answer(operation, head(**fields))


def piece(data: bytes, *, done: bool = False) -> Json:
    return {"data": base64.b64encode(data).decode(), "done": done}


def new_operations(script: Script, before: int) -> list[tuple[str, Any]]:
    return [(name, payload) for _, name, payload in script.operations[before:]]


@pytest.mark.parametrize(("call", "name", "payload"), CALLS)
def test_a_call_asks_for_one_operation(script: Script, call: str, name: str, payload: Json) -> None:
    assert script.asks(call) == [(name, payload)]


@pytest.mark.parametrize(("name", "payload"), [call[1:] for call in CALLS])
def test_the_host_takes_every_payload(name: str, payload: Json) -> None:
    msgspec.json.decode(msgspec.json.encode(payload), type=OPERATIONS[name].arguments)


def test_a_form_is_sent_in_parts(script: Script) -> None:
    script.declare("const form = new FormData(); form.append('a\"b', 'x\\ny')")
    script.run("form.append('f', new Blob(['hello'], {type: 'text/css'}), 'a.css')")
    ((_, payload),) = script.asks(POST % "form")
    (((name, kind),), body) = payload["headers"], base64.b64decode(payload["body"]).decode()
    mark = kind.partition("boundary=")[2]
    assert (name, kind) == ("content-type", f"multipart/form-data; boundary={mark}")
    assert len(mark) > 32
    assert body == (
        f'--{mark}\r\nContent-Disposition: form-data; name="a%22b"\r\n\r\nx\r\ny\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="f"; filename="a.css"\r\n'
        f"Content-Type: text/css\r\n\r\nhello\r\n--{mark}--\r\n"
    )


def test_a_head_becomes_a_response(script: Script) -> None:
    headers = [["Content-Type", "a/b"], ["set-cookie", "a"], ["Set-Cookie", "b"], ["x", "\xe9"]]
    responded(script, status=404, statusText="Gone away", redirected=True, headers=headers)
    assert script.value("response instanceof Response")
    assert script.value(
        "[response.status, response.statusText, response.ok, response.url, response.redirected,"
        " response.type, response.bodyUsed, [...response.headers], response.headers.getSetCookie()]"
    ) == [
        *(404, "Gone away", False, URL, True, "basic", False),
        [["content-type", "a/b"], ["set-cookie", "a"], ["set-cookie", "b"], ["x", "\xe9"]],
        ["a", "b"],
    ]
    assert script.failure("response.headers.set('x', 'y')")["name"] == "TypeError"


def test_nothing_is_read_before_the_script_wants_it(script: Script) -> None:
    responded(script)
    before = len(script.operations)
    script.run("response.body; response.clone")
    assert new_operations(script, before) == []
    text = script.attempt("response.text()")
    assert [(name, payload) for _, name, payload in text.asked] == [("fetch.read", {"id": 1})]
    script.answer(text.asked[0], piece("h\xe9".encode()[:2]))
    script.answer(script.operations[-1], piece("h\xe9".encode()[2:] + b"!"))
    script.answer(script.operations[-1], piece(b"", done=True))
    assert new_operations(script, before) == [("fetch.read", {"id": 1})] * 3
    assert text.result == {"value": "hé!"}
    assert script.failure("response.text()")["message"].startswith("text: the body has been read")


@pytest.mark.parametrize(
    ("how", "value"),
    [
        ("response.json()", {"a": [1]}),
        ("response.arrayBuffer().then((it) => it.byteLength)", 9),
        ("response.bytes().then((it) => it[0])", 123),
        ("response.blob().then((it) => [it.size, it.type])", [9, "a/b"]),
        ("new Response(response.body).text()", '{"a":[1]}'),
        ("response.clone().text()", '{"a":[1]}'),
    ],
)
def test_a_body_may_be_taken_in_every_form(script: Script, how: str, value: Any) -> None:
    responded(script, headers=[["content-type", "a/b"]])
    attempt = script.attempt(how)
    script.answer(attempt.asked[0], piece(b'{"a":[1]}', done=True))
    assert attempt.result == {"value": value}


def test_a_reader_gets_pieces_as_they_come_and_may_stop(script: Script) -> None:
    responded(script)
    script.declare("const reader = response.body.getReader()")
    first = script.attempt("reader.read().then(({value, done}) => [[...value], done])")
    script.answer(first.asked[0], piece(b"\1\2"))
    assert first.result == {"value": [[1, 2], False]}
    assert [operation.name for operation in script.operations] == ["fetch.get", "fetch.read"]
    stopped = script.attempt("reader.cancel()")
    assert [(name, payload) for _, name, payload in stopped.asked] == [("fetch.cancel", {"id": 1})]
    assert stopped.result == {}


def test_a_response_without_a_body_is_not_read(script: Script) -> None:
    responded(script, status=204, hasBody=False)
    assert script.value("response.body") is None
    before = len(script.operations)
    assert script.attempt("response.text()").result == {"value": ""}
    assert new_operations(script, before) == []


def test_requests_are_told_apart(script: Script) -> None:
    numbers = [script.asks("fetch(URL_)")[0][1]["id"] for _ in range(3)]
    assert numbers == [1, 2, 3]


def test_what_the_host_refuses_is_a_type_error_that_says_why(script: Script) -> None:
    attempt, operation = begun(script)
    script.refuse(operation, "fetch failed: no", code="FETCH_FORBIDDEN", cause="because")
    assert attempt.result == {
        "error": {"name": "TypeError", "message": "fetch failed: no", "code": "FETCH_FORBIDDEN"}
    }
    attempt, operation = begun(script, "fetch(URL_).catch((error) => error.cause)")
    script.refuse(operation, "fetch failed: no", code="FETCH_FORBIDDEN", cause="because")
    assert attempt.result == {"value": "because"}


def test_a_body_that_breaks_off_says_so_to_who_reads(script: Script) -> None:
    responded(script)
    attempt = script.attempt("response.text()")
    script.answer(attempt.asked[0], piece(b"half"))
    script.refuse(script.operations[-1], "fetch failed: it broke off", code="FETCH_FAILED")
    assert attempt.result == {
        "error": {
            "name": "TypeError",
            "message": "fetch failed: it broke off",
            "code": "FETCH_FAILED",
        }
    }
    assert script.said("error") == []


# --- giving up -------------------------------------------------------------------------------

ABORT = {"name": "AbortError", "message": "signal is aborted without reason"}


def test_an_aborted_signal_asks_for_nothing(script: Script) -> None:
    assert script.failure("fetch(URL_, {signal: AbortSignal.abort()})")["name"] == "AbortError"
    assert script.failure("fetch(URL_, {signal: AbortSignal.abort(new Error('mine'))})") == {
        "name": "Error",
        "message": "mine",
    }


def test_an_abortion_ends_the_request(script: Script) -> None:
    script.declare("const abort = new AbortController()")
    attempt, operation = begun(script, "fetch(URL_, {signal: abort.signal})")
    before = len(script.operations)
    script.run("abort.abort(new Error('enough'))")
    assert new_operations(script, before) == [("fetch.cancel", {"id": 1})]
    assert attempt.result == {"error": {"name": "Error", "message": "enough"}}
    script.refuse(operation, "fetch failed: it was aborted", code="FETCH_ABORTED")
    assert script.said("error") == []


def test_an_abortion_ends_the_reading(script: Script) -> None:
    script.declare("const abort = new AbortController(); let response")
    _, operation = begun(
        script, "fetch(URL_, {signal: abort.signal}).then((it) => { response = it })"
    )
    script.answer(operation, head())
    attempt = script.attempt("response.text()")
    before = len(script.operations)
    script.run("abort.abort(new Error('enough'))")
    assert attempt.result == {"error": {"name": "Error", "message": "enough"}}
    assert new_operations(script, before) == [("fetch.cancel", {"id": 1})]


def test_a_signal_may_be_a_timeout(script: Script) -> None:
    attempt, _ = begun(script, "fetch(URL_, {signal: AbortSignal.timeout(50)})")
    ((timer, milliseconds),) = script.said("timer")
    assert milliseconds == 50
    script.fire(timer)
    assert attempt.result["error"]["name"] == "TimeoutError"


def test_what_has_ended_is_not_given_up(script: Script) -> None:
    script.declare("const abort = new AbortController(); let response")
    _, operation = begun(
        script, "fetch(URL_, {signal: abort.signal}).then((it) => { response = it })"
    )
    script.answer(operation, head())
    text = script.attempt("response.text()")
    script.answer(text.asked[0], piece(b"all", done=True))
    assert text.result == {"value": "all"}
    before = len(script.operations)
    script.run("abort.abort()")
    assert new_operations(script, before) == []


# --- wrong arguments -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("fetch()", "fetch: 1 argument required, got 0"),
        ("fetch('')", None),
        ("fetch('/relative')", None),
        ("fetch('https://user:word@e.example/')", "Request: no user name and password in an"),
        ("fetch(URL_, {body: 'x'})", "Request: a GET request has no body"),
        ("fetch(URL_, {method: 'HEAD', body: 'x'})", "Request: a HEAD request has no body"),
        ("fetch(URL_, {method: 'a b'})", 'Request: the method "a b" cannot be used'),
        ("fetch(URL_, {method: 'CONNECT'})", 'Request: the method "CONNECT" cannot be used'),
        ("fetch(URL_, {method: 'trace'})", 'Request: the method "trace" cannot be used'),
        ("fetch(URL_, {redirect: 'never'})", "Request: redirect is one of follow, error, manual"),
        ("fetch(URL_, {signal: {}})", "Request: signal is no AbortSignal"),
        ("fetch(URL_, {headers: {'a b': 'c'}})", None),
        ("fetch(URL_, {headers: {a: 'b\\nc'}})", None),
        ("fetch(URL_, {headers: {a: '\\u0100'}})", None),
        ("fetch(URL_, {headers: [['a']]})", None),
        ("fetch(URL_, 5)", None),
        (
            POST % "new ReadableStream({start(c) { c.enqueue('text'); c.close() }})",
            "fetch: the body",
        ),
    ],
)
def test_what_cannot_be_asked_is_a_type_error(
    script: Script, call: str, message: str | None
) -> None:
    failure = script.failure(call)
    assert failure["name"] == "TypeError"
    assert failure["message"].startswith(message or "")


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_meet_the_script_alone(script: Script, value: str) -> None:
    for call in (
        f"fetch({value})",
        f"fetch(URL_, {value})",
        *(f"fetch(URL_, {{method: 'POST', {name}: {value}}})" for name in ("body", "headers")),
        *(f"fetch(URL_, {{{name}: {value}}})" for name in ("method", "redirect", "signal")),
    ):
        attempt = script.attempt(call)
        assert attempt.asked or attempt.result is not None or "body" in call, call
    assert script.said("error") == []
    assert script.attempt("1").result == {"value": 1}


@given(values, values)
@settings(max_examples=examples(60), deadline=None)
def test_any_arguments_ask_for_what_the_host_takes_or_fail(first: str, second: str) -> None:
    with closing(Script("")) as script:
        attempt = script.attempt(f"fetch({first}, {second})")
        for _, name, payload in attempt.asked:
            msgspec.json.decode(msgspec.json.encode(payload), type=OPERATIONS[name].arguments)
        assert script.attempt("1").result == {"value": 1}
