"""Words of a command line as Discord's events; what Discord itself would not let through."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.command_rules import check_commands
from runtime.local.wishes import KINDS, InvalidWish, Wish, happening, listed
from runtime.local.world import CHANNEL, GUILD, USER, World
from tests.examples import examples

COMMANDS = check_commands(
    [
        {
            "name": "all",
            "description": "d",
            "options": [
                {"name": "text", "description": "d", "type": 3, "required": True},
                {"name": "count", "description": "d", "type": 4},
                {"name": "loud", "description": "d", "type": 5},
                {"name": "who", "description": "d", "type": 6},
                {"name": "where", "description": "d", "type": 7},
                {"name": "share", "description": "d", "type": 10},
                {
                    "name": "size",
                    "description": "d",
                    "type": 4,
                    "choices": [{"name": "one", "value": 1}],
                },
            ],
        },
        {
            "name": "tag",
            "description": "d",
            "options": [
                {
                    "name": "admin",
                    "description": "d",
                    "type": 2,
                    "options": [{"name": "drop", "description": "d", "type": 1}],
                }
            ],
        },
        {"name": "Who is it", "type": 2},
        {"name": "Report", "type": 3},
    ]
)


def event(kind: str, text: str, payload: Any = None, world: World | None = None) -> Any:
    return happening(Wish(kind, text, payload), world or World(), COMMANDS)


def complaint(kind: str, text: str, payload: Any = None) -> str:
    with pytest.raises(InvalidWish) as raised:
        event(kind, text, payload)
    return str(raised.value)


def test_options_come_in_the_declared_order_with_their_types() -> None:
    words = f"/all share=0.5 text='two words' count=-3 loud=TRUE who={USER} where={CHANNEL} size=1"
    data = event("slash", words).data["data"]
    assert [(option["name"], option["value"]) for option in data["options"]] == [
        ("text", "two words"),
        ("count", -3),
        ("loud", True),
        ("who", USER),
        ("where", CHANNEL),
        ("share", 0.5),
        ("size", 1),
    ]
    assert data["resolved"]["users"][USER]["username"] == "alice"
    assert data["resolved"]["channels"][CHANNEL]["name"] == "general"


def test_subcommands_are_named_one_after_the_other() -> None:
    (group,) = event("slash", "tag admin drop").data["data"]["options"]
    assert (group["name"], group["type"]) == ("admin", 2)
    assert group["options"] == [{"name": "drop", "type": 1, "options": []}]


def test_commands_of_menus_have_their_target() -> None:
    world = World()
    message = event("message", "hello", world=world).data
    user = event("slash", "'Who is it'", world=world).data["data"]
    assert (user["type"], user["target_id"]) == (2, USER)
    report = event("slash", "Report", world=world).data["data"]
    assert report["resolved"]["messages"][message["id"]]["content"] == "hello"


def test_an_option_that_is_being_typed_is_not_checked_yet() -> None:
    happened = event("autocomplete", "all share=0.5 count=ma")
    assert happened.data["type"] == 4
    assert happened.data["data"]["options"] == [
        {"name": "count", "type": 4, "value": "ma", "focused": True},
        {"name": "share", "type": 10, "value": "0.5"},
    ]
    assert "expected the option that is being typed" in complaint("autocomplete", "all")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "expected the name of a command"),
        ("nope", "the script has declared no command /nope; there is: /all, /tag, /Who is it"),
        ("all", "the option text is required"),
        ("all text=a count=many", "count: expected a whole number, got 'many'"),
        ("all text=a share=x", "share: expected a number, got 'x'"),
        ("all text=a loud=yes", "loud: expected true or false, got 'yes'"),
        ("all text=a size=2", "size: expected one of 1"),
        ("all text=a other=1", "there is no option other; there is: text, count"),
        ("all word", "'word' is no option: expected name=value"),
        ("all 'text=a", "No closing quotation"),
        ("tag", "expected one of admin"),
        ("tag admin lift", "there is no subcommand lift; there is: drop"),
    ],
)
def test_what_discord_would_not_let_through(words: str, reason: str) -> None:
    assert reason in complaint("slash", words)


@pytest.mark.parametrize(
    ("name", "discords"),
    [
        ("messageCreate", "MESSAGE_CREATE"),
        ("memberJoin", "GUILD_MEMBER_ADD"),
        ("reactionAdd", "MESSAGE_REACTION_ADD"),
        ("threadMembersUpdate", "THREAD_MEMBERS_UPDATE"),
        ("GUILD_BAN_ADD", "GUILD_BAN_ADD"),
    ],
)
def test_events_are_known_by_both_names(name: str, discords: str) -> None:
    happened = event("event", name, {"extra": 1})
    assert (happened.name, happened.data["guild_id"], happened.data["extra"]) == (
        *(discords, GUILD),
        1,
    )


def test_an_event_stays_in_its_guild_and_is_whole() -> None:
    assert "guild_id must be" in complaint("event", "typingStart", {"guild_id": "1"})
    assert "expected Discord's id" in complaint("event", "modalSubmit", {"id": "1"})


@pytest.mark.parametrize("name", ["", "two words", "a\nb", "message-create"])
def test_what_is_no_name_of_an_event(name: str) -> None:
    assert "expected a name such as memberJoin" in complaint("event", name)


def test_half_a_character_is_refused() -> None:
    assert "cannot be sent as JSON" in complaint("message", "\ud83c")
    assert "cannot be sent as JSON" in complaint("event", "typingStart", {"a": ["\ud83c"]})


@pytest.mark.parametrize(
    "entries",
    [
        {},
        [1],
        [{}],
        [{"message": 1}],
        [{"message": "a", "slash": "b"}],
        [{"event": "a", "payload": 1}],
    ],
)
def test_a_file_with_anything_else_is_refused(entries: Any) -> None:
    with pytest.raises(InvalidWish):
        listed(entries)


@settings(max_examples=examples(100))
@given(st.sampled_from(sorted(KINDS)), st.text(max_size=40))
def test_any_words_are_an_event_or_a_complaint(kind: str, text: str) -> None:
    world = World()
    try:
        happened = happening(Wish(kind, text), world, COMMANDS)
    except InvalidWish:
        return
    assert happened.name
