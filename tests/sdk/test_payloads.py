"""Each event's payload, from Discord's JSON to `ctx.msg`: the original's names, types, nulls."""

import json
from collections.abc import Callable

import pytest

from tests.sdk import discord
from tests.sdk.conftest import Script
from tests.sdk.discord import (
    APPLICATION,
    BOT,
    CHANNEL,
    COMMAND,
    EMOJI,
    GUILD,
    INTERACTION,
    MESSAGE,
    OTHER_ROLE,
    ROLE,
    TOKEN,
    USER,
    Json,
)

EVENTS = [
    *("ready", "messageCreate", "messageUpdate", "messageDelete", "messageDeleteBulk"),
    *("interactionCreate", "componentInteraction", "modalSubmit"),
    *("reactionAdd", "reactionRemove", "reactionRemoveEmoji", "reactionRemoveAll"),
]

# Prints each event's name and payload, as JSON leaves it.
RECORDER = (
    f"for (const event of {json.dumps(EVENTS)})"
    " on(event, (ctx) => console.log(JSON.stringify([event, ctx.msg])))"
)

ALICE = {"id": USER, "username": "alice", "discriminator": None, "bot": False}
FLORA = {"id": BOT, "username": "flora", "discriminator": 4242, "bot": True}
AL = {
    "user": ALICE,
    "nick": "Al",
    "avatar": None,
    "roles": [ROLE, OTHER_ROLE],
    "joinedAt": "2021-03-04T05:06:07.890000+00:00",
    "premiumSince": None,
    "deaf": True,
    "mute": False,
    "flags": 2,
    "pending": False,
    "permissions": None,
    "communicationDisabledUntil": None,
}
PING = {
    "id": MESSAGE,
    "channelId": CHANNEL,
    "guildId": GUILD,
    "content": "!ping <@200000000000000002>",
    "author": ALICE,
    "member": AL,
}
PLACE = {"channelId": CHANNEL, "guildId": GUILD}
UPDATE = {**PLACE, "id": MESSAGE, "old": None, "new": None}
REACTION = {
    **PLACE,
    "userId": USER,
    "messageId": MESSAGE,
    "emoji": {"name": "🌱"},
    "burst": False,
}
ROSE = {"id": EMOJI, "name": "rose", "animated": True}
INVOKED = {
    **PLACE,
    "interactionId": INTERACTION,
    "interactionToken": TOKEN,
    "applicationId": APPLICATION,
    "user": ALICE,
    "member": {**AL, "permissions": "2248473465835073"},
    "locale": "en-GB",
    "guildLocale": "de",
}

CITY = {"name": "city", "type": 3, "value": "Oslo"}
WHO = {"name": "who", "type": 6, "value": USER}
ASK_BOB = {"users": {"200000000000000002": discord.user(id="200000000000000002")}}
TODAY = {"name": "today", "type": 1, "options": [CITY]}
WEEK = {"name": "week", "type": 2, "options": [{"name": "next", "type": 1, "options": [CITY]}]}
WEATHER = {"type": 1, "name": "weather", "id": COMMAND}
NO_MORE = {"resolved": {}, "guild_id": None, "target_id": None}

BUTTON = {"custom_id": "yes", "component_type": 2, "id": 2}
MENU = {"custom_id": "pick", "component_type": 5, "values": [USER], "resolved": ASK_BOB}
TEXT = {"type": 4, "custom_id": "why", "value": "because", "id": 2}
FORM = {"custom_id": "form", "components": [{"type": 1, "components": [TEXT], "id": 1}]}
LABELS = {"custom_id": "form", "components": [{"type": 18, "component": TEXT, "id": 1}]}


def without(data: Json, *names: str) -> Json:
    return {name: value for name, value in data.items() if name not in names}


