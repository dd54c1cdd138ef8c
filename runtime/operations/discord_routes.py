"""The table of Discord's routes as operations: each method of `rest`, and `discord.request`.

What a script hands over is checked, then authorised, then gathered, and only then sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from gateway.errors import InvalidArgument
from gateway.rest import File, Form
from gateway.routes.checks import as_query, text
from gateway.routes.ownership import may_name_objects, require_own
from gateway.routes.route import Body, Makes, Route, check_parameter
from gateway.routes.table import METHODS, find
from runtime.operations import request_body
from runtime.operations.attachments import Attachment, file_turn, files_of
from runtime.operations.call import OpCall, Operation

Arguments = dict[str, msgspec.Raw]

# Arguments of `rest` that hold a body or a part of it; any other is a field of it.
_HOLDERS = ("payload", "command")
_REASON = text(0, 512)
_NULL = b"null"


class Request(msgspec.Struct, rename="camel"):
    """path: as in Discord's documentation, with ids in it; body: any JSON, null for none."""

    method: str
    path: str
    query: dict[str, Any] | None = None
    body: msgspec.Raw = msgspec.Raw(_NULL)  # `Raw | None` takes no object (msgspec 0.22)
    reason: str | None = None
    files: list[Attachment] | None = None


@dataclass(slots=True)
class _Asked:
    """body: JSON text, finished; or what it will be made of."""

    route: Route
    parameters: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    attachments: list[Attachment] | None = None
    reason: str | None = None


# --- methods of rest ----------------------------------------------------------------------------


async def call_method(routes: Sequence[Route], call: OpCall, arguments: Arguments) -> Any:
    """One of the rows with the method's name: the first whose parameters are given."""
    given = {name: raw for name, raw in arguments.items() if bytes(raw) != _NULL}
    own = {"guild_id": call.guild_id, "application_id": call.services.application_id}
    route = next((row for row in routes if _missing(row, given, own) is None), routes[-1])
    parameters = {
        name: check_parameter(name, _value(given, camel(name), own.get(name)))
        for name in route.parameters
    }
    query = _query(route, {name: _value(given, camel(name)) for name in route.query})
    asked = _Asked(route, parameters, query, reason=_value(given, "reason"))
    asked.attachments = _attachments(route, given)
    if "body" in given and route.body is Body.MESSAGE:
        asked.body = _finished(call, given)
    elif route.body is not Body.NOTHING:
        asked.body = _fields(route, arguments)
        if route.body is Body.THREAD and isinstance(asked.body.get("message"), dict):
            request_body.add_mentions(call, asked.body["message"], is_new=True)
    return await _perform(call, asked)


def _missing(route: Route, given: Arguments, own: Mapping[str, str]) -> str | None:
    return next(
        (name for name in route.parameters if camel(name) not in given and name not in own), None
    )


def _finished(call: OpCall, given: Arguments) -> bytes:
    """The body of a message, which the SDK has made."""
    body = request_body.json_object("payload", given["body"])
    explicit = _value(given, "explicitMentions") is True
    return request_body.agreed_mentions(call, body, explicit=explicit)


def _fields(route: Route, arguments: Arguments) -> Any:
    """What is neither in the address nor beside the body, and what its holders hold."""
    beside = {camel(name) for name in (*route.parameters, *route.query)}
    beside |= {"guildId", "reason", "files", "file", "body", *_HOLDERS}
    fields = {name: raw for name, raw in arguments.items() if name not in beside}
    for holder in _HOLDERS:
        if holder in arguments and bytes(arguments[holder]) != _NULL:
            try:
                fields |= msgspec.json.decode(arguments[holder], type=Arguments)
            except msgspec.ValidationError:
                raise InvalidArgument(holder, "expected an object") from None
    body = request_body.spell_as_discord(request_body.decoded_fields(fields))
    request_body.check_fields(body, route.fields)
    return body


def _attachments(route: Route, given: Arguments) -> list[Attachment] | None:
    if not route.takes_files or "files" not in given:
        return None
    return msgspec.json.decode(given["files"], type=list[Attachment])


def _value(given: Arguments, name: str, default: Any = None) -> Any:
    return request_body.decoded(given[name]) if name in given else default


def camel(name: str) -> str:
    """`user_id` → `userId`, as arguments are called."""
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


# --- discord.request ----------------------------------------------------------------------------


