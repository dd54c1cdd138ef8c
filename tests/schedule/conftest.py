"""A scheduler on a real database, with a clock that the test sets and guilds that it plays."""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from deployments.models import CronJob, Guild, JobRun, Revision
from deployments.models.revision import ActorType, Status
from runtime.database import Database
from runtime.event import Ending, Event
from runtime.schedule.job import Job
from runtime.schedule.scheduler import Scheduler
from runtime.schedule.tasks import PendingTask, Tasks
from runtime.script import ScriptError

GUILD, OTHER = "300000000000000001", "300000000000000002"
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

Result = TypeVar("Result")


class TestClock:
    """Stands still until the test sets it."""

    __test__ = False

    def __init__(self, now: datetime) -> None:
        self.time = now
        # Until when the scheduler has slept, each time.
        self.waits: list[datetime] = []
        self._set = asyncio.Event()

    def now(self) -> datetime:
        return self.time

    def set(self, time: datetime) -> None:
        self.time = time
        self._set.set()

    async def wait(self, changed: asyncio.Event, until: datetime) -> None:
        self.waits.append(until)
        while not changed.is_set() and self.time < until:
            self._set.clear()
            waiting = [asyncio.ensure_future(event.wait()) for event in (changed, self._set)]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for waiter in waiting:
                waiter.cancel()


@dataclass
class Offered:
    """An event that was given to a guild."""

    guild_id: str
    event: Event

    @property
    def kind(self) -> str:
        return self.event.payload.partition(b"\n")[0].decode()

    @property
    def payload(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.event.payload.partition(b"\n")[2])
        return content

    @property
    def name(self) -> str:
        return str(self.payload.get("name") or self.payload["key"])

    def end(self, ending: Ending = Ending.DONE, error: ScriptError | None = None) -> None:
        self.event.end(ending, error)


@dataclass
class Runtime:
    """One runtime's scheduler and tasks; several of them may share the database."""

    clock: TestClock
    job_seconds: float = 5.0
    offered: list[Offered] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    hosts: Callable[[str], bool] = lambda guild_id: True

    def __post_init__(self) -> None:
        self.runner = asyncio.Runner()
        self.database = Database()

        async def make() -> None:
            self.scheduler = Scheduler(
                self.database,
                self.clock,
                self,
                self._offer,
                job_seconds=lambda _: self.job_seconds,
            )
            self.tasks = Tasks(self.database, self.clock, self.scheduler.wake)

        self.runner.run(make())

    def _offer(self, guild_id: str, event: Event) -> bool:
        if self.hosts(guild_id):
            self.offered.append(Offered(guild_id, event))
            return True
        return False

    def runtime_note(self, guild_id: str, level: str, text: str) -> None:
        self.notes.append((guild_id, level, text))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def round(self) -> list[Offered]:
        """Does what is due now; what was started by it."""
        before = len(self.offered)
        self.run(self.scheduler.round())
        return self.offered[before:]

    def at(self, time: datetime) -> list[Offered]:
        """Sets the clock and does what is due then."""
        self.clock.set(time)
        return self.round()

    def adopt(
        self,
        *jobs: Job,
        guild_id: str = GUILD,
        revision: str | None = None,
        complete: bool = True,
    ) -> list[Offered]:
        """A script with these jobs becomes the live one: of the active revision if not told."""
        known = revision or str(Guild.objects.get(pk=int(guild_id)).active_revision_id)
        by_name = {job.name: job for job in jobs}
        self.scheduler.adopt(guild_id, known, by_name, complete=complete)
        return self.round()

    def schedule(
        self, key: str, due_at: datetime, data: str = "null", guild_id: str = GUILD
    ) -> None:
        self.run(self.tasks.schedule(guild_id, PendingTask(key, due_at, data)))

    def close(self) -> None:
        self.database.close()
        self.runner.close()


def job(name: str = "report", expression: str = "*/10 * * * *", **options: Any) -> Job:
    return Job(name, expression, **{"skip_if_running": False, "catch_up": "skip", **options})


def deploy(guild_id: str = GUILD) -> str:
    """A new active revision of the guild."""
    revision = Revision.objects.create(
        guild_id=int(guild_id),
        entry="main.ts",
        status=Status.SUCCESS,
        actor_type=ActorType.SYSTEM,
        pk=uuid.uuid4(),
    )
    Guild.objects.filter(pk=int(guild_id)).update(active_revision=revision)
    return str(revision.pk)


def minutes(count: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=count)


def next_slot(name: str = "report", guild_id: str = GUILD) -> datetime | None:
    return CronJob.objects.get(guild_id=int(guild_id), name=name).next_at


def history(name: str = "report") -> list[tuple[Any, ...]]:
    """(slot, trigger, outcome) of each run, oldest first."""
    runs = JobRun.objects.filter(name=name).order_by("pk")
    return [(run.slot, run.trigger, run.outcome) for run in runs]


@pytest.fixture
def guilds(transactional_db: None) -> None:
    for guild_id in (GUILD, OTHER):
        Guild.objects.create(pk=int(guild_id), name=guild_id)
        deploy(guild_id)


@pytest.fixture
def make_runtime(guilds: None) -> Iterator[Callable[..., Runtime]]:
    made: list[Runtime] = []

    def make(at: datetime = NOON, **options: Any) -> Runtime:
        made.append(Runtime(TestClock(at), **options))
        return made[-1]

    yield make
    for runtime in made:
        runtime.close()


@pytest.fixture
def runtime(make_runtime: Callable[..., Runtime]) -> Runtime:
    return make_runtime()


def at_once(*works: Callable[[], Result]) -> list[Result]:
    """Runs these in threads of their own, as near to at the same time as can be."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int) -> None:
        barrier.wait()
        results[index] = works[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
