"""`reply` and `edit`: where they send a message, what they give, what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk import discord
from tests.sdk.conftest import SAFE_MENTIONS, Script, invalid
from tests.sdk.discord import CHANNEL, GUILD, INTERACTION, MESSAGE, TOKEN, Json

Loader = Callable[..., Script]

EMPTY = {
    "name": "Error",
    "message": "message must include content, embeds, attachments, or components",
    "code": "INVALID_INPUT",
}
PLACE = {"channel_id": CHANNEL, "guild_id": GUILD}
DELETED = {"id": MESSAGE, **PLACE}
BULK = {"ids": [MESSAGE], **PLACE}
THREAD = {"id": CHANNEL, "guild_id": GUILD, "parent_id": "1", "type": 11}
VOTE = {"user_id": "1", "message_id": MESSAGE, "answer_id": 1, **PLACE}
BUTTON = {"custom_id": "a", "component_type": 2}

# --- reply and edit: whereto ---------------------------------------------------------------

TO_MESSAGE = (
    "rest.sendMessage",
    {
        "channelId": CHANNEL,
        "body": {
            "content": "hi",
            "allowed_mentions": SAFE_MENTIONS,
            "message_reference": {"message_id": MESSAGE},
        },
    },
)
TO_CHANNEL = (
    "rest.sendMessage",
    {"channelId": CHANNEL, "body": {"content": "hi", "allowed_mentions": SAFE_MENTIONS}},
)
TO_INTERACTION = (
    "rest.sendInteractionResponse",
    {
        "interactionId": INTERACTION,
        "token": TOKEN,
        "type": 4,
        "body": {"content": "hi", "allowed_mentions": SAFE_MENTIONS},
    },
)
EDITED = (
    "rest.editMessage",
    {
        "channelId": CHANNEL,
        "messageId": MESSAGE,
        "body": {"content": "hi", "allowed_mentions": SAFE_MENTIONS},
    },
)
ANSWER_EDITED = (
    "rest.editOriginalInteractionResponse",
    {"token": TOKEN, "body": {"content": "hi", "allowed_mentions": SAFE_MENTIONS}},
)
NO_CHANNEL = invalid("channel_id", "invalid snowflake")
NO_MESSAGE = {
    "name": "Error",
    "message": "Message edit requires a message payload",
    "code": "INVALID_INPUT",
}


@pytest.mark.parametrize(
    ("event", "name", "data", "reply", "edit"),
    [
        ("messageCreate", "MESSAGE_CREATE", discord.message(), TO_MESSAGE, EDITED),
        ("messageUpdate", "MESSAGE_UPDATE", discord.message(), TO_MESSAGE, EDITED),
        ("messageDelete", "MESSAGE_DELETE", DELETED, TO_MESSAGE, EDITED),
        ("messageDeleteBulk", "MESSAGE_DELETE_BULK", BULK, TO_CHANNEL, NO_MESSAGE),
        ("reactionAdd", "MESSAGE_REACTION_ADD", discord.reaction(), TO_MESSAGE, EDITED),
        (
            "interactionCreate",
            "INTERACTION_CREATE",
            discord.command(),
            TO_INTERACTION,
            ANSWER_EDITED,
        ),
        (
            "componentInteraction",
            "INTERACTION_CREATE",
            discord.component(BUTTON),
            TO_INTERACTION,
            EDITED,
        ),
        ("modalSubmit", "INTERACTION_CREATE", discord.modal({}), TO_INTERACTION, ANSWER_EDITED),
        (
            "modalSubmit",
            "INTERACTION_CREATE",
            discord.modal({}, message=discord.message()),
            TO_INTERACTION,
            EDITED,
        ),
        ("threadCreate", "THREAD_CREATE", THREAD, TO_CHANNEL, NO_MESSAGE),
        ("typingStart", "TYPING_START", PLACE, TO_CHANNEL, NO_MESSAGE),
        ("messagePollVoteAdd", "MESSAGE_POLL_VOTE_ADD", VOTE, TO_MESSAGE, EDITED),
        ("guildRoleCreate", "GUILD_ROLE_CREATE", {"guild_id": GUILD}, NO_CHANNEL, NO_MESSAGE),
        ("ready", "READY", discord.ready(), NO_CHANNEL, NO_MESSAGE),
    ],
)
@pytest.mark.parametrize("method", ["reply", "edit"])
def test_where_an_answer_goes(
    load: Loader, event: str, name: str, data: Json, reply: Any, edit: Any, method: str
) -> None:
    script = load(f"on('{event}', (ctx) => {{ bench.ctx = ctx }})")
    script.event(name, data)
    expected = {"reply": reply, "edit": edit}[method]
    if isinstance(expected, dict):
        assert script.failure(f"bench.ctx.{method}('hi')") == expected
    else:
        assert script.asks(f"bench.ctx.{method}('hi')") == [expected]


@pytest.mark.parametrize(("method", "expected"), [("reply", TO_MESSAGE), ("edit", EDITED)])
def test_an_answer_to_a_message_is_about_that_message(
    load: Loader, method: str, expected: Any
) -> None:
    script = load("on('messageCreate', (ctx) => { bench.ctx = ctx })")
    script.event("MESSAGE_CREATE", discord.message())
    call = f"bench.ctx.{method}({{content: 'hi', channelId: '1', messageId: '1'}})"
    assert script.asks(call) == [expected]


def test_an_answer_to_an_interaction_is_about_that_interaction(load: Loader) -> None:
    script = load("on('interactionCreate', (ctx) => { bench.ctx = ctx })")
    script.event("INTERACTION_CREATE", discord.command())
    options = "{content: 'hi', token: 'other', interactionId: '1', channelId: '1', messageId: '1'}"
    assert script.asks(f"bench.ctx.reply({options})") == [TO_INTERACTION]


@pytest.fixture
def ctx(load: Loader) -> Script:
    """A script whose `bench.ctx` is the context of a message."""
    script = load("on('messageCreate', (ctx) => { bench.ctx = ctx })")
    script.event("MESSAGE_CREATE", discord.message())
    return script


def test_a_reply_gives_the_created_message(ctx: Script) -> None:
    attempt = ctx.attempt("bench.ctx.reply('hi')")
    assert attempt.result is None
    ctx.answer(attempt.asked[0], {"id": "1", "content": "hi"})
    assert attempt.result == {"value": {"id": "1", "content": "hi"}}


def test_a_refused_reply_throws_what_the_host_says(ctx: Script) -> None:
    attempt = ctx.attempt("bench.ctx.reply('hi')")
    ctx.refuse(
        attempt.asked[0], "Discord HTTP error (403)", code="DISCORD_HTTP_ERROR", discord_code=50013
    )
    assert attempt.result == {
        "error": {
            "name": "Error",
            "message": "Discord HTTP error (403)",
            "code": "DISCORD_HTTP_ERROR",
            "discord_code": 50013,
        }
    }


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("", MESSAGE),
        (", replyTo: undefined", MESSAGE),
        (", replyTo: null", None),
        (", reply_to: null", None),
        (", replyTo: '777777777777777777'", "777777777777777777"),
        (", reply_to: '777777777777777777'", "777777777777777777"),
        (", replyTo: 777777777777777777n", "777777777777777777"),
    ],
)
def test_a_reply_refers_to_the_message_unless_told_otherwise(
    ctx: Script, reference: str, expected: str | None
) -> None:
    ((_, payload),) = ctx.asks(f"bench.ctx.reply({{content: 'hi'{reference}}})")
    assert payload["body"].get("message_reference") == (
        {"message_id": expected} if expected else None
    )
    assert set(payload) == {"channelId", "body"}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("7", "7"),
        ("undefined", "undefined"),
        ("null", "null"),
        ("true", "true"),
        ("10n", "10"),
        ("'\\ud83c\\udf31 \\ud800'", "🌱 \ufffd"),
    ],
)
def test_an_argument_that_is_neither_text_nor_object_is_text(
    ctx: Script, content: str, text: str
) -> None:
    ((_, payload),) = ctx.asks(f"bench.ctx.reply({content})")
    assert payload["body"]["content"] == text


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ("[]", invalid("content", "expected an object")),
        ("{replyTo: 'x'}", invalid("message_id", "invalid snowflake")),
        ("{content: {}}", invalid("content", "expected text")),
        ("{content: ['a']}", invalid("content", "expected text")),
        ("{embeds: {}}", invalid("embeds", "expected an array")),
        ("{embeds: [1]}", invalid("embeds", "expected objects")),
        ("{embeds: [{fields: {}}]}", invalid("embeds[].fields", "expected an array")),
        ("{flags: -1}", invalid("flags", "expected a sum of MessageFlags")),
        ("{flags: 1.5}", invalid("flags", "expected a sum of MessageFlags")),
        ("{flags: '64'}", invalid("flags", "expected a sum of MessageFlags")),
        ("{allowedMentions: []}", invalid("allowed_mentions", "expected an object")),
        (
            "{allowedMentions: {parse: 'users'}}",
            invalid("allowed_mentions.parse", "expected an array"),
        ),
        (
            "{allowedMentions: {users: '1'}}",
            invalid("allowed_mentions.users", "expected an array"),
        ),
        ("{components: {}}", invalid("components", "expected an array")),
        ("{attachments: {}}", invalid("attachments", "expected an array")),
        ("{get embeds() { throw new Error('mine') }}", invalid("embeds", "mine")),
        (
            "{content: 'a', embeds: [{get title() { throw new Error('deep') }}]}",
            invalid("embeds", "deep"),
        ),
        (
            "(() => { const a = {}; a.a = a; return {content: 'x', poll: a} })()",
            invalid("poll", "Converting circular structure to JSON"),
        ),
        ("{}", EMPTY),
        ("{content: ''}", EMPTY),
        ("{content: null}", EMPTY),
        ("{embeds: [], components: [], attachments: []}", EMPTY),
        ("{tts: true, flags: 4096}", EMPTY),
    ],
)
def test_what_cannot_be_sent_is_named_and_never_reaches_the_host(
    ctx: Script, options: str, error: Any
) -> None:
    assert ctx.failure(f"bench.ctx.reply({options})") == error
