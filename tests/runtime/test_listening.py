"""What an author is told whose script waits for events that will not come."""

import pytest

from gateway.intents import ALLOWED_BY_DEFAULT, BITS, IntentChoice, needed_for
from runtime.listening import warnings

TO_ALLOW = (
    "this script listens to {}, which this flora is not sent: its operator has to add {} to "
    "DISCORD_INTENTS"
)


def told(events: set[str], allowed: set[str], refused: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    choice = IntentChoice(allowed)
    choice.need(needed_for(events))
    choice.refused = frozenset(refused)
    choice.asked -= refused
    return list(warnings(events, choice))


EVERYTHING = set(BITS)
QUIET = set(ALLOWED_BY_DEFAULT)


@pytest.mark.parametrize(
    ("events", "allowed", "sentences"),
    [
        (set(), QUIET, []),
        ({"*"}, {"guilds"}, []),
        ({"READY", "INTERACTION_CREATE", "FLORA_TASK", "FLORA_SUSPEND"}, set(), []),
        ({"MESSAGE_CREATE", "VOICE_STATE_UPDATE", "INVITE_CREATE", "TYPING_START"}, QUIET, []),
        ({"GUILD_MEMBER_ADD", "PRESENCE_UPDATE"}, EVERYTHING, []),
        (
            {"GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE"},
            QUIET,
            [
                TO_ALLOW.format("guildMemberAdd, guildMemberRemove", "guild_members")
                + " and switch on Server Members Intent in Discord's portal"
            ],
        ),
        (
            {"VOICE_STATE_UPDATE"},
            {"guilds"},
            [TO_ALLOW.format("voiceStateUpdate", "guild_voice_states")],
        ),
        (
            {"MESSAGE_CREATE"},
            {"guild_messages"},
            [
                "messages come without their text to this script: its operator has to add "
                "message_content to DISCORD_INTENTS and switch on Message Content Intent in "
                "Discord's portal"
            ],
        ),
        (
            {"MESSAGE_CREATED", "GUILD_MEMBER_ADDED"},
            EVERYTHING,
            [
                "this script listens to guildMemberAdded, an event that Discord does not have: is "
                "its name misspelt?",
                "this script listens to messageCreated, an event that Discord does not have: is "
                "its name misspelt?",
            ],
        ),
    ],
)
def test_what_a_script_is_told(events: set[str], allowed: set[str], sentences: list[str]) -> None:
    assert told(events, allowed) == sentences


def test_what_discord_has_refused_must_be_switched_on_there() -> None:
    assert told({"PRESENCE_UPDATE"}, EVERYTHING, {"guild_presences"}) == [
        "this script listens to presenceUpdate, which this flora is not sent: its operator has to "
        "switch on Presence Intent in Discord's developer portal and restart flora"
    ]
