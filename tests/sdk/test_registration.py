"""Slash commands on their way to Discord: their spelling, when they are sent, what is refused."""

from collections.abc import Callable

import pytest

from tests.sdk import discord
from tests.sdk.conftest import Script, invalid
from tests.sdk.discord import Json

Loader = Callable[..., Script]


TEA = {"name": "tea", "description": "d", "type": 1}


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        ("{name: 'tea', description: 'd', run() {}}", TEA),
        ("{name: 'tea', description: 'd', options: [], run() {}}", {**TEA, "options": []}),
        (
            "{name: 'tea', description: 'd',"
            " options: [{name: 'a', description: 'd', required: true}]}",
            {
                **TEA,
                "options": [{"name": "a", "description": "d", "type": 3, "required": True}],
            },
        ),
        (
            "{name: 'tea', description: 'd',"
            " options: [{name: 'a', description: 'd', type: 'integer',"
            " minValue: 1, max_value: 9, choices: [{name: 'x', value: 1}]},"
            " {name: 'b', description: 'd', minLength: 2, channelTypes: [0], type: 7}]}",
            {
                **TEA,
                "options": [
                    {
                        "name": "a",
                        "description": "d",
                        "type": 4,
                        "min_value": 1,
                        "max_value": 9,
                        "choices": [{"name": "x", "value": 1}],
                    },
                    {
                        "name": "b",
                        "description": "d",
                        "type": 7,
                        "min_length": 2,
                        "channel_types": [0],
                    },
                ],
            },
        ),
        (
            "{name: 'tea', description: 'd', options: [{name: 'dropped', description: 'd'}],"
            " subcommands: [{name: 's', description: 'e', run() {}},"
            " {name: 't', description: 'e', options: [{name: 'a', description: 'd'}], run() {}}]}",
            {
                **TEA,
                "options": [
                    {"name": "s", "description": "e", "type": 1},
                    {
                        "name": "t",
                        "description": "e",
                        "type": 1,
                        "options": [{"name": "a", "description": "d", "type": 3}],
                    },
                ],
            },
        ),
        (
            "{name: 'tea', description: 'd', options: [{name: 'g', description: 'd',"
            " type: 'subcommand_group',"
            " options: [{name: 's', description: 'd', type: 'subcommand'}]}]}",
            {
                **TEA,
                "options": [
                    {
                        "name": "g",
                        "description": "d",
                        "type": 2,
                        "options": [{"name": "s", "description": "d", "type": 1}],
                    }
                ],
            },
        ),
    ],
)
def test_createbot_registers_its_slash_commands_while_it_loads(
    load: Loader, command: str, sent: Json
) -> None:
    script = load(f"createBot({{slashCommands: [slash({command})]}})")
    assert [tuple(operation[1:]) for operation in script.operations] == [
        ("commands.register", {"commands": [sent]})
    ]
    assert script.said("loaded") == [None]  # nobody waited for the answer


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (
            "slash({name: 'tea', description: 'd', nameLocalizations: {de: 'tee'},"
            " descriptionLocalizations: {'en-GB': 'a cuppa'}, nsfw: true, contexts: [0],"
            " defaultMemberPermissions: 'MANAGE_MESSAGES', run() {}})",
            {
                **TEA,
                "name_localizations": {"de": "tee"},
                "description_localizations": {"en-GB": "a cuppa"},
                "nsfw": True,
                "contexts": [0],
                "default_member_permissions": "8192",
            },
        ),
        (
            "slash({name: 'tea', description: 'd', options: [{name: 'a', description: 'd',"
            " nameLocalizations: {de: 'b'}, autocomplete: () => []},"
            " {name: 'c', description: 'd', autocomplete: true,"
            " choices: [{name: 'x', value: 'y', nameLocalizations: {de: 'z'}}]}], run() {}})",
            {
                **TEA,
                "options": [
                    {
                        "name": "a",
                        "description": "d",
                        "type": 3,
                        "name_localizations": {"de": "b"},
                        "autocomplete": True,
                    },
                    {
                        "name": "c",
                        "description": "d",
                        "type": 3,
                        "autocomplete": True,
                        "choices": [{"name": "x", "value": "y", "name_localizations": {"de": "z"}}],
                    },
                ],
            },
        ),
        ("userCommand({name: 'Look At', run() {}})", {"name": "Look At", "type": 2}),
        (
            "messageCommand({name: 'Quote', nameLocalizations: {de: 'Zitieren'}, run() {}})",
            {"name": "Quote", "type": 3, "name_localizations": {"de": "Zitieren"}},
        ),
        (
            "{name: 'tea', description: 'd', subcommands: [{name: 'g', description: 'e',"
            " subcommands: [{name: 's', description: 'f', options: [{name: 'a', description: 'd'}],"
            " run() {}}]}, {name: 't', description: 'e', run() {}}]}",
            {
                **TEA,
                "options": [
                    {
                        "name": "g",
                        "description": "e",
                        "type": 2,
                        "options": [
                            {
                                "name": "s",
                                "description": "f",
                                "type": 1,
                                "options": [{"name": "a", "description": "d", "type": 3}],
                            }
                        ],
                    },
                    {"name": "t", "description": "e", "type": 1},
                ],
            },
        ),
    ],
)
def test_all_that_a_command_may_say_is_registered(load: Loader, command: str, sent: Json) -> None:
    script = load(f"createBot({{slashCommands: [{command}]}})")
    ((_, name, payload),) = script.operations
    assert (name, payload) == ("commands.register", {"commands": [sent]})


