"""`rest` beyond messages, and `discord.request`: what scripts hand over and what becomes of it."""

from typing import Any

import msgspec
import pytest

from gateway.routes.table import METHODS
from runtime.operations.table import OPERATIONS
from tests.sdk.conftest import SAFE_MENTIONS, Script, invalid
from tests.sdk.discord import CHANNEL, EMOJI, GUILD, MESSAGE, USER, Json
from tests.sdk.test_rest import CALLS

HI = {"content": "hi", "allowed_mentions": SAFE_MENTIONS}
ON_MESSAGE = "channelId: CHANNEL, messageId: MESSAGE"
WEBHOOK = {"webhookId": "5", "token": "t"}
SHAPES = "expected an address, bytes, {url}, {data}, {text} or {base64: {data, filename}}"
# "hello" as bytes and as what they become.
HELLO, HELLO_BASE64 = "new Uint8Array([104, 101, 108, 108, 111])", "aGVsbG8="

# method, arguments, payload
MORE_CALLS: list[tuple[str, str, Json]] = [
    (
        "fetchReactions",
        f"{ON_MESSAGE}, emoji: '<:rose:{EMOJI}>', limit: 5",
        {"channelId": CHANNEL, "messageId": MESSAGE, "emoji": f"rose:{EMOJI}", "limit": 5},
    ),
    (
        "executeWebhook",
        "webhookId: '5', token: 't', content: 'hi', username: 'Rose', avatarUrl: 'https://a.b'",
        {**WEBHOOK, "body": {**HI, "username": "Rose", "avatar_url": "https://a.b"}},
    ),
    (
        "executeWebhook",
        "webhookId: 5n, token: 't', wait: true, threadId: '6', components: [textDisplay('a')]",
        {
            **{**WEBHOOK, "threadId": "6", "wait": True, "withComponents": True},
            "body": {
                "components": [{"type": 10, "content": "a"}],
                "flags": 32768,
                "allowed_mentions": SAFE_MENTIONS,
            },
        },
    ),
    (
        "executeWebhook",
        "webhookId: '5', token: 't', threadName: 'n', withComponents: false, content: 'hi',"
        " files: [{text: 'a'}]",
        {
            **{**WEBHOOK, "withComponents": False},
            "body": {**HI, "thread_name": "n"},
            "files": [{"text": "a"}],
        },
    ),
    (
        "editWebhookMessage",
        "webhookId: '5', token: 't', messageId: MESSAGE, content: 'hi'",
        {**WEBHOOK, "messageId": MESSAGE, "body": HI},
    ),
    (
        "createThread",
        "channelId: CHANNEL, payload: {name: 'n', type: 11}, reason: 'r'",
        {"channelId": CHANNEL, "payload": {"name": "n", "type": 11}, "reason": "r"},
    ),
    (
        "createThread",  # whom it pings is the guild's choice
        "channelId: CHANNEL, name: 'n', message: {content: 'hi', files: [{text: 'a'}]}",
        {
            **{"channelId": CHANNEL, "name": "n"},
            "message": {"content": "hi"},
            "files": [{"text": "a"}],
        },
    ),
    (
        "createThread",
        "channelId: CHANNEL, name: 'n', message: {content: 'hi', allowedMentions: {}}",
        {
            **{"channelId": CHANNEL, "name": "n"},
            "message": {"content": "hi", "allowed_mentions": {"parse": []}},
        },
    ),
    (
        "createEmoji",
        f"name: 'rose', image: {HELLO}",
        {"name": "rose", "image": {"data": HELLO_BASE64}},
    ),
    (
        "createEmoji",
        f"name: 'rose', image: {{data: {HELLO}}}",
        {"name": "rose", "image": {"data": HELLO_BASE64}},
    ),
    (
        "createEmoji",
        "payload: {name: 'rose', image: 'https://e.example/a.png'}",
        {"payload": {"name": "rose", "image": {"url": "https://e.example/a.png"}}},
    ),
    (
        "createEmoji",
        "name: 'rose', image: 'data:image/png;base64,aGVsbG8='",
        {"name": "rose", "image": "data:image/png;base64,aGVsbG8="},
    ),
    ("editRole", "roleId: '5', icon: null", {"roleId": "5", "icon": None}),
    (
        "createWebhook",
        "channelId: CHANNEL, name: 'n', avatar: {url: 'https://e.example/a.png'}",
        {"channelId": CHANNEL, "name": "n", "avatar": {"url": "https://e.example/a.png"}},
    ),
    (
        "createSticker",
        "name: 'rose', tags: 'flower', file: {filename: 'a.png', data: new ArrayBuffer(2)}",
        {"name": "rose", "tags": "flower", "files": [{"filename": "a.png", "data": "AAA="}]},
    ),
    (
        "createGuildCommand",
        "guildId: GUILD, command: {name: 'tea', description: 'd', options:"
        " [{name: 'a', description: 'd', kind: 'integer'}]}",
        {
            "guildId": GUILD,
            "command": {
                **{"name": "tea", "description": "d", "type": 1},
                "options": [{"name": "a", "description": "d", "type": 4}],
            },
        },
    ),
    (
        "editGuildCommand",
        "commandId: '5', command: {description: 'e', options: [{name: 'a', type: 'role'}]}",
        {
            "commandId": "5",
            "command": {"description": "e", "options": [{"name": "a", "type": 8}]},
        },
    ),
    # Of the others the host knows what goes where.
    ("kickMember", "userId: USER, reason: 'r'", {"userId": USER, "reason": "r"}),
    ("fetchRoles", "", {}),
    (
        "editChannel",
        "channelId: CHANNEL, payload: {name: 'n'}, parentId: null, rateLimitPerUser: 5n",
        {
            **{"channelId": CHANNEL, "payload": {"name": "n"}},
            **{"parentId": None, "rateLimitPerUser": 5},
        },
    ),
]

