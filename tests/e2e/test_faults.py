"""Scripts that hang, bloat and kill, seen from outside: the owner is told, neighbours go on."""

import asyncio
import contextlib
import os
import signal
from typing import Any

import pytest

from tests.e2e.conftest import MakeInstallation
from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild


def bad(body: str) -> str:
    return (
        "on('messageCreate', async (ctx) => {"
        " if (ctx.msg.content === '!bad') {" + body + "}"
        " if (ctx.msg.content === '!good') await ctx.reply('still here') })"
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("for (;;) {}", "dispatch failed: dispatch timed out: "),
        ("for (;;) await null", "dispatch failed: dispatch timed out: "),
        (
            "const all = []; for (;;) all.push({ n: all.length })",
            "dispatch failed: out of memory: an isolate may have 128 MiB",
        ),
        (
            "const all = []; for (;;) all.push(new Uint8Array(8 << 20).fill(1))",
            "dispatch failed: out of memory: an isolate may have 128 MiB",
        ),
    ],
    ids=["endless loop", "flood of microtasks", "heap bomb", "buffers"],
)
async def test_a_script_over_its_limits_is_stopped_told_and_runs_again(
    flora: Installation, guild: FakeGuild, body: str, told: str
) -> None:
    assert (await flora.deploy(guild.id, bad(body))).status == 200
    await guild.say("!bad")
    await guild.say("!good")
    assert (await guild.next_sent(timeout=30))["content"] == "still here"
    lines = await flora.until_logged(guild.id, told)
    assert any("MESSAGE_CREATE was lost: it had started when its isolate ended" in x for x in lines)


