"""The context of an interaction: its answers as operations, and what was typed or chosen."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk import discord
from tests.sdk.conftest import SAFE_MENTIONS, Script, invalid
from tests.sdk.discord import CHANNEL, INTERACTION, MESSAGE, ROLE, TOKEN, USER, Json

Loader = Callable[..., Script]

ADDRESS = {"interactionId": INTERACTION, "token": TOKEN}
HI = {"content": "hi", "allowed_mentions": SAFE_MENTIONS}
BUTTON = discord.component({"custom_id": "yes", "component_type": 2})
EPHEMERAL_MESSAGE = discord.interaction(
    3,
    {"custom_id": "yes", "component_type": 2},
    message=discord.message(author=discord.bot(), flags=64),
)
MODAL = discord.modal({"custom_id": "form", "components": []})
EVENTS = {2: "interactionCreate", 3: "componentInteraction", 4: "autocomplete", 5: "modalSubmit"}


def context(load: Loader, data: Json) -> Script:
    """A script whose `bench.ctx` is the context of this interaction."""
    script = load(f"on('{EVENTS[data['type']]}', (ctx) => {{ bench.ctx = ctx }})")
    assert script.outcome(script.event("INTERACTION_CREATE", data)) == "done"
    return script


ANSWERS: list[tuple[str, Json, str, str, Json]] = [
    (
        "an ephemeral reply",
        discord.command(),
        "reply({content: 'hi', ephemeral: true})",
        "rest.sendInteractionResponse",
        {**ADDRESS, "type": 4, "body": {**HI, "flags": 64}},
    ),
    (
        "a reply for everybody, said so",
        discord.command(),
        "reply({content: 'hi', ephemeral: false})",
        "rest.sendInteractionResponse",
        {**ADDRESS, "type": 4, "body": HI, "ephemeral": False},
    ),
    (
        "a follow-up",
        discord.command(),
        "followUp('hi')",
        "rest.createFollowupMessage",
        {"token": TOKEN, "body": HI},
    ),
    (
        "an ephemeral follow-up",
        discord.command(),
        "followUp({content: 'hi', ephemeral: true})",
        "rest.createFollowupMessage",
        {"token": TOKEN, "body": {**HI, "flags": 64}},
    ),
    (
        "a deferral",
        discord.command(),
        "defer()",
        "rest.deferInteractionResponse",
        {**ADDRESS, "type": 5},
    ),
    (
        "an ephemeral deferral",
        discord.command(),
        "defer({ephemeral: true})",
        "rest.deferInteractionResponse",
        {**ADDRESS, "type": 5, "ephemeral": True},
    ),
    (
        "a deferral that says nothing of who sees it",
        discord.command(),
        "defer({ephemeral: 'yes'})",
        "rest.deferInteractionResponse",
        {**ADDRESS, "type": 5},
    ),
    (
        "an acknowledged button",
        BUTTON,
        "deferUpdate()",
        "rest.deferInteractionResponse",
        {**ADDRESS, "type": 6},
    ),
    (
        "an updated message",
        BUTTON,
        "update('hi')",
        "rest.updateInteractionResponse",
        {**ADDRESS, "type": 7, "body": HI},
    ),
    (
        "an answer that is changed",
        discord.command(),
        "edit('hi')",
        "rest.editOriginalInteractionResponse",
        {"token": TOKEN, "body": HI},
    ),
    (
        "a button's ephemeral message that is changed",
        EPHEMERAL_MESSAGE,
        "edit('hi')",
        "rest.updateInteractionResponse",
        {**ADDRESS, "type": 7, "body": HI},
    ),
    (
        "an answer that goes",
        discord.command(),
        "delete()",
        "rest.deleteOriginalInteractionResponse",
        {"token": TOKEN},
    ),
    (
        "a button's message that goes",
        BUTTON,
        "delete()",
        "rest.deleteMessage",
        {"channelId": CHANNEL, "messageId": MESSAGE},
    ),
    (
        "a reaction to a button's message",
        BUTTON,
        "react('🌱')",
        "rest.addReaction",
        {"channelId": CHANNEL, "messageId": MESSAGE, "emoji": "🌱"},
    ),
    (
        "the reply itself",
        discord.command(),
        "fetchReply()",
        "interaction.fetchReply",
        {"token": TOKEN},
    ),
    (
        "suggestions",
        discord.interaction(4, {"name": "tag", "options": []}),
        "respond(['a', 7, {name: 'Bee', value: 'b', nameLocalizations: {de: 'Biene'}}])",
        "interaction.suggest",
        {
            **ADDRESS,
            "choices": [
                {"name": "a", "value": "a"},
                {"name": "7", "value": 7},
                {"name": "Bee", "value": "b", "name_localizations": {"de": "Biene"}},
            ],
        },
    ),
    (
        "too many and too long suggestions, cut",
        discord.interaction(4, {"name": "tag", "options": []}),
        "respond(Array.from({length: 30}, (_, i) => ({name: 'x'.repeat(101), value: i})))",
        "interaction.suggest",
        {**ADDRESS, "choices": [{"name": "x" * 100, "value": i} for i in range(25)]},
    ),
]


@pytest.mark.parametrize(
    ("data", "call", "operation", "payload"),
    [case[1:] for case in ANSWERS],
    ids=[case[0] for case in ANSWERS],
)
def test_an_answer_is_one_operation(
    load: Loader, data: Json, call: str, operation: str, payload: Json
) -> None:
    script = context(load, data)
    attempt = script.attempt(f"bench.ctx.{call}")
    assert [tuple(asked[1:]) for asked in attempt.asked] == [(operation, payload)]
    script.answer(attempt.asked[0], {"id": "1"})
    assert attempt.result == {"value": {"id": "1"}}


def test_a_message_that_only_the_member_sees_goes_through_its_interaction(load: Loader) -> None:
    script = context(load, EPHEMERAL_MESSAGE)
    attempt = script.attempt("bench.ctx.delete()")
    (acknowledged,) = attempt.asked
    assert tuple(acknowledged[1:]) == ("rest.deferInteractionResponse", {**ADDRESS, "type": 6})
    script.answer(acknowledged)
    assert tuple(script.operations[-1][1:]) == (
        "rest.deleteOriginalInteractionResponse",
        {"token": TOKEN},
    )


def test_an_answer_that_the_host_refuses_throws_what_it_says(load: Loader) -> None:
    script = context(load, discord.command())
    attempt = script.attempt("bench.ctx.showModal(modal('a', 'b').addComponents(textDisplay('c')))")
    script.refuse(attempt.asked[0], "deferred already", code="INTERACTION_DEFERRED")
    assert attempt.result["error"] == {
        "name": "Error",
        "message": "deferred already",
        "code": "INTERACTION_DEFERRED",
    }


NO_REACTION = {
    "name": "Error",
    "message": "Message reaction requires a message payload",
    "code": "INVALID_INPUT",
}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("react('🌱')", NO_REACTION),
        ("defer(7)", invalid("options", "expected an object, got number")),
        ("defer({get ephemeral() { throw new Error('mine') }})", invalid("ephemeral", "mine")),
        ("respond()", invalid("choices", "expected an array")),
        ("respond('a')", invalid("choices", "expected an array")),
        (
            "respond([{name: 'a'}])",
            invalid("choices", "expected texts, numbers, or objects with a name and a value"),
        ),
        (
            "respond([null])",
            invalid("choices", "expected texts, numbers, or objects with a name and a value"),
        ),
        ("followUp({})", None),
        ("update({components: 7})", invalid("components", "expected an array")),
    ],
)
def test_what_cannot_be_sent_is_named_and_never_reaches_the_host(
    load: Loader, call: str, error: Any
) -> None:
    message = "message must include content, embeds, attachments, or components"
    empty = {"name": "Error", "message": message, "code": "INVALID_INPUT"}
    assert context(load, discord.command()).failure(f"bench.ctx.{call}") == (error or empty)


# --- what was typed or chosen --------------------------------------------------------------

BOB = "200000000000000002"
RESOLVED = {
    "users": {BOB: discord.user(id=BOB, username="bob")},
    "members": {BOB: discord.member(nick="Bobby")},
    "roles": {ROLE: {"id": ROLE, "name": "Rose", "unicode_emoji": None}},
    "channels": {CHANNEL: {"id": CHANNEL, "name": "general", "parent_id": None}},
    "attachments": {"51": {"id": "51", "filename": "a.png", "content_type": "image/png"}},
    "messages": {MESSAGE: discord.message()},
}
OPTIONS = [
    {"name": "who", "type": 6, "value": BOB},
    {"name": "role", "type": 8, "value": ROLE},
    {"name": "where", "type": 7, "value": CHANNEL},
    {"name": "file", "type": 11, "value": "51"},
    {"name": "stranger", "type": 6, "value": USER},
    {"name": "days", "type": 4, "value": 3},
]
COMMAND = discord.command(*OPTIONS, resolved=RESOLVED)
IN_GROUP = discord.command(
    {"name": "g", "type": 2, "options": [{"name": "s", "type": 1, "options": OPTIONS}]},
    resolved=RESOLVED,
)


@pytest.mark.parametrize("data", [COMMAND, IN_GROUP], ids=["flat", "in a group"])
@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("options.who", BOB),
        ("options.days", 3),
        ("getUser('who').globalName", "Alice"),
        ("getUser('who').username", "bob"),
        ("getMember('who').nick", "Bobby"),
        ("getMember('who').user.username", "bob"),
        ("getRole('role').unicodeEmoji", None),
        ("getRole('role').name", "Rose"),
        ("getChannel('where').name", "general"),
        ("getAttachment('file').contentType", "image/png"),
        ("getUser('stranger')", None),
        ("getMember('stranger')", None),
        ("getUser('days')", None),
        ("getUser('nothing')", None),
        ("getUser('role')", None),
        ("getUser('constructor')", None),
        ("resolved.users['200000000000000002'].username", "bob"),
        ("targetUser", None),
        ("focused", None),
    ],
)
def test_what_a_command_was_given(load: Loader, data: Json, expression: str, value: Any) -> None:
    assert context(load, data).value(f"bench.ctx.{expression}") == value


def test_objects_are_read_once(load: Loader) -> None:
    script = context(load, COMMAND)
    assert script.value("bench.ctx.resolved === bench.ctx.resolved")
    assert script.value("(({resolved}) => resolved === bench.ctx.resolved)({...bench.ctx})")


def context_menu(type_: int, target: str) -> Json:
    data = {"id": "1", "name": "Look", "type": type_, "target_id": target, "resolved": RESOLVED}
    return discord.interaction(2, data)


def test_what_a_user_command_was_used_on(load: Loader) -> None:
    script = context(load, context_menu(2, BOB))
    assert script.value("bench.ctx.targetUser.username") == "bob"
    assert script.value("bench.ctx.targetMember.nick") == "Bobby"
    assert script.value("bench.ctx.targetMember.user.id") == BOB
    assert script.value("bench.ctx.targetMessage") is None


def test_what_a_message_command_was_used_on(load: Loader) -> None:
    script = context(load, context_menu(3, MESSAGE))
    assert script.value("bench.ctx.targetMessage.mentionRoles") == [ROLE]
    assert script.value("bench.ctx.targetUser") is None


def test_what_was_chosen_in_a_menu(load: Loader) -> None:
    data = {"custom_id": "pick", "component_type": 5, "values": [BOB], "resolved": RESOLVED}
    script = context(load, discord.component(data))
    assert script.value("[bench.ctx.customId, bench.ctx.values]") == ["pick", [BOB]]
    assert script.value("bench.ctx.resolved.members[bench.ctx.values[0]].nick") == "Bobby"


def test_a_button_has_no_values(load: Loader) -> None:
    script = context(load, BUTTON)
    assert script.value("[bench.ctx.customId, bench.ctx.values, bench.ctx.fields]") == [
        "yes",
        [],
        {},
    ]


def test_what_was_filled_into_a_modal(load: Loader) -> None:
    text = {"type": 4, "custom_id": "why", "value": "because"}
    components = [
        {"type": 1, "components": [text]},
        {"type": 18, "component": {"type": 4, "custom_id": "empty", "value": ""}},
        {"type": 18, "component": {"type": 3, "custom_id": "pick", "values": ["a", "b"]}},
        {"type": 18, "component": {"type": 19, "custom_id": "files", "values": []}},
        {"type": 18, "component": {"type": 4, "custom_id": "__proto__", "value": "x"}},
        {"type": 10, "id": 5},
    ]
    script = context(load, discord.modal({"custom_id": "form", "components": components}))
    assert script.value("Object.entries(bench.ctx.fields)") == [
        ["why", "because"],
        ["empty", ""],
        ["pick", ["a", "b"]],
        ["files", []],
        ["__proto__", "x"],
    ]
    assert script.value("bench.ctx.customId") == "form"


@pytest.mark.parametrize(
    ("options", "focused", "typed"),
    [
        ([{"name": "q", "type": 3, "value": "ro", "focused": True}], ["q", "ro"], {"q": "ro"}),
        (
            [
                {"name": "kind", "type": 3, "value": "x"},
                {"name": "n", "type": 4, "value": "1", "focused": True},
            ],
            ["n", "1"],
            {"kind": "x", "n": "1"},
        ),
        (
            [
                {
                    "name": "s",
                    "type": 1,
                    "options": [{"name": "q", "type": 3, "value": "", "focused": True}],
                }
            ],
            ["q", ""],
            {"q": ""},
        ),
    ],
)
def test_what_is_being_typed(
    load: Loader, options: list[Json], focused: list[str], typed: Json
) -> None:
    script = context(load, discord.interaction(4, {"name": "tag", "options": options}))
    assert script.value("[bench.ctx.focused.name, bench.ctx.focused.value]") == focused
    assert script.value("bench.ctx.options") == typed
    assert script.value("bench.ctx.msg.commandName") == "tag"


@pytest.mark.parametrize("type_", [2, 3, 4, 5])
@pytest.mark.parametrize("data", [{}, {"options": 7, "values": 7, "components": 7, "resolved": 7}])
def test_an_interaction_without_anything_has_a_context_all_the_same(
    load: Loader, type_: int, data: Json
) -> None:
    script = load(
        f"on('{EVENTS[type_]}', (ctx) => console.log(JSON.stringify([ctx.options, ctx.values,"
        " ctx.fields, ctx.getUser('a'), ctx.targetMember])))"
    )
    raw = discord.interaction(type_, data)
    assert script.outcome(script.event("INTERACTION_CREATE", raw)) == "done"
    assert [json.loads(line) for line in script.logged] == [[{}, [], {}, None, None]]


# --- hasPermission -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "asked", "may"),
    [
        ("8192", "'MANAGE_MESSAGES'", True),
        ("8192", "Permissions.MANAGE_MESSAGES", True),
        ("8192", "8192", True),
        ("8192", "'8192'", True),
        ("8192", "['MANAGE_MESSAGES', 'BAN_MEMBERS']", False),
        ("8196", "['MANAGE_MESSAGES', 'BAN_MEMBERS']", True),
        ("8196", "Permissions.MANAGE_MESSAGES | Permissions.BAN_MEMBERS", True),
        ("8192", "'BAN_MEMBERS'", False),
        ("8", "'BAN_MEMBERS'", True),  # administrators
        ("0", "[]", True),
        ("2251799813685248", "'PIN_MESSAGES'", True),
    ],
)
def test_what_a_member_may_do(load: Loader, held: str, asked: str, may: bool) -> None:
    member = {**discord.member(permissions=held), "user": discord.user()}
    script = context(load, discord.interaction(2, {"name": "a", "type": 1}, member=member))
    assert script.value(f"hasPermission(bench.ctx, {asked})") is may


def test_of_a_message_nothing_is_known(load: Loader) -> None:
    script = load("on('messageCreate', (ctx) => console.log(hasPermission(ctx, 'BAN_MEMBERS')))")
    script.event("MESSAGE_CREATE", discord.message())
    script.event("MESSAGE_CREATE", discord.webhook_message())
    assert script.logged == ["false", "false"]


def test_a_permission_that_discord_does_not_have_is_an_error(load: Loader) -> None:
    script = context(load, discord.command())
    error = script.failure("hasPermission(bench.ctx, 'MANAGE_EVERYTHING')")
    assert error["name"] == "SyntaxError"
