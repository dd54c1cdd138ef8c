"""Cron jobs and tasks in a whole flora, at real times: started, refused, stopped, survived."""

from typing import Any

import pytest

from tests.e2e.conftest import MakeInstallation
from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

Json = dict[str, Any]
# A job that comes by hand only.
NEVER = "0 0 0 1 1 * 9999"


def says(guild: FakeGuild, text: str) -> str:
    """JavaScript that writes into the guild's channel."""
    return f"rest.sendMessage({{channelId: '{guild.channel_id}', content: {text}}})"


async def runs(flora: Installation, guild: FakeGuild, name: str, outcome: str) -> list[Json]:
    """The history of a job once its newest run has ended so."""
    found: list[Json] = await flora.until(
        f"/api/cron/{guild.id}/{name}/runs",
        lambda runs: runs and runs[0]["outcome"] == outcome,
    )
    return found


async def run_now(flora: Installation, guild: FakeGuild, name: str) -> None:
    assert (await flora.request("POST", f"/api/cron/{guild.id}/{name}/run")).status == 202


async def test_a_job_runs_each_second(flora: Installation, guild: FakeGuild) -> None:
    script = f"cron('tick', '* * * * * *', (ctx) => {says(guild, 'ctx.scheduledAt')})"
    assert (await flora.deploy(guild.id, script)).status == 200
    slots = [(await guild.next_sent())["content"] for _ in range(3)]
    await flora.deploy(guild.id, "1")
    assert all(slot.endswith(".000Z") for slot in slots)
    seconds = [int(slot[17:19]) for slot in slots]
    assert seconds == [seconds[0], (seconds[0] + 1) % 60, (seconds[0] + 2) % 60]
    await flora.until(f"/api/cron/{guild.id}", lambda jobs: not jobs)


