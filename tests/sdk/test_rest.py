"""`rest` on messages and interactions: one operation each, with arguments checked."""

from typing import Any

import msgspec
import pytest

from runtime.operations.table import OPERATIONS
from tests.sdk.conftest import SAFE_MENTIONS, Script
from tests.sdk.discord import CHANNEL, EMOJI, INTERACTION, MESSAGE, TOKEN, USER, Json

MESSAGE_ADDRESS = {"channelId": CHANNEL, "messageId": MESSAGE}
INTERACTION_ADDRESS = {"interactionId": INTERACTION, "token": TOKEN}
HI = {"content": "hi", "allowed_mentions": SAFE_MENTIONS}
FILE = {"data": "aGVsbG8=", "filename": "a.txt"}
MESSAGE_ARGS = "channelId: CHANNEL, messageId: MESSAGE"
INTERACTION_ARGS = "interactionId: INTERACTION, token: TOKEN"

# method, arguments, payload
CALLS: list[tuple[str, str, Json]] = [
    ("sendMessage", "channelId: CHANNEL, content: 'hi'", {"channelId": CHANNEL, "body": HI}),
    (
        "sendMessage",
        f"{MESSAGE_ARGS}, content: 'hi'",  # the older name of replyTo
        {"channelId": CHANNEL, "body": {**HI, "message_reference": {"message_id": MESSAGE}}},
    ),
    (
        "sendMessage",
        f"{MESSAGE_ARGS}, replyTo: null, content: 'hi'",
        {"channelId": CHANNEL, "body": HI},
    ),
    ("editMessage", f"{MESSAGE_ARGS}, content: 'hi'", {**MESSAGE_ADDRESS, "body": HI}),
    ("deleteMessage", f"{MESSAGE_ARGS}, more: 1", MESSAGE_ADDRESS),
    ("deleteMessage", f"{MESSAGE_ARGS}, reason: 'r'", {**MESSAGE_ADDRESS, "reason": "r"}),
    (
        "bulkDeleteMessages",
        "channelId: CHANNEL, messageIds: ['1', 2n], reason: 'r'",
        {"channelId": CHANNEL, "payload": {"messages": ["1", "2"]}, "reason": "r"},
    ),
    ("pinMessage", MESSAGE_ARGS, MESSAGE_ADDRESS),
    ("unpinMessage", MESSAGE_ARGS, MESSAGE_ADDRESS),
    ("crosspostMessage", MESSAGE_ARGS, MESSAGE_ADDRESS),
    ("fetchMessage", MESSAGE_ARGS, MESSAGE_ADDRESS),
    ("fetchMessages", "channelId: CHANNEL", {"channelId": CHANNEL}),
    (
        "fetchMessages",
        "channelId: CHANNEL, limit: 10n, before: '1', after: null, around: undefined",
        {"channelId": CHANNEL, "limit": 10, "before": "1"},
    ),
    (
        "fetchMessages",
        "channelId: CHANNEL, limit: 5, after: '1', around: '2'",
        {"channelId": CHANNEL, "limit": 5, "after": "1", "around": "2"},
    ),
    ("addReaction", f"{MESSAGE_ARGS}, emoji: '🌱'", {**MESSAGE_ADDRESS, "emoji": "🌱"}),
    ("removeReaction", f"{MESSAGE_ARGS}, emoji: '🌱'", {**MESSAGE_ADDRESS, "emoji": "🌱"}),
    (
        "removeReaction",
        f"{MESSAGE_ARGS}, emoji: 'rose:{EMOJI}', userId: USER",
        {**MESSAGE_ADDRESS, "emoji": f"rose:{EMOJI}", "userId": USER},
    ),
    ("clearReactions", MESSAGE_ARGS, MESSAGE_ADDRESS),
    ("clearReactions", f"{MESSAGE_ARGS}, emoji: null", MESSAGE_ADDRESS),
    ("clearReactions", f"{MESSAGE_ARGS}, emoji: '🌱'", {**MESSAGE_ADDRESS, "emoji": "🌱"}),
    (
        "sendInteractionResponse",
        f"{INTERACTION_ARGS}, content: 'hi', ephemeral: true",
        {**INTERACTION_ADDRESS, "type": 4, "body": {**HI, "flags": 64}},
    ),
    (
        "sendInteractionResponse",
        f"{INTERACTION_ARGS}, content: 'hi', allowedMentions: {{}}",
        {
            **INTERACTION_ADDRESS,
            "type": 4,
            "body": {"content": "hi", "allowed_mentions": {"parse": []}},
            "explicitMentions": True,
        },
    ),
    ("deferInteractionResponse", INTERACTION_ARGS, {**INTERACTION_ADDRESS, "type": 5}),
    (
        "deferInteractionResponse",
        f"{INTERACTION_ARGS}, ephemeral: true",
        {**INTERACTION_ADDRESS, "type": 5, "ephemeral": True},
    ),
    (
        "updateInteractionResponse",
        f"{INTERACTION_ARGS}, components: []",
        {
            **INTERACTION_ADDRESS,
            "type": 7,
            "body": {"components": [], "allowed_mentions": SAFE_MENTIONS},
        },
    ),
    (
        "editOriginalInteractionResponse",
        f"token: TOKEN, content: 'hi', attachments: [{{base64: {FILE}}}]",
        {"token": TOKEN, "body": {**HI, "attachments": [{"id": "0"}]}, "files": [FILE]},
    ),
    ("fetchOriginalInteractionResponse", "token: TOKEN", {"token": TOKEN}),
    ("deleteOriginalInteractionResponse", "token: TOKEN", {"token": TOKEN}),
    ("createFollowupMessage", "token: TOKEN, content: 'hi'", {"token": TOKEN, "body": HI}),
    (
        "createFollowupMessage",
        "token: TOKEN, content: 'hi', ephemeral: true",
        {"token": TOKEN, "body": {**HI, "flags": 64}},
    ),
    (
        "editFollowupMessage",
        "token: TOKEN, messageId: MESSAGE, content: 'hi'",
        {"token": TOKEN, "messageId": MESSAGE, "body": HI},
    ),
    (
        "deleteFollowupMessage",
        "token: TOKEN, messageId: MESSAGE",
        {"token": TOKEN, "messageId": MESSAGE},
    ),
]