# What asks for another method's operation.
SHORT_FORMS: list[tuple[str, str, Json]] = [
    (
        "bulkDeleteMessages({channelId: CHANNEL, messageIds: '1', reason: 'r'})",
        "rest.deleteMessage",
        {"channelId": CHANNEL, "messageId": "1", "reason": "r"},
    ),
    (
        "timeoutMember({userId: USER, until: '2026-05-06T07:08:09Z', reason: 'r'})",
        "rest.editMember",
        {
            **{"userId": USER, "reason": "r"},
            "communicationDisabledUntil": "2026-05-06T07:08:09.000Z",
        },
    ),
    (
        "timeoutMember({userId: USER, seconds: 0})",
        "rest.editMember",
        {"userId": USER, "communicationDisabledUntil": None},
    ),
    (
        "moveMember({userId: USER, channelId: CHANNEL})",
        "rest.editMember",
        {"userId": USER, "channelId": CHANNEL},
    ),
    (
        "moveMember({userId: USER, channelId: null})",
        "rest.editMember",
        {"userId": USER, "channelId": None},
    ),
    ("muteMember({userId: USER})", "rest.editMember", {"userId": USER, "mute": True}),
    (
        "deafenMember({userId: USER, deaf: false})",
        "rest.editMember",
        {"userId": USER, "deaf": False},
    ),
]
SHORT_NAMES = {"timeoutMember", "moveMember", "muteMember", "deafenMember"}


@pytest.mark.parametrize(("method", "arguments", "payload"), MORE_CALLS)
def test_a_method_asks_for_the_operation_of_its_name(
    script: Script, method: str, arguments: str, payload: Json
) -> None:
    assert script.asks(f"rest.{method}({{{arguments}}})") == [(f"rest.{method}", payload)]


@pytest.mark.parametrize(("call", "operation", "payload"), SHORT_FORMS)
def test_some_are_short_forms_of_another(
    script: Script, call: str, operation: str, payload: Json
) -> None:
    assert script.asks(f"rest.{call}") == [(operation, payload)]


def test_a_timeout_ends_after_its_seconds(script: Script) -> None:
    script.run("Date.now = () => Date.UTC(2026, 0, 1)")
    ((_, payload),) = script.asks("rest.timeoutMember({userId: USER, seconds: 90})")
    assert payload["communicationDisabledUntil"] == "2026-01-01T00:01:30.000Z"


@pytest.mark.parametrize("method", ["fetchRoles", "fetchGuild", "getGuildCommands"])
def test_what_needs_no_arguments_takes_none(script: Script, method: str) -> None:
    assert script.asks(f"rest.{method}()") == [(f"rest.{method}", {})]


def test_rest_and_the_hosts_table_have_the_same_methods(script: Script) -> None:
    methods = set(script.value("Object.keys(rest)"))
    of_interactions = {name for name, *_ in CALLS if "Interaction" in name or "Followup" in name}
    assert methods == METHODS.keys() | of_interactions | SHORT_NAMES | {"upsertGuildCommands"}
    operations = {f"rest.{name}" for name in methods - SHORT_NAMES - {"upsertGuildCommands"}}
    assert operations <= OPERATIONS.keys()


