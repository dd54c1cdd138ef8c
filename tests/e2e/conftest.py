"""One flora and one fake Discord for all tests of a process; each test has a guild of its own."""

import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild

SESSION = pytest.mark.asyncio(loop_scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The servers live in the session's loop, so the tests that speak to them do too."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(SESSION, append=False)


@contextlib.contextmanager
def _own_database() -> "contextlib.AbstractContextManager[dict[str, str]]":  # type: ignore[misc]
    """Settings of a database and a Redis that no other installation uses; empty: SQLite."""
    if os.environ.get("FLORA_TEST_DATABASE") != "postgresql":
        yield {}
        return
    server = os.environ["FLORA_TEST_POSTGRESQL"]
    name = f"flora_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    settings = {"DATABASE_URL": f"{server.rpartition('/')[0]}/{name}"}
    if redis := os.environ.get("FLORA_TEST_REDIS"):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        settings["CACHE_URL"] = f"{redis.rpartition('/')[0]}/{int(worker) % 15 + 1}"
    yield settings
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


MakeInstallation = Callable[..., Installation]


@contextlib.asynccontextmanager
async def installations(directory: Path) -> AsyncIterator[MakeInstallation]:
    made: list[Installation] = []
    with contextlib.ExitStack() as databases:

        def make(discord: FakeDiscord, *arguments: str, **settings: str) -> Installation:
            """settings: by their names in the environment."""
            own = directory / f"flora-{len(made)}"
            own.mkdir()
            environment = {
                "DISCORD_TOKEN": discord.token,
                "DISCORD_API_BASE": discord.api_base,
                **databases.enter_context(_own_database()),
                **settings,
            }
            made.append(Installation(own, environment, arguments))
            return made[-1]

        yield make
        for installation in made:
            await installation.end()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_discord() -> AsyncIterator[FakeDiscord]:
    discord = FakeDiscord()
    await discord.start()
    yield discord
    await discord.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_flora(
    shared_discord: FakeDiscord, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    async with installations(tmp_path_factory.mktemp("shared")) as make:
        flora = make(shared_discord)
        await flora.start()
        yield flora


@pytest_asyncio.fixture(loop_scope="session")
async def discord(shared_discord: FakeDiscord) -> AsyncIterator[FakeDiscord]:
    shared_discord.problems.clear()
    yield shared_discord
    shared_discord.heal()
    assert shared_discord.problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def flora(
    shared_flora: Installation, discord: FakeDiscord, request: pytest.FixtureRequest
) -> AsyncIterator[Installation]:
    """The shared one. A test may break guilds and workers of it, not the whole."""
    begins = len(shared_flora.log())
    yield shared_flora
    print(shared_flora.log()[begins:])  # noqa: T201  (shown where the test has failed)


@pytest_asyncio.fixture(loop_scope="session")
async def guild(flora: Installation, discord: FakeDiscord) -> FakeGuild:
    """A new guild, in which the default script answers."""
    guild = await discord.add_guild("Garden")
    await guild.until(lambda g: g.commands)
    return guild


@pytest_asyncio.fixture(loop_scope="session")
async def make_flora(tmp_path: Path) -> AsyncIterator[MakeInstallation]:
    """For tests that need a flora of their own."""
    async with installations(tmp_path) as make:
        yield make


@pytest_asyncio.fixture(loop_scope="session")
async def own_discord() -> AsyncIterator[FakeDiscord]:
    discord = FakeDiscord()
    await discord.start()
    yield discord
    await discord.stop()
    assert discord.problems == []
