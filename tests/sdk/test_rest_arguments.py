"""Arguments of `rest`: ids, tokens and emoji in their forms, and the errors that name the rest."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk.conftest import Script, invalid
from tests.sdk.discord import CHANNEL, EMOJI, GUILD, MESSAGE

MESSAGE_ADDRESS = {"channelId": CHANNEL, "messageId": MESSAGE}
MESSAGE_ARGS = "channelId: CHANNEL, messageId: MESSAGE"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("", invalid("args", "expected an object, got undefined")),
        ("null", invalid("args", "expected an object, got null")),
        ("'1'", invalid("args", "expected an object, got string")),
        ("[]", invalid("args", "expected an object")),
        ("new Proxy({}, {ownKeys() { throw new Error('trap') }})", invalid("args", "trap")),
        ("{}", invalid("channel_id", "invalid snowflake")),
        ("{channelId: CHANNEL}", invalid("message_id", "invalid snowflake")),
        (
            "{channelId: CHANNEL, get messageId() { throw new Error('mine') }}",
            invalid("messageId", "mine"),
        ),
    ],
)
def test_arguments_that_cannot_be_used_are_named(
    script: Script, arguments: str, error: Any
) -> None:
    assert script.failure(f"rest.deleteMessage({arguments})") == error


@pytest.mark.parametrize(
    ("id_", "text"),
    [
        ("'1'", "1"),
        ("1", "1"),
        ("9007199254740991", "9007199254740991"),
        ("9223372036854775807n", "9223372036854775807"),
        ("new String('5')", "5"),
        ("9007199254740993", None),  # no longer exact
        ("'9223372036854775808'", None),
        ("'0'", None),
        ("'01'", None),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("''", None),
        ("' 1'", None),
        ("'1\\n'", None),
        ("'١'", None),
        ("'12345678901234567890'", None),
        ("true", None),
        ("null", None),
        ("['1']", None),
        ("{}", None),
    ],
)
def test_an_id_is_a_positive_number_below_two_to_the_63(
    script: Script, id_: str, text: str | None
) -> None:
    call = f"rest.deleteMessage({{channelId: {id_}, messageId: MESSAGE}})"
    if text is None:
        assert script.failure(call) == invalid("channel_id", "invalid snowflake")
    else:
        assert script.asks(call) == [
            ("rest.deleteMessage", {"channelId": text, "messageId": MESSAGE})
        ]


NO_TOKEN = invalid("token", "expected the interaction's token")
BAD_ID = "{channelId: CHANNEL, messageId: 'x'}"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (f"rest.editMessage({BAD_ID})", invalid("message_id", "invalid snowflake")),
        (f"rest.pinMessage({BAD_ID})", invalid("message_id", "invalid snowflake")),
        (f"rest.clearReactions({BAD_ID})", invalid("message_id", "invalid snowflake")),
        (
            "rest.bulkDeleteMessages({channelId: CHANNEL, messageIds: ['1', 'x']})",
            invalid("message_id", "invalid snowflake"),
        ),
        (
            "rest.bulkDeleteMessages({channelId: CHANNEL})",
            invalid("message_id", "invalid snowflake"),
        ),
        (
            "rest.fetchMessages({channelId: CHANNEL, before: 'x'})",
            invalid("message_id", "invalid snowflake"),
        ),
        (
            f"rest.removeReaction({{{MESSAGE_ARGS}, emoji: '🌱', userId: 'x'}})",
            invalid("user_id", "invalid snowflake"),
        ),
        (
            "rest.sendInteractionResponse({token: TOKEN, content: 'hi'})",
            invalid("interaction_id", "invalid snowflake"),
        ),
        ("rest.deferInteractionResponse({interactionId: INTERACTION})", NO_TOKEN),
        ("rest.editOriginalInteractionResponse({token: '', content: 'hi'})", NO_TOKEN),
        ("rest.deleteOriginalInteractionResponse({token: 5})", NO_TOKEN),
        ("rest.createFollowupMessage({content: 'hi'})", NO_TOKEN),
        (
            "rest.editFollowupMessage({token: TOKEN, content: 'hi'})",
            {"name": "Error", "message": "Invalid message id", "code": "INVALID_INPUT"},
        ),
        (
            "rest.deleteFollowupMessage({token: TOKEN, messageId: 'x'})",
            {"name": "Error", "message": "Invalid message id", "code": "INVALID_INPUT"},
        ),
        (
            "rest.upsertGuildCommands({guildId: 'x', commands: []})",
            {"name": "Error", "message": "Invalid guild id", "code": "INVALID_INPUT"},
        ),
        (
            "rest.upsertGuildCommands({guildId: '1', commands: []})",
            {
                "name": "Error",
                "message": "Forbidden: guild is outside runtime scope",
                "code": "SCOPE_FORBIDDEN",
            },
        ),
    ],
)
def test_each_method_checks_its_own_arguments(script: Script, call: str, error: Any) -> None:
    assert script.failure(call) == error


@pytest.mark.parametrize(
    ("emoji", "sent"),
    [
        ("'👍'", "👍"),
        ("'🏳️\u200d🌈'", "🏳️\u200d🌈"),
        ("'1️⃣'", "1️⃣"),
        (f"'<:rose:{EMOJI}>'", f"rose:{EMOJI}"),
        (f"'<a:rose:{EMOJI}>'", f"rose:{EMOJI}"),
        (f"'rose:{EMOJI}'", f"rose:{EMOJI}"),
        (f"'a:rose:{EMOJI}'", f"rose:{EMOJI}"),
        ("{name: '👍'}", "👍"),
        ("{name: '👍', id: null}", "👍"),
        (f"{{name: 'rose', id: '{EMOJI}', animated: true}}", f"rose:{EMOJI}"),
        ("'rose'", None),
        ("':rose:'", None),
        ("''", None),
        ("'rose:'", None),
        ("'rose:0'", None),
        (f"'<:rose:{EMOJI}'", None),
        (f"'ro se:{EMOJI}'", None),
        (f"'../{EMOJI}'", None),
        ("{}", None),
        ("{id: '1'}", None),
        ("{name: 5}", None),
        ("undefined", None),
        ("5", None),
    ],
)
def test_a_reactions_emoji_has_many_forms(script: Script, emoji: str, sent: str | None) -> None:
    call = f"rest.addReaction({{{MESSAGE_ARGS}, emoji: {emoji}}})"
    if sent is None:
        assert script.failure(call) == invalid("emoji", "invalid reaction emoji")
    else:
        assert script.asks(call) == [("rest.addReaction", {**MESSAGE_ADDRESS, "emoji": sent})]


def test_without_a_guild_no_guilds_commands_can_be_set(load: Callable[..., Script]) -> None:
    script = load(guild=None)
    error = script.failure(f"rest.upsertGuildCommands({{guildId: '{GUILD}', commands: []}})")
    assert error["code"] == "SCOPE_FORBIDDEN"