def test_commands_whose_answers_are_ephemeral_are_named(load: Loader) -> None:
    script = load(
        "const s = (name, more) => ({name, description: 'd', ...more});"
        " createBot({slashCommands: [s('a', {ephemeral: true, run() {}}), s('b', {run() {}}),"
        " s('c', {subcommands: [s('x', {ephemeral: true, run() {}}), s('y', {run() {}}),"
        "   s('g', {subcommands: [s('z', {ephemeral: true, run() {}})]})]}),"
        " userCommand({name: 'Look At', ephemeral: true, run() {}})]})"
    )
    ((_, _, payload),) = script.operations
    assert payload["ephemeral"] == ["a", "c x", "c g z", "Look At"]
    assert "ephemeral" not in str(payload["commands"])


@pytest.mark.parametrize(
    ("permissions", "sent"),
    [
        ("'BAN_MEMBERS'", "4"),
        ("['BAN_MEMBERS', 'KICK_MEMBERS']", "6"),
        ("Permissions.BAN_MEMBERS | Permissions.BYPASS_SLOWMODE", "4503599627370500"),
        ("8192", "8192"),
        ("'8192'", "8192"),
        ("0", "0"),
        ("'0'", "0"),
    ],
)
def test_permissions_may_be_said_in_these_ways(script: Script, permissions: str, sent: str) -> None:
    ((_, payload),) = script.asks(
        "registerSlashCommands([{name: 'a', description: 'd',"
        f" defaultMemberPermissions: {permissions}}}])"
    )
    assert payload["commands"][0]["default_member_permissions"] == sent


@pytest.mark.parametrize(
    "permissions",
    ["'MANAGE_EVERYTHING'", "'constructor'", "1.5", "{}", "[[]]", "'x'", "''", "true"],
)
def test_permissions_that_discord_does_not_have_are_named(script: Script, permissions: str) -> None:
    error = script.failure(
        "registerSlashCommands([{name: 'a', description: 'd',"
        f" defaultMemberPermissions: {permissions}}}])"
    )
    assert error["message"].startswith("Invalid input for default_member_permissions: ")


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("subcommand", 1),
        ("subcommand_group", 2),
        ("string", 3),
        ("integer", 4),
        ("boolean", 5),
        ("user", 6),
        ("channel", 7),
        ("role", 8),
        ("mentionable", 9),
        ("number", 10),
        ("attachment", 11),
        ("anything", 3),
    ],
)
@pytest.mark.parametrize("key", ["type", "kind"])
def test_an_options_type_has_a_name(load: Loader, kind: str, type_: int, key: str) -> None:
    script = load(
        "registerSlashCommands([{name: 'a', description: 'd',"
        f" options: [{{name: 'o', description: 'd', {key}: '{kind}'}}]}}])"
    )
    ((_, _, payload),) = script.operations
    assert payload["commands"][0]["options"] == [{"name": "o", "description": "d", "type": type_}]


