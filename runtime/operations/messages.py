"""Operations on messages and reactions in the guild's own channels."""

from typing import Any

import msgspec

from runtime.operations.arguments import Attachment, decoded_files, json_object, snowflake
from runtime.operations.call import OpCall, Operation
from runtime.operations.errors import invalid_input

CHANNEL = "/channels/{channel_id}"
MESSAGES = f"{CHANNEL}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
REACTIONS = f"{MESSAGE}/reactions"


class Send(msgspec.Struct, rename="camel"):
    channel_id: str
    body: msgspec.Raw
    files: list[Attachment] | None = None


class Edit(msgspec.Struct, rename="camel"):
    channel_id: str
    message_id: str
    body: msgspec.Raw
    files: list[Attachment] | None = None


class Message(msgspec.Struct, rename="camel"):
    channel_id: str
    message_id: str


class Messages(msgspec.Struct, rename="camel"):
    channel_id: str
    message_ids: list[str]


class Page(msgspec.Struct, rename="camel"):
    channel_id: str
    limit: float | None = None
    before: str | None = None
    after: str | None = None
    around: str | None = None


class Reaction(msgspec.Struct, rename="camel"):
    """emoji: a character, or name:id."""

    channel_id: str
    message_id: str
    emoji: str
    user_id: str | None = None


class Reactions(msgspec.Struct, rename="camel"):
    channel_id: str
    message_id: str
    emoji: str | None = None


async def _request(call: OpCall, method: str, path: str, channel_id: str, **more: Any) -> Any:
    snowflake("channel_id", channel_id)
    scope = call.services.scope
    if not scope.knows_channel(call.guild_id, channel_id):
        await scope.require_channel(call.guild_id, channel_id)
    return await call.services.rest.request(
        call.guild_id, method, path, channel_id=channel_id, **more
    )


async def send(call: OpCall, args: Send) -> Any:
    return await _request(
        call,
        "POST",
        MESSAGES,
        args.channel_id,
        body=json_object("payload", args.body),
        files=decoded_files(args.files),
    )


async def edit(call: OpCall, args: Edit) -> None:
    await _request(
        call,
        "PATCH",
        MESSAGE,
        args.channel_id,
        message_id=snowflake("message_id", args.message_id),
        body=json_object("payload", args.body),
        files=decoded_files(args.files),
    )


async def bulk_delete(call: OpCall, args: Messages) -> None:
    ids = [snowflake("message_id", message_id) for message_id in args.message_ids]
    body = msgspec.json.encode({"messages": ids})
    await _request(call, "POST", f"{MESSAGES}/bulk-delete", args.channel_id, body=body)


async def crosspost(call: OpCall, args: Message) -> Any:
    return await _on_message(call, "POST", f"{MESSAGE}/crosspost", args)


async def fetch(call: OpCall, args: Message) -> Any:
    return await _on_message(call, "GET", MESSAGE, args)


async def delete(call: OpCall, args: Message) -> None:
    await _on_message(call, "DELETE", MESSAGE, args)


async def pin(call: OpCall, args: Message) -> None:
    await _on_message(call, "PUT", f"{CHANNEL}/messages/pins/{{message_id}}", args)


async def unpin(call: OpCall, args: Message) -> None:
    await _on_message(call, "DELETE", f"{CHANNEL}/messages/pins/{{message_id}}", args)


async def fetch_page(call: OpCall, args: Page) -> Any:
    query: dict[str, str] = {}
    if args.limit is not None:
        query["limit"] = str(max(1, min(100, int(args.limit))))
    for name in ("before", "after", "around"):
        if message_id := getattr(args, name):
            query[name] = snowflake("message_id", message_id)
    return await _request(call, "GET", MESSAGES, args.channel_id, query=query)


async def add_reaction(call: OpCall, args: Reaction) -> None:
    await _on_reaction(call, "PUT", "@me", args)


async def remove_reaction(call: OpCall, args: Reaction) -> None:
    whose = snowflake("user_id", args.user_id) if args.user_id else "@me"
    await _on_reaction(call, "DELETE", whose, args)


async def clear_reactions(call: OpCall, args: Reactions) -> None:
    message_id = snowflake("message_id", args.message_id)
    if args.emoji is None:
        await _request(call, "DELETE", REACTIONS, args.channel_id, message_id=message_id)
    else:
        await _request(
            call,
            "DELETE",
            f"{REACTIONS}/{{emoji}}",
            args.channel_id,
            message_id=message_id,
            emoji=_emoji(args.emoji),
        )


async def _on_message(call: OpCall, method: str, path: str, args: Message) -> Any:
    message_id = snowflake("message_id", args.message_id)
    return await _request(call, method, path, args.channel_id, message_id=message_id)


async def _on_reaction(call: OpCall, method: str, whose: str, args: Reaction) -> None:
    await _request(
        call,
        method,
        f"{REACTIONS}/{{emoji}}/{{user_id}}",
        args.channel_id,
        message_id=snowflake("message_id", args.message_id),
        emoji=_emoji(args.emoji),
        user_id=whose,
    )


def _emoji(emoji: str) -> str:
    if not emoji.strip() or len(emoji) > 100 or emoji in (".", ".."):
        raise invalid_input("emoji", "invalid reaction emoji")
    return emoji


OPERATIONS: dict[str, Operation[Any]] = {
    "rest.sendMessage": Operation(Send, send, has_effect=True),
    "rest.editMessage": Operation(Edit, edit, has_effect=True),
    "rest.deleteMessage": Operation(Message, delete, has_effect=True),
    "rest.bulkDeleteMessages": Operation(Messages, bulk_delete, has_effect=True),
    "rest.pinMessage": Operation(Message, pin, has_effect=True),
    "rest.unpinMessage": Operation(Message, unpin, has_effect=True),
    "rest.crosspostMessage": Operation(Message, crosspost, has_effect=True),
    "rest.fetchMessage": Operation(Message, fetch, has_effect=False),
    "rest.fetchMessages": Operation(Page, fetch_page, has_effect=False),
    "rest.addReaction": Operation(Reaction, add_reaction, has_effect=True),
    "rest.removeReaction": Operation(Reaction, remove_reaction, has_effect=True),
    "rest.clearReactions": Operation(Reactions, clear_reactions, has_effect=True),
}
