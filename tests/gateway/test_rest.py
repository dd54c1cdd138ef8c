"""Requests to Discord: limits, repeats, deadlines, and the errors that scripts will see."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from gateway.earned_refusals import WITHIN, EarnedRefusals, is_counted
from gateway.errors import DiscordError
from gateway.rate_limits import Lane, NotInTime, RateLimits
from gateway.refusals import field_errors, refusal
from gateway.rest import DiscordRest, File, Held
from gateway.rest_limits import RestLimits
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild
from tests.gateway.conftest import MakeBot

MESSAGES = "/channels/{channel_id}/messages"
SHOWN = f"POST {MESSAGES}"
HI = b'{"content":"hi"}'
MakeRest = Callable[..., DiscordRest]


@pytest_asyncio.fixture
async def make_rest(make_bot: MakeBot) -> AsyncIterator[MakeRest]:
    made: list[DiscordRest] = []
    bot = make_bot()
    await bot.client.log_in()

    def make(*, timeout: float = 5.0, concurrency: int = 4, **more: Any) -> DiscordRest:
        made.append(
            DiscordRest(
                bot.client.http,
                lambda _: RestLimits(concurrency=concurrency, seconds=timeout),
                pause=lambda _: 0.01,
                **more,
            )
        )
        return made[-1]

    yield make
    for rest in made:
        await rest.close()


@pytest_asyncio.fixture
async def guild(discord: FakeDiscord) -> FakeGuild:
    return await discord.add_guild()


async def say(rest: DiscordRest, guild: FakeGuild, content: str = "hi", **more: Any) -> Any:
    body = f'{{"content":"{content}"}}'.encode()
    return await rest.request(
        guild.id, "POST", MESSAGES, body=body, channel_id=guild.channel_id, **more
    )


async def test_a_request_gives_what_discord_answers(make_rest: MakeRest, guild: FakeGuild) -> None:
    message = await say(make_rest(), guild)
    assert guild.messages[message["id"]] == message
    assert message["content"] == "hi"


async def test_an_answer_without_content_is_none(make_rest: MakeRest, guild: FakeGuild) -> None:
    rest = make_rest()
    message = await say(rest, guild)
    path = f"{MESSAGES}/{{message_id}}"
    at = {"channel_id": guild.channel_id, "message_id": message["id"]}
    assert await rest.request(guild.id, "DELETE", path, **at) is None
    assert guild.messages == {}


async def test_files_travel_beside_the_body(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    files = [File("a.txt", b"one"), File('ü "quoted" \\.png', b"\x00\xff" * 5000)]
    await say(make_rest(), guild, files=files)
    (request,) = discord.asked("POST", "/messages")
    assert request.body == {"content": "hi"}
    assert request.files == [(file.filename, file.data) for file in files]


async def test_a_reason_of_any_kind_reaches_the_audit_log(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    reason = "schön & «böse» %20 / \n\u2028 😀"
    await say(make_rest(), guild, reason=reason)
    assert discord.asked("POST", "/messages")[0].reason == {"reason": reason}


async def test_parameters_stay_one_segment_each(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    with pytest.raises(DiscordError):
        await make_rest().request(
            guild.id, "GET", "/channels/{channel_id}", channel_id="1/../../users/@me?x#y"
        )
    assert [str(r) for r in discord.requests if "%2F" in r.path] == [
        "GET /channels/1%2F..%2F..%2Fusers%2F%40me%3Fx%23y"
    ]
    discord.problems.clear()  # no such channel, and no such id


# --- what fails --------------------------------------------------------------------------------


async def test_what_discord_refuses_is_told_field_by_field(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    too_long = {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Too long."}]}
    errors = {"content": too_long, "embeds": {"0": {"title": too_long}}}
    body = {"code": 50035, "message": "Invalid Form Body", "errors": errors}
    discord.fail("POST", "/messages", 400, body)
    with pytest.raises(DiscordError) as caught:
        await say(make_rest(), guild)
    error = caught.value
    assert str(error) == (
        "Discord HTTP error (400): Invalid Form Body (content: Too long.; "
        f"embeds[0].title: Too long.) (route: {SHOWN})"
    )
    assert (error.code, error.status, error.discord_code) == ("DISCORD_HTTP_ERROR", 400, 50035)
    assert (error.errors, error.retry_after, error.everywhere) == (errors, None, False)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_request_that_changes_nothing_is_repeated_when_discord_fails(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild, status: int
) -> None:
    discord.fail("GET", guild.channel_id, status, times=2)
    channel = await make_rest().request(
        guild.id, "GET", "/channels/{channel_id}", channel_id=guild.channel_id
    )
    assert channel["id"] == guild.channel_id
    assert len(discord.asked("GET", guild.channel_id)) == 3


async def test_it_is_repeated_twice_and_no_more(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    discord.fail("GET", guild.channel_id, 503, times=9)
    with pytest.raises(DiscordError) as caught:
        await make_rest().request(
            guild.id, "GET", "/channels/{channel_id}", channel_id=guild.channel_id
        )
    assert (caught.value.code, caught.value.status) == ("DISCORD_HTTP_ERROR", 503)
    assert len(discord.asked("GET", guild.channel_id)) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_message_is_never_sent_twice(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild, status: int
) -> None:
    discord.fail("POST", "/messages", status)
    with pytest.raises(DiscordError) as caught:
        await say(make_rest(), guild)
    assert caught.value.status == status
    assert len(discord.asked("POST", "/messages")) == 1


async def test_an_interactions_first_answer_is_repeated(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    interaction = await guild.command("ping")
    discord.fail("POST", "/callback", 502)
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    await make_rest().interaction("POST", path, body=b'{"type":5}')
    assert interaction.callback == {"type": 5}


async def test_an_interactions_token_is_in_no_error(
    make_rest: MakeRest, discord: FakeDiscord
) -> None:
    path = "/interactions/123456789012345678/a-token/callback"
    with pytest.raises(DiscordError) as caught:
        await make_rest().interaction("POST", path, body=b'{"type":5}')
    assert str(caught.value) == (
        "Discord HTTP error (404): Unknown interaction "
        "(route: POST /interactions/123456789012345678/{token}/callback)"
    )


async def test_what_takes_too_long_is_told_from_what_never_went(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    rest = make_rest(timeout=0.3)
    discord.hold("POST", "/messages")
    first, second = await asyncio.gather(
        say(rest, guild, "first"), say(rest, guild, "second"), return_exceptions=True
    )
    assert isinstance(first, DiscordError)
    assert isinstance(second, DiscordError)
    assert str(first) == f"Discord did not answer within 0.3 s (route: {SHOWN})"
    assert (first.code, first.status) == ("DISCORD_TIMEOUT", None)
    # It waits for the first; as a rule Discord never hears of it.
    heard = [request.body["content"] for request in discord.asked("POST", "/messages")]
    went = heard == ["first", "second"]
    assert went or heard == ["first"]
    code = "DISCORD_TIMEOUT" if went else "DISCORD_RATE_LIMITED"
    assert (second.code, second.status) == (code, None)
    discord.heal()


async def test_each_request_is_counted_by_how_it_ended(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    results: list[str] = []
    rest = make_rest(timeout=0.3, ended=results.append)
    await say(rest, guild)
    discord.fail("POST", "/messages", 403)
    with pytest.raises(DiscordError):
        await say(rest, guild)
    discord.hold("POST", "/messages")
    await asyncio.gather(say(rest, guild), say(rest, guild), return_exceptions=True)
    discord.heal()
    assert sorted(results) == ["200", "403", "held back", "timeout"]


async def test_a_discord_that_is_not_there_is_not_reachable(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    rest = make_rest()
    await discord.stop()
    with pytest.raises(DiscordError) as caught:
        await say(rest, guild)
    assert caught.value.code == "DISCORD_UNREACHABLE"


# --- limits ------------------------------------------------------------------------------------


async def test_a_limit_is_waited_for_when_there_is_time(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    discord.rate_limit("POST", "/messages", 0.2, times=2)
    started = time.monotonic()
    assert (await say(make_rest(), guild))["content"] == "hi"
    assert time.monotonic() - started >= 0.4
    assert len(discord.asked("POST", "/messages")) == 3


async def test_a_limit_that_outlasts_the_deadline_is_told_at_once(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    rest = make_rest()
    discord.rate_limit("POST", "/messages", 60.0)
    with pytest.raises(DiscordError) as caught:
        await say(rest, guild)
    error = caught.value
    assert str(error) == f"Discord rate limited for {SHOWN}"
    assert (error.code, error.status, error.retry_after) == ("DISCORD_RATE_LIMITED", 429, 60.0)
    assert not error.everywhere
    # And nothing more is sent there before: the next one does not even ask.
    with pytest.raises(DiscordError) as caught:
        await say(rest, guild)
    assert caught.value.status is None
    assert caught.value.retry_after == pytest.approx(60.0, abs=5.0)
    assert len(discord.asked("POST", "/messages")) == 1


async def test_a_limit_of_the_whole_bot_holds_all_back_but_interactions(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    rest, other = make_rest(), await discord.add_guild()
    discord.rate_limit("POST", guild.channel_id, 60.0, everywhere=True)
    with pytest.raises(DiscordError) as caught:
        await say(rest, guild)
    assert caught.value.everywhere
    with pytest.raises(DiscordError) as caught:
        await say(rest, other)
    assert caught.value.code == "DISCORD_RATE_LIMITED"
    assert other.messages == {}
    interaction = await other.command("ping")
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    await rest.interaction("POST", path, body=b'{"type":5}')
    assert interaction.callback == {"type": 5}


async def test_messages_of_a_channel_go_in_the_order_in_which_they_were_sent(
    make_rest: MakeRest, guild: FakeGuild
) -> None:
    rest = make_rest()
    await asyncio.gather(*(say(rest, guild, str(n)) for n in range(20)))
    assert [m["content"] for m in guild.messages.values()] == [str(n) for n in range(20)]


async def test_without_a_time_limit_a_request_waits_as_long_as_it_takes(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    # A deadline that is over at once would be the other meaning of 0.
    rest = make_rest(timeout=0)
    discord.hold("POST", guild.channel_id)
    asking = asyncio.create_task(say(rest, guild))
    await discord.until(lambda: discord.asked("POST", guild.channel_id))
    assert not asking.done()
    discord.heal()
    assert (await asking)["content"] == "hi"


@pytest.mark.parametrize("most", [1, 2, 4])
async def test_a_guild_has_so_many_requests_under_way_and_no_more(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild, most: int
) -> None:
    rest, other = make_rest(concurrency=most), await discord.add_guild()
    channels = [f"10000000000000000{n}" for n in range(6)]
    discord.hold("GET", "/channels/1")
    asking = [
        asyncio.create_task(rest.request(guild.id, "GET", "/channels/{channel_id}", channel_id=c))
        for c in channels
    ]
    await discord.until(lambda: len(discord.asked("GET", "/channels/1")) == most)
    await say(rest, other)  # others are not held up
    assert len(discord.asked("GET", "/channels/1")) == most
    discord.heal()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert {getattr(error, "status", None) for error in answers} == {404}


async def test_a_guild_that_is_refused_too_often_asks_no_more_for_a_while(
    make_rest: MakeRest, discord: FakeDiscord, guild: FakeGuild
) -> None:
    now, held = 0.0, list[tuple[str, Held]]()
    earned = EarnedRefusals(of_guild=2, clock=lambda: now)
    rest = make_rest(earned=earned, held_back=lambda *which: held.append(which))
    other = await discord.add_guild()
    discord.fail("POST", guild.channel_id, 403, times=2)
    for _ in range(2):
        with pytest.raises(DiscordError) as caught:
            await say(rest, guild)
        assert caught.value.status == 403
    now = 10.0
    with pytest.raises(DiscordError) as caught:
        await say(rest, guild)
    error = caught.value
    assert str(error) == f"Discord rate limited for {SHOWN}: too many were refused"
    assert (error.code, error.status, error.retry_after) == ("DISCORD_RATE_LIMITED", None, 590.0)
    assert len(discord.asked("POST", guild.channel_id)) == 2
    assert held == [(guild.id, Held.REFUSED)]
    # Others ask on, and its users get their answers.
    await say(rest, other)
    interaction = await guild.command("ping")
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    await rest.interaction("POST", path, body=b'{"type":5}')
    now = 600.0
    assert (await say(rest, guild))["content"] == "hi"
    assert len(held) == 1


class TestEarnedRefusals:
    def test_a_guild_has_its_number_and_gets_it_back_one_by_one(self) -> None:
        now = 0.0
        earned = EarnedRefusals(of_guild=3, clock=lambda: now)
        for _ in range(3):
            assert earned.seconds_to_wait("1") == 0.0
            earned.note("1")
            now += 1.0
        assert earned.seconds_to_wait("1") == WITHIN - 3.0
        assert earned.seconds_to_wait("2") == 0.0
        now = WITHIN
        assert earned.seconds_to_wait("1") == 0.0
        earned.note("1")
        assert earned.seconds_to_wait("1") == 1.0

    def test_when_all_together_have_earned_too_many_each_has_a_few_only(self) -> None:
        now = 0.0
        earned = EarnedRefusals(of_guild=6, of_all=8, clock=lambda: now)
        for guild in ("1", "1", "1", "1", "1", "2", "3"):
            earned.note(guild)
        assert earned.seconds_to_wait("1") == 0.0
        now = 1.0
        earned.note("2")
        assert [earned.seconds_to_wait(guild) for guild in "1234"] == [WITHIN - 1, 0, 0, 0]

    @pytest.mark.parametrize(
        ("status", "headers", "counted"),
        [
            (401, {}, True),
            (403, {}, True),
            (429, {}, True),
            (429, {"X-RateLimit-Scope": "user"}, True),
            (429, {"X-RateLimit-Scope": "shared"}, False),
            (400, {}, False),
            (404, {}, False),
            (500, {}, False),
        ],
    )
    def test_what_discord_counts(self, status: int, headers: dict[str, str], counted: bool) -> None:
        assert is_counted(status, headers) is counted


class TestLimits:
    """The clockwork alone, in the loop's own time."""

    async def test_so_many_start_in_a_second_and_the_next_one_a_second_after_the_first(
        self,
    ) -> None:
        limits, loop = RateLimits(per_second=5), asyncio.get_running_loop()
        started, starts = loop.time(), []
        for _ in range(7):
            await limits.wait(Lane(), None, counts=True)
            starts.append(loop.time() - started)
        assert max(starts[:5]) < 0.5
        assert 1.0 <= starts[5] <= starts[6] < 1.9

    async def test_who_cannot_go_in_time_takes_nobodys_place(self) -> None:
        limits, now = RateLimits(per_second=1), asyncio.get_running_loop().time()
        await limits.wait(Lane(), None, counts=True)
        for _ in range(10):
            with pytest.raises(NotInTime):
                await limits.wait(Lane(), now + 0.5, counts=True)
        async with asyncio.timeout(1.5):
            await limits.wait(Lane(), None, counts=True)

    async def test_an_exhausted_lane_opens_again_by_its_header(self) -> None:
        limits, lane = RateLimits(), Lane()
        limits.note(lane, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset-After": "9"})
        await limits.wait(lane, asyncio.get_running_loop().time() + 0.1, counts=False)
        limits.note(lane, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "9.5"})
        with pytest.raises(NotInTime) as caught:
            await limits.wait(lane, asyncio.get_running_loop().time() + 1.0, counts=False)
        assert caught.value.seconds == pytest.approx(9.5, abs=0.5)

    async def test_whoever_gives_up_lets_the_next_one_in(self) -> None:
        limits = RateLimits()
        inside = asyncio.Event()

        async def stay() -> None:
            async with limits.lane("a", None):
                inside.set()
                await asyncio.Event().wait()

        first = asyncio.create_task(stay())
        await inside.wait()
        second = asyncio.create_task(stay())
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        async with asyncio.timeout(1.0), limits.lane("a", None):
            pass
        for task in (first, second):
            with contextlib.suppress(asyncio.CancelledError):
                await task


