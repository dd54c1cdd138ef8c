"""Nothing in flora's process grows without a bound: a walk through one that has had traffic.

A queue has a size, or stands below with what bounds it. Whatever else holds things holds no more
than before once the guilds that it held them for have gone.
"""

import ast
import asyncio
import queue
import time
import types
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.conf import settings

from deployments.actor import Actor
from deployments.models import Guild
from deployments.services.deploy import deploy
from deployments.source import Source, SourceFile
from flora_site.composition import compose
from gateway.client import GatewayOptions
from runtime.assembly import Assembly
from runtime.database import Database
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("runtime", "gateway", "deployments", "flora_site")
QUEUES = {"deque": "maxlen", "Queue": "maxsize", "PriorityQueue": "maxsize", "SimpleQueue": ""}

# Queues without a size of their own, by module and name: what keeps each of them short.
BOUNDED_BY = {
    "gateway.earned_refusals:_all": "7500 in ten minutes, then a few more of each guild",
    "gateway.earned_refusals:_guilds": "300 of a guild in ten minutes",
    "gateway.rate_limits:_starts": "the starts of a second, and who waits with a deadline",
    "runtime.builder.process:answers": "one build at a time",
    "runtime.builder.process:requests": "one build at a time",
    "runtime.event_queue:_events": "put() gives up what is over the room that it is told",
    "runtime.kv.lane:jobs": "an operation each, of which a guild has 64 under way",
    "runtime.pace:_slots": "one for each second of the last minute",
    "runtime.schedule.scheduler:_ends": "no run begins before the ends of others are written",
    "runtime.worker.drivers:answers": "the few turns of a self-test",
    "runtime.worker.link:_backlog": "no turn begins while it has more than HIGH_WATER_BYTES",
    "runtime.worker.main:_ready": "one for each isolate",
    "runtime.worker.tenant:_gated": "one for each operation under way",
    "runtime.worker.tenant:_inputs": "a dispatch of the worker's 1024, an answer, or due timers",
    "runtime.worker_process:_free_slots": "the numbers below the worker's capacity",
    "runtime.worker_process:_waiters": "one for each guild, which waits once",
}
# nextcord's own, which our client inherits: a shard that has to connect anew.
INHERITED = {"gateway.client:_AutoShardedClient__queue"}
# What may hold more when guilds have come and gone, and why that has an end.
KEPT = {
    "gateway.scope:_answers": "the oldest of some thousand answers go first",
    "runtime.guild_log:_windows": "ten seconds after a guild's last line",
    "runtime.interactions.interactions:_habits": "the oldest of 20 000 go first",
    "runtime.interactions.interactions:_kept": "the oldest of 50 000 go first",
    "runtime.load:_samples": "one minute",
    "runtime.load:guilds": "each sample's, of which there are those of one minute",
    "runtime.load:workers": "each sample's, of which there are those of one minute",
    "runtime.metrics:_recent": "the last thousand",
    "runtime.metrics:_values": "one for each choice of labels, none of them a script's",
    "runtime.schedule.tasks:_changes": "those of one minute",
    "runtime.stack_traces:_maps": "the oldest of 64 go first",
}


def test_a_queue_has_a_size_or_a_reason_why_it_needs_none() -> None:
    made = {
        f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}:{name}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for name in unbounded_queues(path.read_text())
    }
    assert made == BOUNDED_BY.keys()


def unbounded_queues(module: str) -> Iterator[str]:
    """The names that are given to queues which are made without a size."""
    if not any(name in module for name in QUEUES):
        return
    for statement in ast.walk(ast.parse(module)):
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return):
            for call in ast.walk(statement):
                if isinstance(call, ast.Call) and is_unbounded_queue(call):
                    yield name_in(statement)


def is_unbounded_queue(call: ast.Call) -> bool:
    function = call.func.value if isinstance(call.func, ast.Subscript) else call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name not in QUEUES:
        return False
    sized = any(keyword.arg == QUEUES[name] for keyword in call.keywords)
    return not sized and not (name.endswith("eue") and name != "deque" and call.args)


def name_in(statement: ast.stmt) -> str:
    """What is assigned to, or the attribute that is spoken to."""
    target = statement
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    for node in ast.walk(target):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "self":
            return node.attr
    return ast.unparse(target)


# --- a flora that has had traffic ------------------------------------------------------------

BUSY = """
cron("daily", "@daily", () => {});
createBot({
  slashCommands: [slash({ name: "hello", description: "Says it", run: (ctx) => ctx.reply("hi") })],
});
on("messageCreate", async (ctx) => {
  const { content } = ctx.msg;
  const anothers = { channelId: "100000000000000001", content };
  if (content === "!throw") throw new Error("no");
  if (content === "!loop") for (;;) {}
  if (content === "!kv") await kv.store("s").set("k", "v");
  if (content === "!task") await tasks.schedule("t", Date.now() + 3_600_000);
  if (content === "!fetch") await fetch("http://127.0.0.1/").catch(() => {});
  if (content === "!forbidden") await rest.sendMessage(anothers).catch(() => {});
  if (content === "!log") console.log("a line");
  await ctx.reply(content);
});
"""
ANSWERED = ("!kv", "!task", "!fetch", "!forbidden", "!log")


@pytest_asyncio.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    discord = FakeDiscord()
    await discord.start()
    yield discord
    await discord.stop()


