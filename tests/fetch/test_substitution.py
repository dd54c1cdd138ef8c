"""Secrets put into requests: where they may go, in the dress of their place, and nowhere else."""

import base64
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.sealing import Identity, Sealer
from runtime.fetch.errors import FetchError
from runtime.fetch.request import Redirect, Request, make_request
from runtime.fetch.substitution import Outgoing
from runtime.fetch.target import parse_target
from runtime.secrets.secret import GuildSecrets, Secret
from runtime.secrets.substitution import SecretSubstitution
from tests.examples import examples

SEALER = Sealer(["11" * 32])
ID, TAG = "6f1d3c5e-0000-4000-8000-000000000001", "0123456789ab"
PLACEHOLDER = f"__FLORA_SECRET__:{ID}:{TAG}"
ENCODED = PLACEHOLDER.replace(":", "%3A")
VALUE = 'k"ey/+& ü%\\'
ALLOWED = ("api.example.com", "*.wide.example", "port.example:8443")
MAX_BYTES = 100_000


def secret(value: str = VALUE, hosts: tuple[str, ...] = ALLOWED, **fields: str) -> Secret:
    given = {"secret_id": ID, "name": "KEY", "tag": TAG, **fields}
    identity = Identity(guild_id="3", allowed_hosts=hosts, **given)
    placeholder = f"__FLORA_SECRET__:{identity.secret_id}:{identity.tag}"
    sealed = SEALER.seal(identity, value)
    return Secret(identity.secret_id, identity.name, placeholder, identity, sealed)


class Substituted:
    """What becomes of a request; used: the names of the secrets that were sent."""

    def __init__(self, *secrets: Secret) -> None:
        self.used: list[str] = []
        self.secrets = GuildSecrets(1, secrets or [secret()], SEALER)

    def __call__(self, url: str = "https://api.example.com/", **parts: Any) -> Outgoing:
        redirected = parts.pop("redirected", False)
        substitution = SecretSubstitution(
            self.secrets, lambda used: self.used.append(used.name), MAX_BYTES
        )
        return substitution.reveal(request(url, **parts), redirected=redirected)


def request(
    url: str,
    *,
    headers: list[tuple[str, str]] | None = None,
    body: str | bytes | None = None,
    kind: str = "",
) -> Request:
    given = [*(headers or []), *([("Content-Type", kind)] if kind else [])]
    data = body.encode() if isinstance(body, str) else body
    method = "GET" if data is None else "POST"
    return make_request(method, parse_target(url), given, data, Redirect.FOLLOW)


@pytest.mark.parametrize("placeholder", [PLACEHOLDER, ENCODED, ENCODED.replace("%3A", "%3a")])
def test_in_an_address_the_value_is_percent_encoded(placeholder: str) -> None:
    substituted = Substituted()
    path = substituted(f"https://api.example.com/v1/{placeholder}/x?key={placeholder}&b=2").path
    _, v1, segment, rest = path.split("/")
    assert (v1, unquote(segment)) == ("v1", VALUE)
    assert rest.startswith("x?key=")
    assert parse_qs(path.partition("?")[2])["key"] == [VALUE]
    assert substituted.used == ["KEY", "KEY"]


@pytest.mark.parametrize(
    "url",
    [
        f"https://{PLACEHOLDER}@api.example.com/",
        f"https://user:{ENCODED}@api.example.com/",
        f"https://{PLACEHOLDER}/",
        f"https://{ENCODED}.example.com/",
        f"https://api.example.com:{PLACEHOLDER}/",
        f"{PLACEHOLDER}://api.example.com/",
    ],
)
def test_never_in_what_names_the_server(url: str) -> None:
    substituted = Substituted()
    with pytest.raises(FetchError):
        substituted(url)
    assert substituted.used == []