# --- refusals as they come ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "text", "retry_after", "everywhere"),
    [
        ({"Via": "1.1 google"}, b'{"retry_after": 1.5, "global": false}', 1.5, False),
        ({"Via": "1.1 google"}, b'{"retry_after": 1.5, "global": true}', 1.5, True),
        ({"Via": "1.1 google", "Retry-After": "3"}, b"", 3.0, False),
        # From the edge before Discord: the bot's address is shut out.
        ({"Retry-After": "300"}, b"<html>error 1015</html>", 300.0, True),
        ({"Via": "1.1 google"}, b'{"retry_after": "soon"}', None, False),
        ({"Via": "1.1 google", "Retry-After": "nan"}, b"[]", None, False),
    ],
)
def test_a_429_in_all_its_forms(
    headers: dict[str, str], text: bytes, retry_after: float | None, everywhere: bool
) -> None:
    error = refusal(429, headers, text, "GET /x")
    assert (error.code, error.retry_after, error.everywhere) == (
        "DISCORD_RATE_LIMITED",
        retry_after,
        everywhere,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no reason given"),
        (b"<html>bad gateway</html>", "<html>bad gateway</html>"),
        (b'{"message": "Unknown Channel", "code": 10003}', "Unknown Channel"),
        (b'{"message": "m", "errors": []}', "m"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_a_refusal_says_what_discord_has_said(text: bytes, said: str) -> None:
    error = refusal(404, {}, text, "GET /x")
    assert str(error) == f"Discord HTTP error (404): {said} (route: GET /x)"


def test_errors_of_fields_at_any_depth() -> None:
    errors = {
        "_errors": [{"message": "all of it"}],
        "components": {"0": {"components": {"1": {"label": {"_errors": [{"code": "X"}]}}}}},
        "odd": "no object",
    }
    assert list(field_errors(errors)) == [
        ("body", "all of it"),
        ("components[0].components[1].label", "X"),
    ]