@pytest.mark.parametrize(("method", "payload"), [(call[0], call[2]) for call in MORE_CALLS])
def test_the_host_takes_every_payload(method: str, payload: Json) -> None:
    arguments = OPERATIONS[f"rest.{method}"].arguments
    msgspec.json.decode(msgspec.json.encode(payload), type=arguments)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("kickMember(5)", invalid("args", "expected an object, got number")),
        ("kickMember({get userId() { throw new Error('mine') }})", invalid("userId", "mine")),
        (
            "bulkDeleteMessages({channelId: CHANNEL, messageIds: []})",
            None,  # how many there must be the host says
        ),
        (
            "timeoutMember({userId: USER, until: 'soon'})",
            invalid("until", "expected a date"),
        ),
        (
            "timeoutMember({userId: USER, seconds: 2419201})",
            invalid("seconds", "expected a number up to 2419200, or null to end it"),
        ),
        (
            "timeoutMember({userId: USER, seconds: NaN})",
            None,  # JSON's null: it ends
        ),
        (
            "timeoutMember({userId: USER})",
            invalid("seconds", "expected a number up to 2419200, or null to end it"),
        ),
        (
            "moveMember({userId: USER, channelId: 'x'})",
            invalid("channel_id", "invalid snowflake"),
        ),
        (
            "executeWebhook({webhookId: '5', token: 't'})",
            {
                **{"name": "Error", "code": "INVALID_INPUT"},
                "message": "webhook must include content, embeds, attachments, or components",
            },
        ),
        (
            "executeWebhook({webhookId: 'x', token: 't', content: 'hi'})",
            invalid("webhook_id", "invalid snowflake"),
        ),
        ("createEmoji({name: 'n', image: 5})", invalid("attachments", SHAPES)),
        ("createSticker({name: 'n', tags: 't'})", invalid("attachments", SHAPES)),
        (
            "createGuildCommand({command: {name: 'tea'}})",
            {
                **{"name": "Error", "code": "INVALID_INPUT"},
                "message": "Slash command must have a description",
            },
        ),
        ("createGuildCommand({})", invalid("commands", "expected objects")),
    ],
)
def test_what_cannot_be_used_is_named(script: Script, call: str, error: Any) -> None:
    if error is None:
        assert len(script.asks(f"rest.{call}")) == 1
        return
    assert script.failure(f"rest.{call}") == error


def test_a_webhook_that_was_not_waited_for_gives_null(script: Script) -> None:
    call = "executeWebhook({webhookId: '5', token: 't', content: 'hi'})"
    attempt = script.attempt(f"rest.{call}")
    script.answer(attempt.asked[0], None)
    assert attempt.result == {"value": None}


# --- discord.request ------------------------------------------------------------------------------

REQUESTS: list[tuple[str, str, Json]] = [
    ("'GET', '/guilds/1'", "discord.read", {"method": "GET", "path": "/guilds/1"}),
    (
        "'get', '/guilds/1/members', {query: {limit: 5, after: 7n}}",
        "discord.read",
        {"method": "GET", "path": "/guilds/1/members", "query": {"limit": 5, "after": 7}},
    ),
    (
        "'patch', `/guilds/1/roles/2`, {body: {name: 'n', unicode_emoji: null}, reason: 'r'}",
        "discord.request",
        {
            **{"method": "PATCH", "path": "/guilds/1/roles/2", "reason": "r"},
            "body": {"name": "n", "unicode_emoji": None},
        },
    ),
    (
        "'POST', '/channels/1/messages', {body: {content: 'x'}, files: ["
        "{filename: 'a', data: new Uint8Array(3)}, 'https://e.example/a.png']}",
        "discord.request",
        {
            **{"method": "POST", "path": "/channels/1/messages", "body": {"content": "x"}},
            "files": [{"filename": "a", "data": "AAAA"}, {"url": "https://e.example/a.png"}],
        },
    ),
    (
        "'DELETE', '/x', {method: 'GET', path: '/y'}",  # the arguments say what is asked
        "discord.request",
        {"method": "DELETE", "path": "/x"},
    ),
    ("null, undefined", "discord.request", {"method": "NULL", "path": "undefined"}),
]


@pytest.mark.parametrize(("arguments", "operation", "payload"), REQUESTS)
def test_a_request_says_what_it_wants_and_whether_it_only_reads(
    script: Script, arguments: str, operation: str, payload: Json
) -> None:
    assert script.asks(f"discord.request({arguments})") == [(operation, payload)]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("'GET', '/x', 5", invalid("options", "expected an object, got number")),
        ("'GET', '/x', {get query() { throw new Error('mine') }}", invalid("query", "mine")),
        ("'POST', '/x', {files: 5}", invalid("attachments", "expected an array")),
    ],
)
def test_a_request_that_cannot_be_said_is_refused(
    script: Script, arguments: str, error: Json
) -> None:
    assert script.failure(f"discord.request({arguments})") == error