async def test_jobs_are_listed_and_run_by_hand(flora: Installation, guild: FakeGuild) -> None:
    script = (
        f"cron('report', '{NEVER}', async (ctx) => {{ await {says(guild, 'ctx.name')} }},"
        " {skipIfRunning: true, catchUp: 'once'});"
        "cron('a/b', '@yearly', () => { throw new TypeError('not today') })"
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    listed = await flora.until(f"/api/cron/{guild.id}", lambda jobs: len(jobs) == 2)
    assert [job["name"] for job in listed] == ["a/b", "report"]
    assert listed[1] == {
        "name": "report",
        "expression": NEVER,
        "skip_if_running": True,
        "catch_up": "once",
        "next_at": "9999-01-01T00:00:00Z",
    }
    await run_now(flora, guild, "report")
    assert (await guild.next_sent())["content"] == "report"
    (run,) = await runs(flora, guild, "report", "ok")
    assert run["trigger"] == "manual"
    await run_now(flora, guild, "a%2Fb")
    (run,) = await runs(flora, guild, "a%2Fb", "failed")
    assert run["error"] == "TypeError: not today"
    lines = await flora.until_logged(guild.id, "cron failed: TypeError: not today")
    assert any("src/main.ts:1:" in line for line in lines)


REFUSED = [
    (
        "\n\ncron('a', '61 * * * *', () => {})",
        "src/main.ts:3:1: Error: invalid cron expression '61 * * * *': "
        "61 in the minute field is not between 0 and 59",
    ),
    (
        "cron('a', '0 0 30 2 *', () => {})",
        "cron schedule has no future occurrences: 0 0 30 2 *",
    ),
    ("cron('', '* * * * *', () => {})", "TypeError: cron name must be a non-empty string"),
    (
        "for (const _ of [1, 2]) cron('a', '* * * * *', () => {})",
        "cron job with name 'a' already exists",
    ),
    (
        "for (let i = 0; i < 33; i++) cron(`job ${i}`, '* * * * *', () => {})",
        "max cron jobs exceeded for this guild/runtime",
    ),
    (
        f"cron('{'n' * 201}', '* * * * *', () => {{}})",
        "cron name must have at most 200 characters",
    ),
    ("cron('a\\0', '* * * * *', () => {})", "cron name must have at most 200 characters"),
    ("cron('a', '\\0* * * * *', () => {})", "cron expression must have at most 256 characters"),
]


@pytest.mark.parametrize(("script", "message"), REFUSED)
async def test_a_script_whose_job_is_wrong_is_refused_and_changes_nothing(
    script: str, message: str, flora: Installation, guild: FakeGuild
) -> None:
    before = f"cron('kept', '{NEVER}', () => {{}})"
    assert (await flora.deploy(guild.id, before)).status == 200
    kept = await flora.until(f"/api/cron/{guild.id}", len)
    refused = await flora.deploy(guild.id, f"cron('new', '@daily', () => {{}});{script}")
    assert refused.status == 400
    assert message in refused.json["message"]
    assert (await flora.request("GET", f"/api/cron/{guild.id}")).json == kept


async def test_a_pause_takes_the_slots_away(flora: Installation, guild: FakeGuild) -> None:
    await flora.deploy(guild.id, f"cron('a', '{NEVER}', () => {{}})")
    path = f"/api/cron/{guild.id}"
    await flora.until(path, lambda jobs: jobs and "next_at" in jobs[0])
    await flora.request("POST", f"/api/guilds/{guild.id}/pause")
    (job,) = (await flora.request("GET", path)).json
    assert "next_at" not in job
    refused = await flora.request("POST", f"{path}/a/run")
    assert (refused.status, refused.json["message"]) == (
        400,
        "Bad request: the guild's script does not run: it is paused",
    )
    await flora.request("POST", f"/api/guilds/{guild.id}/resume")
    await flora.until(path, lambda jobs: "next_at" in jobs[0])


async def test_a_guild_that_throws_the_bot_out_has_no_slots(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    await flora.deploy(guild.id, f"cron('a', '{NEVER}', () => {{}})")
    path = f"/api/cron/{guild.id}"
    await flora.until(path, lambda jobs: jobs and "next_at" in jobs[0])
    await discord.remove_guild(guild)
    await flora.until(path, lambda jobs: "next_at" not in jobs[0])


async def test_a_script_may_register_later(flora: Installation, guild: FakeGuild) -> None:
    await flora.deploy(
        guild.id,
        "on('messageCreate', (ctx) => { if (!ctx.msg.author.bot)"
        f" cron(ctx.msg.content, '{NEVER}', () => {says(guild, '`ran`')}) }})",
    )
    await guild.say("later")
    await flora.until(f"/api/cron/{guild.id}", len)
    await run_now(flora, guild, "later")
    assert (await guild.next_sent())["content"] == "ran"
    await guild.say("later")
    await flora.until_logged(guild.id, "cron job with name 'later' already exists")


async def test_a_job_that_breaks_a_limit_is_told_of_and_comes_again(
    flora: Installation, guild: FakeGuild
) -> None:
    await flora.deploy(
        guild.id,
        f"cron('loop', '{NEVER}', () => {{ for (;;) {{}} }}); cron('b', '{NEVER}', () => {{}})",
    )
    await flora.until(f"/api/cron/{guild.id}", len)
    await run_now(flora, guild, "loop")
    (run,) = await runs(flora, guild, "loop", "failed")
    assert run["error"].startswith("dispatch timed out: ")
    await run_now(flora, guild, "b")
    await runs(flora, guild, "b", "ok")


TASKS = """
on('messageCreate', async (ctx) => {
  if (ctx.msg.author.bot) return;
  const [verb, key, argument] = ctx.msg.content.split(' ');
  const answers = {
    set: () => tasks.schedule(key, { in: Number(argument) }, { by: ctx.msg.author.username }),
    cancel: () => tasks.cancel(key),
    get: async () => (await tasks.get(key)) ?? null,
    list: async () => (await tasks.list()).map((task) => task.key),
    big: () => tasks.schedule(key, Date.now() + 1e6, 'x'.repeat(Number(argument))),
    far: () => tasks.schedule(key, 8.64e15),
    long: () => tasks.schedule('k'.repeat(257), 1),
    nul: () => tasks.schedule('a\\0', 1),
  };
  const answer = await answers[verb]().catch((error) => [error.code, error.message]);
  await ctx.reply(JSON.stringify(answer));
});
on('task', (ctx) => SAY);
"""


def with_tasks(guild: FakeGuild) -> str:
    return TASKS.replace("SAY", says(guild, "JSON.stringify([ctx.key, ctx.data.by])"))


async def test_tasks_from_a_script(flora: Installation, guild: FakeGuild) -> None:
    assert (await flora.deploy(guild.id, with_tasks(guild))).status == 200
    assert await guild.reply_to("list") == "[]"
    await guild.say("set soon 1")
    both = sorted([(await guild.next_sent())["content"] for _ in range(2)])
    assert both[0].startswith('["soon",')
    assert both[1].startswith('{"key":"soon","scheduledAt":"20')
    await guild.reply_to("set later 3600000")
    await guild.reply_to("set last 7200000")
    assert await guild.reply_to("list") == '["later","last"]'
    assert '"data":{"by":"' in await guild.reply_to("get later")
    assert await guild.reply_to("get never") == "null"
    assert await guild.reply_to("cancel later") == "true"
    assert await guild.reply_to("cancel later") == "false"
    assert await guild.reply_to("list") == '["last"]'
    # With the quotes its text takes two more bytes than it has letters.
    assert await guild.reply_to("big edge 65534") != ""
    assert await guild.reply_to("list") == '["edge","last"]'
    assert await guild.reply_to("big over 65535") == (
        '["INVALID_INPUT","Invalid input for data: 65537 bytes of JSON, at most 65536"]'
    )
    assert await guild.reply_to("far x") == (
        '["INVALID_INPUT","Invalid input for when: later than the year 9999"]'
    )
    for wrong in ("long", "nul"):
        assert (await guild.reply_to(wrong)).startswith('["INVALID_INPUT","Invalid input: ')


async def test_a_refused_script_sets_no_task(flora: Installation, guild: FakeGuild) -> None:
    await flora.deploy(guild.id, with_tasks(guild))
    refused = await flora.deploy(
        guild.id, "tasks.schedule('ghost', 1); await kv.store('s').get('k'); throw new Error('no')"
    )
    assert refused.status == 400
    assert await guild.reply_to("list") == "[]"


async def test_what_a_killed_flora_had_started_is_lost_and_the_rest_goes_on(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    guild = await own_discord.add_guild("Garden")
    flora = make_flora(own_discord, RUNTIME_CRON_TIMEOUT_SECS="1.5")
    await flora.start()
    await guild.until(lambda g: g.commands)
    begins = says(guild, "`begins`")
    forever = "new Promise((resolve) => setTimeout(resolve, 60000))"
    script = (
        f"cron('long', '{NEVER}', async () => {{ await {begins}; await {forever} }});"
        "cron('each', '* * * * * *', () => {});"
        f"cron('remember', '{NEVER}', () => tasks.schedule('survivor', {{in: 4000}}));"
        f"on('task', (ctx) => {says(guild, 'ctx.key')})"
    )
    assert (await flora.deploy(guild.id, script)).status == 200
    await runs(flora, guild, "each", "ok")
    await run_now(flora, guild, "long")
    assert (await guild.next_sent())["content"] == "begins"
    (run,) = await runs(flora, guild, "long", "timeout")
    assert run["error"] == "cron timed out: cron job 'long' took over 1.5 s"
    await run_now(flora, guild, "remember")
    await runs(flora, guild, "remember", "ok")
    await run_now(flora, guild, "long")
    assert (await guild.next_sent())["content"] == "begins"
    before = (await flora.request("GET", f"/api/cron/{guild.id}")).json
    await flora.kill()
    await flora.start()
    assert (await guild.next_sent(timeout=20))["content"] == "survivor"
    (lost, _) = await runs(flora, guild, "long", "lost")
    assert lost["error"] == "flora ended while it was under way"
    await flora.until_logged(guild.id, "cron job 'long' of ")
    after = await flora.until(
        f"/api/cron/{guild.id}",
        lambda jobs: jobs[0]["last_run"]["slot"] > before[0]["last_run"]["slot"],
    )
    assert [job["name"] for job in after] == ["each", "long", "remember"]
    assert after[1]["next_at"] == before[1]["next_at"]
    assert await flora.stop() == 0
