"""What scripts take along over a restart: given back once, also to those that take their time."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deployments.models import Guild, Revision, ScriptState
from deployments.models.revision import ActorType, Status
from runtime.database import Database
from runtime.isolate import SUSPEND
from runtime.script import Script
from runtime.script_states import ScriptStates, keep_state
from tests.runtime.test_hosting import GUILD
from tests.runtime.test_migration import COUNTS, Estate

pytestmark = pytest.mark.django_db(transaction=True)

# It loads when its guild has a secret.
SLOW = (
    "console.log('begun');"
    "while (secrets.get('GO') !== 'go') await new Promise((done) => setTimeout(done, 5));"
)


class Process(Estate):
    """A runtime, as far as it concerns the states of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database()
        self.states = ScriptStates(self.database, self.hosting, self.migration)
        self.adopted = lambda isolate: self.states.on_adopted(isolate.guild_id)

    def start_loading(self, revision: Revision, source: str) -> "asyncio.Task[bool]":
        """As at a start: the guild's events wait for its script."""
        script = Script(GUILD, str(revision.pk), source)
        self.desired[GUILD] = script
        self.hosting.expect(GUILD, ["MESSAGE_CREATE"])

        async def load() -> bool:
            return self.hosting.adopt(await self.hosting.load(script))

        return asyncio.create_task(load())

    def let_load(self) -> None:
        self.known = {"GO": "go"}
        self.hosting.tell_placeholders(GUILD, self.known)


@pytest.fixture
def revision(transactional_db: None) -> Revision:
    guild = Guild.objects.create(pk=int(GUILD), name="Garden")
    revision = Revision.objects.create(
        guild=guild,
        entry="main.ts",
        bundle="1",
        status=Status.SUCCESS,
        actor_type=ActorType.SYSTEM,
    )
    keep_state(GUILD, str(revision.pk), b'{"count":3}')
    return revision


@pytest_asyncio.fixture
async def process() -> AsyncIterator[Process]:
    process = Process()
    await process.hosting.start()
    yield process
    await process.hosting.stop(5)
    process.database.close()


async def kept(process: Process) -> list[bytes]:
    states = ScriptState.objects.values_list("state", flat=True)
    return await process.database.run(lambda: [bytes(state) for state in states.all()])


async def test_a_script_that_runs_has_it_before_its_events(
    process: Process, revision: Revision
) -> None:
    await process.start_loading(revision, COUNTS)
    await process.states.hand_back()
    process.say(GUILD, "a")
    assert await process.said("a 4") == ["a 4"]
    assert await kept(process) == []


async def test_one_that_still_loads_gets_it_later_and_still_before_its_events(
    process: Process, revision: Revision
) -> None:
    loading = process.start_loading(revision, SLOW + COUNTS)
    await process.said("begun")
    await process.states.hand_back()
    process.say(GUILD, "a")
    process.say(GUILD, "b")
    assert await kept(process) == [b'{"count":3}']
    process.let_load()
    assert await loading
    assert await process.said("b 5") == ["begun", "a 4", "b 5"]
    assert await kept(process) == []


async def test_one_that_loads_until_the_next_stop_finds_it_at_the_next_start(
    process: Process, revision: Revision
) -> None:
    loading = process.start_loading(revision, SLOW + COUNTS)
    await process.said("begun")
    await process.states.hand_back()
    assert await process.states.suspend_all(5) == 0
    loading.cancel()
    assert await kept(process) == [b'{"count":3}']
    next_one = Process()
    await next_one.hosting.start()
    try:
        await next_one.start_loading(revision, COUNTS)
        await next_one.states.hand_back()
        next_one.say(GUILD, "a")
        assert await next_one.said("a 4") == ["a 4"]
    finally:
        await next_one.hosting.stop(5)
        next_one.database.close()


async def test_a_script_that_has_had_it_back_is_asked_again_at_the_stop(
    process: Process, revision: Revision
) -> None:
    loading = process.start_loading(revision, SLOW + COUNTS)
    await process.said("begun")
    await process.states.hand_back()
    process.say(GUILD, "a")
    process.let_load()
    assert await loading
    await process.said("a 4")
    live = process.hosting.guilds[GUILD].live
    assert live is not None
    assert SUSPEND in live.subscriptions
    assert await process.states.suspend_all(5) == 1
    assert await kept(process) == [b'{"count":4}']


async def test_another_revision_gets_nothing_of_it(process: Process, revision: Revision) -> None:
    process.start_loading(revision, SLOW + COUNTS)
    await process.said("begun")
    await process.states.hand_back()
    process.say(GUILD, "a")
    other = Script(GUILD, "0f0e0d0c-0b0a-0908-0706-050403020100", COUNTS)
    assert process.hosting.adopt(await process.hosting.load(other))
    assert (await process.said("a 1"))[-1] == "a 1"
    assert await kept(process) == []