@pytest.mark.parametrize(("method", "arguments", "payload"), CALLS)
def test_a_method_asks_for_the_operation_of_its_name(
    script: Script, method: str, arguments: str, payload: Json
) -> None:
    assert script.asks(f"rest.{method}({{{arguments}}})") == [(f"rest.{method}", payload)]


def test_commands_are_registered_by_the_one_operation_for_it(script: Script) -> None:
    call = (
        "rest.upsertGuildCommands({guildId: GUILD, commands: ["
        "{name: 'tea', description: 'd', options: ["
        "{name: 'a', description: 'd', kind: 'integer'}, {name: 'b', description: 'd'}]}]})"
    )
    options = [
        {"name": "a", "description": "d", "type": 4},
        {"name": "b", "description": "d", "type": 3},
    ]
    command = {"name": "tea", "description": "d", "type": 1, "options": options}
    assert script.asks(call) == [("commands.register", {"commands": [command]})]


@pytest.mark.parametrize(("method", "payload"), [(call[0], call[2]) for call in CALLS])
def test_the_host_takes_every_payload(method: str, payload: Json) -> None:
    arguments = OPERATIONS[f"rest.{method}"].arguments
    msgspec.json.decode(msgspec.json.encode(payload), type=arguments)


@pytest.mark.parametrize(
    ("answer", "result"),
    [(None, None), ({"id": "1"}, {"id": "1"}), ([{"id": "1"}], [{"id": "1"}]), (False, False)],
)
def test_a_method_gives_what_the_host_answers(script: Script, answer: Any, result: Any) -> None:
    attempt = script.attempt(f"rest.fetchMessage({{{MESSAGE_ARGS}}})")
    script.answer(attempt.asked[0], answer)
    # Without an answer the promise gives undefined, as the original's did.
    assert attempt.result == ({} if answer is None else {"value": result})
