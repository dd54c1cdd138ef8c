"""The gateway connection through all that Discord and the network do to it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import pytest

from gateway.client import GatewayClient
from gateway.errors import GatewayRefused
from tests.fake_discord.gateway import IDENTIFY
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import APPLICATION_ID, BOT_ID
from tests.gateway.conftest import Bot, MakeBot

Break = Callable[[FakeDiscord], Awaitable[None]]


async def test_events_arrive_as_discord_sends_them(discord: FakeDiscord, bot: Bot) -> None:
    guild = await discord.add_guild("Garden")
    message = await guild.say("hello")
    await bot.has_read(["hello"])
    assert [event for event, _ in bot.events] == ["READY", "GUILD_CREATE", "MESSAGE_CREATE"]
    assert bot.events[1][1] == guild.as_json()
    assert bot.events[2][1] == message


async def test_no_request_but_those_that_connecting_needs(discord: FakeDiscord, bot: Bot) -> None:
    """nextcord's own on_connect would delete every command that it does not know."""
    await discord.add_guild()
    await discord.until(lambda: len(bot.events) == 2)
    assert {str(request) for request in discord.requests} == {
        "GET /users/@me",
        "GET /applications/@me",
        "GET /gateway/bot",
        "GET /gateway",
    }


async def test_identify_asks_for_the_intents_only(discord: FakeDiscord, bot: Bot) -> None:
    ((op, identify),) = discord.gateway.received
    assert op == IDENTIFY
    assert identify["intents"] == 1 << 0 | 1 << 9 | 1 << 10 | 1 << 15
    assert identify["shard"] == [0, 1]


async def _pull_cables(discord: FakeDiscord) -> None:
    discord.gateway.pull_cables()


def _close(code: int) -> Break:
    return lambda discord: discord.gateway.close_all(code)


async def _reconnect(discord: FakeDiscord) -> None:
    await discord.gateway.ask_to_reconnect()


async def _invalid_but_resumable(discord: FakeDiscord) -> None:
    await discord.gateway.invalidate_sessions(resumable=True)


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(_pull_cables, id="lost socket"),
        *(pytest.param(_close(code), id=f"close {code}") for code in (1000, 1001, 1011, 4000)),
        pytest.param(_reconnect, id="op 7"),
        pytest.param(_invalid_but_resumable, id="op 9 resumable"),
    ],
)
async def test_a_broken_connection_resumes_and_loses_nothing(
    discord: FakeDiscord, bot: Bot, break_it: Break
) -> None:
    guild = await discord.add_guild()
    await guild.say("before")
    await bot.has_read(["before"])
    await break_it(discord)
    await discord.until(lambda: not discord.gateway.connections or discord.gateway.resumed())
    await guild.say("in between")
    await discord.until(lambda: bot.client.connected and discord.gateway.resumed() == 1)
    await guild.say("after")
    await bot.has_read(["before", "in between", "after"])
    assert discord.gateway.identified() == 1
    assert "RESUMED" in [event for event, _ in bot.events]


async def test_resuming_goes_to_the_resume_address(discord: FakeDiscord, bot: Bot) -> None:
    asked_before = len(discord.asked("GET", "/gateway"))
    discord.gateway.pull_cables()
    await discord.until(lambda: discord.gateway.resumed() == 1 and bot.client.connected)
    assert len(discord.asked("GET", "/gateway")) == asked_before


@pytest.mark.parametrize("code", [4007, 4009])
async def test_a_session_that_discord_has_ended_begins_anew(
    discord: FakeDiscord, bot: Bot, code: int
) -> None:
    guild = await discord.add_guild()
    await discord.gateway.close_all(code)
    await discord.until(lambda: discord.gateway.identified() == 2 and bot.client.connected)
    await guild.say("hello again")
    await bot.has_read(["hello again"])
    assert discord.gateway.resumed() == 0


async def test_an_invalid_session_begins_anew(discord: FakeDiscord, bot: Bot) -> None:
    await discord.gateway.invalidate_sessions(resumable=False)
    await discord.until(lambda: discord.gateway.identified() == 2 and bot.client.connected)
    assert discord.gateway.resumed() == 0


async def test_a_session_lost_while_away_begins_anew(discord: FakeDiscord, bot: Bot) -> None:
    discord.gateway.sessions.clear()
    discord.gateway.pull_cables()
    await discord.until(lambda: discord.gateway.identified() == 2 and bot.client.connected)
    assert discord.gateway.resumed() == 1


async def test_a_gateway_that_hangs_up_at_once_is_not_stormed(
    discord: FakeDiscord, bot: Bot
) -> None:
    discord.gateway.hang_up = 3
    discord.gateway.pull_cables()
    await discord.until(lambda: not bot.client.connected)
    started = time.monotonic()
    await discord.until(lambda: bot.client.connected)
    assert discord.gateway.resumed() == 4
    assert time.monotonic() - started > 0.5 * (0.5 + 1.0)  # the shortest that jitter allows


