"""Operations by which a script fetches: ask, read the body piece by piece, or give up.

The script numbers its requests, so that it can give one up whose answer has not come yet.
"""

import base64
import binascii
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from runtime.fetch.errors import FetchError, too_large
from runtime.fetch.exchange import Exchange
from runtime.fetch.request import SAFE_METHODS, Redirect, make_request
from runtime.fetch.substitution import Substitution
from runtime.fetch.target import parse_target
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import invalid_input

# Bodies of one isolate's requests that are under way or wait for their turn.
MAX_BODY_BYTES = 16 << 20

Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class Ask(msgspec.Struct):
    """headers: (name, value) each. body: base64."""

    id: Number
    url: str
    method: str = "GET"
    headers: list[tuple[str, str]] = []
    body: str | None = None
    redirect: Literal["follow", "error", "manual"] = "follow"


class ById(msgspec.Struct):
    id: Number


async def get(call: OpCall, args: Ask) -> dict[str, Any]:
    """By HTTP's own rule such a request changes nothing, so that a script on trial may make it."""
    if args.method not in SAFE_METHODS:
        raise invalid_input("method", f"{args.method[:32]} is none that only looks")
    return await _ask(call, args)


async def send(call: OpCall, args: Ask) -> dict[str, Any]:
    return await _ask(call, args)


async def read(call: OpCall, args: ById) -> dict[str, Any]:
    exchanges = call.isolate.exchanges
    exchange = exchanges.get(args.id)
    if exchange is None:
        raise FetchError("fetch failed: the response has ended", "FETCH_ENDED")
    try:
        chunk = await exchange.read()
    except FetchError:
        exchanges.pop(args.id, None)
        raise
    if chunk.done:
        exchanges.pop(args.id, None)
    return {"data": base64.b64encode(chunk.data).decode(), "done": chunk.done}


async def cancel(call: OpCall, args: ById) -> None:
    if exchange := call.isolate.exchanges.pop(args.id, None):
        exchange.cancel()


async def _ask(call: OpCall, args: Ask) -> dict[str, Any]:
    exchanges, services = call.isolate.exchanges, call.services
    services.capabilities.require_fetch(call.guild_id)
    substitution = await services.secrets.substitution(
        call.guild_id, services.fetch.limits_of(call.guild_id).request_bytes
    )
    if args.id in exchanges:
        raise invalid_input("id", "is another request's")
    exchange = exchanges[args.id] = _exchange(call, args, substitution)
    try:
        head = await exchange.begin()
    except BaseException:
        exchanges.pop(args.id, None)
        raise
    if not head.has_body:
        exchanges.pop(args.id, None)
    return {
        "status": head.status,
        "statusText": head.reason,
        "url": head.url,
        "redirected": head.redirected,
        "headers": head.headers,
        "hasBody": head.has_body,
    }


def _exchange(call: OpCall, args: Ask, substitution: Substitution) -> Exchange:
    """Raises FetchError, and OperationError for what no SDK sends."""
    body = None if args.body is None else _decoded(args.body)
    request = make_request(
        args.method, parse_target(args.url), args.headers, body, Redirect(args.redirect)
    )
    waiting = sum(len(other.request.body or b"") for other in call.isolate.exchanges.values())
    if waiting + len(body or b"") > MAX_BODY_BYTES:
        raise too_large(
            f"over {MAX_BODY_BYTES} bytes of requests are under way: await some before the next"
        )
    return call.services.fetch.exchange(call.guild_id, request, substitution)


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_input("body", "invalid base64 data") from None


OPERATIONS: dict[str, Operation[Any]] = {
    "fetch.get": Operation(Ask, get, has_effect=False),
    "fetch.send": Operation(Ask, send, has_effect=True),
    "fetch.read": Operation(ById, read, has_effect=False),
    "fetch.cancel": Operation(ById, cancel, has_effect=False),
}
