"""Slash commands, buttons, menus and modals: from a member to the bot and back."""

from typing import Any

import pytest

from gateway.errors import DiscordError
from tests.sandbox.bot import Bot, unique
from tests.sandbox.conftest import Sandbox
from tests.sandbox.visitor import Visitor

MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL = 4, 5, 6, 7, 9
EPHEMERAL, LOADING = 1 << 6, 1 << 7

PING = {"name": "ping", "description": "Is anybody there?"}
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


async def command(bot: Bot, visitor: Visitor, name: str, /, **options: Any) -> dict[str, Any]:
    """Invokes it; the interaction as the bot gets it."""
    answer = await visitor.do("command", channel_id=bot.channel_id, name=name, options=options)
    return await bot.event("INTERACTION_CREATE", id=answer["interaction_id"])


async def message_with(bot: Bot, *components: dict[str, Any]) -> dict[str, Any]:
    content = unique("press something")
    return await bot.say(content, components=[{"type": 1, "components": list(components)}])


def button(custom_id: str, **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": custom_id, "custom_id": custom_id, **more}


async def press(bot: Bot, visitor: Visitor, message: dict[str, Any], id_: str) -> dict[str, Any]:
    here = {"channel_id": bot.channel_id, "message_id": message["id"]}
    answer = await visitor.do("press", **here, custom_id=id_)
    return await bot.event("INTERACTION_CREATE", id=answer["interaction_id"])


# --- commands --------------------------------------------------------------------------------


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


# --- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [0, EPHEMERAL])
async def test_a_deferred_answer_is_thinking_until_it_is_there(
    bot: Bot, alice: Visitor, flags: int
) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    await bot.answer(interaction, DEFER, flags=flags)

    def answers() -> list[dict[str, Any]]:
        return [
            message
            for message in alice.messages().values()
            if (message.get("interaction_metadata") or {}).get("id") == interaction["id"]
        ]

    (thinking,) = await alice.until(answers)
    assert (thinking["flags"], thinking["failed"]) == (LOADING | flags, False)
    content = unique("done")
    await bot.webhook("PATCH", interaction, "/messages/@original", content=content)
    answer = await alice.sees(content)
    assert (answer["id"], answer["flags"]) == (thinking["id"], flags)
    assert len(answers()) == 1


async def test_follow_ups_are_sent_edited_and_deleted(
    bot: Bot, alice: Visitor, bob: Visitor
) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    await bot.answer(interaction, MESSAGE, content=unique("first"))
    whispered, changed = unique("whispered"), unique("changed")
    followup = await bot.webhook("POST", interaction, content=whispered, flags=EPHEMERAL)
    await alice.sees(whispered)
    path = f"/messages/{followup['id']}"
    await bot.webhook("PATCH", interaction, path, content=changed)
    await alice.sees(changed)
    await bot.webhook("DELETE", interaction, path)
    await alice.until(lambda: followup["id"] not in alice.messages())
    await bot.webhook("DELETE", interaction, "/messages/@original")
    public = unique("for all")
    await bot.say(public)
    await bob.sees(public)
    assert followup["id"] not in bob.messages()


async def test_a_second_answer_is_refused(bot: Bot, alice: Visitor) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    await bot.answer(interaction, DEFER)
    with pytest.raises(DiscordError) as error:
        await bot.answer(interaction, MESSAGE, content="again")
    assert (error.value.status, error.value.discord_code) == (400, 40060)


async def test_an_answer_that_was_refused_may_be_given_again(bot: Bot, alice: Visitor) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    with pytest.raises(DiscordError) as error:
        await bot.answer(interaction, MESSAGE, content="x" * 2001)
    assert error.value.discord_code == 50035
    content = unique("shorter")
    await bot.answer(interaction, MESSAGE, content=content)
    await alice.sees(content)


async def test_after_three_seconds_it_is_too_late(bot: Bot, alice: Visitor, bob: Visitor) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    assert (await alice.sees_end_of(interaction["id"]))["state"] == "failed"
    with pytest.raises(DiscordError) as error:
        await bot.answer(interaction, MESSAGE, content="late")
    assert (error.value.status, error.value.discord_code) == (404, 10062)
    assert "interaction" not in [frame["type"] for frame in bob.frames]


@pytest.mark.parametrize(
    ("interaction_id", "token"), [("1456074443997577299", "simcord_1"), ("word", "x")]
)
async def test_a_token_that_was_never_given_answers_nothing(
    bot: Bot, interaction_id: str, token: str
) -> None:
    with pytest.raises(DiscordError) as error:
        await bot.answer({"id": interaction_id, "token": token}, MESSAGE, content="x")
    assert error.value.status in (400, 404)
    with pytest.raises(DiscordError) as error:
        await bot.webhook("POST", {"token": token}, content="x")
    assert error.value.status == 404


# --- buttons and menus -----------------------------------------------------------------------


async def test_a_button_updates_its_message(bot: Bot, alice: Visitor) -> None:
    message = await message_with(bot, button("more"))
    interaction = await press(bot, alice, message, "more")
    assert interaction["type"] == 3
    assert interaction["data"]["custom_id"] == "more"
    assert interaction["message"]["id"] == message["id"]
    content = unique("updated")
    await bot.answer(interaction, UPDATE, content=content, components=[])
    seen = await alice.sees(content)
    assert (seen["id"], seen["components"]) == (message["id"], [])
    assert (await alice.sees_end_of(interaction["id"]))["state"] == "answered"


async def test_a_button_is_answered_later_or_with_a_message(bot: Bot, alice: Visitor) -> None:
    message = await message_with(bot, button("later"))
    interaction = await press(bot, alice, message, "later")
    await bot.answer(interaction, DEFER_UPDATE)
    assert (await alice.sees_end_of(interaction["id"]))["state"] == "answered"
    changed, answer = unique("changed"), unique("answer")
    await bot.webhook("PATCH", interaction, "/messages/@original", content=changed)
    assert (await alice.sees(changed))["id"] == message["id"]
    interaction = await press(bot, alice, message, "later")
    await bot.answer(interaction, MESSAGE, content=answer)
    assert (await alice.sees(answer))["id"] != message["id"]


async def test_a_menu_tells_what_was_chosen(bot: Bot, alice: Visitor) -> None:
    options = [{"label": letter.upper(), "value": letter} for letter in "abc"]
    menu = {"type": 3, "custom_id": "letters", "options": options, "max_values": 2}
    message = await message_with(bot, menu)
    here = {"channel_id": bot.channel_id, "message_id": message["id"]}
    answer = await alice.do("choose", **here, custom_id="letters", values=["c", "a"])
    interaction = await bot.event("INTERACTION_CREATE", id=answer["interaction_id"])
    assert interaction["data"]["component_type"] == 3
    assert interaction["data"]["values"] == ["c", "a"]
    assert "resolved" not in interaction["data"]


@pytest.mark.parametrize(("kind", "bucket"), [(5, "users"), (6, "roles"), (8, "channels")])
async def test_a_menu_of_the_guilds_objects_resolves_them(
    bot: Bot, alice: Visitor, kind: int, bucket: str
) -> None:
    guild = alice.state["guild"]
    chosen = {
        "users": guild["members"][0]["user"]["id"],
        "roles": guild["roles"][0]["id"],
        "channels": bot.channel_id,
    }[bucket]
    message = await message_with(bot, {"type": kind, "custom_id": "objects"})
    here = {"channel_id": bot.channel_id, "message_id": message["id"]}
    answer = await alice.do("choose", **here, custom_id="objects", values=[chosen])
    interaction = await bot.event("INTERACTION_CREATE", id=answer["interaction_id"])
    assert interaction["data"]["values"] == [chosen]
    assert list(interaction["data"]["resolved"][bucket]) == [chosen]


@pytest.mark.parametrize(
    ("do", "fields", "sentence"),
    [
        ("press", {"custom_id": "gone"}, "The message has no such button or menu any more."),
        ("press", {"custom_id": "off"}, "This is switched off."),
        ("press", {"custom_id": "menu"}, "This is no button that asks the bot."),
        ("choose", {"custom_id": "on", "values": ["a"]}, "This is no menu."),
        ("choose", {"custom_id": "menu", "values": []}, "This menu takes one choice."),
        ("choose", {"custom_id": "menu", "values": ["a", "a"]}, "This menu takes one choice."),
        ("choose", {"custom_id": "menu", "values": ["z"]}, "This menu has no such option."),
    ],
)
async def test_what_cannot_be_pressed_or_chosen_is_refused(
    bot: Bot, alice: Visitor, do: str, fields: dict[str, Any], sentence: str
) -> None:
    menu = {"type": 3, "custom_id": "menu", "options": [{"label": "A", "value": "a"}]}
    rows = [[button("on"), button("off", disabled=True)], [menu]]
    message = await bot.say(
        unique("press"), components=[{"type": 1, "components": row} for row in rows]
    )
    here = {"channel_id": bot.channel_id, "message_id": message["id"]}
    answer = await alice.ask(do, **here, **fields)
    assert (answer["type"], answer["message"]) == ("refused", sentence)
    assert bot.named("INTERACTION_CREATE") == []


async def test_nobody_presses_what_another_alone_can_see(
    bot: Bot, alice: Visitor, bob: Visitor
) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    content = unique("for alice")
    row = {"type": 1, "components": [button("mine")]}
    await bot.answer(interaction, MESSAGE, content=content, flags=EPHEMERAL, components=[row])
    message = await alice.sees(content)
    here = {"channel_id": bot.channel_id, "message_id": message["id"]}
    refused = await bob.ask("press", **here, custom_id="mine")
    assert refused["message"] == "This message is not there any more."
    pressed = await press(bot, alice, message, "mine")
    await bot.answer(pressed, UPDATE, content=unique("pressed"), components=[])


# --- modals ----------------------------------------------------------------------------------

FORM = {
    "custom_id": "form",
    "title": "A form",
    "components": [
        {
            "type": 1,
            "components": [
                {"type": 4, "custom_id": "name", "label": "Name", "style": 1, "max_length": 5}
            ],
        },
        {
            "type": 18,
            "label": "Why",
            "component": {"type": 4, "custom_id": "why", "style": 2, "required": False},
        },
    ],
}


async def test_a_modal_opens_and_what_is_filled_in_arrives(
    sandbox: Sandbox, bot: Bot, alice: Visitor, bob: Visitor
) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    await bot.answer(interaction, MODAL, **FORM)
    opened = await alice.sees_end_of(interaction["id"])
    assert (opened["state"], opened["modal"]["title"]) == ("answered", "A form")

    async def submit(visitor: Visitor, **values: str) -> dict[str, Any]:
        return await visitor.ask("submit", interaction_id=interaction["id"], values=values)

    assert (await submit(bob, name="Bob"))["message"] == "This form is not open any more."
    assert (await submit(alice))["message"] == "'Name' must be filled in."
    too_long = "'Name' takes 0 to 5 characters, these are 6."
    assert (await submit(alice, name="Alice!"))["message"] == too_long
    answer = await submit(alice, name="Alice")
    submitted = await bot.event("INTERACTION_CREATE", id=answer["interaction_id"])
    assert (submitted["type"], submitted["data"]["custom_id"]) == (5, "form")
    row, label = submitted["data"]["components"]
    assert row["components"][0]["value"] == "Alice"
    assert (label["component"]["custom_id"], label["component"]["value"]) == ("why", "")
    assert (await submit(alice, name="again"))["message"] == "This form has been sent already."