def test_in_a_header_the_value_stands_as_it_is() -> None:
    given = [("Authorization", f"Bearer {PLACEHOLDER}"), ("X-Url", f"/?k={ENCODED}"), ("X-A", "b")]
    headers = dict(Substituted()(headers=given).headers)
    assert headers["authorization"] == f"Bearer {VALUE}"
    assert unquote(headers["x-url"]) == f"/?k={VALUE}"
    assert headers["x-a"] == "b"


@pytest.mark.parametrize("value", ["two\nlines", "cr\rlf", "x" * 20_000])
def test_a_value_that_no_header_can_hold_is_refused(value: str) -> None:
    with pytest.raises(FetchError) as error:
        Substituted(secret(value))(headers=[("X-Key", PLACEHOLDER)])
    assert str(error.value) == "invalid header after secret substitution"
    assert value not in error.value.cause


def test_an_address_that_becomes_too_long_is_refused() -> None:
    with pytest.raises(FetchError) as error:
        Substituted(secret("%" * 8000))(f"https://api.example.com/{PLACEHOLDER}")
    assert str(error.value) == "failed to parse uri after secret substitution"


JSON = "application/json"
FORM = "application/x-www-form-urlencoded;charset=UTF-8"


@pytest.mark.parametrize(
    ("kind", "body", "read"),
    [
        (JSON, json.dumps({"a": f"x {PLACEHOLDER}"}), lambda text: json.loads(text)["a"][2:]),
        (JSON + "; charset=utf-8", f'"{PLACEHOLDER}"', json.loads),
        ("application/vnd.api+json", f'"{PLACEHOLDER}"', json.loads),
        (FORM, f"a=1&k={ENCODED}", lambda text: parse_qs(text)["k"][0]),
        (FORM, f"a=1&k={PLACEHOLDER}", lambda text: parse_qs(text)["k"][0]),
        ("text/plain;charset=UTF-8", PLACEHOLDER, str),
        ("text/xml", f"<k>{PLACEHOLDER}</k>", lambda text: text[3:-4]),
        ("multipart/form-data; boundary=x", f"--x\r\n\r\n{PLACEHOLDER}", lambda text: text[7:]),
        (
            JSON,
            json.dumps({"url": f"/?k={ENCODED}"}),
            lambda text: unquote(json.loads(text)["url"][4:]),
        ),
    ],
)
def test_in_a_text_the_value_is_written_as_the_text_is(kind: str, body: str, read: Any) -> None:
    sent = Substituted()(body=body, kind=kind).body
    assert sent is not None
    assert read(sent.decode()) == VALUE


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "image/png", "video/mp4"])
def test_bytes_are_no_text(kind: str) -> None:
    body = b"\x00\xff" + PLACEHOLDER.encode()
    assert Substituted()(body=body, kind=kind).body == body


def test_a_body_that_becomes_too_large_is_refused_before_it_is_made() -> None:
    with pytest.raises(FetchError) as error:
        Substituted(secret("x" * 8000))(body=PLACEHOLDER * 1500, kind="text/plain")
    assert error.value.code == "FETCH_TOO_LARGE"


def test_basic_authorisation_is_made_of_user_and_value() -> None:
    user = "".join(f"{ord(unit):04x}" for unit in "mé")
    header = f"Basic {PLACEHOLDER}.basic.{user}."
    sent = dict(Substituted()(headers=[("Authorization", header)]).headers)["authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == f"mé:{VALUE}"


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("https://other.example/", "KEY allows {}; the request goes to other.example:443"),
        ("https://api.example.com.evil.example/", "KEY allows {}; the request goes to"),
        ("https://example.com/", "KEY allows {}; the request goes to example.com:443"),
        ("https://port.example/", "KEY allows {}; the request goes to port.example:443"),
        ("http://api.example.com/", "KEY is sent over https only, never to http://api.example.com"),
        ("http://port.example:8443/", "KEY is sent over https only"),
    ],
)
@pytest.mark.parametrize("place", ["path", "query", "header", "body"])
def test_where_the_secret_does_not_allow_it_nothing_is_sent(
    url: str, cause: str, place: str
) -> None:
    substituted = Substituted()
    parts: dict[str, Any] = {}
    match place:
        case "path":
            url += PLACEHOLDER
        case "query":
            url += f"?k={ENCODED}"
        case "header":
            parts = {"headers": [("X-Key", PLACEHOLDER)]}
        case "body":
            parts = {"body": f'"{PLACEHOLDER}"', "kind": JSON}
    with pytest.raises(FetchError) as error:
        substituted(url, **parts)
    assert str(error.value) == "secret not allowed for request host"
    assert error.value.code == "SECRET_NOT_ALLOWED"
    assert error.value.cause.startswith(cause.format(", ".join(ALLOWED)))
    assert substituted.used == []