async def read(call: OpCall, request: Request) -> Any:
    """Changes nothing, so that a script may do it while it is on trial."""
    if request.method != "GET":
        raise InvalidArgument("method", "expected GET")
    return await request_route(call, request)


async def request_route(call: OpCall, request: Request) -> Any:
    route, parameters = find(request.method, request.path)
    query = request.query or {}
    for name in query:
        if name not in route.query:
            known = ", ".join(route.query) or "none"
            raise InvalidArgument(f"query.{name}", f"{route} takes: {known}")
    asked = _Asked(route, parameters, _query(route, query), reason=request.reason)
    if request.files and not route.takes_files:
        raise InvalidArgument("files", f"{route} takes none")
    asked.attachments = request.files
    if bytes(request.body) != _NULL:
        if route.body is Body.NOTHING:
            raise InvalidArgument("body", f"{route} takes none")
        asked.body = _raw_body(call, route, request.body)
    elif route.body is not Body.NOTHING:
        asked.body = {}
    return await _perform(call, asked)


def _raw_body(call: OpCall, route: Route, raw: msgspec.Raw) -> Any:
    """As the script has written it, in Discord's spelling."""
    if bytes(raw).lstrip().startswith(b"["):
        return request_body.decoded_fields({"body": raw})["body"]
    try:
        fields: Arguments = msgspec.json.decode(raw, type=Arguments)
    except msgspec.ValidationError:
        raise InvalidArgument("body", "expected an object or an array") from None
    body = request_body.decoded_fields(fields)
    request_body.check_fields(body, route.fields)
    message = body.get("message") if route.body is Body.THREAD else body
    if route.body in (Body.MESSAGE, Body.THREAD) and isinstance(message, dict):
        request_body.add_mentions(call, message, is_new=route.method == "POST")
    return body


# --- both ---------------------------------------------------------------------------------------


def _query(route: Route, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: route.query[name](name, value) for name, value in given.items() if value is not None
    }


async def _perform(call: OpCall, asked: _Asked) -> Any:
    route, services = asked.route, call.services
    reason = None if asked.reason is None else _REASON("reason", asked.reason)
    body = asked.body
    named = body if not isinstance(body, bytes) else ()
    if isinstance(body, bytes) and may_name_objects(body):
        named = request_body.decoded(msgspec.Raw(body))
    await require_own(
        *(services.scope, call.guild_id, services.application_id),
        asked.parameters,
        *(asked.query, named or ()),
    )
    services.capabilities.require(
        call.isolate.script, route.permission_for(body), route.granted_by(body)
    )
    has_pictures = isinstance(body, dict) and not request_body.PICTURES.isdisjoint(body)
    async with file_turn(call, bool(asked.attachments) or has_pictures):
        files = await files_of(call, asked.attachments)
        result = await services.rest.request(
            *(call.guild_id, route.method, route.path),
            body=await _sendable(call, route, body, files),
            files=() if route.body is Body.FORM else files,
            query={name: as_query(name, value) for name, value in asked.query.items()},
            reason=reason,
            **asked.parameters,
        )
    _learn(call, route, result)
    return result


async def _sendable(
    call: OpCall, route: Route, body: Any, files: Sequence[File]
) -> bytes | Form | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, dict):
        await request_body.make_pictures(call, body)
    if route.body is Body.FORM:
        if len(files) != 1 or not isinstance(body, dict):
            raise InvalidArgument("file", "expected one file")
        return Form({name: as_query(name, value) for name, value in body.items()}, files[0])
    return request_body.encoded(body)


def _learn(call: OpCall, route: Route, made: Any) -> None:
    """What the script has made is the guild's, though no event has said so yet."""
    scope, guild_id = call.services.scope, call.guild_id
    match route.makes:
        case Makes.CHANNEL:
            scope.learn_channel(guild_id, made["id"])
        case Makes.WEBHOOK:
            scope.learn_webhook(guild_id, made["id"])
        case Makes.INVITE:
            scope.learn_invite(guild_id, made["code"])


OPERATIONS: dict[str, Operation[Any]] = {
    **{
        f"rest.{name}": Operation(
            Arguments, partial(call_method, routes), has_effect=routes[0].has_effect
        )
        for name, routes in METHODS.items()
    },
    "discord.read": Operation(Request, read, has_effect=False),
    "discord.request": Operation(Request, request_route, has_effect=True),
}
