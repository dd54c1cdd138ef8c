"""Slash commands on their way to the bot: typed, resolved, nested, or refused."""

from typing import Any

import pytest

from tests.sandbox.bot import Bot, unique
from tests.sandbox.interacting import EPHEMERAL, MESSAGE, PING, command
from tests.sandbox.visitor import Visitor

ROLL = {
    "name": "roll",
    "description": "Rolls dice",
    "options": [
        {"type": 4, "name": "sides", "description": "d", "required": True, "min_value": 2},
        {"type": 6, "name": "for", "description": "d"},
        {"type": 8, "name": "role", "description": "d"},
        {"type": 7, "name": "channel", "description": "d"},
        {"type": 5, "name": "loud", "description": "d"},
        {"type": 10, "name": "luck", "description": "d"},
        {
            "type": 3,
            "name": "colour",
            "description": "d",
            "choices": [{"name": "Red", "value": "r"}, {"name": "Green", "value": "g"}],
        },
        {"type": 11, "name": "file", "description": "d"},
    ],
}
TAG = {
    "name": "tag",
    "description": "Tags",
    "options": [
        {
            "type": 1,
            "name": "view",
            "description": "d",
            "options": [{"type": 3, "name": "name", "description": "d", "required": True}],
        },
        {
            "type": 2,
            "name": "admin",
            "description": "d",
            "options": [{"type": 1, "name": "purge", "description": "d"}],
        },
    ],
}


async def test_a_command_is_answered_for_one_member_alone(
    bot: Bot, alice: Visitor, bob: Visitor
) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    assert interaction["type"] == 2
    assert interaction["guild_id"] == bot.guild_id
    assert interaction["member"]["user"]["username"] == "alice"
    assert (interaction["data"]["name"], interaction["data"]["type"]) == ("ping", 1)
    assert "options" not in interaction["data"]
    content = unique("pong")
    await bot.answer(interaction, MESSAGE, content=content, flags=EPHEMERAL)
    seen = await alice.sees(content)
    assert seen["flags"] == EPHEMERAL
    assert seen["interaction_metadata"]["id"] == interaction["id"]
    assert seen["interaction_metadata"]["name"] == "ping"
    public = unique("for all")
    await bot.say(public)
    await bob.sees(public)
    assert content not in [message["content"] for message in bob.messages().values()]
    assert content not in [message["content"] for message in bot.named("MESSAGE_CREATE")]


async def test_options_arrive_typed_and_resolved(bot: Bot, alice: Visitor) -> None:
    await bot.declare(ROLL)
    guild = alice.state["guild"]
    ids = {member["user"]["username"]: member["user"]["id"] for member in guild["members"]}
    (role,) = [role["id"] for role in guild["roles"] if role["name"] == "Gardeners"]
    given = {"sides": "6", "for": ids["bob"], "role": role, "channel": bot.channel_id}
    given |= {"loud": True, "luck": "0.5", "colour": "g"}
    interaction = await command(bot, alice, "roll", **given)
    options = interaction["data"]["options"]
    assert [(option["name"], option["type"], option["value"]) for option in options] == [
        ("sides", 4, 6),
        ("for", 6, ids["bob"]),
        ("role", 8, role),
        ("channel", 7, bot.channel_id),
        ("loud", 5, True),
        ("luck", 10, 0.5),
        ("colour", 3, "g"),
    ]
    resolved = interaction["data"]["resolved"]
    assert resolved["users"][ids["bob"]]["username"] == "bob"
    assert resolved["members"][ids["bob"]]["roles"] == []
    assert resolved["roles"][role]["name"] == "Gardeners"
    assert resolved["channels"][bot.channel_id]["name"] == "general"


@pytest.mark.parametrize(
    ("name", "options", "nested"),
    [
        (
            "tag view",
            {"name": "rules"},
            [
                {
                    "name": "view",
                    "type": 1,
                    "options": [{"name": "name", "type": 3, "value": "rules"}],
                }
            ],
        ),
        (
            "tag admin purge",
            {},
            [
                {
                    "name": "admin",
                    "type": 2,
                    "options": [{"name": "purge", "type": 1, "options": []}],
                }
            ],
        ),
    ],
)
async def test_subcommands_arrive_nested(
    bot: Bot, alice: Visitor, name: str, options: dict[str, Any], nested: list[Any]
) -> None:
    await bot.declare(TAG)
    interaction = await command(bot, alice, name, **options)
    assert interaction["data"]["options"] == nested


