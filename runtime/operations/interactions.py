"""Operations that answer an interaction. Its token is bound to the guild that received it."""

import re
from typing import Any

import msgspec

from runtime.operations.arguments import Attachment, decoded_files, json_object, snowflake
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import invalid_input

_TOKEN = re.compile(r"[A-Za-z0-9_.:=-]{1,512}")
# Discord's callback types that a script may choose: message, defer, defer update, update.
CALLBACK_TYPES = (4, 5, 6, 7)


class Respond(msgspec.Struct, rename="camel"):
    interaction_id: str
    token: str
    type: int
    body: msgspec.Raw = msgspec.Raw(b"")
    files: list[Attachment] | None = None


class ByToken(msgspec.Struct, rename="camel"):
    token: str


class Body(msgspec.Struct, rename="camel"):
    token: str
    body: msgspec.Raw
    files: list[Attachment] | None = None


class Followup(msgspec.Struct, rename="camel"):
    token: str
    message_id: str


class FollowupBody(msgspec.Struct, rename="camel"):
    token: str
    message_id: str
    body: msgspec.Raw
    files: list[Attachment] | None = None


async def respond(call: OpCall, args: Respond) -> None:
    if args.type not in CALLBACK_TYPES:
        raise invalid_input("type", f"expected one of {CALLBACK_TYPES}")
    token = _own_token(call, args.token)
    data = b',"data":' + json_object("payload", args.body) if bytes(args.body) else b""
    await call.services.rest.interaction(
        "POST",
        f"/interactions/{snowflake('interaction_id', args.interaction_id)}/{token}/callback",
        body=b'{"type":%d%b}' % (args.type, data),
        files=decoded_files(args.files),
    )


async def edit_original(call: OpCall, args: Body) -> Any:
    return await _webhook(call, "PATCH", args.token, "/messages/@original", args.body, args.files)


async def delete_original(call: OpCall, args: ByToken) -> None:
    await _webhook(call, "DELETE", args.token, "/messages/@original")


async def create_followup(call: OpCall, args: Body) -> Any:
    return await _webhook(call, "POST", args.token, "", args.body, args.files)


async def edit_followup(call: OpCall, args: FollowupBody) -> Any:
    message = f"/messages/{snowflake('message_id', args.message_id)}"
    return await _webhook(call, "PATCH", args.token, message, args.body, args.files)


async def delete_followup(call: OpCall, args: Followup) -> None:
    message = f"/messages/{snowflake('message_id', args.message_id)}"
    await _webhook(call, "DELETE", args.token, message)


async def _webhook(
    call: OpCall,
    method: str,
    token: str,
    path: str,
    body: msgspec.Raw | None = None,
    files: list[Attachment] | None = None,
) -> Any:
    own = _own_token(call, token)
    return await call.services.rest.interaction(
        method,
        f"/webhooks/{call.services.application_id}/{own}{path}",
        body=None if body is None else json_object("payload", body),
        files=decoded_files(files),
    )


def _own_token(call: OpCall, token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise invalid_input("token", "not an interaction token")
    call.services.scope.require_token(call.guild_id, token)
    return token


OPERATIONS: dict[str, Operation[Any]] = {
    "rest.sendInteractionResponse": Operation(Respond, respond, has_effect=True),
    "rest.deferInteractionResponse": Operation(Respond, respond, has_effect=True),
    "rest.updateInteractionResponse": Operation(Respond, respond, has_effect=True),
    "rest.editOriginalInteractionResponse": Operation(Body, edit_original, has_effect=True),
    "rest.deleteOriginalInteractionResponse": Operation(ByToken, delete_original, has_effect=True),
    "rest.createFollowupMessage": Operation(Body, create_followup, has_effect=True),
    "rest.editFollowupMessage": Operation(FollowupBody, edit_followup, has_effect=True),
    "rest.deleteFollowupMessage": Operation(Followup, delete_followup, has_effect=True),
}
