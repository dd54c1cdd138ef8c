"""Buttons, menus and modals: from a member to the bot and back."""

from typing import Any

import pytest

from tests.sandbox.bot import Bot, unique
from tests.sandbox.conftest import Sandbox
from tests.sandbox.interacting import (
    DEFER_UPDATE,
    EPHEMERAL,
    MESSAGE,
    MODAL,
    PING,
    UPDATE,
    button,
    command,
    message_with,
    press,
)
from tests.sandbox.visitor import Visitor


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
