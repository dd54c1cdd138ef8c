"""Events that the original did not have: their names, and all of Discord's fields in camelCase."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk import discord
from tests.sdk.conftest import Script
from tests.sdk.discord import BOT, CHANNEL, EMOJI, GUILD, MESSAGE, ROLE, USER, Json

Loader = Callable[..., Script]

PLACE = {"guild_id": GUILD, "channel_id": CHANNEL}
IN_CHANNEL = {"guildId": GUILD, "channelId": CHANNEL}
JOINED = "2026-05-06T07:08:09.010000+00:00"
ALICE = {"id": USER, "username": "alice", "global_name": "Alice", "discriminator": "0"}
ALICE_HERE = {"id": USER, "username": "alice", "globalName": "Alice", "discriminator": "0"}
MEMBER = {
    "user": ALICE,
    "roles": [ROLE],
    "joined_at": JOINED,
    "communication_disabled_until": None,
    "flags": 1,
    "guild_id": GUILD,
}
MEMBER_HERE = {
    "user": ALICE_HERE,
    "roles": [ROLE],
    "joinedAt": JOINED,
    "communicationDisabledUntil": None,
    "flags": 1,
    "guildId": GUILD,
}
THREAD = {
    "id": "410000000000000001",
    "guild_id": GUILD,
    "parent_id": CHANNEL,
    "owner_id": USER,
    "type": 11,
    "thread_metadata": {"archived": False, "auto_archive_duration": 1440, "locked": False},
    "newly_created": True,
}

# (Discord's name, the script's, Discord's object, ctx.msg)
CASES: list[tuple[str, str, Json, Json]] = [
    ("GUILD_MEMBER_ADD", "guildMemberAdd", MEMBER, MEMBER_HERE),
    ("GUILD_MEMBER_UPDATE", "guildMemberUpdate", MEMBER, MEMBER_HERE),
    (
        "GUILD_MEMBER_REMOVE",
        "guildMemberRemove",
        {"user": ALICE, "guild_id": GUILD},
        {"user": ALICE_HERE, "guildId": GUILD},
    ),
    (
        "GUILD_BAN_ADD",
        "guildBanAdd",
        {"user": ALICE, "guild_id": GUILD},
        {"user": ALICE_HERE, "guildId": GUILD},
    ),
    (
        "GUILD_ROLE_CREATE",
        "guildRoleCreate",
        {"guild_id": GUILD, "role": {"id": ROLE, "unicode_emoji": None, "permissions": "8"}},
        {"guildId": GUILD, "role": {"id": ROLE, "unicodeEmoji": None, "permissions": "8"}},
    ),
    (
        "GUILD_ROLE_DELETE",
        "guildRoleDelete",
        {"guild_id": GUILD, "role_id": ROLE},
        {"guildId": GUILD, "roleId": ROLE},
    ),
    (
        "CHANNEL_CREATE",
        "channelCreate",
        {
            "id": CHANNEL,
            "guild_id": GUILD,
            "permission_overwrites": [{"id": ROLE, "type": 0, "allow": "0", "deny": "1024"}],
            "rate_limit_per_user": 5,
        },
        {
            "id": CHANNEL,
            "guildId": GUILD,
            "permissionOverwrites": [{"id": ROLE, "type": 0, "allow": "0", "deny": "1024"}],
            "rateLimitPerUser": 5,
        },
    ),
    (
        "CHANNEL_PINS_UPDATE",
        "channelPinsUpdate",
        {**PLACE, "last_pin_timestamp": JOINED},
        {**IN_CHANNEL, "lastPinTimestamp": JOINED},
    ),
    (
        "THREAD_CREATE",
        "threadCreate",
        THREAD,
        {
            "id": "410000000000000001",
            "guildId": GUILD,
            "parentId": CHANNEL,
            "ownerId": USER,
            "type": 11,
            "threadMetadata": {"archived": False, "autoArchiveDuration": 1440, "locked": False},
            "newlyCreated": True,
        },
    ),
    (
        "THREAD_MEMBERS_UPDATE",
        "threadMembersUpdate",
        {
            "id": "410000000000000001",
            "guild_id": GUILD,
            "member_count": 3,
            "added_members": [{"user_id": USER, "join_timestamp": JOINED}],
            "removed_member_ids": [BOT],
        },
        {
            "id": "410000000000000001",
            "guildId": GUILD,
            "memberCount": 3,
            "addedMembers": [{"userId": USER, "joinTimestamp": JOINED}],
            "removedMemberIds": [BOT],
        },
    ),
    (
        "VOICE_STATE_UPDATE",
        "voiceStateUpdate",
        {**PLACE, "user_id": USER, "session_id": "s", "self_mute": True, "suppress": False},
        {**IN_CHANNEL, "userId": USER, "sessionId": "s", "selfMute": True, "suppress": False},
    ),
    (
        "INVITE_CREATE",
        "inviteCreate",
        {**PLACE, "code": "garden", "max_uses": 0, "inviter": ALICE, "expires_at": None},
        {**IN_CHANNEL, "code": "garden", "maxUses": 0, "inviter": ALICE_HERE, "expiresAt": None},
    ),
    (
        "TYPING_START",
        "typingStart",
        {**PLACE, "user_id": USER, "timestamp": 1778051289},
        {**IN_CHANNEL, "userId": USER, "timestamp": 1778051289},
    ),
    (
        "PRESENCE_UPDATE",
        "presenceUpdate",
        {
            "guild_id": GUILD,
            "user": {"id": USER},
            "client_status": {"desktop": "idle"},
            "activities": [{"name": "roses", "created_at": 1, "application_id": BOT}],
        },
        {
            "guildId": GUILD,
            "user": {"id": USER},
            "clientStatus": {"desktop": "idle"},
            "activities": [{"name": "roses", "createdAt": 1, "applicationId": BOT}],
        },
    ),
    (
        "GUILD_EMOJIS_UPDATE",
        "guildEmojisUpdate",
        {"guild_id": GUILD, "emojis": [{"id": EMOJI, "require_colons": True}]},
        {"guildId": GUILD, "emojis": [{"id": EMOJI, "requireColons": True}]},
    ),
    (
        "GUILD_SCHEDULED_EVENT_USER_ADD",
        "guildScheduledEventUserAdd",
        {"guild_id": GUILD, "guild_scheduled_event_id": "1", "user_id": USER},
        {"guildId": GUILD, "guildScheduledEventId": "1", "userId": USER},
    ),
    (
        "AUTO_MODERATION_ACTION_EXECUTION",
        "autoModerationActionExecution",
        {
            **PLACE,
            "action": {"type": 1, "metadata": {"custom_message": "no"}},
            "rule_trigger_type": 1,
            "matched_keyword": "weed",
        },
        {
            **IN_CHANNEL,
            "action": {"type": 1, "metadata": {"customMessage": "no"}},
            "ruleTriggerType": 1,
            "matchedKeyword": "weed",
        },
    ),
    (
        "GUILD_AUDIT_LOG_ENTRY_CREATE",
        "guildAuditLogEntryCreate",
        {
            "guild_id": GUILD,
            "target_id": USER,
            "action_type": 24,
            "changes": [{"key": "nick", "new_value": "Al"}],
        },
        {
            "guildId": GUILD,
            "targetId": USER,
            "actionType": 24,
            "changes": [{"key": "nick", "newValue": "Al"}],
        },
    ),
    (
        "MESSAGE_POLL_VOTE_ADD",
        "messagePollVoteAdd",
        {**PLACE, "message_id": MESSAGE, "user_id": USER, "answer_id": 2},
        {**IN_CHANNEL, "messageId": MESSAGE, "userId": USER, "answerId": 2},
    ),
    (
        "GUILD_UPDATE",
        "guildUpdate",
        {"id": GUILD, "afk_timeout": 300, "system_channel_id": None},
        {"id": GUILD, "afkTimeout": 300, "systemChannelId": None, "guildId": GUILD},
    ),
    ("WEBHOOKS_UPDATE", "webhooksUpdate", PLACE, IN_CHANNEL),
    (
        "AN_EVENT_OF_TOMORROW",
        "anEventOfTomorrow",
        {"guild_id": GUILD, "some_new_field": [{"inner_field": 1}]},
        {"guildId": GUILD, "someNewField": [{"innerField": 1}]},
    ),
]


@pytest.mark.parametrize(
    ("name", "event", "data", "payload"), CASES, ids=[case[1] for case in CASES]
)
def test_an_event_has_discords_fields_in_camel_case(
    load: Loader, name: str, event: str, data: Json, payload: Json
) -> None:
    script = load(
        f"on('{event}', (ctx) => console.log(JSON.stringify([ctx.event, ctx.msg, ctx.raw])))"
    )
    assert script.said("subscriptions") == [[name]]
    assert script.outcome(script.event(name, data)) == "done"
    assert [json.loads(line) for line in script.logged] == [[event, payload, data]]


@pytest.mark.parametrize(
    ("alias", "name", "data"),
    [
        ("memberJoin", "GUILD_MEMBER_ADD", MEMBER),
        ("memberLeave", "GUILD_MEMBER_REMOVE", MEMBER),
        ("memberUpdate", "GUILD_MEMBER_UPDATE", MEMBER),
        ("messageReactionAdd", "MESSAGE_REACTION_ADD", discord.reaction()),
        ("messageReactionRemoveEmoji", "MESSAGE_REACTION_REMOVE_EMOJI", discord.reaction()),
    ],
)
def test_an_event_with_another_name_has_one_list_of_handlers(
    load: Loader, alias: str, name: str, data: Json
) -> None:
    script = load(
        f"on('*', (ctx) => console.log(ctx.event)); on('{alias}', () => console.log('first'))"
    )
    script.event(name, data)
    first, event = script.logged
    assert first == "first"
    other = load(f"on('{event}', () => console.log('a')); on('{alias}', () => console.log('b'))")
    other.event(name, data)
    assert other.logged == ["a", "b"]


WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
NAMES = st.lists(WORDS, min_size=1, max_size=4).map("_".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            re.sub("_(.)", lambda match: match[1].upper(), name): camel(item)
            for name, item in value.items()
        }
    return [camel(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=5))
def test_whatever_discord_sends_can_be_read(objects: list[Json]) -> None:
    script = Script("on('thingUpdate', (ctx) => console.log(JSON.stringify(ctx.msg)))")
    try:
        for data in objects:
            script.event("THING_UPDATE", {**data, "guild_id": GUILD})
        seen = [json.loads(line) for line in script.logged]
        assert seen == [{**camel(data), "guildId": GUILD} for data in objects]
    finally:
        script.close()
