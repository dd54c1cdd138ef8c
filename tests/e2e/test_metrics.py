"""What a scraper and an operator see of a flora at work, and after its workers have died."""

import asyncio
import os
import re
import signal
from collections.abc import Callable

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from deployments.control import LENGTH, GetWorkers, Reply, Workers
from tests.e2e.conftest import MakeInstallation
from tests.e2e.installation import ROOT, Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

# A sample by its line in front of the value: `flora_operations{operation="…",result="ok"}`.
Scrape = dict[str, float]


async def scrape(flora: Installation) -> Scrape:
    answer = await flora.request("GET", "/metrics", token="")
    assert answer.status == 200
    list(text_string_to_metric_families(answer.json))  # all of it is well-formed
    lines = (line for line in answer.json.splitlines() if not line.startswith("#"))
    return {key: float(value) for key, value in (line.rsplit(" ", 1) for line in lines)}


async def scraped(flora: Installation, condition: Callable[[Scrape], bool]) -> Scrape:
    """Scrapes until it is so: a handler ends after the message that it has sent."""
    async with asyncio.timeout(30):
        while True:
            found = await scrape(flora)
            if condition(found):
                return found
            await asyncio.sleep(0.05)


async def workers(flora: Installation) -> Workers:
    path = flora.directory / "data" / "control.sock"
    reader, writer = await asyncio.open_unix_connection(str(path))
    body = msgspec.msgpack.encode(GetWorkers())
    writer.write(LENGTH.pack(len(body)) + body)
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    reply: Reply = msgspec.msgpack.decode(await reader.readexactly(length), type=Reply)
    writer.close()
    assert isinstance(reply, Workers)
    return reply


async def test_what_happens_is_counted_once(flora: Installation, guild: FakeGuild) -> None:
    source = (
        "on('messageCreate', async (ctx) => {"
        " if (ctx.msg.content === '!ping') await ctx.reply('pong');"
        " if (ctx.msg.content === '!throw') throw new Error('no');"
        " if (ctx.msg.content === '!loop') for (;;) {} })"
    )
    before = await scrape(flora)
    assert (await flora.deploy(guild.id, source)).status == 200
    assert (await flora.deploy(guild.id, "not a script(")).status == 400
    assert await guild.reply_to("!ping") == "pong"
    await guild.say("!throw")
    await flora.until_logged(guild.id, "Error: no")
    await guild.say("!loop")
    await flora.until_logged(guild.id, "dispatch timed out")
    assert await guild.reply_to("!ping") == "pong"
    after = await scraped(
        flora,
        lambda now: (
            now["flora_dispatch_success"] == before["flora_dispatch_success"] + 2
            and now["flora_started_events"] == 0
            and 'flora_gateway_latency_seconds{shard="0"}' in now
        ),
    )

    def more(sample: str) -> float:
        return after.get(sample, 0.0) - before.get(sample, 0.0)

    assert more("flora_dispatch_error") == 2
    assert more('flora_events{ending="failed",stage="dispatch"}') == 1
    assert more('flora_events{ending="lost",stage="dispatch"}') == 1
    assert more("flora_dispatch_duration_count") == 4
    # On a busy machine the time is up before the CPU time is.
    ended = [more(f'flora_limit_breaches{{kind="{kind}"}}') for kind in ("cpu", "timeout")]
    assert sum(ended) == more("flora_timeout_error") == 1
    assert more("flora_oom_error") == 0
    assert more("flora_isolate_restarted") == 1
    assert more('flora_deploys{status="success"}') == 1
    assert more('flora_deploys{status="failed"}') == 1
    assert more('flora_rest_requests{result="200"}') >= 2
    assert more('flora_gateway_events{event="MESSAGE_CREATE"}') == 4
    assert more("flora_script_cpu_seconds") > 0
    assert after["flora_migration_success"] == after["flora_migration_timeout"] == 0
    assert after["flora_migration_quiesce_duration_count"] == 0
    assert after["flora_runtime_up"] == after['flora_gateway_connected{shard="0"}'] == 1
    assert 0 < after['flora_gateway_latency_seconds{shard="0"}'] < 60
    assert after["flora_queued_events"] == 0
    assert not any(guild.id in sample for sample in after)
    summary = (await flora.request("GET", "/metrics/json", token="")).json
    assert summary["dispatch_errors"] == after["flora_dispatch_error"]
    assert summary["dispatch_total"] == summary["dispatch_errors"] + after["flora_dispatch_success"]


async def test_no_number_dies_with_a_worker(flora: Installation, guild: FakeGuild) -> None:
    assert await guild.reply_to("!ping") == "pong"
    before = await scrape(flora)
    old = (await workers(flora)).workers
    for state in old:
        os.kill(state.pid, signal.SIGKILL)
    assert await guild.reply_to("!ping") == "pong"
    after = await scraped(
        flora,
        lambda now: now['flora_worker_up{worker="0"}'] + now['flora_worker_up{worker="1"}'] == 2,
    )
    for index in (0, 1):
        restarts = f'flora_worker_restarts{{worker="{index}"}}'
        assert after[restarts] == before.get(restarts, 0.0) + 1
        cpu = f'flora_worker_cpu_seconds{{worker="{index}"}}'
        assert after[cpu] >= before[cpu] > 0
        assert after[f'flora_worker_private_bytes{{worker="{index}"}}'] > 1 << 20
    assert after["flora_isolate_restarted"] > before["flora_isolate_restarted"]
    for sample in ("flora_dispatch_success", "flora_isolates_made", "flora_script_cpu_seconds"):
        assert after[sample] >= before[sample]
    new = (await workers(flora)).workers
    assert [state.restarts for state in new] == [state.restarts + 1 for state in old]
    assert not {state.pid for state in new} & {state.pid for state in old}
    assert all(fresh.started_at > stale.started_at for fresh, stale in zip(new, old, strict=True))
    (load,) = [load for state in new for load in state.guilds if load.guild_id == guild.id]
    assert (load.queued, load.dropped) == (0, 0)
    assert 0 < load.cpu_seconds < 60


async def test_an_operators_secret_closes_the_metrics(
    make_flora: MakeInstallation, own_discord: FakeDiscord
) -> None:
    flora = make_flora(own_discord, API_OPERATOR_SECRET="a scraper's own secret")
    await flora.start()
    assert (await flora.request("GET", "/metrics", token="")).status == 401
    assert (await flora.request("GET", "/metrics")).status == 403  # an operators' API token
    answer = await flora.request("GET", "/metrics", token="a scraper's own secret")
    assert answer.status == 200
    assert "\nflora_dispatch_success 0.0\n" in answer.json


async def test_every_family_is_described(flora: Installation) -> None:
    text = (await flora.request("GET", "/metrics", token="")).json
    served = set(re.findall(r"^# TYPE (flora_\w+) ", text, re.MULTILINE))
    described = set(re.findall(r"`(flora_\w+)", (ROOT / "docs" / "metrics.md").read_text()))
    assert served == described
