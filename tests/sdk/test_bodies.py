"""The body that Discord gets of a message: what is added, turned into its spelling, or left out."""

from collections.abc import Callable

import pytest

from tests.sdk import discord
from tests.sdk.conftest import SAFE_MENTIONS, Script
from tests.sdk.discord import CHANNEL, MESSAGE, ROLE, USER, Json

Loader = Callable[..., Script]


# What is added to the body of `{content: 'x'}` by more options, in a channel.
BODIES: list[tuple[str, Json]] = [
    ("tts: true", {"tts": True}),
    ("tts: false", {}),
    ("flags: MessageFlags.SUPPRESS_EMBEDS", {"flags": 4}),
    ("flags: 4096n", {"flags": 4096}),
    ("flags: 0", {"flags": 0}),
    ("flags: null", {}),
    ("ephemeral: true", {}),  # means nothing in a channel
    ("embeds: []", {"embeds": []}),
    ("embeds: null, components: null, attachments: null", {}),
    ("allowedMentions: null", {"allowed_mentions": SAFE_MENTIONS}),
    (
        "poll: {question: {text: 'tea?'}, answers: [{pollMedia: {text: 'yes'}}],"
        " allowMultiselect: true}, stickerIds: ['1'], nonce: 'n', enforceNonce: true",
        {
            "poll": {
                "question": {"text": "tea?"},
                "answers": [{"poll_media": {"text": "yes"}}],
                "allow_multiselect": True,
            },
            "sticker_ids": ["1"],
            "nonce": "n",
            "enforce_nonce": True,
        },
    ),
    (
        "poll: {question: 'tea?', answers: ['yes', 'no'], duration: 24}",
        {
            "poll": {
                "question": {"text": "tea?"},
                "answers": [{"poll_media": {"text": "yes"}}, {"poll_media": {"text": "no"}}],
                "duration": 24,
            }
        },
    ),
    ("undefinedThing: undefined, fn() {}", {}),
    (
        "someThing: {innerThing: [{aB: 1}], 'en-US': 2}",
        {"some_thing": {"inner_thing": [{"a_b": 1}], "en-_u_s": 2}},
    ),
    (
        "components: [button().setCustomId('b')]",
        {"components": [{"type": 1, "components": [{"type": 2, "custom_id": "b", "style": 1}]}]},
    ),
]


@pytest.mark.parametrize(("options", "added"), BODIES)
def test_what_options_add_to_a_body(script: Script, options: str, added: Json) -> None:
    call = f"rest.sendMessage({{channelId: CHANNEL, content: 'x', {options}}})"
    assert script.asks(call) == [
        (
            "rest.sendMessage",
            {
                "channelId": CHANNEL,
                "body": {"content": "x", "allowed_mentions": SAFE_MENTIONS, **added},
            },
        )
    ]


@pytest.mark.parametrize(
    ("mentions", "sent"),
    [
        ("allowedMentions: {}", {"parse": []}),
        (
            "allowedMentions: {parse: ['everyone', 'roles', 'users', 'here', 7]}",
            {"parse": ["everyone", "roles", "users"]},
        ),
        (
            "allowedMentions: {users: [USER, 'x', 5], roles: [ROLE, '0'], repliedUser: false}",
            {"parse": [], "users": [USER, "5"], "roles": [ROLE], "replied_user": False},
        ),
        ("allowed_mentions: {replied_user: true}", {"parse": [], "replied_user": True}),
    ],
)
@pytest.mark.parametrize("method", ["sendMessage", "editMessage"])
def test_whom_a_message_pings_is_the_scripts_word_if_it_has_one(
    script: Script, method: str, mentions: str, sent: Json
) -> None:
    call = f"rest.{method}({{channelId: CHANNEL, messageId: MESSAGE, content: 'x', {mentions}}})"
    ((_, payload),) = script.asks(call)
    assert payload["body"]["allowed_mentions"] == sent
    assert payload["explicitMentions"] is True


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ("components: [textDisplay('a')]", {"components": [{"type": 10, "content": "a"}]}),
        (
            "components: [separator()], flags: 4",
            {"components": [{"type": 14, "divider": True}], "flags": 32772},
        ),
        (
            "forward: {channelId: CHANNEL, messageId: MESSAGE}, messageId: '1'",
            {"message_reference": {"type": 1, "channel_id": CHANNEL, "message_id": MESSAGE}},
        ),
        (
            "forward: {channelId: 5n, id: 6}",  # as `ctx.msg` is
            {"message_reference": {"type": 1, "channel_id": "5", "message_id": "6"}},
        ),
        ("stickerIds: ['1']", {"sticker_ids": ["1"]}),
        (
            "poll: {question: 'q', answers: ['a']}",
            {"poll": {"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}]}},
        ),
    ],
)
def test_a_message_needs_no_content_beside_something_else(
    script: Script, options: str, body: Json
) -> None:
    ((_, payload),) = script.asks(f"rest.sendMessage({{channelId: CHANNEL, {options}}})")
    layout = {"flags": 32768} if "components" in body else {}
    assert payload["body"] == {"allowed_mentions": SAFE_MENTIONS, **layout, **body}


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ("content: 'x'", {"content": "x", "allowed_mentions": SAFE_MENTIONS}),
        ("content: ''", {"content": "", "allowed_mentions": SAFE_MENTIONS}),
        ("content: null", {"content": None, "allowed_mentions": SAFE_MENTIONS}),
        ("flags: 4", {"flags": 4}),
        ("", {}),
        ("embeds: []", {"embeds": []}),
        ("components: []", {"components": [], "allowed_mentions": SAFE_MENTIONS}),
        ("tts: true, ephemeral: true, replyTo: '1'", {}),
        (
            "attachments: [{id: '9', filename: 'a'}]",
            {"attachments": [{"id": "9", "filename": "a"}]},
        ),
        ("attachments: []", {"attachments": []}),
        ("attachments: null", {}),
    ],
)
def test_an_edit_changes_what_it_names_and_no_more(
    script: Script, options: str, body: Json
) -> None:
    call = f"rest.editMessage({{channelId: CHANNEL, messageId: MESSAGE, {options}}})"
    assert script.asks(call) == [
        ("rest.editMessage", {"channelId": CHANNEL, "messageId": MESSAGE, "body": body})
    ]


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ("ephemeral: true", 64),
        ("ephemeral: true, flags: 4", 68),
        ("ephemeral: false, flags: 64", 64),
        ("content: '', ephemeral: true, components: [container()]", 64 + 32768),
        ("ephemeral: 'yes'", None),
        ("ephemeral: false", None),
    ],
)
def test_only_who_used_the_interaction_sees_an_ephemeral_answer(
    load: Loader, options: str, flags: int | None
) -> None:
    script = load("on('interactionCreate', (ctx) => { bench.ctx = ctx })")
    script.event("INTERACTION_CREATE", discord.command())
    ((_, payload),) = script.asks(f"bench.ctx.reply({{content: 'x', {options}}})")
    assert payload["body"].get("flags") == flags
