"""flora stops, is stopped and is killed under traffic, and the next one goes on where it was."""

import asyncio
import contextlib
import signal
from collections import Counter

from tests.e2e.conftest import MakeInstallation
from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

ECHOES = (
    "on('ready', (ctx) => console.log('ready as ' + ctx.msg.user.username));"
    "on('messageCreate', async (ctx) => {"
    " if (ctx.msg.author.bot) return;"
    " await kv.store('s').set('last', ctx.msg.content);"
    " await ctx.reply(ctx.msg.content) })"
)
# Waits for so long as the message says, and answers interactions at once.
TAKES_ITS_TIME = (
    "on('interactionCreate', (ctx) => ctx.reply('ran'));"
    "on('messageCreate', async (ctx) => {"
    " if (ctx.msg.author.bot) return;"
    " console.log('began ' + ctx.msg.content);"
    " await new Promise((done) => setTimeout(done, Number(ctx.msg.content)));"
    " await ctx.reply('waited ' + ctx.msg.content) })"
)


async def a_flora(
    make: MakeInstallation, discord: FakeDiscord, source: str, guilds: int = 1, **settings: str
) -> tuple[Installation, list[FakeGuild]]:
    flora = make(discord, **settings)
    await flora.start()
    made = [await discord.add_guild(f"Guild {number}") for number in range(guilds)]
    for guild in made:
        await guild.until(lambda g: g.commands)
        assert (await flora.deploy(guild.id, source)).status == 200
    return flora, made


def contents(guild: FakeGuild) -> list[str]:
    return [message["content"] for message in guild.sent()]


