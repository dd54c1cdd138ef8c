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