CASES: list[tuple[str, str, Json, str, Json]] = [
    ("ready", "READY", discord.ready(), "ready", {"user": FLORA, "guildIds": [GUILD]}),
    ("a message", "MESSAGE_CREATE", discord.message(), "messageCreate", PING),
    (
        "a bot's message",
        "MESSAGE_CREATE",
        discord.message(author=discord.bot(), content=""),
        "messageCreate",
        {**PING, "author": FLORA, "content": "", "member": {**AL, "user": FLORA}},
    ),
    (
        "a webhook's message: nobody's member",
        "MESSAGE_CREATE",
        discord.webhook_message(),
        "messageCreate",
        {**PING, "author": {**ALICE, "bot": True}, "member": None},
    ),
    (
        "what a member may lack",
        "MESSAGE_CREATE",
        discord.message(
            member={
                "roles": [],
                "joined_at": None,
                "premium_since": "2022-01-01T00:00:00+00:00",
                "avatar": "a_1",
                "pending": True,
                "communication_disabled_until": "2026-01-01T00:00:00+00:00",
            }
        ),
        "messageCreate",
        {
            **PING,
            "member": {
                **AL,
                "nick": None,
                "avatar": "a_1",
                "roles": [],
                "joinedAt": None,
                "premiumSince": "2022-01-01T00:00:00+00:00",
                "deaf": False,
                "flags": 0,
                "pending": True,
                "communicationDisabledUntil": "2026-01-01T00:00:00+00:00",
            },
        },
    ),
    (
        "an edited message",
        "MESSAGE_UPDATE",
        discord.message(content="better", edited_timestamp="2026-05-06T08:00:00+00:00"),
        "messageUpdate",
        {
            **UPDATE,
            "content": "better",
            "author": ALICE,
            "editedTimestamp": "2026-05-06T08:00:00+00:00",
            "new": {**PING, "content": "better"},
        },
    ),
    (
        "an update of embeds alone",
        "MESSAGE_UPDATE",
        {"id": MESSAGE, "channel_id": CHANNEL, "guild_id": GUILD, "embeds": [{"title": "link"}]},
        "messageUpdate",
        {**UPDATE, "content": None, "author": None, "editedTimestamp": None},
    ),
    (
        "a deleted message",
        "MESSAGE_DELETE",
        {"id": MESSAGE, "channel_id": CHANNEL, "guild_id": GUILD},
        "messageDelete",
        {**PLACE, "id": MESSAGE},
    ),
    (
        "deleted messages",
        "MESSAGE_DELETE_BULK",
        {"ids": ["1", "2"], "channel_id": CHANNEL, "guild_id": GUILD},
        "messageDeleteBulk",
        {**PLACE, "ids": ["1", "2"]},
    ),
    (
        "a reaction",
        "MESSAGE_REACTION_ADD",
        discord.reaction(),
        "reactionAdd",
        REACTION,
    ),
    (
        "a burst of a custom emoji",
        "MESSAGE_REACTION_ADD",
        discord.reaction(emoji=ROSE, burst=True, burst_colors=["#ff0000"]),
        "reactionAdd",
        {**REACTION, "emoji": ROSE, "burst": True},
    ),
    (
        "a reaction taken away",
        "MESSAGE_REACTION_REMOVE",
        without(discord.reaction(emoji={"id": EMOJI, "name": "rose"}), "member", "burst"),
        "reactionRemove",
        {**REACTION, "emoji": {**ROSE, "animated": False}},
    ),
    (
        "an emoji that is gone from the guild has no name",
        "MESSAGE_REACTION_REMOVE",
        discord.reaction(emoji={"id": EMOJI, "name": None}),
        "reactionRemove",
        {**REACTION, "emoji": {**ROSE, "name": None, "animated": False}},
    ),
    (
        "all reactions with one emoji taken away",
        "MESSAGE_REACTION_REMOVE_EMOJI",
        without(discord.reaction(), "user_id", "member", "message_author_id", "burst", "type"),
        "reactionRemoveEmoji",
        {**REACTION, "userId": None},
    ),
    (
        "all reactions taken away",
        "MESSAGE_REACTION_REMOVE_ALL",
        {"message_id": MESSAGE, "channel_id": CHANNEL, "guild_id": GUILD},
        "reactionRemoveAll",
        {**PLACE, "messageId": MESSAGE},
    ),
    (
        "a command without options",
        "INTERACTION_CREATE",
        discord.command(),
        "interactionCreate",
        {**INVOKED, "commandName": "weather", "data": {**WEATHER, **NO_MORE, "options": []}},
    ),
    (
        "a command with options",
        "INTERACTION_CREATE",
        discord.command(CITY, WHO, resolved=ASK_BOB, guild_id=GUILD),
        "interactionCreate",
        {
            **INVOKED,
            "commandName": "weather",
            "data": {
                **WEATHER,
                "resolved": ASK_BOB,
                "guild_id": GUILD,
                "target_id": None,
                "options": [CITY, WHO],
            },
        },
    ),
    (
        "a button",
        "INTERACTION_CREATE",
        discord.component(BUTTON),
        "componentInteraction",
        {**INVOKED, "messageId": MESSAGE, "data": {**BUTTON, "values": None, "resolved": {}}},
    ),
    (
        "a select menu",
        "INTERACTION_CREATE",
        discord.component(MENU),
        "componentInteraction",
        {**INVOKED, "messageId": MESSAGE, "data": MENU},
    ),
    (
        "a form of rows, opened by a command",
        "INTERACTION_CREATE",
        discord.modal(FORM),
        "modalSubmit",
        {**INVOKED, "messageId": None, "data": FORM},
    ),
    (
        "a form of labels, opened by a button",
        "INTERACTION_CREATE",
        discord.modal(LABELS, message=discord.message()),
        "modalSubmit",
        {**INVOKED, "messageId": MESSAGE, "data": LABELS},
    ),
    (
        "an interaction with the least that Discord sends",
        "INTERACTION_CREATE",
        {
            **without(
                discord.modal(FORM), "member", "locale", "guild_locale", "channel", "channel_id"
            ),
            "user": discord.user(),
        },
        "modalSubmit",
        {
            **INVOKED,
            "messageId": None,
            "data": FORM,
            "member": None,
            "locale": None,
            "guildLocale": None,
            "channelId": None,
        },
    ),
]


@pytest.mark.parametrize(
    ("name", "data", "event", "payload"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_an_events_payload(
    load: Callable[..., Script], name: str, data: Json, event: str, payload: Json
) -> None:
    script = load(RECORDER)
    assert script.outcome(script.event(name, data)) == "done"
    assert [json.loads(line) for line in script.logged] == [[event, payload]]


def test_every_event_has_a_case() -> None:
    assert {case[3] for case in CASES} == set(EVENTS)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("INTERACTION_CREATE", discord.interaction(1, {})),
        ("INTERACTION_CREATE", discord.interaction(4, {"name": "weather", "options": [CITY]})),
        ("GUILD_UPDATE", {"id": GUILD}),
        ("AN_EVENT_OF_TOMORROW", {"guild_id": GUILD}),
        ("constructor", {}),
        ("__proto__", {}),
    ],
)
def test_an_event_that_scripts_do_not_see_is_done_at_once(
    load: Callable[..., Script], name: str, data: Json
) -> None:
    script = load(RECORDER)
    assert script.outcome(script.event(name, data)) == "done"
    assert script.logged == []
