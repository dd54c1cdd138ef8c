"""Operations that answer an interaction. Its token is bound to the guild that received it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.routes.checks import snowflake
from runtime.interactions.answer import Answer
from runtime.interactions.interaction import Interaction
from runtime.operations.attachments import Attachment, file_turn, files_of
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import invalid_input
from runtime.operations.request_body import agreed_mentions, json_object

MAX_CHOICES, MAX_CHOICE = 25, 100
DEFERRED_UPDATE = 6


class ByToken(msgspec.Struct, rename="camel"):
    token: str


class ById(msgspec.Struct, rename="camel"):
    interaction_id: str
    token: str


class Respond(ById):
    """ephemeral: what the script said of it; the body's flag counts too. explicit_mentions: whom
    it pings is the script's own word."""

    body: msgspec.Raw
    files: list[Attachment] | None = None
    explicit_mentions: bool = False
    ephemeral: bool | None = None


class Defer(ById):
    """type: Discord's, of a message (5) or of an update (6)."""

    type: int
    ephemeral: bool | None = None


class ShowModal(ById):
    modal: msgspec.Raw


class Choice(msgspec.Struct, omit_defaults=True):
    name: Annotated[str, Meta(min_length=1, max_length=MAX_CHOICE)]
    value: Annotated[str, Meta(max_length=MAX_CHOICE)] | int | float
    name_localizations: dict[str, str] | None = None


class Suggest(ById):
    choices: Annotated[list[Choice], Meta(max_length=MAX_CHOICES)]


class Body(ByToken):
    body: msgspec.Raw
    files: list[Attachment] | None = None
    explicit_mentions: bool = False
    ephemeral: bool | None = None


class Followup(ByToken):
    message_id: str


class FollowupBody(Followup):
    body: msgspec.Raw
    files: list[Attachment] | None = None
    explicit_mentions: bool = False


async def respond(call: OpCall, args: Respond) -> Any:
    interaction = _by_id(call, args)
    async with file_turn(call, bool(args.files)):
        return await interaction.reply(await _answer(call, args, args.ephemeral))


async def defer(call: OpCall, args: Defer) -> None:
    interaction = _by_id(call, args)
    if args.type == DEFERRED_UPDATE:
        await interaction.defer_update()
    else:
        await interaction.defer(args.ephemeral)


async def update(call: OpCall, args: Respond) -> Any:
    interaction = _by_id(call, args)
    async with file_turn(call, bool(args.files)):
        return await interaction.update(await _answer(call, args))


async def show_modal(call: OpCall, args: ShowModal) -> None:
    await _by_id(call, args).show_modal(json_object("modal", args.modal))


async def suggest(call: OpCall, args: Suggest) -> None:
    choices = msgspec.json.encode({"choices": args.choices})
    await _by_id(call, args).suggest(choices)


async def edit_original(call: OpCall, args: Body) -> Any:
    interaction = _by_token(call, args.token)
    async with file_turn(call, bool(args.files)):
        return await interaction.edit_original(await _answer(call, args))


async def delete_original(call: OpCall, args: ByToken) -> None:
    await _by_token(call, args.token).delete_original()


async def fetch_original(call: OpCall, args: ByToken) -> Any:
    return await _by_token(call, args.token).fetch_original()


async def fetch_reply(call: OpCall, args: ByToken) -> Any:
    return await _by_token(call, args.token).fetch_reply()


async def create_followup(call: OpCall, args: Body) -> Any:
    interaction = _by_token(call, args.token)
    async with file_turn(call, bool(args.files)):
        return await interaction.follow_up(await _answer(call, args, args.ephemeral))


async def edit_followup(call: OpCall, args: FollowupBody) -> Any:
    message_id = snowflake("message_id", args.message_id)
    interaction = _by_token(call, args.token)
    async with file_turn(call, bool(args.files)):
        return await interaction.edit_followup(message_id, await _answer(call, args))


async def delete_followup(call: OpCall, args: Followup) -> None:
    message_id = snowflake("message_id", args.message_id)
    await _by_token(call, args.token).delete_followup(message_id)


def _by_token(call: OpCall, token: str) -> Interaction:
    return call.services.interactions.require(call.guild_id, token)


def _by_id(call: OpCall, args: ById) -> Interaction:
    interaction = _by_token(call, args.token)
    if interaction.received.id != args.interaction_id:
        raise invalid_input("interaction_id", "the token is another interaction's")
    return interaction


async def _answer(
    call: OpCall, args: Respond | Body | FollowupBody, ephemeral: bool | None = None
) -> Answer:
    text = json_object("payload", args.body)
    try:
        text = agreed_mentions(call, text, explicit=args.explicit_mentions)
        return Answer.of(text, await files_of(call, args.files), ephemeral)
    except ValueError as error:
        raise invalid_input("payload", str(error)) from None


OPERATIONS: dict[str, Operation[Any]] = {
    "rest.sendInteractionResponse": Operation(Respond, respond, has_effect=True),
    "rest.deferInteractionResponse": Operation(Defer, defer, has_effect=True),
    "rest.updateInteractionResponse": Operation(Respond, update, has_effect=True),
    "rest.editOriginalInteractionResponse": Operation(Body, edit_original, has_effect=True),
    "rest.deleteOriginalInteractionResponse": Operation(ByToken, delete_original, has_effect=True),
    "rest.fetchOriginalInteractionResponse": Operation(ByToken, fetch_original, has_effect=False),
    "rest.createFollowupMessage": Operation(Body, create_followup, has_effect=True),
    "rest.editFollowupMessage": Operation(FollowupBody, edit_followup, has_effect=True),
    "rest.deleteFollowupMessage": Operation(Followup, delete_followup, has_effect=True),
    "interaction.showModal": Operation(ShowModal, show_modal, has_effect=True),
    "interaction.suggest": Operation(Suggest, suggest, has_effect=True),
    "interaction.fetchReply": Operation(ByToken, fetch_reply, has_effect=False),
}
