"""Which intents a connection asks for: what scripts need, if it is allowed and switched on."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayRefused
from gateway.intents import (
    BITS,
    EVENTS,
    KNOWN_EVENTS,
    ON_DEMAND,
    PRIVILEGED,
    IntentChoice,
    UnknownIntent,
    intents_value,
    needed_for,
)
from tests.fake_discord import gateway as fake
from tests.fake_discord.server import FakeDiscord
from tests.gateway.conftest import MakeBot

ALL = tuple(BITS)
QUIET = frozenset(BITS) - ON_DEMAND

# --- the choice ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "intents"),
    [
        ([], set()),
        (["INTERACTION_CREATE", "READY"], set()),
        (["MESSAGE_CREATE"], {"guild_messages", "message_content"}),
        (["MESSAGE_DELETE"], {"guild_messages"}),
        (["GUILD_MEMBER_ADD"], {"guild_members"}),
        (["THREAD_MEMBERS_UPDATE"], {"guilds", "guild_members"}),
        (["PRESENCE_UPDATE", "TYPING_START"], {"guild_presences", "guild_message_typing"}),
        (["VOICE_STATE_UPDATE"], {"guild_voice_states"}),
        (["AN_EVENT_OF_TOMORROW", "*"], set()),
    ],
)
def test_what_events_need(events: list[str], intents: set[str]) -> None:
    assert needed_for(frozenset(events)) == intents


def test_every_intent_has_events_and_every_event_is_known() -> None:
    assert EVENTS.keys() == BITS.keys()
    assert set().union(*EVENTS.values()) < KNOWN_EVENTS
    assert PRIVILEGED.keys() < ON_DEMAND < BITS.keys()


def test_a_new_bot_asks_for_what_needs_no_permission() -> None:
    choice = IntentChoice(ALL)
    assert choice.asked == QUIET
    assert choice.value == intents_value(QUIET)
    assert not choice.value & fake.PRIVILEGED


def test_it_asks_for_more_only_when_that_is_needed_and_allowed() -> None:
    choice = IntentChoice([name for name in ALL if name != "guild_presences"])
    assert not choice.need({"guilds", "guild_messages"})
    assert not choice.need({"guild_presences"})
    assert choice.need({"guild_members", "guild_presences"})
    assert not choice.need({"guild_members"})
    assert choice.asked == QUIET | {"guild_members"}


def test_an_operator_may_allow_less_than_what_is_quiet() -> None:
    choice = IntentChoice(["GUILDS", "Guild_Messages"])
    assert choice.asked == {"guilds", "guild_messages"}
    assert not choice.need({"message_content", "guild_voice_states"})


def test_an_intent_that_discord_does_not_have_is_named() -> None:
    with pytest.raises(UnknownIntent) as refused:
        IntentChoice(["guilds", "everything"])
    assert str(refused.value).startswith(
        "DISCORD_INTENTS names 'everything'; Discord's intents are"
    )


ON_FOR_CONTENT = 1 << 19


@pytest.mark.parametrize(
    ("needed", "granted", "flags", "gone"),
    [
        ({"message_content"}, set(), 0, {"message_content"}),
        ({"message_content", "guild_members"}, set(), ON_FOR_CONTENT, {"guild_members"}),
        ({"message_content", "guild_members"}, {"message_content"}, 0, {"guild_members"}),
        # Discord contradicts itself: nothing that is new is asked for again.
        (
            {"message_content", "guild_members"},
            {"message_content"},
            ON_FOR_CONTENT | 1 << 15,
            {"guild_members"},
        ),
        (set(), set(), 0, set()),
        ({"message_content"}, {"message_content"}, 0, set()),
    ],
)
def test_what_is_given_up_when_discord_refuses(
    needed: set[str], granted: set[str], flags: int, gone: set[str]
) -> None:
    choice = IntentChoice(ALL)
    choice.need(granted)
    choice.grant(choice.value)
    choice.need(needed)
    assert choice.refuse(flags) == gone
    assert choice.asked == (QUIET | granted | needed) - gone
    assert not choice.need(gone)  # it is not asked for again


NAMES = st.sets(st.sampled_from(ALL))


@given(NAMES, st.lists(NAMES), st.integers(0, 1 << 20))
def test_nothing_is_asked_for_that_was_not_allowed_or_was_refused(
    allowed: set[str], needs: list[set[str]], flags: int
) -> None:
    choice = IntentChoice(allowed)
    for number, need in enumerate(needs):
        choice.need(need)
        if number % 2:
            choice.refuse(flags)
        else:
            choice.grant(choice.value)
        assert choice.asked <= allowed - choice.refused
        assert choice.asked >= (allowed & QUIET)


# --- the connection ------------------------------------------------------------------------


async def test_a_new_need_begins_a_new_session(discord: FakeDiscord, make_bot: MakeBot) -> None:
    bot = make_bot(intents=ALL, needs=())
    await bot.start()
    guild = await discord.add_guild()
    await discord.dispatch("TYPING_START", {"guild_id": guild.id}, guild_id=guild.id)
    bot.client.need({"guild_message_typing", "guild_messages"})
    await discord.until(lambda: discord.gateway.identified() == 2 and bot.client.connected)
    await discord.dispatch("TYPING_START", {"guild_id": guild.id}, guild_id=guild.id)
    await discord.until(lambda: "TYPING_START" in [event for event, _ in bot.events])
    assert discord.gateway.asked_for() == [
        intents_value(QUIET),
        intents_value(QUIET | {"guild_message_typing"}),
    ]
    assert discord.gateway.resumed() == 0
    assert [event for event, _ in bot.events].count("TYPING_START") == 1


async def test_needs_that_come_together_share_a_session(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    bot = make_bot(intents=ALL, needs=())
    await bot.start()
    for need in ("message_content", "guild_members", "guild_presences", "message_content"):
        bot.client.need({need})
    await discord.until(lambda: discord.gateway.identified() == 2 and bot.client.connected)
    assert discord.gateway.asked_for()[1] == intents_value(
        QUIET | {"message_content", "guild_members", "guild_presences"}
    )


async def test_what_is_there_already_changes_nothing(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    bot = make_bot()
    await bot.start()
    bot.client.need({"guilds", "guild_messages", "message_content", "guild_presences"})
    guild = await discord.add_guild()
    await guild.say("hello")
    await bot.has_read(["hello"])
    discord.gateway.pull_cables()
    await discord.until(lambda: discord.gateway.resumed() == 1 and bot.client.connected)
    assert discord.gateway.identified() == 1


async def test_every_shard_begins_a_new_session(discord: FakeDiscord, make_bot: MakeBot) -> None:
    discord.shards = 2
    bot = make_bot(intents=ALL, needs=())
    await bot.start()
    bot.client.need({"guild_members"})
    await discord.until(lambda: discord.gateway.identified() == 4 and bot.client.connected)
    assert discord.gateway.asked_for()[2:] == [intents_value(QUIET | {"guild_members"})] * 2


@pytest.mark.parametrize(
    ("switched_on", "switches", "names"),
    [
        (
            0,
            "Message Content Intent, Server Members Intent",
            "guild_members, message_content",
        ),
        (fake.GUILD_MEMBERS, "Message Content Intent", "message_content"),
    ],
)
async def test_a_first_session_that_is_refused_ends_it_with_the_intents_names(
    discord: FakeDiscord, make_bot: MakeBot, switched_on: int, switches: str, names: str
) -> None:
    discord.gateway.switched_on = switched_on
    bot = make_bot(intents=ALL, needs=("message_content", "guild_members"))
    with pytest.RaisesGroup(pytest.RaisesExc(GatewayRefused)) as refused:
        await asyncio.wait_for(bot.log_in_and_run(), 10)
    assert str(refused.value.exceptions[0]) == (
        f"Discord refused privileged intents (close code 4014): switch on {switches} in the "
        "developer portal under Bot → Privileged Gateway Intents, or take "
        f"{names} out of DISCORD_INTENTS."
    )
    assert len(discord.gateway.asked_for()) == 1


async def test_a_new_need_that_discord_refuses_costs_nothing_else(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    discord.gateway.switched_on = fake.MESSAGE_CONTENT
    bot = make_bot(intents=ALL)
    await bot.start()
    bot.client.need({"guild_members"})
    await discord.until(lambda: bot.refusals == 1 and bot.client.connected)
    assert discord.gateway.asked_for()[2] == intents_value(QUIET | {"message_content"})
    guild = await discord.add_guild()
    await guild.say("hello")
    await bot.has_read(["hello"])
    bot.client.need({"guild_members"})
    assert bot.client.intents.refused == {"guild_members"}


async def test_all_shards_of_a_refused_bot_come_back(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    discord.shards = 3
    discord.gateway.switched_on = fake.MESSAGE_CONTENT
    bot = make_bot(intents=ALL)
    await bot.start()
    bot.client.need({"guild_members"})
    await discord.until(lambda: bot.refusals == 1 and bot.client.connected)
    assert discord.gateway.asked_for()[-3:] == [intents_value(QUIET | {"message_content"})] * 3
