"""Secrets on their way out: what a request says by placeholder becomes the value, only where the
secret allows it, and in the dress of its place.

Original flora's words for what is refused are kept. The way back is redaction.py's.
"""

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from deployments.sealing import Unreadable
from runtime.fetch.errors import FetchError, too_large
from runtime.fetch.request import Request, is_header_value
from runtime.fetch.substitution import Hiding, Outgoing
from runtime.fetch.target import MAX_URL
from runtime.secrets.secret import GuildSecrets, Secret

PLACEHOLDER = re.compile(
    rb"__FLORA_SECRET__(?P<colon>:|%3[Aa])"
    rb"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?P=colon)"
    rb"(?P<tag>[0-9a-f]{12})"
    # Of secrets.basicAuth: the user, four hexadecimal digits for each UTF-16 unit.
    rb"(?:\.basic\.(?P<user>(?:[0-9a-f]{4})*)\.)?"
)
# Bodies of other types are bytes that only look like text.
_TEXT = re.compile(
    r"text/.*|multipart/form-data|application/(?:.*\+)?(?:json|xml)"
    r"|application/(?:x-www-form-urlencoded|x-ndjson|graphql|javascript|(?:x-)?(?:yaml|toml))"
)
_JSON = re.compile(r"application/(?:.*\+)?json|application/x-ndjson")
_FORM = "application/x-www-form-urlencoded"

Dress = Callable[[str], str]


def _as_it_is(value: str) -> str:
    return value


def _in_url(value: str) -> str:
    return quote(value, safe="")


def _in_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


class SecretSubstitution:
    """Of one request of a guild. used(secret): called for each that is sent."""

    def __init__(
        self, secrets: GuildSecrets, used: Callable[[Secret], None], max_bytes: int
    ) -> None:
        """max_bytes: of a body with its secrets in it."""
        self._secrets = secrets
        self._used = used
        self._max_bytes = max_bytes

    @property
    def has_secrets(self) -> bool:
        return bool(self._secrets)

    def hide(self, data: bytes) -> bytes:
        return self._secrets.hides_from_scripts.apply(data)

    def hiding(self) -> Hiding:
        return self._secrets.hides_from_scripts.stream()

    def reveal(self, request: Request, *, redirected: bool) -> Outgoing:
        if not self._secrets:
            return Outgoing(request.target.path, request.headers, request.body)
        return Outgoing(
            self._path(request), self._headers(request, redirected), self._body(request)
        )

    def _path(self, request: Request) -> str:
        target = request.target
        path = self._filled(target.path.encode(), _in_url, request, MAX_URL)
        if path is None:
            raise FetchError(
                "failed to parse uri after secret substitution",
                "INVALID_URL",
                f"with its secrets the address has over {MAX_URL} characters",
            )
        return path.decode()

    def _headers(self, request: Request, redirected: bool) -> tuple[tuple[str, str], ...]:
        headers: list[tuple[str, str]] = []
        for name, written in request.headers:
            try:
                filled = self._filled(written.encode(), _as_it_is, request, self._max_bytes)
            except NotAllowed:
                if redirected:
                    continue  # whoever has sent us here does not get it carried there
                raise
            value = None if filled is None else filled.decode()
            if value is None or not is_header_value(value):
                raise FetchError(
                    "invalid header after secret substitution",
                    "INVALID_INPUT",
                    f"the secret in the header {name} has line breaks or is too long for one",
                )
            headers.append((name, value))
        return tuple(headers)

    def _body(self, request: Request) -> bytes | None:
        body = request.body
        kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
        if body is None or not _TEXT.fullmatch(kind):
            return body
        dress: Dress = _as_it_is
        if _JSON.fullmatch(kind):
            dress = _in_json
        elif kind == _FORM:
            dress = quote_plus
        filled = self._filled(body, dress, request, self._max_bytes)
        if filled is None:
            raise too_large(f"with its secrets the request has over {self._max_bytes} bytes")
        return filled

    def _filled(self, text: bytes, dress: Dress, request: Request, max_bytes: int) -> bytes | None:
        """None when it becomes longer than max_bytes. Raises NotAllowed and FetchError."""
        parts: list[bytes] = []
        done = size = 0
        for found in PLACEHOLDER.finditer(text):
            secret = self._secrets.by_id(found["id"].decode())
            if secret is None or not secret.placeholder.endswith(found["tag"].decode()):
                continue
            value = self._value(secret, found["user"], request)
            # A percent-encoded placeholder stands in a URL, wherever that stands itself.
            is_encoded = found["colon"] != b":"
            value = _in_url(value) if is_encoded else dress(value)
            parts += (text[done : found.start()], value.encode())
            done = found.end()
            size += len(parts[-1])
            if size > max_bytes:
                return None
        parts.append(text[done:])
        filled = b"".join(parts)
        return filled if len(filled) <= max_bytes else None

    def _value(self, secret: Secret, user: bytes | None, request: Request) -> str:
        target = request.target
        if not target.is_secure:
            raise NotAllowed(f"{secret.name} is sent over https only, never to {target.origin}")
        if not secret.allows(target.host, target.port):
            allowed = ", ".join(secret.identity.allowed_hosts) or "no host at all"
            raise NotAllowed(f"{secret.name} allows {allowed}; the request goes to {target.place}")
        try:
            value = self._secrets.value(secret)
        except Unreadable as error:
            raise FetchError(
                f"fetch failed: the secret {secret.name} cannot be read: {error}",
                "SECRET_UNREADABLE",
                "whoever administers the guild gives it a value again",
            ) from None
        self._used(secret)
        if user is None:
            return value
        name = bytes.fromhex(user.decode()).decode("utf-16-be", errors="replace")
        return base64.b64encode(f"{name}:{value}".encode()).decode()


class NotAllowed(FetchError):
    def __init__(self, cause: str) -> None:
        super().__init__("secret not allowed for request host", "SECRET_NOT_ALLOWED", cause)
