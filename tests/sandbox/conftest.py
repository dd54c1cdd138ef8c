"""One simulated Discord for all tests of a process, with flora's own client as the bot."""

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from flora_site.composition import SANDBOX_PYTHON
from gateway.sandbox.process import SandboxAddress, SandboxProcess
from gateway.sandbox.state import FILE_NAME, SandboxState, read_state
from tests.browser import absent
from tests.sandbox.bot import INTENTS, Bot
from tests.sandbox.visitor import Visitor

SESSION = pytest.mark.asyncio(loop_scope="session")
# Where the web process of the tests looks for it, too.
DATA_DIR = Path(os.environ["FLORA_DATA_DIR"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The server lives in the session's loop, so the tests that speak to it do too."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(SESSION, append=False)


@dataclass(frozen=True)
class Sandbox:
    address: SandboxAddress
    state: SandboxState


def sandbox_python() -> Path:
    if not SANDBOX_PYTHON.exists():
        absent("the simulated Discord is not installed (make test installs it)")
    return SANDBOX_PYTHON


def state_in(data_dir: Path) -> SandboxState:
    state = read_state(data_dir / FILE_NAME)
    assert state is not None
    return state


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    process = SandboxProcess()
    address = await process.start(sandbox_python(), DATA_DIR)
    yield Sandbox(address, state_in(DATA_DIR))
    await process.stop()


MakeBot = Callable[..., Bot]


@pytest_asyncio.fixture(loop_scope="session")
async def make_bot(sandbox: Sandbox) -> AsyncIterator[MakeBot]:
    made: list[Bot] = []

    def make(address: SandboxAddress = sandbox.address, intents: tuple[str, ...] = INTENTS) -> Bot:
        made.append(Bot(address, sandbox.state, intents))
        return made[-1]

    yield make
    for bot in made:
        await bot.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def bot(make_bot: MakeBot) -> Bot:
    bot = make_bot()
    await bot.start()
    return bot


@pytest_asyncio.fixture(loop_scope="session")
async def alice(sandbox: Sandbox) -> AsyncIterator[Visitor]:
    """The owner of the guild."""
    async with Visitor(sandbox.state) as visitor:
        yield visitor


@pytest_asyncio.fixture(loop_scope="session")
async def bob(sandbox: Sandbox) -> AsyncIterator[Visitor]:
    async with Visitor(sandbox.state) as visitor:
        await visitor.enter("bob")
        yield visitor
