"""Whose interactions are, and what flora does by itself: deferrals, notices, oblivion."""

from typing import Any

import pytest

from gateway.errors import ScopeForbidden
from runtime.event import Ending
from runtime.interactions.errors import InteractionError
from runtime.interactions.exchange import Stage
from runtime.interactions.interactions import (
    DEFER_AFTER,
    FAILED,
    INTERRUPTED,
    NO_ANSWER,
    NOT_RUNNING,
    TOKEN_LIFE,
)
from tests.fake_discord.world import Interaction as Asked
from tests.interactions.conftest import PATIENCE, Desk, says

LATE = 2.0
ALONE, ALL = True, False
THINKING = "…"

# --- whose it is ---------------------------------------------------------------------------


async def test_a_token_is_good_in_its_guild_only(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    assert desk.interactions.require(desk.guild.id, asked.token) is interaction
    for guild_id, token in ((desk.guild.id, "another"), ("1", asked.token), ("1", "another")):
        with pytest.raises(ScopeForbidden) as refused:
            desk.interactions.require(guild_id, token)
        assert str(refused.value) == "Forbidden: interaction is outside runtime scope"


async def test_a_token_lives_for_fifteen_minutes(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    await desk.begin(asked).reply(says("hi"))
    desk.clock.advance(TOKEN_LIFE - 1)
    desk.interactions.require(desk.guild.id, asked.token)
    desk.clock.advance(1)
    with pytest.raises(InteractionError) as refused:
        desk.interactions.require(desk.guild.id, asked.token)
    assert refused.value.code == "INTERACTION_EXPIRED"
    desk.begin(await desk.guild.command("tag"))
    with pytest.raises(ScopeForbidden):  # forgotten, when the next one came
        desk.interactions.require(desk.guild.id, asked.token)


@pytest.mark.parametrize("changes", [{"type": 1}, {"type": 99}, {"guild_id": None}])
async def test_what_nobody_can_answer_is_none(desk: Desk, changes: dict[str, Any]) -> None:
    asked = await desk.guild.command("tag")
    assert desk.interactions.begin({**asked.payload, **changes}) is None
    assert desk.clock.waiting == 0


async def test_no_more_are_kept_than_can_be(desk: Desk) -> None:
    desk.interactions = desk.make(max_kept=3)
    tokens = []
    for _ in range(5):
        asked = await desk.guild.command("tag")
        desk.begin(asked)
        tokens.append(asked.token)
    for token in tokens[2:]:
        desk.interactions.require(desk.guild.id, token)
    for token in tokens[:2]:
        with pytest.raises(ScopeForbidden):
            desk.interactions.require(desk.guild.id, token)
    assert desk.clock.waiting == 3


# --- time ----------------------------------------------------------------------------------


async def test_flora_defers_after_two_seconds_and_not_before(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    desk.begin(asked)
    await desk.wait(LATE - 0.01)
    assert asked.callback is None
    await desk.wait(0.01)
    assert asked.callback == {"type": 5}


async def test_an_answer_in_time_leaves_no_timer_behind(desk: Desk) -> None:
    interaction = desk.begin(await desk.guild.command("tag"))
    assert desk.clock.waiting == 1
    await interaction.reply(says("hi"))
    assert desk.clock.waiting == 0


async def test_each_interaction_has_its_own_time(desk: Desk) -> None:
    first = await desk.guild.command("tag")
    desk.begin(first)
    await desk.wait(1.5)
    second = await desk.guild.command("tag")
    desk.begin(second)
    await desk.wait(0.5)
    assert (first.callback, second.callback) == ({"type": 5}, None)
    await desk.wait(1.5)
    assert second.callback == {"type": 5}


# --- who sees a deferred answer ------------------------------------------------------------

VIEW = {"options": [{"name": "view", "type": 1, "options": []}]}
GROUPED = {"options": [{"name": "g", "type": 2, "options": [{"name": "view", "type": 1}]}]}


async def late_answer(desk: Desk, asked: Asked) -> bool:
    """Whether only who asked sees what flora has promised."""
    desk.begin(asked)
    await desk.wait(LATE)
    assert asked.original is not None
    return bool(asked.original["flags"] & 64)


@pytest.mark.parametrize("declared", ["tag", "tag view", "tag g view"])
async def test_a_command_may_declare_that_its_answers_are_ephemeral(
    desk: Desk, declared: str
) -> None:
    desk.declared.add(declared)
    options = {"tag": None, "tag view": VIEW["options"], "tag g view": GROUPED["options"]}
    assert await late_answer(desk, await desk.guild.command("tag", options[declared]))
    assert not await late_answer(desk, await desk.guild.command("other"))


async def test_answers_of_such_a_command_are_ephemeral_unless_they_say_otherwise(
    desk: Desk,
) -> None:
    desk.declared.add("tag")
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    await interaction.reply(says("one"))
    await interaction.reply(says("two", ephemeral=False))
    await interaction.follow_up(says("three"))
    assert asked.seen() == [("one", ALONE), ("two", ALL), ("three", ALONE)]


async def test_a_late_answer_of_such_a_command_that_is_for_all_is_published(desk: Desk) -> None:
    desk.declared.add("tag")
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    await desk.wait(LATE)
    await interaction.reply(says("all", ephemeral=False))
    assert asked.seen() == [("all", ALL)]


async def test_flora_defers_as_the_commands_last_answers_were(desk: Desk) -> None:
    await desk.begin(await desk.guild.command("tag")).reply(says("psst", ephemeral=True))
    assert await late_answer(desk, await desk.guild.command("tag"))
    assert not await late_answer(desk, await desk.guild.command("other"))
    assert not await late_answer(desk, await desk.guild.command("tag", VIEW["options"]))
    await desk.begin(await desk.guild.command("tag")).reply(says("hi"))
    assert not await late_answer(desk, await desk.guild.command("tag"))


async def test_what_is_deferred_by_habit_is_published_when_the_answer_is_for_all(
    desk: Desk,
) -> None:
    await desk.begin(await desk.guild.command("tag")).reply(says("psst", ephemeral=True))
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    await desk.wait(LATE)
    assert asked.seen() == [(THINKING, ALONE)]
    await interaction.reply(says("hi"))
    assert asked.seen() == [("hi", ALL)]


async def test_a_notice_is_no_habit(desk: Desk) -> None:
    interaction = desk.begin(await desk.guild.command("tag"))
    desk.interactions.event_ended(interaction, Ending.FAILED)
    await desk.settled()
    assert not await late_answer(desk, await desk.guild.command("tag"))


async def test_another_guilds_habit_is_its_own(desk: Desk) -> None:
    await desk.begin(await desk.guild.command("tag")).reply(says("psst", ephemeral=True))
    other = await desk.discord.add_guild()
    assert not await late_answer(desk, await other.command("tag"))


async def test_so_many_habits_are_remembered(desk: Desk) -> None:
    desk.interactions = desk.make(max_habits=2)
    for name in ("a", "b", "a", "c"):
        await desk.begin(await desk.guild.command(name)).reply(says("psst", ephemeral=True))
    assert [await late_answer(desk, await desk.guild.command(name)) for name in "abc"] == [
        True,
        False,
        True,
    ]


# --- what members are told -----------------------------------------------------------------

NOTICES = {
    Ending.FAILED: FAILED,
    Ending.LOST: INTERRUPTED,
    Ending.DROPPED: INTERRUPTED,
    Ending.OVERDUE: NO_ANSWER,
}


async def begun(desk: Desk, kind: str) -> Asked:
    if kind == "button":
        return await desk.guild.press("yes", await desk.guild.say("old"))
    if kind == "modal":
        return await desk.guild.submit("form", {"why": "because"})
    return await desk.guild.command("tag")


@pytest.mark.parametrize("kind", ["command", "button", "modal"])
@pytest.mark.parametrize(("ending", "sentence"), NOTICES.items())
@pytest.mark.parametrize("late", [False, True])
async def test_who_waits_for_an_event_that_did_not_end_well_is_told_alone(
    desk: Desk, kind: str, ending: Ending, sentence: str, late: bool
) -> None:
    asked = await begun(desk, kind)
    interaction = desk.begin(asked)
    if late:
        await desk.wait(LATE)
    desk.interactions.event_ended(interaction, ending)
    await desk.settled()
    assert asked.seen() == [(sentence, ALONE)]
    await desk.wait(PATIENCE)
    assert asked.seen() == [(sentence, ALONE)]


@pytest.mark.parametrize("kind", ["command", "button", "modal"])
async def test_who_has_been_answered_is_told_nothing_more(desk: Desk, kind: str) -> None:
    asked = await begun(desk, kind)
    interaction = desk.begin(asked)
    await interaction.reply(says("hi"))
    desk.interactions.event_ended(interaction, Ending.FAILED)
    await desk.wait(PATIENCE)
    assert asked.seen() == [("hi", ALL)]


@pytest.mark.parametrize("kind", ["command", "button", "modal"])
async def test_nobody_handles_it(desk: Desk, kind: str) -> None:
    asked = await begun(desk, kind)
    desk.interactions.refuse(desk.begin(asked), NOT_RUNNING)
    await desk.wait(LATE)
    assert asked.seen() == [(NOT_RUNNING, ALONE)]
    assert asked.callback == {
        "type": 4,
        "data": {"content": NOT_RUNNING, "flags": 64, "allowed_mentions": {"parse": []}},
    }


@pytest.mark.parametrize("ending", [*NOTICES, None])
async def test_who_types_is_told_nothing(desk: Desk, ending: Ending | None) -> None:
    asked = await desk.guild.type_option("tag", [])
    interaction = desk.begin(asked)
    if ending is None:
        desk.interactions.refuse(interaction, NOT_RUNNING)
    else:
        desk.interactions.event_ended(interaction, ending)
    await desk.wait(LATE)
    assert asked.callback == {"type": 8, "data": {"choices": []}}
    assert len(desk.requests()) == 1


async def test_a_script_that_has_ended_may_still_answer_for_a_while(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    desk.interactions.event_ended(interaction, Ending.DONE)
    await desk.wait(PATIENCE - 1)
    assert asked.seen() == [(THINKING, ALL)]
    await interaction.reply(says("from a timer"))
    await desk.wait(1)
    assert asked.seen() == [("from a timer", ALL)]


async def test_nobody_is_left_thinking_for_ever(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    interaction = desk.begin(asked)
    desk.interactions.event_ended(interaction, Ending.DONE)
    await desk.wait(LATE)
    await desk.wait(PATIENCE)
    assert asked.seen() == [(NO_ANSWER, ALONE)]
    await interaction.reply(says("much later"))
    assert asked.seen() == [(NO_ANSWER, ALONE), ("much later", ALL)]


async def test_a_button_that_only_does_something_needs_no_words(desk: Desk) -> None:
    asked = await begun(desk, "button")
    interaction = desk.begin(asked)
    desk.interactions.event_ended(interaction, Ending.DONE)
    await desk.wait(LATE)
    await desk.wait(PATIENCE)
    assert asked.callback == {"type": 6}
    assert asked.seen() == []


async def test_a_member_who_cannot_be_told_does_no_harm(desk: Desk) -> None:
    asked = await desk.guild.command("tag")
    asked.too_late = True
    interaction = desk.begin(asked)
    desk.interactions.event_ended(interaction, Ending.LOST)
    await desk.wait(LATE)
    assert interaction.stage is Stage.TOO_LATE
    assert len(desk.requests()) == 1


async def test_stopping_leaves_no_timer_behind(desk: Desk) -> None:
    desk.begin(await desk.guild.command("tag"))
    desk.interactions.stop()
    assert desk.clock.waiting == 0
    await desk.wait(LATE)
    assert desk.requests() == []


def test_the_time_to_answer_fits_into_discords() -> None:
    assert DEFER_AFTER == LATE < 3.0
    assert TOKEN_LIFE < 15 * 60
