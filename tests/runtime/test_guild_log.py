"""A guild's log: how much one script may say in it, and what that costs everybody else."""

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from deployments.models import Guild, LogEntry, Revision
from deployments.models.revision import ActorType
from runtime import revisions
from runtime.database import Database
from runtime.guild_log import GuildLog
from runtime.isolate import HostedIsolate
from runtime.limits import Limits
from runtime.reports import Reports
from runtime.script import Script, ScriptError
from runtime.stack_traces import StackTraces
from runtime.worker.protocol import TurnLimits

pytestmark = pytest.mark.django_db(transaction=True)

GUILD, OTHER = "300000000000000001", "300000000000000002"
LINES = 100
LIMITS = Limits(TurnLimits(0, 0, 0, 0, 0, 0), log_lines=LINES)


def stopped(script: Script, error: ScriptError) -> None: ...


@pytest.fixture
def guilds() -> None:
    for guild_id in (GUILD, OTHER):
        Guild.objects.create(pk=int(guild_id))


async def written(work: Callable[[GuildLog, Database], None]) -> dict[str, list[str]]:
    """The messages of each guild, in order, when all that the work has caused is written."""
    database = Database()
    guild_log = GuildLog(database, lambda _: LIMITS)
    guild_log.start()
    work(guild_log, database)
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        writer = [task for task in others if task.get_name() == "guild-log"]
        if len(writer) == len(others):
            break
        await asyncio.wait(others - set(writer))
    await guild_log.stop()
    found = await database.run(
        lambda: list(LogEntry.objects.order_by("pk").values_list("guild_id", "message"))
    )
    database.close()
    messages: dict[str, list[str]] = {}
    for guild_id, message in found:
        messages.setdefault(str(guild_id), []).append(message)
    return messages


async def test_a_noisy_guild_loses_lines_and_no_other_does(guilds: None) -> None:
    def work(guild_log: GuildLog, _: Database) -> None:
        for number in range(LINES + 50):
            guild_log.write(GUILD, "info", "flora:js", str(number))
        guild_log.write(OTHER, "info", "flora:js", "heard")
        guild_log.write(GUILD, "warn", "flora:runtime", "flora's own word")

    told = [*(str(n) for n in range(LINES)), "flora's own word", "50 log lines dropped"]
    assert await written(work) == {GUILD: told, OTHER: ["heard"]}


async def test_a_guild_that_falls_silent_is_told_of_what_it_lost_all_the_same(
    guilds: None,
) -> None:
    told = asyncio.Event()

    def redacted(guild_id: str, text: str) -> str:
        if text == "1 log lines dropped":
            told.set()
        return text

    limits = Limits(TurnLimits(0, 0, 0, 0, 0, 0), log_lines=1)
    guild_log = GuildLog(Database(), lambda _: limits, redacted, window=0.05)
    for text in ("kept", "lost"):
        guild_log.write(GUILD, "info", "flora:js", text)
    async with asyncio.timeout(20):
        await told.wait()


async def test_an_error_that_nobody_will_read_is_not_explained(guilds: None) -> None:
    looked_up: list[str] = []

    async def fetch_map(revision_id: str) -> None:
        looked_up.append(revision_id)
        await asyncio.sleep(0)

    def work(guild_log: GuildLog, database: Database) -> None:
        reports = Reports(guild_log, StackTraces(fetch_map, show_internal=False), database, stopped)
        script = Script(GUILD, str(uuid4()), "")
        isolate = HostedIsolate(1, script, worker=None, owner=None, desk=None, trial=False)
        for number in range(50 * LINES):
            reports.script_failed(isolate, "dispatch", ScriptError("Error", str(number)))

    messages = await written(work)
    *errors, last = messages.pop(GUILD)
    assert errors == [f"dispatch failed: Error: {n}" for n in range(LINES)]
    assert (last, messages) == (f"{49 * LINES} log lines dropped", {})
    assert len(looked_up) <= LINES


async def test_a_line_that_the_database_refuses_is_not_the_last_one(guilds: None) -> None:
    database = Database()
    guild_log = GuildLog(database, lambda _: LIMITS)
    guild_log.write("no id of a guild", "info", "flora:js", "lost")
    await guild_log.stop()
    guild_log.write(GUILD, "info", "flora:js", "kept")
    await guild_log.stop()
    found = await database.run(lambda: list(LogEntry.objects.values_list("message", flat=True)))
    database.close()
    assert found == ["kept"]


async def test_a_late_report_does_not_fail_the_revision_that_has_come_since(guilds: None) -> None:
    def deploy() -> str:
        guild = Guild.objects.get(pk=int(GUILD))
        revision = Revision.objects.create(
            guild=guild, entry="a.ts", bundle="", actor_type=ActorType.SYSTEM
        )
        revisions.succeed(
            str(revision.pk), bundle="1", source_map="", subscriptions=[], commands=[]
        )
        return str(revision.pk)

    database = Database()
    old, new = await database.run(deploy), await database.run(deploy)
    for revision, state in ((old, "running"), (new, "failed")):
        await database.run(partial(revisions.load_failed, GUILD, revision, "it hangs"))
        guild = await database.run(lambda: Guild.objects.get(pk=int(GUILD)))
        assert guild.state == state
    database.close()
