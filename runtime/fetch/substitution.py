"""What stands between a script's requests and the network: secrets go in, and never come back.

The client knows nothing of secrets; runtime/secrets/ has the real ones.
"""

from typing import NamedTuple, Protocol

from runtime.fetch.request import Headers, Request


class Outgoing(NamedTuple):
    """What is really sent. path: with the query, percent-encoded."""

    path: str
    headers: Headers
    body: bytes | None


class Hiding(Protocol):
    """A response's bytes on their way to the script, in pieces of any size."""

    def feed(self, data: bytes) -> bytes: ...
    def finish(self) -> bytes: ...


class Substitution(Protocol):
    def reveal(self, request: Request, *, redirected: bool) -> Outgoing:
        """redirected: another origin has sent it here: what may not go there is left out of the
        headers. Raises FetchError for what may not go there otherwise."""
        ...

    def hide(self, data: bytes) -> bytes:
        """What is complete, a header."""
        ...

    def hiding(self) -> Hiding: ...

    @property
    def has_secrets(self) -> bool:
        """Whether there is something that must not come back."""
        ...


class _Nothing:
    """No secrets at all."""

    has_secrets = False

    def reveal(self, request: Request, *, redirected: bool) -> Outgoing:
        return Outgoing(request.target.path, request.headers, request.body)

    def hide(self, data: bytes) -> bytes:
        return data

    def hiding(self) -> Hiding:
        return self

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


NOTHING: Substitution = _Nothing()
