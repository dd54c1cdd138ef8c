"""One request of a script and its response, read as fast as the script asks for it.

Its life has one deadline, from the question to the last byte, whatever the other side does.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import aiohttp

from runtime.fetch.connecting import AddressRefused
from runtime.fetch.decoding import AsItIs, Decoder, UndecodableBody, decoder_for
from runtime.fetch.errors import FetchError, failed, forbidden, too_large
from runtime.fetch.request import Redirect, Request, is_header_name
from runtime.fetch.substitution import Hiding, Substitution

MAX_REDIRECTS = 20
REDIRECTS = frozenset((301, 302, 303, 307, 308))
WITHOUT_BODY = frozenset((204, 205, 304))
# What one read gives at most, a little more where a decoder or a secret's border ends later.
READ_BYTES = 128 << 10

Result = TypeVar("Result")


class Sender(Protocol):
    """Sends one request to one place and gives its response, whose body has not been read."""

    async def __call__(
        self, request: Request, substitution: Substitution, *, redirected: bool
    ) -> aiohttp.ClientResponse: ...


@dataclass(frozen=True, slots=True)
class Head:
    """url: as the script would write it. headers: values byte by byte, as the standard has them.
    has_body: whether there is something to read."""

    status: int
    reason: str
    url: str
    redirected: bool
    headers: list[tuple[str, str]]
    has_body: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    data: bytes
    done: bool


class Exchange:
    def __init__(
        self,
        request: Request,
        substitution: Substitution,
        send: Sender,
        turns: asyncio.Semaphore,
        *,
        seconds: float,
        max_bytes: int,
    ) -> None:
        """turns: the guild's; one is held until the exchange has ended."""
        self.request = request
        self._substitution = substitution
        self._send = send
        self._turns = turns
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + seconds
        self._expiry = self._loop.call_at(self._deadline, self._end, self._late())
        self._task: asyncio.Task[Any] | None = None
        self._ended: FetchError | None = None
        self._entered = False
        self._response: aiohttp.ClientResponse | None = None
        self._decoder: Decoder | None = None
        self._hiding: Hiding | None = None
        self._received = 0

    async def begin(self) -> Head:
        """Sends the request and follows redirects. Raises FetchError."""
        return await self._step(self._begin())

    async def read(self) -> Chunk:
        """The next piece of the body; whoever does not read is not sent more. Raises FetchError."""
        return await self._step(self._read())

    def cancel(self) -> None:
        """Nobody wants the response any more."""
        self._end(FetchError("fetch failed: it was aborted", "FETCH_ABORTED"))

    # --- inside ----------------------------------------------------------------------------

    async def _step(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs one step so that the end of the exchange is the end of the step."""
        if self._ended is not None or self._task is not None:
            work.close()
            raise self._ended or FetchError(
                "fetch failed: the response is being read already", "INVALID_INPUT"
            )
        task: asyncio.Task[Result] = asyncio.ensure_future(work)
        self._task = task
        try:
            return await task
        except asyncio.CancelledError:
            if self._ended is None:
                self.cancel()  # whoever waited was cancelled
                raise
            raise self._ended from None
        except FetchError as error:
            self._end(error)
            raise
        except (aiohttp.ClientError, OSError, UndecodableBody) as error:
            told = _told(error, self.request.target.place)
            self._end(told)
            raise told from None
        except Exception:
            self._end(failed("an error of flora's own"))
            raise
        finally:
            self._task = None

    def _end(self, why: FetchError) -> None:
        if self._ended is not None:
            return
        self._ended = why
        self._expiry.cancel()
        if self._task is not None and self._task is not asyncio.current_task(self._loop):
            self._task.cancel()
        if self._response is not None:
            self._response.close()
        if self._entered:
            self._turns.release()

    def _late(self) -> FetchError:
        return FetchError(
            f"fetch failed: {self.request.target.place} took over {self._seconds:g} s",
            "FETCH_TIMEOUT",
            "the time counts from the call to the last byte of the body, and includes waiting for "
            "the guild's other requests: read or cancel the bodies of responses",
        )

    async def _begin(self) -> Head:
        await self._turns.acquire()
        self._entered = True
        redirects = 0
        while True:
            response = self._response = await self._send(
                self.request, self._substitution, redirected=redirects > 0
            )
            location = response.headers.get("Location")
            if location is None or response.status not in REDIRECTS:
                break
            if self.request.redirect is Redirect.MANUAL:
                break
            if self.request.redirect is Redirect.ERROR:
                raise failed(f"{self.request.target.place} answered with a redirect")
            redirects += 1
            if redirects > MAX_REDIRECTS:
                raise failed(f"more than {MAX_REDIRECTS} redirects")
            response.close()
            # A secret in it is a placeholder again, so that it goes only where it may.
            hidden = self._substitution.hide(_raw(location)).decode(errors="replace")
            target = self.request.target.joined(hidden)
            self.request = self.request.redirected(response.status, target)
        return self._head(response, redirected=redirects > 0)

    def _head(self, response: aiohttp.ClientResponse, *, redirected: bool) -> Head:
        if response.status < 200:
            raise failed(f"{self.request.target.place} answered with status {response.status}")
        has_body = self.request.method != "HEAD" and response.status not in WITHOUT_BODY
        hide = self._substitution.hide
        head = Head(
            status=response.status,
            reason=hide(_raw(response.reason or "")).decode("latin-1"),
            url=self.request.target.url,
            redirected=redirected,
            headers=[
                (name.decode("latin-1"), hide(value).decode("latin-1"))
                for name, value in response.raw_headers
                if is_header_name(hide(name).decode("latin-1")) and b"\0" not in value
            ],
            has_body=has_body,
        )
        if has_body:
            self._prepare_reading(response)
        else:
            self._end(FetchError("fetch failed: the response has no body", "INVALID_INPUT"))
        return head

    def _prepare_reading(self, response: aiohttp.ClientResponse) -> None:
        coding = response.headers.get("Content-Encoding", "")
        decoder = decoder_for(coding)
        if decoder is None and self._substitution.has_secrets:
            # Nobody could see whether a secret of the guild is in it.
            shown = self._substitution.hide(_raw(coding)).decode(errors="replace")[:80]
            raise failed(f"the response has the unknown Content-Encoding {shown!r}")
        self._decoder = decoder or AsItIs()
        self._hiding = self._substitution.hiding()

    async def _read(self) -> Chunk:
        response, decoder, hiding = self._response, self._decoder, self._hiding
        assert response is not None
        assert decoder is not None
        assert hiding is not None
        if (response.content_length or 0) > self._max_bytes:
            raise self._too_long()
        pieces: list[bytes] = []
        size = 0
        while size < READ_BYTES:
            if piece := decoder.next():
                self._received += len(piece)
                if self._received > self._max_bytes:
                    raise self._too_long()
                pieces.append(hiding.feed(piece))
                size += len(pieces[-1])
            elif data := response.content.read_nowait():
                decoder.feed(data)
            elif response.content.at_eof():
                if not decoder.complete:
                    raise failed("the compressed response ended too early")
                pieces.append(hiding.finish())
                self._end(FetchError("fetch failed: the response has been read", "INVALID_INPUT"))
                return Chunk(b"".join(pieces), done=True)
            elif size:
                break
            else:
                decoder.feed(await response.content.readany())
        return Chunk(b"".join(pieces), done=False)

    def _too_long(self) -> FetchError:
        return too_large(f"the response has over {self._max_bytes} bytes")


def _raw(text: str) -> bytes:
    """A header as it came: aiohttp reads what is no UTF-8 as surrogates."""
    return text.encode(errors="surrogateescape")


def _told(error: Exception, place: str) -> FetchError:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            problem = getattr(error.certificate_error, "verify_message", "") or "not trusted"
            return failed(f"the certificate of {place} is not valid: {problem}")
        case aiohttp.ClientConnectorError(os_error=AddressRefused() as refused):
            return forbidden(str(refused))
        case aiohttp.ClientConnectorDNSError():
            return failed(f"{error.host} was not found: {error.os_error.strerror or 'no answer'}")
        case aiohttp.ClientConnectorSSLError():
            return failed(f"no TLS connection with {place}")
        case aiohttp.ClientConnectorError():
            problem = os.strerror(error.os_error.errno) if error.os_error.errno else "no connection"
            return failed(f"{place} was not reached: {problem.lower()}")
        case aiohttp.ClientPayloadError():
            return failed(f"the response of {place} broke off")
        case aiohttp.ClientResponseError():
            return failed(f"{place} answered with what is no HTTP")
        case UndecodableBody():
            return failed(f"the response of {place} is not what its Content-Encoding says: {error}")
        case _:
            return failed(f"{place} closed the connection")
