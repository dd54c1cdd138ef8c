"""What each answer becomes, by what has gone before: exact requests, and what the member sees."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.errors import DiscordError
from runtime.interactions.errors import InteractionError
from runtime.interactions.interaction import Interaction
from tests.fake_discord.world import Interaction as Asked
from tests.interactions.conftest import Desk, says

LATE = 2.0

Step = Callable[[Interaction], Awaitable[Any]]
# What a script does, by the words of the tables below.
STEPS: dict[str, Step] = {
    "reply": lambda one: one.reply(says("hi")),
    "reply privately": lambda one: one.reply(says("psst", ephemeral=True)),
    "reply with the flag": lambda one: one.reply(says("psst", flags=64)),
    "reply to all": lambda one: one.reply(says("all", ephemeral=False)),
    "follow up": lambda one: one.follow_up(says("more")),
    "follow up privately": lambda one: one.follow_up(says("psst", ephemeral=True)),
    "defer": lambda one: one.defer(None),
    "defer privately": lambda one: one.defer(True),
    "defer for all": lambda one: one.defer(False),
    "defer update": lambda one: one.defer_update(),
    "update": lambda one: one.update(says("new")),
    "edit": lambda one: one.edit_original(says("edited")),
    "delete": lambda one: one.delete_original(),
    "fetch": lambda one: one.fetch_original(),
    "fetch reply": lambda one: one.fetch_reply(),
    "modal": lambda one: one.show_modal(
        b'{"custom_id":"m","title":"T","components":[{"type":10,"content":"x"}]}'
    ),
}
ALONE, ALL = True, False
THINKING = "…"


async def go(desk: Desk, asked: Asked, steps: str) -> tuple[list[str], Interaction]:
    """The codes of what was refused. `late`: so much time passes that flora defers."""
    interaction = desk.begin(asked)
    refused = []
    for step in filter(None, steps.split(", ")):
        if step == "late":
            await desk.wait(LATE)
            continue
        try:
            await STEPS[step](interaction)
        except InteractionError as error:
            refused.append(error.code.removeprefix("INTERACTION_"))
    return refused, interaction


# (what happens, requests, what the member sees, what was refused)
COMMANDS: list[tuple[str, list[str], list[tuple[str, bool]], list[str]]] = [
    ("", [], [], []),
    ("reply", ["callback 4"], [("hi", ALL)], []),
    ("reply privately", ["callback 4 ephemeral"], [("psst", ALONE)], []),
    ("reply with the flag", ["callback 4 ephemeral"], [("psst", ALONE)], []),
    ("reply, reply", ["callback 4", "followup"], [("hi", ALL), ("hi", ALL)], []),
    (
        "reply, reply privately",
        ["callback 4", "followup ephemeral"],
        [("hi", ALL), ("psst", ALONE)],
        [],
    ),
    (
        "reply privately, reply",
        ["callback 4 ephemeral", "followup"],
        [("psst", ALONE), ("hi", ALL)],
        [],
    ),
    ("reply, edit", ["callback 4", "PATCH @original"], [("edited", ALL)], []),
    ("reply, delete", ["callback 4", "DELETE @original"], [], []),
    ("reply, delete, reply", ["callback 4", "DELETE @original", "followup"], [("hi", ALL)], []),
    (
        "reply, fetch, fetch reply",
        ["callback 4", "GET @original", "GET @original"],
        [("hi", ALL)],
        [],
    ),
    ("reply, defer", ["callback 4"], [("hi", ALL)], ["ANSWERED"]),
    ("reply, modal", ["callback 4"], [("hi", ALL)], ["ANSWERED"]),
    ("follow up", ["callback 4"], [("more", ALL)], []),
    ("follow up, reply", ["callback 4", "followup"], [("more", ALL), ("hi", ALL)], []),
    # A script that defers by itself.
    ("defer", ["callback 5"], [(THINKING, ALL)], []),
    ("defer, reply", ["callback 5", "PATCH @original"], [("hi", ALL)], []),
    ("defer, edit", ["callback 5", "PATCH @original"], [("edited", ALL)], []),
    ("defer, reply, reply", ["callback 5", "PATCH @original", "followup"], [("hi", ALL)] * 2, []),
    ("defer, defer", ["callback 5"], [(THINKING, ALL)], ["ANSWERED"]),
    ("defer, modal", ["callback 5"], [(THINKING, ALL)], ["DEFERRED"]),
    ("defer, delete", ["callback 5", "DELETE @original"], [], []),
    ("defer, follow up", ["callback 5", "PATCH @original"], [("more", ALL)], []),
    (
        "defer, reply privately",
        ["callback 5", "DELETE @original", "followup ephemeral"],
        [("psst", ALONE)],
        [],
    ),
    (
        "defer, follow up privately",
        ["callback 5", "DELETE @original", "followup ephemeral"],
        [("psst", ALONE)],
        [],
    ),
    (
        "defer privately, reply",
        ["callback 5 ephemeral", "PATCH @original"],
        [("hi", ALONE)],
        [],
    ),
    (
        "defer privately, reply privately",
        ["callback 5 ephemeral", "PATCH @original"],
        [("psst", ALONE)],
        [],
    ),
    (
        "defer privately, reply to all",
        ["callback 5 ephemeral", "DELETE @original", "followup"],
        [("all", ALL)],
        [],
    ),
    ("defer privately, edit", ["callback 5 ephemeral", "PATCH @original"], [("edited", ALONE)], []),
    # flora defers.
    ("late", ["callback 5"], [(THINKING, ALL)], []),
    ("late, reply", ["callback 5", "PATCH @original"], [("hi", ALL)], []),
    ("late, reply, reply", ["callback 5", "PATCH @original", "followup"], [("hi", ALL)] * 2, []),
    ("late, follow up", ["callback 5", "PATCH @original"], [("more", ALL)], []),
    (
        "late, reply privately",
        ["callback 5", "DELETE @original", "followup ephemeral"],
        [("psst", ALONE)],
        [],
    ),
    (
        "late, reply with the flag",
        ["callback 5", "DELETE @original", "followup ephemeral"],
        [("psst", ALONE)],
        [],
    ),
    (
        "late, reply privately, edit, fetch, fetch reply, delete",
        [
            *("callback 5", "DELETE @original", "followup ephemeral"),
            *("PATCH message", "GET message", "GET message", "DELETE message"),
        ],
        [],
        [],
    ),
    (
        "late, reply privately, reply",
        ["callback 5", "DELETE @original", "followup ephemeral", "followup"],
        [("psst", ALONE), ("hi", ALL)],
        [],
    ),
    ("late, defer, reply", ["callback 5", "PATCH @original"], [("hi", ALL)], []),
    (
        "late, defer privately, reply",
        ["callback 5", "DELETE @original", "followup ephemeral"],
        [("hi", ALONE)],
        [],
    ),
    (
        "late, defer privately, edit",
        ["callback 5", "DELETE @original", "followup ephemeral"],
        [("edited", ALONE)],
        [],
    ),
    ("late, defer, defer", ["callback 5"], [(THINKING, ALL)], ["ANSWERED"]),
    ("late, reply, defer", ["callback 5", "PATCH @original"], [("hi", ALL)], ["ANSWERED"]),
    ("late, modal", ["callback 5"], [(THINKING, ALL)], ["DEFERRED"]),
    ("late, reply, modal", ["callback 5", "PATCH @original"], [("hi", ALL)], ["ANSWERED"]),
    # Answered in time: flora keeps still.
    ("reply, late", ["callback 4"], [("hi", ALL)], []),
    ("defer, late, late", ["callback 5"], [(THINKING, ALL)], []),
    ("modal, late", ["callback 9"], [], []),
    ("modal, reply", ["callback 9", "followup"], [("hi", ALL)], []),
    ("modal, modal", ["callback 9"], [], ["ANSWERED"]),
    # What a command has not.
    ("edit", [], [], ["NOT_ANSWERED"]),
    ("delete", [], [], ["NOT_ANSWERED"]),
    ("fetch", [], [], ["NOT_ANSWERED"]),
    ("fetch reply", [], [], ["NOT_ANSWERED"]),
    ("defer update", [], [], ["KIND"]),
    ("update", [], [], ["KIND"]),
]


@pytest.mark.parametrize(
    ("steps", "requests", "seen", "refused"), COMMANDS, ids=[case[0] for case in COMMANDS]
)
async def test_a_command(
    desk: Desk,
    steps: str,
    requests: list[str],
    seen: list[tuple[str, bool]],
    refused: list[str],
) -> None:
    asked = await desk.guild.command("tag")
    codes, _ = await go(desk, asked, steps)
    assert short(desk.requests()) == requests
    assert asked.seen() == seen
    assert codes == refused


BUTTONS: list[tuple[str, list[str], list[tuple[str, bool]], str, list[str]]] = [
    ("reply", ["callback 4"], [("hi", ALL)], "old", []),
    ("reply, update", ["callback 4"], [("hi", ALL)], "old", ["ANSWERED"]),
    ("reply, edit", ["callback 4", "PATCH @original"], [("edited", ALL)], "old", []),
    ("update", ["callback 7"], [], "new", []),
    ("update, update", ["callback 7", "PATCH @original"], [], "new", []),
    ("update, reply", ["callback 7", "followup"], [("hi", ALL)], "new", []),
    ("update, edit", ["callback 7", "PATCH @original"], [], "edited", []),
    (
        "update, reply, edit",
        ["callback 7", "followup", "PATCH @original"],
        [("hi", ALL)],
        "edited",
        [],
    ),
    (
        "update, reply, fetch reply",
        ["callback 7", "followup", "GET message"],
        [("hi", ALL)],
        "new",
        [],
    ),
    ("defer update", ["callback 6"], [], "old", []),
    ("defer update, update", ["callback 6", "PATCH @original"], [], "new", []),
    ("defer update, edit", ["callback 6", "PATCH @original"], [], "edited", []),
    ("defer update, reply", ["callback 6", "followup"], [("hi", ALL)], "old", []),
    (
        "defer update, reply, edit",
        ["callback 6", "followup", "PATCH @original"],
        [("hi", ALL)],
        "edited",
        [],
    ),
    ("defer update, defer update", ["callback 6"], [], "old", ["ANSWERED"]),
    ("defer update, defer", ["callback 6"], [], "old", ["ANSWERED"]),
    ("defer update, modal", ["callback 6"], [], "old", ["DEFERRED"]),
    ("defer", ["callback 5"], [(THINKING, ALL)], "old", []),
    ("defer, reply", ["callback 5", "PATCH @original"], [("hi", ALL)], "old", []),
    ("defer, update", ["callback 5"], [(THINKING, ALL)], "old", ["ANSWERED"]),
    ("modal", ["callback 9"], [], "old", []),
    # flora defers, with an update: nobody sees anything of it.
    ("late", ["callback 6"], [], "old", []),
    ("late, update", ["callback 6", "PATCH @original"], [], "new", []),
    ("late, reply", ["callback 6", "followup"], [("hi", ALL)], "old", []),
    ("late, reply privately", ["callback 6", "followup ephemeral"], [("psst", ALONE)], "old", []),
    ("late, follow up", ["callback 6", "followup"], [("more", ALL)], "old", []),
    (
        "late, reply, edit, fetch, fetch reply, delete",
        ["callback 6", "followup", "PATCH message", "GET message", "GET message", "DELETE message"],
        [],
        "old",
        [],
    ),
    (
        "late, reply, update",
        ["callback 6", "followup", "PATCH @original"],
        [("hi", ALL)],
        "new",
        [],
    ),
    ("late, defer update, update", ["callback 6", "PATCH @original"], [], "new", []),
    (
        "late, defer update, reply, edit",
        ["callback 6", "followup", "PATCH @original"],
        [("hi", ALL)],
        "edited",
        [],
    ),
    ("late, defer, reply", ["callback 6", "followup"], [("hi", ALL)], "old", []),
    (
        "late, defer privately, reply",
        ["callback 6", "followup ephemeral"],
        [("hi", ALONE)],
        "old",
        [],
    ),
    ("late, defer, edit", ["callback 6", "followup"], [("edited", ALL)], "old", []),
    (
        "late, defer privately, edit, edit",
        ["callback 6", "followup ephemeral", "PATCH message"],
        [("edited", ALONE)],
        "old",
        [],
    ),
    ("late, defer, delete", ["callback 6"], [], "old", []),
    ("late, defer update, defer update", ["callback 6"], [], "old", ["ANSWERED"]),
    ("late, modal", ["callback 6"], [], "old", ["DEFERRED"]),
]


@pytest.mark.parametrize("kind", ["press", "submit"])
@pytest.mark.parametrize(
    ("steps", "requests", "seen", "message", "refused"), BUTTONS, ids=[case[0] for case in BUTTONS]
)
async def test_a_button_and_a_modal_that_one_has_opened(
    desk: Desk,
    kind: str,
    steps: str,
    requests: list[str],
    seen: list[tuple[str, bool]],
    message: str,
    refused: list[str],
) -> None:
    if kind == "submit" and "modal" in steps:
        requests = [request for request in requests if request != "callback 9"]
        refused = ["KIND"]
    source = await desk.guild.say("old")
    asked = (
        await desk.guild.press("yes", source)
        if kind == "press"
        else await desk.guild.submit("form", {"why": "because"}, source)
    )
    codes, _ = await go(desk, asked, steps)
    assert short(desk.requests()) == requests
    assert asked.seen() == seen
    assert source["content"] == message
    assert codes == refused


@pytest.mark.parametrize(
    ("steps", "requests", "seen", "refused"),
    [
        ("late", ["callback 5"], [(THINKING, ALL)], []),
        ("late, reply", ["callback 5", "PATCH @original"], [("hi", ALL)], []),
        ("update", [], [], ["KIND"]),
        ("defer update", [], [], ["KIND"]),
        ("modal", [], [], ["KIND"]),
    ],
)
async def test_a_modal_that_a_command_has_opened(
    desk: Desk, steps: str, requests: list[str], seen: Any, refused: list[str]
) -> None:
    asked = await desk.guild.submit("form", {"why": "because"})
    codes, _ = await go(desk, asked, steps)
    assert (short(desk.requests()), asked.seen(), codes) == (requests, seen, refused)


# --- autocompletion ------------------------------------------------------------------------

CHOICES = b'{"choices":[{"name":"rose","value":"rose"}]}'


async def test_suggestions_in_time(desk: Desk) -> None:
    asked = await desk.guild.type_option("tag", [])
    interaction = desk.begin(asked)
    await interaction.suggest(CHOICES)
    await desk.wait(LATE)
    assert asked.callback == {"type": 8, "data": {"choices": [{"name": "rose", "value": "rose"}]}}
    assert short(desk.requests()) == ["callback 8"]


async def test_late_suggestions_are_nothing_and_no_error(desk: Desk) -> None:
    asked = await desk.guild.type_option("tag", [])
    interaction = desk.begin(asked)
    await desk.wait(LATE)
    await interaction.suggest(CHOICES)
    assert asked.callback == {"type": 8, "data": {"choices": []}}
    assert short(desk.requests()) == ["callback 8"]


@pytest.mark.parametrize("step", ["reply", "follow up", "defer", "defer update", "update", "modal"])
async def test_autocompletion_takes_no_other_answer(desk: Desk, step: str) -> None:
    codes, _ = await go(desk, await desk.guild.type_option("tag", []), step)
    assert (codes, desk.requests()) == (["KIND"], [])


async def test_suggestions_answer_nothing_else(desk: Desk) -> None:
    interaction = desk.begin(await desk.guild.command("tag"))
    with pytest.raises(InteractionError) as refused:
        await interaction.suggest(CHOICES)
    assert (refused.value.code, desk.requests()) == ("INTERACTION_KIND", [])


# --- results and refusals ------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", "late, ", "defer, ", "reply, "])
async def test_a_reply_gives_its_message(desk: Desk, before: str) -> None:
    asked = await desk.guild.command("tag")
    _, interaction = await go(desk, asked, before.removesuffix(", "))
    message = await interaction.reply(says("the answer"))
    assert message["content"] == "the answer"
    edited = await interaction.edit_original(says("changed"))
    assert edited["content"] == "changed"


async def test_an_update_gives_the_message_that_holds_the_component(desk: Desk) -> None:
    source = await desk.guild.say("old")
    interaction = desk.begin(await desk.guild.press("yes", source))
    assert (await interaction.update(says("new")))["id"] == source["id"]
    assert (await interaction.update(says("newer")))["id"] == source["id"]


async def test_what_an_edit_cannot_say_is_left_out(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    _, interaction = await go(desk, asked, "late")
    await interaction.reply(says("hi", tts=True, flags=4096 | 4))
    assert desk.discord.requests[-1].body == {"content": "hi", "flags": 4}


async def test_a_refused_first_answer_changes_nothing(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    desk.discord.fail("POST", "/callback", 400, {"code": 50035, "message": "Invalid Form Body"})
    with pytest.raises(DiscordError) as refused:
        await interaction.reply(says("too much"))
    assert refused.value.discord_code == 50035
    await interaction.reply(says("hi"))
    assert asked.seen() == [("hi", ALL)]


async def test_a_first_answer_that_is_refused_late_is_followed_by_a_deferral(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    held = desk.discord.hold("POST", "/callback")
    desk.discord.fail("POST", "/callback", 400, {"code": 50035, "message": "Invalid Form Body"})
    answering = asyncio.ensure_future(interaction.reply(says("too much")))
    await desk.discord.until(lambda: desk.discord.asked("POST", "/callback"))
    desk.clock.advance(LATE)
    held.set()
    with pytest.raises(DiscordError):
        await answering
    await desk.settled()
    assert short(desk.requests()) == ["callback 4", "callback 5"]
    assert asked.seen() == [(THINKING, ALL)]


async def test_flora_does_not_defer_while_the_script_answers(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    held = desk.discord.hold("POST", "/callback")
    answering = asyncio.ensure_future(interaction.reply(says("hi")))
    await desk.discord.until(lambda: desk.discord.asked("POST", "/callback"))
    desk.clock.advance(LATE)
    held.set()
    assert (await answering)["content"] == "hi"
    await desk.settled()
    assert short(desk.requests()) == ["callback 4"]


@pytest.mark.parametrize(
    ("step", "requests", "seen"),
    [
        ("reply", ["callback 5", "PATCH @original"], [("hi", ALL)]),
        (
            "reply privately",
            ["callback 5", "DELETE @original", "followup ephemeral"],
            [("psst", ALONE)],
        ),
        ("modal", ["callback 5"], [(THINKING, ALL)]),
    ],
)
async def test_an_answer_waits_for_flora_s_deferral_under_way(
    desk: Desk, step: str, requests: list[str], seen: Any
) -> None:
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    held = desk.discord.hold("POST", "/callback")
    desk.clock.advance(LATE)
    await desk.discord.until(lambda: desk.discord.asked("POST", "/callback"))
    answering = asyncio.ensure_future(STEPS[step](interaction))
    held.set()
    await asyncio.wait({answering})
    await desk.settled()
    assert short(desk.requests()) == requests
    assert asked.seen() == seen
    if step == "modal":
        assert isinstance(answering.exception(), InteractionError)


async def test_answers_at_once_after_a_deferral_are_one_answer_and_follow_ups(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    _, interaction = await go(desk, asked, "late")
    await asyncio.gather(*(interaction.reply(says(str(number))) for number in range(5)))
    assert sorted(asked.seen()) == [(str(number), ALL) for number in range(5)]
    assert short(desk.requests()) == ["callback 5", "PATCH @original", *["followup"] * 4]


async def test_nothing_is_published_when_the_deferred_message_cannot_be_removed(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    _, interaction = await go(desk, asked, "late")
    desk.discord.fail("DELETE", "@original", 403, {"code": 50013, "message": "no"})
    with pytest.raises(DiscordError):
        await interaction.reply(says("psst", ephemeral=True))
    assert asked.seen() == [(THINKING, ALL)]
    await interaction.reply(says("psst", ephemeral=True))
    assert asked.seen() == [("psst", ALONE)]


async def test_a_deferred_message_that_somebody_has_removed_is_no_obstacle(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    _, interaction = await go(desk, asked, "late")
    asked.original = None
    await interaction.reply(says("psst", ephemeral=True))
    assert asked.seen() == [("psst", ALONE)]


async def test_a_deferral_whose_answer_got_lost_counts(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    desk.discord.fail("POST", "/callback", 400, {"code": 40060, "message": "acknowledged"})
    await desk.wait(LATE)
    asked.callback = {"type": 5}
    asked.original = {"id": "1", "content": "", "flags": 128}
    await interaction.reply(says("hi"))
    assert asked.seen() == [("hi", ALL)]


@pytest.mark.parametrize("late", ["", "late, "])
@pytest.mark.parametrize("step", ["reply", "follow up", "defer", "modal", "edit"])
async def test_what_discord_takes_no_more_is_said_once(desk: Desk, late: str, step: str) -> None:
    asked = await desk.guild.command("tag")
    asked.too_late = True
    if late:
        codes, _ = await go(desk, asked, late + step)
        assert codes == ["EXPIRED"]
        assert short(desk.requests()) == ["callback 5"]
    elif step != "edit":
        interaction = desk.begin(asked)
        with pytest.raises(DiscordError):
            await STEPS[step](interaction)
        with pytest.raises(InteractionError) as refused:
            await STEPS["reply"](interaction)
        assert refused.value.code == "INTERACTION_EXPIRED"
        assert len(desk.requests()) == 1


async def test_a_follow_up_is_changed_and_removed_by_its_id(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    _, interaction = await go(desk, asked, "reply")
    message = await interaction.follow_up(says("more"))
    await interaction.edit_followup(message["id"], says("less"))
    assert asked.seen() == [("hi", ALL), ("less", ALL)]
    await interaction.delete_followup(message["id"])
    assert asked.seen() == [("hi", ALL)]


async def test_before_the_first_answer_there_is_no_follow_up_to_change(desk: Desk) -> None:
    interaction = desk.begin(await desk.guild.command("tag"))
    for attempt in (interaction.edit_followup("1", says("x")), interaction.delete_followup("1")):
        with pytest.raises(InteractionError) as refused:
            await attempt
        assert refused.value.code == "INTERACTION_NOT_ANSWERED"
    assert desk.requests() == []


def short(requests: list[str]) -> list[str]:
    """A first answer and a follow-up are always posted."""
    return [request.removeprefix("POST ") for request in requests]