async def test_a_process_killer_costs_its_worker_and_no_neighbour_loses_an_event(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    """`new Array(2**32-1).fill(0)` aborts V8 in spite of every limit."""
    neighbours = [await discord.add_guild(f"Neighbour {number}") for number in range(8)]
    for neighbour in neighbours:
        await neighbour.until(lambda g: g.commands)
    workers = set(flora.processes("runtime.worker.zygote"))
    assert (await flora.deploy(guild.id, bad("new Array(2 ** 32 - 1).fill(0)"))).status == 200
    await guild.say("!bad")
    for _ in range(20):
        for neighbour in neighbours:
            await neighbour.say("!count")
    await guild.say("!good")
    for neighbour in neighbours:
        await neighbour.until(lambda g: len(g.sent()) == 20, timeout=60)
        counted = [message["content"] for message in neighbour.sent()]
        assert sorted(counted) == sorted(f"Counted to {n}" for n in range(1, 21))
    assert (await guild.next_sent(timeout=60))["content"] == "still here"
    await flora.until_logged(guild.id, "dispatch timed out: the script could not be interrupted")
    assert len(workers - set(flora.processes("runtime.worker.zygote"))) == 1


async def test_a_script_that_cannot_be_interrupted_while_it_loads_costs_one_worker(
    flora: Installation, guild: FakeGuild
) -> None:
    workers = set(flora.processes("runtime.worker.zygote"))
    refused = await flora.deploy(guild.id, "new Array(2 ** 32 - 1).fill(0)")
    assert refused.status == 400
    assert refused.json["message"] == (
        "Bad request: deployment failed: module_load timed out: top-level code could not even be "
        "interrupted"
    )
    assert await guild.reply_to("!ping") == "pong"
    assert len(workers - set(flora.processes("runtime.worker.zygote"))) == 1


async def test_guilds_whose_worker_dies_while_they_load_are_not_to_blame(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord, RUNTIME_MAX_WORKERS="1")
    await flora.start()
    guilds = [await own_discord.add_guild(f"Guild {number}") for number in range(12)]
    for guild in guilds:
        await guild.until(lambda g: g.commands)
        busy = "const start = Date.now(); while (Date.now() - start < 60);\n"
        assert (await flora.deploy(guild.id, busy + bad(""))).status == 200
    for deaths in range(1, 4):
        _, worker = flora.processes("runtime.worker.zygote")
        os.kill(worker, signal.SIGKILL)
        await flora.until_in_log("worker 0 ready", times=1 + deaths)
    for guild in guilds:
        await guild.say("!good")
        assert (await guild.next_sent(timeout=60))["content"] == "still here"


async def test_a_killed_worker_is_replaced_and_its_guilds_answer(
    flora: Installation, guild: FakeGuild
) -> None:
    _, *workers = flora.processes("runtime.worker.zygote")
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    assert await guild.reply_to("!ping") == "pong"
    assert not set(workers) & set(flora.processes("runtime.worker.zygote"))


async def test_a_killed_zygote_takes_no_worker_along_and_is_replaced(
    flora: Installation, guild: FakeGuild
) -> None:
    zygote, *workers = flora.processes("runtime.worker.zygote")
    os.kill(zygote, signal.SIGKILL)
    assert await guild.reply_to("!ping") == "pong"
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    assert await guild.reply_to("!ping") == "pong"


async def test_an_error_is_told_with_its_line_and_the_script_goes_on(
    flora: Installation, guild: FakeGuild
) -> None:
    source = {
        "src/main.ts": "import { fail } from './fail'\n"
        "on('messageCreate', async (ctx) => {\n"
        "  if (ctx.msg.content === '!bad') fail(ctx.msg.content)\n"
        "  if (ctx.msg.content === '!good') await ctx.reply('still here') })",
        "src/fail.ts": "interface Any { x: number }\n\n"
        "export function fail(why: string): never {\n  throw new RangeError(why)\n}",
    }
    assert (await flora.deploy(guild.id, source)).status == 200
    await guild.say("!bad")
    lines = await flora.until_logged(guild.id, "RangeError: !bad")
    (told,) = [line for line in lines if "RangeError" in line]
    assert told.startswith("dispatch failed: RangeError: !bad\n    at fail (src/fail.ts:4:9)")
    assert "src/main.ts:3:35" in told
    assert await guild.reply_to("!good") == "still here"


async def test_what_a_script_prints_is_in_its_guilds_log_only(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    other = await discord.add_guild()
    await other.until(lambda g: g.commands)
    await flora.deploy(guild.id, "console.log('planted', { roses: 3 }); console.error('!')")
    await flora.until_logged(guild.id, "planted")
    entries: list[dict[str, Any]] = await flora.guild_log(guild.id)
    printed = [(e["level"], e["message"]) for e in entries if e["target"] == "flora:js"]
    assert printed == [("info", "planted { roses: 3 }"), ("error", "!")]
    assert await flora.guild_log(other.id) == []


LOOPS = bad("for (;;) {}")


async def strike(flora: Installation, guild: FakeGuild, times: int) -> list[dict[str, Any]]:
    """Lets the guild's script break a limit so often; all faults of the guild, the newest first."""
    path = f"/api/faults/{guild.id}"
    for _ in range(times):
        before = len((await flora.request("GET", path)).json)
        await guild.say("!bad")
        faults: list[dict[str, Any]] = await flora.until(path, lambda f, n=before: len(f) > n)
    return faults


async def test_a_fresh_script_that_strikes_out_is_rolled_back(
    flora: Installation, guild: FakeGuild
) -> None:
    assert (await flora.deploy(guild.id, LOOPS)).status == 200
    faults = await strike(flora, guild, 3)
    await guild.until(lambda g: g.commands)  # the default script has some
    assert await guild.reply_to("!ping") == "pong"
    assert [(fault["follow_up"], fault["strike"]) for fault in faults] == [
        ("rolled_back", True),
        ("restarted", True),
        ("restarted", True),
    ]
    assert faults[0]["kind"] in ("cpu", "timeout")  # a busy machine may not give it a second
    assert faults[0]["message"].startswith("dispatch timed out: ")
    assert {fault["event"] for fault in faults} == {"MESSAGE_CREATE"}
    assert len({fault["revision_id"] for fault in faults}) == 1
    assert faults[0]["cpu_ms"] > 0
    assert faults[0]["peak_bytes"] > 10 << 20
    told = await flora.until_logged(guild.id, "The last revision that ran well is being brought")
    stopped = "the script was stopped while it handled MESSAGE_CREATE (src/main.ts:1): dispatch"
    assert sum(line.startswith(stopped) for line in told) == 3
    assert {(fault["file"], fault["line"]) for fault in faults} == {("src/main.ts", 1)}


async def answer_of(guild: FakeGuild) -> str:
    """Asked again until the script is there."""
    async with asyncio.timeout(60):
        while True:
            await guild.say("!good")
            with contextlib.suppress(TimeoutError):
                return str((await guild.next_sent(timeout=3))["content"])


async def test_strikes_outlive_a_restart_and_each_suspension_is_longer(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(
        own_discord,
        FAULTS_AUTO_ROLLBACK="false",
        FAULTS_SUSPENSION_SECS="1",
        RUNTIME_TURN_CPU_SECS="0.1",
    )
    await flora.start()
    guild = await own_discord.add_guild("Garden")
    await guild.until(lambda g: g.commands)
    path = f"/api/guilds/{guild.id}"
    assert (await flora.deploy(guild.id, LOOPS)).status == 200
    await strike(flora, guild, 2)
    await flora.kill()
    await flora.start()
    (fault, *_) = await strike(flora, guild, 1)
    assert fault["follow_up"] == "suspended"
    assert "until" in fault
    # It ends by itself, and the next one does not.
    await flora.until(path, lambda answer: answer["state"] == "running")
    assert await answer_of(guild) == "still here"
    (fault, *_) = await strike(flora, guild, 3)
    assert fault["follow_up"] == "suspended"
    assert "until" not in fault
    await flora.until(path, lambda answer: answer["state"] == "suspended")
    refusal = await (await guild.command("ping")).answered()
    assert refusal["data"]["content"] == "This bot is not running here at the moment."
    assert (await flora.request("POST", f"{path}/resume")).json["state"] == "running"
    assert await answer_of(guild) == "still here"


async def test_a_webhook_is_told_once_each_time_and_the_channel_when_it_is_gone(
    flora: Installation, guild: FakeGuild, discord: FakeDiscord
) -> None:
    assert (await flora.deploy(guild.id, bad("for (;;) {}"))).status == 200
    channel, other = next(iter(guild.channels)), "300000000000000099"
    webhook = {"id": other, "token": "wt-of-the-owner", "channel_id": channel, "name": "Faults"}
    guild.webhooks[other] = {**webhook, "type": 1, "guild_id": guild.id, "avatar": None}
    address = f"{discord.api_base}/webhooks/{other}/wt-of-the-owner"
    chosen = await flora.request(
        "PATCH",
        f"/api/guilds/{guild.id}/settings",
        {"notice_webhook": address, "notice_channel": channel},
    )
    assert chosen.status == 200
    assert "wt-of-the-owner" not in str(chosen.json)

    def notices() -> list[dict[str, Any]]:
        return [m for m in guild.messages.values() if "the script was stopped" in m["content"]]

    await guild.say("!bad")
    await guild.until(lambda _: len(notices()) == 1, timeout=30)
    (told,) = notices()
    assert told["webhook_id"] == other
    assert told["content"].startswith("**Garden**: the script was stopped while it handled")
    (sent,) = discord.asked("POST", f"/webhooks/{other}/")
    assert sent.body["allowed_mentions"] == {"parse": []}
    del guild.webhooks[other]
    for strike in (2, 3):
        await guild.say("!bad")
        await guild.until(lambda _, n=strike: len(notices()) == n, timeout=30)
    assert [notice.get("webhook_id") for notice in notices()] == [other, None, None]
    # It was tried once more, said to be gone once, and then not tried again.
    assert len(discord.asked("POST", f"/webhooks/{other}/")) == 2
    gone = f"the webhook https://discord.com/api/webhooks/{other}/… does not exist any more"
    lines = await flora.until_logged(guild.id, gone)
    assert sum(gone in line for line in lines) == 1
    assert "wt-of-the-owner" not in flora.log()


FILES = {
    "src/main.ts": "import { spin } from './spin'\non('messageCreate', (ctx) => {\n"
    "  if (ctx.msg.content === '!bad') spin(1)\n})\n",
    "src/spin.ts": "export function spin(n: number) {\n  for (;;) {\n    n += 1\n  }\n}\n",
}


async def test_an_endless_loop_is_named_by_its_own_file_and_line(
    flora: Installation, guild: FakeGuild
) -> None:
    assert (await flora.deploy(guild.id, FILES)).status == 200
    await guild.say("!bad")
    (fault, *_) = await flora.until(f"/api/faults/{guild.id}", bool)
    assert fault["file"] == "src/spin.ts"
    assert fault["line"] in (2, 3)
    lines = await flora.until_logged(guild.id, "dispatch failed: dispatch timed out: ")
    (told,) = [line for line in lines if line.startswith("dispatch failed: dispatch timed out: ")]
    assert "\n    at spin (src/spin.ts:" in told
    assert "(src/main.ts:3:" in told or "at src/main.ts:3:" in told
    stopped = "the script was stopped while it handled MESSAGE_CREATE (src/spin.ts:"
    await flora.until_logged(guild.id, stopped)


async def test_top_level_code_without_an_end_is_named_by_its_line(
    flora: Installation, guild: FakeGuild
) -> None:
    refused = await flora.deploy(guild.id, "const a = 1\nconst b = 2\nfor (;;) {}\n")
    assert refused.status == 400
    assert refused.json["error"]["message"].startswith("module_load timed out: ")
    assert (refused.json["error"]["file"], refused.json["error"]["line"]) == ("src/main.ts", 3)
