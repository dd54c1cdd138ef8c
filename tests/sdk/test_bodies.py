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
    ("allowedMentions: {}", {"allowed_mentions": {"parse": []}}),
    ("allowedMentions: null", {"allowed_mentions": SAFE_MENTIONS}),
    (
        "allowedMentions: {parse: ['everyone', 'roles', 'users', 'here', 7]}",
        {"allowed_mentions": {"parse": ["everyone", "roles", "users"]}},
    ),
    (
        "allowedMentions: {users: [USER, 'x', 5], roles: [ROLE, '0'], repliedUser: false}",
        {
            "allowed_mentions": {
                "parse": [],
                "users": [USER, "5"],
                "roles": [ROLE],
                "replied_user": False,
            }
        },
    ),
    (
        "allowed_mentions: {replied_user: true}",
        {"allowed_mentions": {"parse": [], "replied_user": True}},
    ),
    (
        "poll: {question: {text: 'tea?'}}, stickerIds: ['1'], nonce: 'n', enforceNonce: true",
        {
            "poll": {"question": {"text": "tea?"}},
            "sticker_ids": ["1"],
            "nonce": "n",
            "enforce_nonce": True,
        },
    ),
    ("undefinedThing: undefined, fn() {}", {}),
    (
        "components: [textDisplay('a')]",
        {"components": [{"type": 10, "content": "a"}], "flags": 32768},
    ),
    (
        "components: [separator()], flags: 4",
        {"components": [{"type": 14, "divider": True}], "flags": 32772},
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
        ("allowedMentions: {}", {"allowed_mentions": {"parse": []}}),
        (
            "attachments: [{id: '9', filename: 'a'}]",
            {"attachments": [{"id": "9", "filename": "a"}]},
        ),
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
        ("ephemeral: true, components: [container()]", 64 + 32768),
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