async def test_a_gateway_that_is_away_is_tried_until_it_is_back(
    discord: FakeDiscord, bot: Bot
) -> None:
    guild = await discord.add_guild()
    discord.gateway.closed_door = True
    discord.gateway.pull_cables()
    await discord.until(lambda: not bot.client.connected)
    await guild.say("nobody listens")
    discord.gateway.closed_door = False
    await bot.has_read(["nobody listens"])
    assert discord.gateway.identified() == 1


async def test_heartbeats_without_an_answer_end_the_connection(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    bot = make_bot(silence=1.0)
    await bot.start()
    discord.gateway.deaf = True
    await discord.until(lambda: not bot.client.connected)
    discord.gateway.deaf = False
    await discord.until(lambda: bot.client.connected and discord.gateway.resumed() == 1)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            4004,
            "Discord refused the bot's token (close code 4004): set DISCORD_TOKEN to the token "
            "shown in the developer portal under Bot.",
        ),
        (
            4013,
            "Discord does not know one of the intents (close code 4013): check DISCORD_INTENTS "
            "(guild_message_reactions, guild_messages, guilds, message_content).",
        ),
    ],
)
async def test_a_refusal_that_only_a_person_can_mend_ends_it(
    discord: FakeDiscord, make_bot: MakeBot, code: int, sentence: str
) -> None:
    discord.gateway.refuse = code
    with pytest.RaisesGroup(pytest.RaisesExc(GatewayRefused)) as refused:
        await asyncio.wait_for(make_bot().log_in_and_run(), 10)
    assert str(refused.value.exceptions[0]) == sentence
    assert discord.gateway.identified() == 1


async def test_a_wrong_token_is_named_before_any_connection(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    with pytest.raises(GatewayRefused) as refused:
        await asyncio.wait_for(make_bot(token="wrong").log_in_and_run(), 10)
    assert str(refused.value).startswith("Discord refused the bot's token (HTTP 401)")
    assert discord.gateway.received == []


async def test_discord_is_not_reachable_at_first(discord: FakeDiscord, make_bot: MakeBot) -> None:
    discord.fail("GET", "/users/@me", 503, times=1)
    discord.fail("GET", "/gateway/bot", 500, times=1)
    bot = make_bot()
    bot.running = asyncio.create_task(bot.log_in_and_run())
    await discord.until(lambda: bot.client.connected, timeout=30)


async def test_a_login_that_nobody_answered_is_tried_again_in_full(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    client = make_bot().client
    await _log_in_while_away(discord, client)
    assert (client.application_id, client.user_id) == (APPLICATION_ID, BOT_ID)


async def test_a_wrong_token_is_named_also_when_discord_was_away_at_first(
    discord: FakeDiscord, make_bot: MakeBot
) -> None:
    with pytest.raises(GatewayRefused, match=r"refused the bot's token \(HTTP 401\)"):
        await _log_in_while_away(discord, make_bot(token="wrong").client)


async def _log_in_while_away(discord: FakeDiscord, client: GatewayClient) -> None:
    """Discord comes back once the first attempt has failed, which is the first thing logged."""
    log, failed = logging.getLogger("flora.discord"), asyncio.Event()

    def hear(_: logging.LogRecord) -> bool:
        failed.set()
        return True

    await discord.stop()
    log.addFilter(hear)
    try:
        async with asyncio.timeout(10):
            logging_in = asyncio.create_task(client.log_in())
            await failed.wait()
            await discord.start()
            await logging_in
    finally:
        log.removeFilter(hear)


async def test_each_shard_gets_its_guilds(discord: FakeDiscord, make_bot: MakeBot) -> None:
    discord.shards = 3
    bot = make_bot()
    await bot.start()
    guilds = [await discord.add_guild(f"Guild {number}") for number in range(6)]
    for number, guild in enumerate(guilds):
        await guild.say(str(number))
    await discord.until(lambda: len(bot.contents()) == 6)
    assert sorted(bot.contents()) == ["0", "1", "2", "3", "4", "5"]
    shards = sorted(
        identify["shard"] for op, identify in discord.gateway.received if op == IDENTIFY
    )
    assert shards == [[0, 3], [1, 3], [2, 3]]


async def test_an_event_that_cannot_be_taken_does_not_end_the_connection(
    discord: FakeDiscord, bot: Bot
) -> None:
    guild = await discord.add_guild()
    await discord.dispatch("CHANNEL_UPDATE", None, guild_id=guild.id)
    await guild.say("still there")
    await bot.has_read(["still there"])
    assert bot.client.connected
