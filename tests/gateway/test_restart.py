"""One process leaves its gateway sessions to the next: nothing lost in between, nothing twice."""

import dataclasses
from typing import Any

import pytest

from gateway.session import GatewaySession
from tests.fake_discord.gateway import RESUME
from tests.fake_discord.server import FakeDiscord
from tests.gateway.conftest import Bot, MakeBot


async def successor(make_bot: MakeBot, sessions: list[GatewaySession], **options: Any) -> Bot:
    """The process after this one, connected."""
    bot = make_bot(**options)
    bot.client.go_on_with(sessions)
    await bot.start()
    return bot


async def test_the_next_process_gets_what_came_in_between(
    discord: FakeDiscord, bot: Bot, make_bot: MakeBot
) -> None:
    guild = await discord.add_guild()
    await guild.say("before")
    await bot.has_read(["before"])
    sessions = await bot.stop()
    assert discord.gateway.closed_with == [4000]
    await guild.say("in between")
    after = await successor(make_bot, sessions)
    await guild.say("after")
    await after.has_read(["in between", "after"])
    assert [event for event, _ in after.events] == ["MESSAGE_CREATE", "RESUMED", "MESSAGE_CREATE"]
    assert (after.resumings, discord.gateway.identified()) == (1, 1)


async def test_resuming_asks_at_the_address_that_discord_gave_the_process_before(
    discord: FakeDiscord, bot: Bot, make_bot: MakeBot
) -> None:
    (session,) = await bot.stop()
    assert session.resume_address == discord.resume_address
    asked = len(discord.asked("GET", "/gateway"))
    await successor(make_bot, [session])
    assert [str(r) for r in discord.asked("GET", "/gateway")[asked:]] == ["GET /gateway/bot"]


async def test_what_comes_while_the_intake_is_held_is_seen_and_comes_again(
    discord: FakeDiscord, bot: Bot, make_bot: MakeBot
) -> None:
    guild = await discord.add_guild()
    await guild.say("taken")
    await bot.has_read(["taken"])
    bot.client.hold()
    await guild.say("held")
    await bot.has_read(["taken", "held"])
    # The fake forgets what a heartbeat acknowledges.
    beats = discord.gateway.heartbeats
    await discord.until(lambda: discord.gateway.heartbeats > beats + 1)
    after = await successor(make_bot, await bot.stop())
    await after.has_read(["held"])


async def test_a_connection_that_ends_while_the_intake_is_held_is_not_replaced(
    discord: FakeDiscord, bot: Bot, make_bot: MakeBot
) -> None:
    guild = await discord.add_guild()
    await guild.say("taken")
    await bot.has_read(["taken"])
    bot.client.hold()
    discord.gateway.pull_cables()
    assert bot.running is not None
    await bot.running
    await guild.say("held")
    after = await successor(make_bot, await bot.stop())
    await after.has_read(["held"])
    assert discord.gateway.resumed() == 1


async def test_scripts_that_need_more_while_the_intake_is_held_cost_no_session(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    bot = make_bot(needs=())
    await bot.start()
    bot.client.need(frozenset({"message_content"}))
    bot.client.hold()
    bot.client.need(frozenset({"guild_message_typing"}))
    assert len(await bot.stop()) == 1
    assert discord.gateway.closed_with == [4000]


async def test_a_session_that_discord_has_forgotten_begins_anew(
    discord: FakeDiscord, bot: Bot, make_bot: MakeBot
) -> None:
    guild = await discord.add_guild()
    sessions = await bot.stop()
    discord.gateway.sessions.clear()
    after = await successor(make_bot, sessions)
    await guild.say("hello again")
    await after.has_read(["hello again"])
    assert (discord.gateway.resumed(), discord.gateway.identified()) == (1, 2)


async def test_a_session_that_discord_has_ended_is_not_left_to_anybody(
    discord: FakeDiscord, bot: Bot
) -> None:
    bot.client.hold()
    await discord.gateway.invalidate_sessions(resumable=False)
    assert bot.running is not None
    await bot.running
    assert await bot.stop() == []


@pytest.mark.parametrize(
    "other",
    [
        {"bot_id": "900000000000000009"},
        {"api_base": "http://127.0.0.1:1/api/v10"},
        {"shards": 2},
        {"shard": 1},
        {"intents": 1 << 0 | 1 << 9},  # less than scripts need
        {"intents": 1 << 0 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 15},  # more than is allowed
        {"intents": 1 << 0 | 1 << 9 | 1 << 10 | 1 << 15 | 1 << 30},  # not one that is known
    ],
    ids=str,
)
async def test_a_session_of_other_circumstances_is_not_used(
    discord: FakeDiscord, bot: Bot, make_bot: MakeBot, other: dict[str, Any]
) -> None:
    (session,) = await bot.stop()
    after = await successor(make_bot, [dataclasses.replace(session, **other)])
    assert (discord.gateway.resumed(), discord.gateway.identified()) == (0, 2)
    assert after.resumings == 0


async def test_a_session_with_more_intents_than_scripts_need_now_goes_on(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    bot = make_bot(needs=("message_content",))
    await bot.start()
    after = await successor(make_bot, await bot.stop(), needs=())
    guild = await discord.add_guild()
    await guild.say("hello")
    await after.has_read(["hello"])
    assert (discord.gateway.resumed(), discord.gateway.identified()) == (1, 1)


async def test_each_shard_goes_on_with_its_own_session(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    discord.shards = 3
    bot = make_bot()
    await bot.start()
    sessions = await bot.stop()
    guilds = [await discord.add_guild(f"Guild {number}") for number in range(6)]
    for number, guild in enumerate(guilds):
        await guild.say(str(number))
    after = await successor(make_bot, sessions)
    await discord.until(lambda: len(after.contents()) == 6)
    assert sorted(after.contents()) == ["0", "1", "2", "3", "4", "5"]
    resumed = {data["session_id"] for op, data in discord.gateway.received if op == RESUME}
    assert resumed == {session.session_id for session in sessions}
    assert (len(resumed), discord.gateway.identified()) == (3, 3)


async def test_a_process_that_never_got_to_connect_leaves_what_it_was_given(
    bot: Bot, make_bot: MakeBot
) -> None:
    sessions = await bot.stop()
    stopped_early = make_bot()
    stopped_early.client.go_on_with(sessions)
    stopped_early.client.hold()
    assert await stopped_early.stop() == sessions
