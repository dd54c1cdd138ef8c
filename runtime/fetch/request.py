"""A request as a script has written it, and how a redirect changes it by the fetch standard."""

import re
from dataclasses import dataclass, replace
from enum import Enum

from runtime.fetch.errors import FetchError
from runtime.fetch.target import Target

Headers = tuple[tuple[str, str], ...]

MAX_HEADERS, MAX_HEADER_BYTES = 100, 32 << 10
# A value is at most so long after secrets have been put into it, too.
MAX_HEADER_VALUE = 16 << 10

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(r"[\x00\r\n]")
_FORBIDDEN_METHODS = frozenset(("CONNECT", "TRACE", "TRACK"))
_WITHOUT_BODY = frozenset(("GET", "HEAD"))
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
# About the connection, which is flora's, or about how the body is sent, which flora decides: left
# out without a word, as the standard does.
_OWN_HEADERS = frozenset(
    (
        *("accept-encoding", "connection", "content-length", "expect", "host", "keep-alive"),
        *("te", "trailer", "transfer-encoding", "upgrade", "via", "http2-settings"),
    )
)
_ABOUT_A_BODY = frozenset(
    ("content-encoding", "content-language", "content-location", "content-type")
)
_FOR_ONE_ORIGIN = frozenset(("authorization", "cookie", "proxy-authorization"))


class Redirect(Enum):
    FOLLOW = "follow"
    ERROR = "error"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Request:
    """headers: names in lower case. Secrets stand in it as placeholders."""

    method: str
    target: Target
    headers: Headers
    body: bytes | None
    redirect: Redirect = Redirect.FOLLOW

    def redirected(self, status: int, target: Target) -> "Request":
        """What is sent to where a redirect leads."""
        headers, method, body = self.headers, self.method, self.body
        if (status in (301, 302) and method == "POST") or (
            status == 303 and method not in _WITHOUT_BODY
        ):
            method, body = "GET", None
            headers = _without(headers, _ABOUT_A_BODY)
        if target.origin != self.target.origin:
            headers = _without(headers, _FOR_ONE_ORIGIN)
        return replace(self, method=method, target=target, headers=headers, body=body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


def make_request(
    method: str,
    target: Target,
    headers: list[tuple[str, str]],
    body: bytes | None,
    redirect: Redirect,
) -> Request:
    """Raises FetchError when the parts cannot be sent as HTTP."""
    if not _TOKEN.fullmatch(method) or method.upper() in _FORBIDDEN_METHODS or len(method) > 32:
        raise FetchError(f"fetch failed: {method[:32]!r} is no method", "INVALID_INPUT")
    if body is not None and method in _WITHOUT_BODY:
        raise FetchError(f"fetch failed: a {method} has no body", "INVALID_INPUT")
    if len(headers) > MAX_HEADERS:
        raise FetchError(f"fetch failed: more than {MAX_HEADERS} headers", "INVALID_INPUT")
    return Request(method, target, _checked(headers), body, redirect)


def _checked(headers: list[tuple[str, str]]) -> Headers:
    kept: list[tuple[str, str]] = []
    size = 0
    for written, value in headers:
        name = written.lower()
        if not is_header_name(name):
            raise FetchError(f"fetch failed: {written[:80]!r} is no header name", "INVALID_INPUT")
        if not is_header_value(value):
            raise FetchError(
                f"fetch failed: the header {name[:80]} has line breaks or is too long",
                "INVALID_INPUT",
            )
        size += len(name) + len(value)
        if name not in _OWN_HEADERS and not name.startswith("proxy-"):
            kept.append((name, value.strip(" \t")))
    if size > MAX_HEADER_BYTES:
        raise FetchError(f"fetch failed: over {MAX_HEADER_BYTES} bytes of headers", "INVALID_INPUT")
    return tuple(kept)


def is_header_name(name: str) -> bool:
    return bool(_TOKEN.fullmatch(name))


def is_header_value(value: str) -> bool:
    return len(value) <= MAX_HEADER_VALUE and not _BAD_VALUE.search(value)


def _without(headers: Headers, names: frozenset[str]) -> Headers:
    return tuple((name, value) for name, value in headers if name not in names)
