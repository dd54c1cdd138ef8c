"""Bots made of commands: what is typed, which command runs, what it gets."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk import discord
from tests.sdk.conftest import Script
from tests.sdk.discord import CHANNEL, ROLE, USER, Json

Loader = Callable[..., Script]

# --- prefix commands -----------------------------------------------------------------------

BOT = (
    "const command = (name) => prefix({name, run: (ctx) =>"
    " console.log(JSON.stringify([name, ctx.args]))});"
    "createBot({%s commands: [command('ping'), command('Ping'), command('ping'), command('ü')]})"
)


@pytest.mark.parametrize(
    ("prefix", "content", "ran"),
    [
        ("", "!ping", ["ping", []]),
        ("", "  !ping  ", ["ping", []]),
        ("", "! ping", ["ping", []]),
        ("", "!ping a  b\tc\nd", ["ping", ["a", "b", "c", "d"]]),
        ("", '!ping "a b"', ["ping", ['"a', 'b"']]),
        ("", "!Ping", ["Ping", []]),
        ("", "!ü x", ["ü", ["x"]]),
        ("", "!PING", None),
        ("", "!pingpong", None),
        ("", "!", None),
        ("", "ping", None),
        ("", "hey !ping", None),
        ("", "", None),
        ("", "   ", None),
        ("prefix: '?',", "?ping", ["ping", []]),
        ("prefix: '?',", "!ping", None),
        ("prefix: 'flora',", "flora ping 1", ["ping", ["1"]]),
        ("prefix: 'flora ',", "floraping", None),
        ("prefix: '',", "ping", ["ping", []]),
        ("prefix: undefined,", "!ping", ["ping", []]),
    ],
)
def test_which_prefix_command_runs(load: Loader, prefix: str, content: str, ran: Any) -> None:
    script = load(BOT % prefix)
    event = script.event("MESSAGE_CREATE", discord.message(content=content))
    assert script.outcome(event) == "done"
    assert [json.loads(line) for line in script.logged] == ([ran] if ran else [])


@pytest.mark.parametrize(
    ("content", "ran"),
    [("!p", "ping"), ("!pong x", "ping"), ("!ping", "ping"), ("!other", "other"), ("!P", None)],
)
def test_a_prefix_command_may_have_other_names(load: Loader, content: str, ran: Any) -> None:
    script = load(
        "const tell = (name) => () => console.log(name); createBot({commands: ["
        " {name: 'ping', aliases: ['p', 'pong', 'other'], run: tell('ping')},"
        " {name: 'other', run: tell('other')}]})"
    )
    script.event("MESSAGE_CREATE", discord.message(content=content))
    assert script.logged == ([ran] if ran else [])


def test_bots_are_not_listened_to(load: Loader) -> None:
    script = load(BOT % "")
    script.event("MESSAGE_CREATE", discord.message(content="!ping", author=discord.bot()))
    assert script.logged == []


def test_a_prefix_command_has_the_messages_context(load: Loader) -> None:
    script = load("createBot({commands: [{name: 'hi', run: (ctx) => ctx.reply(ctx.msg.content)}]})")
    event = script.event("MESSAGE_CREATE", discord.message(content="!hi"))
    (operation,) = script.operations
    assert (operation.name, operation.payload["body"]["content"]) == ("rest.sendMessage", "!hi")
    assert script.outcome(event) is None
    script.answer(operation, {})
    assert script.outcome(event) == "done"


def test_what_a_command_throws_is_the_events_failure(load: Loader) -> None:
    script = load("createBot({commands: [{name: 'x', run: async () => { throw Error('no') }}]})")
    event = script.event("MESSAGE_CREATE", discord.message(content="!x"))
    assert script.outcome(event)["message"] == "no"


# --- slash commands ------------------------------------------------------------------------


def option(name: str, value: Any, type_: int = 3) -> Json:
    return {"name": name, "type": type_, "value": value}


def group(name: str, *options: Json, type_: int = 1) -> Json:
    return {"name": name, "type": type_, "options": list(options)}


CITY, DAYS = option("city", "Oslo"), option("days", 3, 4)
SLASH = """
const tell = (what) => (ctx) => console.log(JSON.stringify([what, ctx.options]));
createBot({slashCommands: [
  slash({name: 'plain', description: 'd', run: tell('plain')}),
  slash({name: 'plain', description: 'd', run: tell('never')}),
  slash({name: 'sub', description: 'd', run: tell('never'), subcommands: [
    {name: 'one', description: 'd', run: tell('one')},
    {name: 'two', description: 'd', run: tell('two')}]}),
  slash({name: 'empty', description: 'd', run: tell('empty'), subcommands: []}),
  slash({name: 'grouped', description: 'd', run: tell('grouped'), options: [
    {name: 'g', description: 'd', type: 'subcommand_group', options: [
      {name: 's', description: 'd', type: 'subcommand'}]}]}),
  slash({name: 'mute', description: 'd'}),
  slash({name: 'deep', description: 'd', subcommands: [
    {name: 'top', description: 'd', run: tell('top')},
    {name: 'g', description: 'd', run: tell('never'), subcommands: [
      {name: 'top', description: 'd', run: tell('g top')},
      {name: 's', description: 'd', run: tell('g s')}]}]}),
  userCommand({name: 'plain', run: tell('user')}),
  messageCommand({name: 'Read It', run: tell('message')}),
]})
"""


@pytest.mark.parametrize(
    ("name", "options", "ran"),
    [
        ("plain", [], ["plain", {}]),
        ("plain", [CITY, DAYS], ["plain", {"city": "Oslo", "days": 3}]),
        ("sub", [group("one")], ["one", {}]),
        ("sub", [group("two", CITY)], ["two", {"city": "Oslo"}]),
        ("sub", [group("three", CITY)], None),
        ("sub", [], None),
        ("empty", [CITY], ["empty", {"city": "Oslo"}]),
        ("grouped", [group("g", group("s", CITY), type_=2)], ["grouped", {"city": "Oslo"}]),
        ("deep", [group("top", CITY)], ["top", {"city": "Oslo"}]),
        ("deep", [group("g", group("top"), type_=2)], ["g top", {}]),
        ("deep", [group("g", group("s", CITY), type_=2)], ["g s", {"city": "Oslo"}]),
        ("deep", [group("g", group("x"), type_=2)], None),
        ("deep", [group("g", type_=2)], None),
        ("mute", [], None),
        ("unknown", [], None),
    ],
)
def test_which_slash_command_runs(load: Loader, name: str, options: list[Json], ran: Any) -> None:
    script = load(SLASH)
    event = script.event("INTERACTION_CREATE", discord.command(*options, name=name))
    assert script.outcome(event) == "done"
    assert [json.loads(line) for line in script.logged] == ([ran] if ran else [])


@pytest.mark.parametrize(
    ("type_", "name", "ran"),
    [
        (2, "plain", "user"),
        (3, "Read It", "message"),
        (3, "plain", None),
        (1, "Read It", None),
    ],
)
def test_commands_of_different_kinds_may_share_a_name(
    load: Loader, type_: int, name: str, ran: Any
) -> None:
    script = load(SLASH)
    data = {"id": "1", "type": type_, "name": name, "target_id": USER}
    script.event("INTERACTION_CREATE", discord.interaction(2, data))
    assert [json.loads(line) for line in script.logged] == ([[ran, {}]] if ran else [])


# --- autocomplete --------------------------------------------------------------------------

SUGGESTING = """
const rooms = ['red', 'rose', 'blue'];
const tell = async (ctx) => {
  console.log(JSON.stringify([ctx.focused, ctx.options]));
  return rooms.filter((room) => room.startsWith(ctx.focused.value));
};
const room = {name: 'room', description: 'd', autocomplete: tell};
createBot({slashCommands: [
  slash({name: 'go', description: 'd', options: [room,
    {name: 'n', description: 'd', type: 'integer', autocomplete: () => [1, 2]},
    {name: 'own', description: 'd', autocomplete: (ctx) => ctx.respond(['mine'])},
    {name: 'none', description: 'd', autocomplete: () => {}},
    {name: 'other', description: 'd', autocomplete: true},
    {name: 'bad', description: 'd', autocomplete: () => { throw new Error('no') }}]}),
  slash({name: 'sub', description: 'd', subcommands: [
    {name: 'go', description: 'd', options: [room]},
    {name: 'g', description: 'd', subcommands: [
      {name: 'go', description: 'd', options: [room]}]}]}),
]})
"""


def typing(name: str, value: Any = "r", type_: int = 3) -> Json:
    return {**option(name, value, type_), "focused": True}


ROOM = typing("room")
TYPED = [{"name": "room", "value": "r"}, {"room": "r"}]


@pytest.mark.parametrize(
    ("name", "options", "told", "suggested"),
    [
        ("go", [ROOM], TYPED, ["red", "rose"]),
        (
            "go",
            [CITY, ROOM],
            [{"name": "room", "value": "r"}, {"city": "Oslo", "room": "r"}],
            ["red", "rose"],
        ),
        ("go", [typing("n", 1, 4)], None, [1, 2]),
        ("go", [typing("own")], None, ["mine"]),
        ("go", [typing("none")], None, None),
        ("go", [typing("other")], None, None),
        ("go", [typing("unknown")], None, None),
        ("sub", [group("go", ROOM)], TYPED, ["red", "rose"]),
        ("sub", [group("g", group("go", ROOM), type_=2)], TYPED, ["red", "rose"]),
        ("sub", [group("unknown", ROOM)], None, None),
        ("unknown", [ROOM], None, None),
    ],
)
def test_who_suggests_values_for_an_option(
    load: Loader, name: str, options: list[Json], told: Any, suggested: Any
) -> None:
    script = load(SUGGESTING)
    data = {"id": "1", "name": name, "type": 1, "options": options}
    event = script.event("INTERACTION_CREATE", discord.interaction(4, data))
    assert [json.loads(line) for line in script.logged] == ([told] if told else [])
    asked = [operation for operation in script.operations if operation.name.endswith("suggest")]
    if suggested is None:
        assert asked == []
    else:
        (operation,) = asked
        assert [choice["value"] for choice in operation.payload["choices"]] == suggested
        script.answer(operation)
    assert script.outcome(event) == "done"


def test_what_a_suggestion_throws_is_the_events_failure(load: Loader) -> None:
    script = load(SUGGESTING)
    data = {"id": "1", "name": "go", "type": 1, "options": [typing("bad")]}
    event = script.event("INTERACTION_CREATE", discord.interaction(4, data))
    assert script.outcome(event)["message"] == "no"


def test_a_bot_without_suggestions_does_not_hear_of_what_is_typed(load: Loader) -> None:
    script = load(
        "createBot({slashCommands: [{name: 'a', description: 'd', run: () => console.log('ran'),"
        " options: [{name: 'o', description: 'd', autocomplete: true}]}]})"
    )
    data = {"id": "1", "name": "a", "type": 1, "options": [typing("o")]}
    event = script.event("INTERACTION_CREATE", discord.interaction(4, data))
    assert (script.outcome(event), script.logged) == ("done", [])


def test_a_subcommand_is_awaited_and_answers_its_interaction(load: Loader) -> None:
    script = load(
        "createBot({slashCommands: [{name: 'a', description: 'd', subcommands: ["
        "{name: 'b', description: 'd', run: (ctx) => ctx.reply('hi')}]}]})"
    )
    (registration,) = script.operations
    event = script.event("INTERACTION_CREATE", discord.command(group("b"), name="a"))
    (reply,) = script.operations[1:]
    assert (registration.name, reply.name) == ("commands.register", "rest.sendInteractionResponse")
    assert script.outcome(event) is None
    script.answer(reply)
    assert script.outcome(event) == "done"


# --- helpers that scripts call -------------------------------------------------------------


def test_prefix_and_slash_give_back_what_they_get(script: Script) -> None:
    assert script.value(
        "(() => { const c = {name: 'a'}; return [prefix(c) === c, slash(c) === c] })()"
    ) == [True, True]
    assert script.value("[userCommand({name: 'a'}), messageCommand({name: 'b'})]") == [
        {"name": "a", "type": "user"},
        {"name": "b", "type": "message"},
    ]


def test_flattencommands_makes_options_of_subcommands(script: Script) -> None:
    assert script.value(
        "flattenCommands([{name: 'a', description: 'd', run() {}}, {name: 'b', description: 'd',"
        " options: [{name: 'x'}], subcommands: [{name: 's', description: 'e', run() {}}]}])"
    ) == [
        {"name": "a", "description": "d"},
        {
            "name": "b",
            "description": "d",
            "options": [{"name": "s", "description": "e", "type": "subcommand"}],
        },
    ]
    assert script.value(
        "Object.entries(__floraSubcommands).map(([name, runs]) => [name, Object.keys(runs)])"
    ) == [["b", ["s"]]]


@pytest.mark.parametrize(
    ("options", "flat"),
    [
        ([], {}),
        ([CITY, DAYS], {"city": "Oslo", "days": 3}),
        ([option("who", USER, 6), option("on", False, 5)], {"who": USER, "on": False}),
        ([group("s", CITY)], {"city": "Oslo"}),
        ([{"name": "s", "type": 1}], {}),
        ([group("g", group("s", CITY, DAYS), type_=2)], {"city": "Oslo", "days": 3}),
        ([option("a", 1), option("a", 2)], {"a": 2}),
        (
            [option("__proto__", "p"), option("constructor", "c")],
            {"__proto__": "p", "constructor": "c"},
        ),
    ],
)
def test_flatteninteractionoptions(script: Script, options: list[Json], flat: Json) -> None:
    assert script.value(f"flattenInteractionOptions({json.dumps(options)})") == flat


@pytest.mark.parametrize(
    ("options", "subcommand", "group_"),
    [
        ([], None, None),
        ([CITY], "city", None),
        ([group("s", CITY)], "s", None),
        ([group("g", group("s"), type_=2)], "g", "g"),
    ],
)
def test_getsubcommand_and_getsubcommandgroup(
    load: Loader, options: list[Json], subcommand: str | None, group_: str | None
) -> None:
    script = load("on('interactionCreate', (ctx) => { bench.ctx = ctx })")
    script.event("INTERACTION_CREATE", discord.command(*options))
    assert script.value("[getSubcommand(bench.ctx), getSubcommandGroup(bench.ctx)]") == [
        subcommand,
        group_,
    ]


@pytest.mark.parametrize(
    ("changes", "has"),
    [
        ({}, True),
        ({"member": None, "user": discord.user()}, False),
        ({"member": {**discord.member(roles=[]), "user": discord.user()}}, False),
        ({"member": {**discord.member(roles=[CHANNEL]), "user": discord.user()}}, False),
    ],
)
def test_hasrole(load: Loader, changes: Json, has: bool) -> None:
    script = load(f"on('interactionCreate', (ctx) => console.log(hasRole(ctx, '{ROLE}')))")
    script.event("INTERACTION_CREATE", {**discord.command(), **changes})
    assert script.logged == [str(has).lower()]