async def test_a_restart_under_traffic_answers_each_message_once(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora, guilds = await a_flora(
        make_flora, own_discord, ECHOES, guilds=3, RUNTIME_KV_WRITES_PER_MINUTE="0"
    )
    said: Counter[str] = Counter()

    async def say() -> None:
        for guild in guilds:
            said[guild.id] += 1
            await guild.say(str(said[guild.id]))

    for _ in range(40):
        await say()
    stopping = asyncio.create_task(flora.stop())
    while not stopping.done():
        await say()
        await asyncio.sleep(0.05)  # the pace of the traffic
    assert await stopping == 0
    answered_by_the_first = sum(len(guild.sent()) for guild in guilds)
    for _ in range(10):
        await say()
    starting = asyncio.create_task(flora.start())
    while not starting.done():
        await say()
        await asyncio.sleep(0.2)
    await starting
    await say()
    for guild in guilds:
        await guild.until(lambda g: len(g.sent()) >= said[g.id], timeout=30)
        assert Counter(contents(guild)) == Counter(str(n + 1) for n in range(said[guild.id]))
    # How far the first one has come is the machine's affair: what it had not begun is the other's.
    assert 0 < answered_by_the_first < said.total()
    assert (own_discord.gateway.identified(), own_discord.gateway.resumed()) == (1, 1)
    assert own_discord.gateway.closed_with == [4000]
    lines = [entry["message"] for entry in await flora.guild_log(guilds[0].id)]
    assert lines.count("ready as flora") == 1  # at the restart: at its deploy it had been ready


async def test_what_had_not_started_when_the_time_was_over_starts_after_the_restart(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora, (guild,) = await a_flora(
        make_flora,
        own_discord,
        TAKES_ITS_TIME,
        RUNTIME_GUILD_STARTED_EVENTS="1",
        RUNTIME_STOP_TIMEOUT_SECS="5",
    )
    await guild.say("600000")
    await flora.until_logged(guild.id, "began 600000")
    for number in (1, 2, 3):
        await guild.say(str(number))
    # What comes after them is taken after them.
    other = await own_discord.add_guild()
    await other.until(lambda g: g.commands)
    assert await flora.stop() == 0
    assert contents(guild) == []
    await flora.start()
    await guild.until(lambda g: len(g.sent()) == 3)
    assert contents(guild) == ["waited 1", "waited 2", "waited 3"]
    lines = await flora.until_logged(guild.id, "was lost")
    assert "MESSAGE_CREATE was lost: it had started when flora stopped" in lines
    assert lines.count("began 600000") == 1


async def test_an_interaction_while_flora_stops_is_told_so_and_not_run_afterwards(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora, (guild,) = await a_flora(make_flora, own_discord, TAKES_ITS_TIME)
    await guild.say("1500")
    await flora.until_logged(guild.id, "began 1500")
    stopping = asyncio.create_task(flora.stop())
    await flora.until_in_log("stopping on SIGTERM")
    told = await guild.command("ping")
    await told.answered()
    assert told.seen() == [("This bot is being restarted. Please try again in a moment.", True)]
    assert await stopping == 0
    assert contents(guild) == ["waited 1500"]
    await flora.start()
    assert own_discord.gateway.resumed() == 1
    again = await guild.command("ping")
    await again.answered()
    assert again.seen() == [("ran", False)]
    assert told.seen() == [("This bot is being restarted. Please try again in a moment.", True)]
    assert own_discord.refused == {}


async def test_a_killed_flora_begins_a_new_session_and_repeats_nothing(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora, (guild,) = await a_flora(make_flora, own_discord, ECHOES)
    assert await flora.stop() == 0
    await flora.start()
    assert (own_discord.gateway.identified(), own_discord.gateway.resumed()) == (1, 1)
    assert await guild.reply_to("once") == "once"
    await flora.kill()
    await flora.start()
    assert (own_discord.gateway.identified(), own_discord.gateway.resumed()) == (2, 1)
    assert await guild.reply_to("more") == "more"
    assert contents(guild) == ["once", "more"]


async def test_a_killed_flora_leaves_no_process_behind_whatever_they_do(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    """A worker whose isolate computes for ever, the zygote, the builder, the pages."""
    source = "on('messageCreate', () => { console.log('begun'); for (;;) {} })"
    flora, (guild,) = await a_flora(
        make_flora,
        own_discord,
        source,
        RUNTIME_TURN_CPU_SECS="0",
        RUNTIME_DISPATCH_TIMEOUT_SECS="0",
    )
    web, builder = flora.processes("daphne"), flora.processes("runtime.builder")
    zygote_and_workers = flora.processes("runtime.worker.zygote")
    assert (len(web), len(builder), len(zygote_and_workers)) == (1, 1, 3)
    await guild.say("go")
    await flora.kill()  # waits for each of them


async def test_a_second_signal_stops_at_once(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora, (guild,) = await a_flora(
        make_flora, own_discord, TAKES_ITS_TIME, RUNTIME_STOP_TIMEOUT_SECS="600"
    )
    await guild.say("600000")
    await flora.until_logged(guild.id, "began 600000")
    assert flora.process is not None
    flora.process.terminate()
    await flora.until_in_log("stopping on SIGTERM; once more stops at once")
    assert await flora.stop() == 128 + signal.SIGTERM


async def test_a_message_that_no_handler_waits_for_is_sent_before_the_end(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    source = "on('messageCreate', (ctx) => { if (!ctx.msg.author.bot) void ctx.reply('late') })"
    flora, (guild,) = await a_flora(make_flora, own_discord, source)
    own_discord.hold("POST", f"/channels/{guild.channel_id}/messages")
    await guild.say("go")
    await own_discord.until(lambda: own_discord.asked("POST", guild.channel_id))
    stopping = asyncio.create_task(flora.stop())
    await flora.until_in_log("stopping on SIGTERM")
    own_discord.heal()
    assert await stopping == 0
    assert contents(guild) == ["late"]


async def test_a_script_that_hangs_or_kills_at_the_start_holds_up_no_other(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    """All are good when they are deployed, and bad once their key says so."""
    kinds = {
        "hangs": "await new Promise(() => {})",
        "loops": "for (;;) {}",
        "kills": "new Array(2 ** 32 - 1).fill(0)",
        "throws": "throw new Error('not today')",
    }
    flora = make_flora(own_discord, RUNTIME_LOAD_CPU_SECS="1")
    await flora.start()
    bad: dict[str, FakeGuild] = {}
    for kind, deed in kinds.items():
        bad[kind] = await own_discord.add_guild(kind)
        await bad[kind].until(lambda g: g.commands)
        source = (
            f"{ECHOES}; const s = kv.store('s');"
            f"if ((await s.get('last')) === 'be bad') {{ {deed} }}"
        )
        assert (await flora.deploy(bad[kind].id, source)).status == 200
        assert await bad[kind].reply_to("be bad") == "be bad"
    good = [await own_discord.add_guild(f"Good {number}") for number in range(6)]
    for guild in good:
        await guild.until(lambda g: g.commands)
        assert (await flora.deploy(guild.id, ECHOES)).status == 200
    await flora.kill()
    await flora.start()
    for guild in good:
        await until_it_answers(guild)
    new = await own_discord.add_guild("New")
    await new.until(lambda g: g.commands)
    assert await new.reply_to("!ping") == "pong"
    # The one that hangs may for 30 s, and is still at it.
    states = {g["id"]: g["state"] for g in (await flora.request("GET", "/api/guilds")).json}
    assert states[bad["hangs"].id] == "running"
    lines = await flora.until_logged(bad["loops"].id, "load failed: module_load timed out: ")
    assert any("CPU" in line for line in lines)
    await flora.until_logged(bad["throws"].id, "load failed: Error: not today")
    await flora.until_logged(bad["kills"].id, "load failed: module_load timed out: ")
    for guild in good:
        await until_it_answers(guild)


async def until_it_answers(guild: FakeGuild) -> None:
    """What had begun in a worker that another script then killed is lost: it is said again."""
    for number in range(3):
        with contextlib.suppress(TimeoutError):
            await guild.say(f"hello {number}")
            assert (await guild.next_sent(timeout=10.0))["content"].startswith("hello ")
            return
    raise AssertionError(f"{guild.name} does not answer")


async def test_events_of_a_guild_whose_script_takes_its_time_at_the_start_wait_for_it(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    source = (
        f"{ECHOES}; if ((await kv.store('s').get('last')) === 'take your time')"
        " await new Promise((done) => setTimeout(done, 5000))"
    )
    flora, (guild,) = await a_flora(make_flora, own_discord, source)
    assert await guild.reply_to("take your time") == "take your time"
    assert await flora.stop() == 0
    await guild.say("while it was away")
    await flora.start()
    assert flora.logged("1 scripts are still loading; their guilds' events wait") == 1
    await guild.say("while it loads")
    await guild.until(lambda g: len(g.sent()) == 3)
    assert contents(guild) == ["take your time", "while it was away", "while it loads"]