def test_without_allowed_hosts_there_is_none() -> None:
    with pytest.raises(FetchError) as error:
        Substituted(secret(hosts=()))(headers=[("X-Key", PLACEHOLDER)])
    assert error.value.cause == "KEY allows no host at all; the request goes to api.example.com:443"


@pytest.mark.parametrize(
    "url", ["https://wide.example/", "https://a.b.wide.example/", "https://port.example:8443/"]
)
def test_where_it_allows_it_it_is_sent(url: str) -> None:
    assert dict(Substituted()(url, headers=[("X-Key", PLACEHOLDER)]).headers) == {"x-key": VALUE}


def test_a_redirect_leaves_headers_out_that_may_not_go_on() -> None:
    substituted = Substituted()
    headers = [("X-Key", PLACEHOLDER), ("Accept", "text/html")]
    sent = substituted("https://other.example/", headers=headers, redirected=True)
    assert sent.headers == (("accept", "text/html"),)
    with pytest.raises(FetchError):
        substituted(f"https://other.example/{PLACEHOLDER}", redirected=True)
    assert substituted.used == []


@pytest.mark.parametrize(
    "text",
    [
        PLACEHOLDER.replace(TAG, "ffffffffffff"),
        PLACEHOLDER.replace(ID, "6f1d3c5e-0000-4000-8000-000000000002"),
        PLACEHOLDER.upper(),
        PLACEHOLDER[:-1],
        f"__FLORA_SECRET__%3A{ID}:{TAG}",
        f"__FLORA_SECRET__:{ID}%3A{TAG}",
        "__FLORA_SECRET__:KEY:KEY",
        "__FLORA_SECRET__",
    ],
)
def test_what_is_no_placeholder_of_the_guild_stays(text: str) -> None:
    assert Substituted()(body=text, kind="text/plain").body == text.encode()


def test_a_secret_whose_row_was_changed_by_hand_is_not_sent() -> None:
    kept = secret()
    wider = replace(kept, identity=replace(kept.identity, allowed_hosts=("evil.example",)))
    with pytest.raises(FetchError) as error:
        Substituted(wider)("https://evil.example/", headers=[("X-Key", PLACEHOLDER)])
    assert error.value.code == "SECRET_UNREADABLE"
    assert VALUE not in str(error.value)


@given(st.text(min_size=4, max_size=30).filter(lambda text: "\x00" not in text), st.text())
@settings(max_examples=examples(300), deadline=None)
def test_any_value_comes_out_of_json_and_forms_as_it_went_in(value: str, around: str) -> None:
    substituted = Substituted(secret(value))
    body = json.dumps({"k": f"{around}{PLACEHOLDER}"}, ensure_ascii=False)
    sent = substituted(body=body.encode(errors="replace"), kind=JSON).body
    assert sent is not None
    assert json.loads(sent)["k"].endswith(value)
    form = substituted(body=f"k={ENCODED}&b=1", kind=FORM).body
    assert form is not None
    assert parse_qs(form.decode(), keep_blank_values=True) == {"k": [value], "b": ["1"]}
    path = substituted(f"https://api.example.com/?k={ENCODED}&b=1").path
    assert parse_qs(path[2:], keep_blank_values=True) == {"k": [value], "b": ["1"]}
    assert path.isascii()