class House:
    """The runtime's parts as flora puts them together, in this process."""

    def __init__(self, discord: FakeDiscord) -> None:
        # A loop ends soon, and on a busy machine nothing else does.
        own = {"max_workers": 1, "turn_cpu_secs": 0.2, "dispatch_timeout_secs": 0.0}
        runtime = settings.FLORA.runtime.model_copy(update=own)
        config = settings.FLORA.model_copy(update={"runtime": runtime})
        supervisor = compose(config, None, migrated=lambda: None, announce=lambda: None)
        options = supervisor._options
        gateway = GatewayOptions(discord.token, discord.api_base, options.intents)
        self.database = Database()
        self.flora = Assembly(options, gateway, self.database)
        self.parts = (supervisor, self.flora)
        self._discord = discord

    async def start(self) -> None:
        await self.flora.start_workers()
        await self.flora.restore()
        await self.flora.connect()

    async def stop(self) -> None:
        self.flora.hold_intake()
        now = time.monotonic()
        await self.flora.stop(now + 2, now + 4)
        self.database.close()

    async def a_guild_comes_and_goes(self, name: str) -> None:
        guild = await self._discord.add_guild(name)
        await guild.until(lambda g: g.commands)
        assert await guild.reply_to("!ping") == "pong"
        await self._deploy(guild, "not a script(")
        await self._deploy(guild, BUSY)
        await guild.until(lambda g: [command["name"] for command in g.commands] == ["hello"])
        callback = await (await guild.command("hello")).answered()
        assert callback["data"]["content"] == "hi"
        for content in ("!throw", "!loop"):
            await guild.say(content)
        for content in ANSWERED:
            assert await guild.reply_to(content) == content
        await self._discord.remove_guild(guild)
        await self._until(lambda: guild.id not in self.flora.hosting.guilds)

    async def until_no_larger_than(self, before: Counter[str]) -> None:
        """Waits for what ends by the clock; fails with what does not."""
        try:
            await self._until(lambda: not grown(self.parts, before))
        except TimeoutError:
            assert grown(self.parts, before) == {}

    async def _deploy(self, guild: FakeGuild, text: str) -> None:
        source = Source("a.ts", (SourceFile("a.ts", text),))

        def record() -> str:
            owner = Guild.objects.get(pk=int(guild.id))
            return str(deploy(guild=owner, source=source, actor=Actor.system(), origin="test").pk)

        await self.flora.deployer.settle(await self.database.run(record))

    async def _until(self, condition: Any) -> None:
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110  (many parts, and none of them tells)
                await asyncio.sleep(0.05)


def held(root: object) -> Iterator[tuple[str, Any]]:
    """Everything that can be reached from here by attributes of our classes, by containers,
    bound methods, partials and closures: once, with the module and attribute that holds it."""
    seen: dict[int, object] = {}
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        name, thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        yield name, thing
        kind = type(thing)
        if isinstance(thing, dict):
            waiting += ((name, inner) for pair in thing.items() for inner in pair)
        elif isinstance(thing, list | tuple | set | frozenset | deque):
            waiting += ((name, inner) for inner in thing)
        elif isinstance(thing, types.MethodType):
            waiting.append((name, thing.__self__))
        elif isinstance(thing, types.FunctionType):
            waiting += ((name, cell.cell_contents) for cell in thing.__closure__ or ())
        elif isinstance(thing, partial):
            waiting += ((name, inner) for inner in (thing.func, *thing.args))
        elif kind.__module__.partition(".")[0] in ROOMS and not isinstance(thing, type):
            waiting += ((f"{kind.__module__}:{at}", value) for at, value in attributes(thing))


def attributes(thing: object) -> Iterator[tuple[str, Any]]:
    yield from getattr(thing, "__dict__", {}).items()
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if hasattr(thing, slot):
                yield slot, getattr(thing, slot)


def sizes(root: object) -> Counter[str]:
    """How much each room holds, all of its kind together."""
    found: Counter[str] = Counter()
    for name, thing in held(root):
        if isinstance(thing, dict | list | set | deque):
            found[name] += len(thing)
        elif isinstance(thing, asyncio.Queue | queue.Queue | queue.SimpleQueue):
            found[name] += thing.qsize()
    return found


def grown(root: object, before: Counter[str]) -> dict[str, int]:
    more = sizes(root) - before
    return {name: count for name, count in more.items() if name not in KEPT}


def unsized(root: object) -> set[str]:
    """The queues without a size that are really there."""
    return {
        name
        for name, thing in held(root)
        if (isinstance(thing, deque) and thing.maxlen is None)
        or (isinstance(thing, asyncio.Queue | queue.Queue) and not thing.maxsize)
        or isinstance(thing, queue.SimpleQueue)
    }


@pytest.mark.django_db(transaction=True)
async def test_guilds_that_come_and_go_leave_nothing_behind(discord: FakeDiscord) -> None:
    house = House(discord)
    await house.start()
    try:
        await house.a_guild_comes_and_goes("First")
        before = sizes(house.parts)
        assert "runtime.roster:_newest" in before  # it does look where it should
        await house.a_guild_comes_and_goes("Second")
        await house.until_no_larger_than(before)
        assert unsized(house.parts) <= BOUNDED_BY.keys() | INHERITED
    finally:
        await house.stop()
