"""What a payload has besides its contract: every other field of Discord, and all of it as `raw`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk import discord
from tests.sdk.conftest import Script
from tests.sdk.discord import APPLICATION, BOT, Json
from tests.sdk.test_payloads import BUTTON, CASES, EVENTS

READS: list[tuple[str, Json, str, Any]] = [
    ("MESSAGE_CREATE", discord.message(), "timestamp", "2026-05-06T07:08:09.010000+00:00"),
    ("MESSAGE_CREATE", discord.message(), "attachments[0].contentType", "image/png"),
    ("MESSAGE_CREATE", discord.message(), "mentions[0].member.nick", None),
    ("MESSAGE_CREATE", discord.message(), "mentionEveryone", False),
    ("MESSAGE_CREATE", discord.message(), "author.globalName", "Alice"),
    ("MESSAGE_CREATE", discord.message(), "author.primaryGuild.identityEnabled", True),
    ("MESSAGE_CREATE", discord.webhook_message(), "webhookId", "520000000000000001"),
    (
        "MESSAGE_CREATE",
        discord.message(a_field_of_tomorrow={"some_key": 1}),
        "aFieldOfTomorrow.someKey",
        1,
    ),
    ("MESSAGE_UPDATE", discord.message(), "new.pinned", False),
    ("MESSAGE_UPDATE", discord.message(), "flags", 0),
    ("MESSAGE_REACTION_ADD", discord.reaction(), "member.user.username", "alice"),
    ("MESSAGE_REACTION_ADD", discord.reaction(), "messageAuthorId", BOT),
    ("INTERACTION_CREATE", discord.command(), "appPermissions", "4503599627370495"),
    ("INTERACTION_CREATE", discord.command(), "channel.name", "general"),
    ("INTERACTION_CREATE", discord.command(), "type", 2),
    ("INTERACTION_CREATE", discord.component(BUTTON), "message.author.username", "flora"),
    ("READY", discord.ready(), "application.id", APPLICATION),
]


@pytest.mark.parametrize(("name", "data", "path", "value"), READS)
def test_every_other_field_of_discord_can_be_read_by_its_camel_case_name(
    load: Callable[..., Script], name: str, data: Json, path: str, value: Any
) -> None:
    script = load(
        f"for (const event of {json.dumps(EVENTS)})"
        f" on(event, (ctx) => console.log(JSON.stringify(ctx.msg.{path})))"
    )
    script.event(name, data)
    assert [json.loads(line) for line in script.logged] == [value]


@pytest.mark.parametrize(("name", "data"), [case[1:3] for case in CASES[:2] + CASES[-5:]])
def test_raw_is_discords_own_object(load: Callable[..., Script], name: str, data: Json) -> None:
    script = load(
        f"for (const event of {json.dumps(EVENTS)})"
        " on(event, (ctx) => console.log(JSON.stringify(ctx.raw)))"
    )
    script.event(name, data)
    assert [json.loads(line) for line in script.logged] == [data]


def test_an_interactions_id_and_token_go_by_their_own_names_only(
    load: Callable[..., Script],
) -> None:
    script = load("on('interactionCreate', ({msg}) => console.log(msg.id, msg.token, 'id' in msg))")
    script.event("INTERACTION_CREATE", discord.command())
    assert script.logged == ["undefined undefined false"]


def test_further_fields_are_the_payloads_own_state_and_no_own_properties(
    load: Callable[..., Script],
) -> None:
    script = load(
        "on('messageCreate', ({msg}) => {"
        " const same = msg.mentions === msg.mentions; msg.pinned = 'mine';"
        " console.log(same, msg.pinned, Object.hasOwn(msg, 'pinned'), 'pinned' in {...msg},"
        "   Object.create(Object.getPrototypeOf(msg)).pinned) })"
    )
    script.event("MESSAGE_CREATE", discord.message())
    script.event("MESSAGE_CREATE", discord.message())
    assert script.logged == ["true mine false false undefined"] * 2


def test_a_field_that_discord_did_not_send_this_time_is_undefined(
    load: Callable[..., Script],
) -> None:
    script = load("on('messageCreate', ({msg}) => console.log(msg.webhookId))")
    script.event("MESSAGE_CREATE", discord.webhook_message())
    script.event("MESSAGE_CREATE", discord.message())
    assert script.logged == ["520000000000000001", "undefined"]
