"""Application commands before Discord sees them: what passes, and what is named as wrong."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.command_fields import InvalidCommand
from gateway.command_rules import check_commands
from tests.examples import examples
from tests.fake_discord.openapi import description
from tests.fake_discord.world import APPLICATION_ID

Json = dict[str, Any]


def command(**changes: Any) -> Json:
    return {"name": "tag", "description": "Notes", "type": 1, **changes}


def option(kind: int = 3, **changes: Any) -> Json:
    return {"name": "which", "description": "Which one", "type": kind, **changes}


def with_option(kind: int = 3, **changes: Any) -> Json:
    return command(options=[option(kind, **changes)])


def subcommand(name: str = "view", *options: Json) -> Json:
    return {"name": name, "description": "View", "type": 1, "options": list(options)}


def group(*subcommands: Json) -> Json:
    return {"name": "of", "description": "Whose", "type": 2, "options": list(subcommands)}


def choices(count: int) -> list[Json]:
    return [{"name": f"c{number}", "value": f"v{number}"} for number in range(count)]


# --- what passes ---------------------------------------------------------------------------

RIGHT: list[Json] = [
    command(),
    command(name="größe-2_x", description="d" * 100),
    command(name="ทดสอบ"),
    command(name_localizations={"de": "notiz", "zh-CN": "标签"}),
    command(description_localizations={"pt-BR": "Notas"}),
    command(default_member_permissions=0),
    command(default_member_permissions=2**54 - 1, nsfw=True),
    {"name": "Look At This", "type": 2},
    {"name": "x" * 32, "type": 3, "name_localizations": {"fr": "Voir Ça"}},
    command(options=[option(kind, name=f"o{kind}") for kind in range(3, 12)]),
    with_option(required=True, min_length=0, max_length=6000),
    with_option(4, min_value=-(2**53) + 1, max_value=2**53 - 1),
    with_option(10, min_value=-1.5, max_value=1.5),
    with_option(choices=choices(25)),
    with_option(4, choices=[{"name": "one", "value": 1}]),
    with_option(10, choices=[{"name": "half", "value": 0.5, "name_localizations": {"de": "halb"}}]),
    with_option(autocomplete=True, choices=[]),
    with_option(7, channel_types=[0, 5, 15]),
    command(options=[option(name="a", required=True), option(name="b")]),
    command(options=[subcommand("a"), group(subcommand("b", option())), subcommand("c", option())]),
    command(options=[option(name=f"o{number}") for number in range(25)]),
]


@pytest.mark.parametrize("right", RIGHT)
def test_what_discord_takes_is_taken_as_it_is(right: Json) -> None:
    assert check_commands([right]) == [right]


@pytest.mark.parametrize(
    ("given_", "sent"),
    [
        ({"name": "tag", "description": "Notes"}, command()),
        (command(default_member_permissions="8"), command(default_member_permissions=8)),
        (command(contexts=[0], integration_types=[0], id="7", version="8"), command()),
        (command(options=None, nsfw=None), command()),
        (
            {"name": "Look", "type": 2, "description": "no", "options": [7]},
            {"name": "Look", "type": 2},
        ),
        (with_option(4, max_value=5.0), with_option(4, max_value=5)),
        (with_option(6, choices=choices(3), min_length=1), with_option(6)),
        (with_option(7, channel_types=[2, 0, 2]), with_option(7, channel_types=[0, 2])),
        (command(name_localizations={"de": None}), command(name_localizations={})),
    ],
)
def test_what_discord_does_not_know_is_left_out(given_: Json, sent: Json) -> None:
    assert check_commands([given_]) == [sent]


def test_commands_of_different_kinds_may_share_a_name() -> None:
    three = [command(), {"name": "tag", "type": 2}, {"name": "tag", "type": 3}]
    assert check_commands(three) == three


# --- what is named as wrong ----------------------------------------------------------------

NAME = "a name has 1 to 32 lower-case letters, digits, - or _"
TAG = "Slash command 'tag'"
WHICH = f"{TAG}: options 'which'"

LONG = [{"name": str(digit) * 100, "value": "v" * 100} for digit in range(2)]

WRONG: list[tuple[Any, str]] = [
    (None, "Slash commands must be a list of objects"),
    ([7], "Slash commands must be a list of objects"),
    ([command(type=4)], "Command 'tag': type must be 1, 2 or 3"),
    ([command(type=True)], "Command 'tag': type must be 1, 2 or 3"),
    ([command(name="Tag")], f"Slash command 'Tag': {NAME}"),
    ([command(name="")], f"Slash command '': {NAME}"),
    ([command(name="x" * 33)], f"Slash command '{'x' * 33}': {NAME}"),
    ([command(name="two words")], f"Slash command 'two words': {NAME}"),
    ([command(name=None)], f"Slash command None: {NAME}"),
    ([command(description="")], f"{TAG}: a description has 1 to 100 characters"),
    ([command(description="d" * 101)], f"{TAG}: a description has 1 to 100 characters"),
    (
        [{"name": " Look", "type": 2}],
        "User command ' Look': a name has 1 to 32 characters",
    ),
    (
        [command(name_localizations={"de": "Groß"})],
        f"{TAG}: name_localizations.de: {NAME}",
    ),
    (
        [command(name_localizations={"tlh": "x"})],
        f"{TAG}: name_localizations: Discord has no locale 'tlh'",
    ),
    (
        [command(description_localizations=["de"])],
        f"{TAG}: description_localizations must be an object of texts by locale",
    ),
    (
        [command(default_member_permissions=2**54)],
        f"{TAG}: default_member_permissions must be a sum of permission bits",
    ),
    (
        [command(default_member_permissions="9" * 30)],
        f"{TAG}: default_member_permissions must be a sum of permission bits",
    ),
    ([command(nsfw=1)], f"{TAG}: nsfw must be true or false"),
    ([command(contexts=[1])], f"{TAG}: contexts must have 0 in it, this is a guild's command"),
    ([command(contexts=[7])], f"{TAG}: contexts must be a list of 0, 1 and 2"),
    ([command(options={})], f"{TAG}: options must be a list of at most 25"),
    (
        [command(options=[option(name=f"o{number}") for number in range(26)])],
        f"{TAG}: options must be a list of at most 25",
    ),
    ([command(options=[7])], f"{TAG}: options: each must be an object"),
    ([command(options=[option(), option()])], f"{TAG}: options: 'which' is declared twice"),
    ([with_option(12)], f"{WHICH}: type must be Discord's number of a type, 1 to 11"),
    ([with_option("string")], f"{WHICH}: type must be Discord's number of a type, 1 to 11"),  # type: ignore[arg-type]
    ([with_option(name="Which")], f"{TAG}: options 'Which': {NAME}"),
    ([with_option(required="yes")], f"{WHICH}: required must be true or false"),
    (
        [command(options=[option(), option(name="b", required=True)])],
        f"{TAG}: options: required option 'b' must come before optional ones",
    ),
    (
        [command(options=[subcommand(), option()])],
        f"{TAG}: options: subcommands and other options cannot be mixed",
    ),
    (
        [command(options=[group(option())])],
        f"{TAG}: options 'of': options 'which': a subcommand group holds subcommands only",
    ),
    (
        [command(options=[group(group(subcommand()))])],
        f"{TAG}: options 'of': options 'of': a subcommand group holds subcommands only",
    ),
    (
        [command(options=[subcommand("a", subcommand("b"))])],
        f"{TAG}: options 'a': options 'b': a subcommand holds no further subcommands",
    ),
    ([with_option(max_length=0)], f"{WHICH}: max_length must be an integer from 1 to 6000"),
    ([with_option(min_length=6001)], f"{WHICH}: min_length must be an integer from 0 to 6000"),
    (
        [with_option(min_length=5, max_length=4)],
        f"{WHICH}: min_length must not be over max_length",
    ),
    ([with_option(4, min_value=0.5)], f"{WHICH}: min_value must be an integer"),
    ([with_option(10, min_value="0")], f"{WHICH}: min_value must be a number"),
    ([with_option(4, max_value=2**53)], f"{WHICH}: max_value must lie within ±(2^53 - 1)"),
    (
        [with_option(10, max_value=float("inf"))],
        f"{WHICH}: max_value must lie within ±(2^53 - 1)",
    ),
    ([with_option(choices=choices(26))], f"{WHICH}: choices must be a list of at most 25"),
    (
        [with_option(choices=[{"name": "a", "value": 1}])],
        f"{WHICH}: choices[0].value must be a text of at most 100 characters",
    ),
    (
        [with_option(4, choices=[{"name": "a", "value": "1"}])],
        f"{WHICH}: choices[0].value must be an integer",
    ),
    (
        [with_option(choices=[{"name": "", "value": "a"}])],
        f"{WHICH}: choices[0].name: a choice's name has 1 to 100 characters",
    ),
    (
        [with_option(choices=[*choices(1), *choices(1)])],
        f"{WHICH}: choices: 'c0' is there twice",
    ),
    (
        [with_option(choices=choices(1), autocomplete=True)],
        f"{WHICH}: an option has choices or autocomplete, not both",
    ),
    (
        [with_option(7, channel_types=["text"])],
        f"{WHICH}: channel_types must be a list of Discord's numbers of channel types",
    ),
    ([command(), command()], "Slash command 'tag' is declared twice"),
    (
        [command(name=f"c{number}") for number in range(101)],
        "Slash commands: 101 are declared, Discord takes 100",
    ),
    (
        [{"name": f"c{number}", "type": 3} for number in range(16)],
        "Message commands: 16 are declared, Discord takes 15",
    ),
    (
        [command(options=[option(name=f"o{n:02}", choices=LONG) for n in range(25)])],
        f"{TAG}: its names, descriptions and values have 10308 characters together, "
        "Discord takes 8000",
    ),
]


@pytest.mark.parametrize(("commands", "sentence"), WRONG)
def test_what_is_wrong_is_named(commands: Any, sentence: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        check_commands(commands)
    assert str(refused.value) == sentence


# --- whatever a script declares ------------------------------------------------------------

EDGES = [0, 1, -1, 25, 26, 6000, 6001, 2**53 - 1, 2**53, 2**54, 0.5, float("nan"), True, None]
SCALARS = st.sampled_from(EDGES) | st.text(max_size=110) | st.integers()
NAMES = st.sampled_from([*"abcdefg", "h-i", "ö", "x" * 32, "constructor", "", "Ö"])
LOCALIZED = st.dictionaries(st.sampled_from(["de", "en-US", "xx"]), NAMES | st.none(), max_size=2)


def mostly(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 19).flatmap(lambda n: value if n else SCALARS)


NUMBERS = mostly(st.integers(1, 6000) | st.floats(-9, 9))
CHOICE = st.fixed_dictionaries(
    {"name": NAMES, "value": st.text(max_size=5) | NUMBERS},
    optional={"name_localizations": LOCALIZED},
)


def declared(types: st.SearchStrategy[int], inside: st.SearchStrategy[Any]) -> Any:
    """A command or an option. inside: what it holds."""
    return st.fixed_dictionaries(
        {"name": NAMES, "description": mostly(st.just("What it does")), "type": types},
        optional={
            "options": mostly(st.lists(inside, max_size=3)),
            "required": mostly(st.booleans()),
            "choices": mostly(st.lists(CHOICE, max_size=3)),
            "autocomplete": mostly(st.booleans()),
            **dict.fromkeys(("min_value", "max_value", "min_length", "max_length"), NUMBERS),
            "channel_types": mostly(st.lists(st.integers(0, 16), max_size=3)),
            "name_localizations": LOCALIZED,
            "default_member_permissions": NUMBERS,
            "nsfw": mostly(st.booleans()),
            "unknown": SCALARS,
        },
    )


OPTION = declared(st.integers(0, 12), SCALARS)
SUBCOMMAND = declared(st.just(1), OPTION)
COMMAND = declared(
    st.integers(1, 3), OPTION | SUBCOMMAND | declared(st.just(2), SUBCOMMAND | OPTION)
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(COMMAND, max_size=3))
def test_whatever_passes_is_what_discord_describes(commands: list[Json]) -> None:
    try:
        checked = check_commands(commands)
    except InvalidCommand:
        return
    if discord := description():
        path = f"/applications/{APPLICATION_ID}/guilds/1/commands"
        assert discord.problems("PUT", path, {}, checked) == []
    assert check_commands(checked) == checked