@pytest.mark.parametrize(
    ("bot", "subscriptions", "operations"),
    [
        ("{}", [], 0),
        ("{commands: [], slashCommands: []}", [], 0),
        ("{commands: [{name: 'a', run() {}}]}", ["MESSAGE_CREATE"], 0),
        ("{prefixCommands: [{name: 'a', run() {}}]}", ["MESSAGE_CREATE"], 0),
        ("{commands: [], prefixCommands: [{name: 'a', run() {}}]}", [], 0),
        ("{slashCommands: [{name: 'a', description: 'd', run() {}}]}", ["INTERACTION_CREATE"], 1),
    ],
)
def test_a_bot_listens_and_registers_only_for_what_it_has(
    load: Loader, bot: str, subscriptions: list[str], operations: int
) -> None:
    script = load(f"createBot({bot})")
    assert script.said("subscriptions") == [subscriptions]
    assert len(script.operations) == operations


def test_a_second_createbot_only_says_so(load: Loader) -> None:
    script = load(
        "createBot({commands: [{name: 'a', run: () => console.log('a')}]});"
        "createBot({prefix: '?', slashCommands: [{name: 'b', description: 'd', run() {}}],"
        " commands: [{name: 'b', run: () => console.log('b')}]})"
    )
    assert script.said("log") == [
        ["info", "[flora/sdk] createBot called multiple times; skipping duplicate registration"]
    ]
    assert script.operations == []
    script.event("MESSAGE_CREATE", discord.message(content="?b"))
    script.event("MESSAGE_CREATE", discord.message(content="!a"))
    assert script.logged[1:] == ["a"]


def test_commands_win_over_prefixcommands(load: Loader) -> None:
    script = load(
        "createBot({commands: [{name: 'a', run: () => console.log('a')}],"
        " prefixCommands: [{name: 'b', run: () => console.log('b')}]})"
    )
    script.event("MESSAGE_CREATE", discord.message(content="!b"))
    script.event("MESSAGE_CREATE", discord.message(content="!a"))
    assert script.logged == ["a"]


NO_DESCRIPTION = {
    "name": "Error",
    "message": "Slash command must have a description",
    "code": "INVALID_INPUT",
}


@pytest.mark.parametrize(
    ("commands", "error"),
    [
        ("[{name: 'a'}]", NO_DESCRIPTION),
        ("[{name: 'a', description: ''}]", NO_DESCRIPTION),
        ("[{name: 'a', description: null}]", NO_DESCRIPTION),
        ("{}", invalid("commands", "expected an array")),
        ("undefined", invalid("commands", "expected an array")),
        ("[1]", invalid("commands", "expected objects")),
        (
            "[{name: 'a', description: 'd', options: {}}]",
            invalid("commands", "expected options to be an array"),
        ),
        ("[{name: 'a', description: 'd', options: [1]}]", invalid("commands", "expected objects")),
    ],
)
def test_commands_that_cannot_be_registered_are_refused_at_once(
    script: Script, commands: str, error: Json
) -> None:
    assert script.failure(f"registerSlashCommands({commands})") == error


def test_a_bot_with_a_command_without_description_does_not_load(load: Loader) -> None:
    script = load("createBot({slashCommands: [slash({name: 'a', run() {}})]})")
    (error,) = script.said("load_failed")
    assert error["message"] == NO_DESCRIPTION["message"]
    assert script.operations == []


def test_a_refused_registration_is_reported_where_nobody_waits(load: Loader) -> None:
    script = load("createBot({slashCommands: [slash({name: 'A', description: 'd', run() {}})]})")
    script.refuse(script.operations[0], "a name has lower-case letters", code="INVALID_INPUT")
    (error,) = script.said("error")
    assert error["message"] == "a name has lower-case letters"


def test_registering_may_be_awaited(script: Script) -> None:
    attempt = script.attempt("registerSlashCommands([{name: 'a', description: 'd'}])")
    script.answer(attempt.asked[0])
    assert attempt.result == {}


def test_without_a_guild_nothing_is_registered(load: Loader) -> None:
    script = load(
        "console.log(registerSlashCommands([{name: 'a', description: 'd'}]));"
        "createBot({slashCommands: [slash({name: 'a', description: 'd', run() {}})]})",
        guild=None,
    )
    assert script.logged == ["undefined"]
    assert script.operations == []
    assert script.said("subscriptions") == [["INTERACTION_CREATE"]]