PLANT = {
    "name": "plant",
    "description": "Plants something",
    "options": [
        {"type": 3, "name": "kind", "description": "d", "autocomplete": True, "required": True},
        {"type": 4, "name": "count", "description": "d"},
        {"type": 6, "name": "for", "description": "d"},
    ],
}


async def test_commands_in_menus_are_used_on_a_message_and_on_its_author(
    bot: Bot, alice: Visitor
) -> None:
    await bot.declare(
        {"name": "Report", "type": 3, "default_member_permissions": 0},
        {"name": "Look", "type": 2, "name_localizations": {"de": "Ansehen"}, "nsfw": False},
        PING,
    )
    assert [command["name"] for command in await alice.until(lambda: alice.commands(3))] == [
        "ping",
        "Look",
        "Report",
    ]
    message_id = await alice.say(unique("look at me"))
    here = {"channel_id": bot.channel_id, "message_id": message_id}
    reported = await bot.event(
        "INTERACTION_CREATE",
        id=(await alice.do("use", **here, name="Report", kind=3))["interaction_id"],
    )
    data = reported["data"]
    assert (reported["type"], data["type"], data["target_id"]) == (2, 3, message_id)
    assert data["resolved"]["messages"][message_id]["author"]["username"] == "alice"
    seen = await bot.event(
        "INTERACTION_CREATE",
        id=(await alice.do("use", **here, name="Look", kind=2))["interaction_id"],
    )
    author = alice.state["me"]
    assert (seen["data"]["type"], seen["data"]["target_id"]) == (2, author)
    assert list(seen["data"]["resolved"]) == ["users", "members"]
    gone = await alice.ask("use", **here, name="Look", kind=3)
    assert gone["message"] == "There is no command 'Look' any more."


async def test_what_is_typed_so_far_arrives_and_suggestions_come_back(
    bot: Bot, alice: Visitor
) -> None:
    await bot.declare(PLANT)
    options = {"kind": "ro", "count": "3", "for": "nobody"}
    answer = await alice.do(
        "type", channel_id=bot.channel_id, name="plant", options=options, focused="kind"
    )
    interaction = await bot.event("INTERACTION_CREATE", id=answer["interaction_id"])
    assert (interaction["type"], interaction["data"]["name"]) == (4, "plant")
    assert interaction["data"]["options"] == [
        {"name": "kind", "type": 3, "value": "ro", "focused": True},
        {"name": "count", "type": 4, "value": 3},
    ]
    choices = [{"name": "Rose", "value": "rose"}]
    await bot.answer(interaction, 8, choices=choices)
    answered = await alice.sees_end_of(interaction["id"])
    assert (answered["state"], answered["choices"]) == ("answered", choices)


async def test_an_option_without_suggestions_asks_nobody(bot: Bot, alice: Visitor) -> None:
    await bot.declare(PLANT)
    here = {"channel_id": bot.channel_id, "name": "plant", "options": {"count": "3"}}
    answer = await alice.ask("type", **here, focused="count")
    assert answer["message"] == "/plant suggests nothing for 'count'."
    assert bot.named("INTERACTION_CREATE") == []


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("gone", {}, "There is no command /gone any more."),
        ("tag", {}, "Choose one of the subcommands of /tag."),
        ("tag nothing", {}, "There is no command /tag nothing any more."),
        ("roll", {}, "/roll needs the option 'sides'."),
        ("roll", {"sides": "six"}, "Option 'sides' of 'roll' expects a canonical decimal integer"),
        ("roll", {"sides": "1"}, "Option 'sides' of 'roll' must be ≥ 2, got 1."),
        ("roll", {"sides": "6", "other": "x"}, "/roll has no option 'other'."),
        ("roll", {"sides": "6", "colour": "blue"}, "Option 'colour' of 'roll' only allows"),
        ("roll", {"sides": "6", "for": "1"}, "/roll, option 'for': the guild has no such user."),
        ("roll", {"sides": "6", "file": "x"}, "/roll, option 'file': files cannot be sent in the"),
    ],
)
async def test_a_command_that_discord_would_not_send_is_refused(
    bot: Bot, alice: Visitor, name: str, options: dict[str, Any], sentence: str
) -> None:
    await bot.declare(ROLL, TAG)
    answer = await alice.ask("command", channel_id=bot.channel_id, name=name, options=options)
    assert answer["type"] == "refused"
    assert answer["message"].startswith(sentence)
    assert bot.named("INTERACTION_CREATE") == []
