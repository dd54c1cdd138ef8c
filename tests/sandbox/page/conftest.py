"""The chat page in a real browser; each test has a simulated Discord in which nothing was said."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from gateway.sandbox.process import SandboxProcess
from runtime.web import bind
from tests.browser import browser
from tests.sandbox.bot import Bot
from tests.sandbox.conftest import MakeBot, Sandbox, sandbox_python, state_in
from tests.sandbox.page.answering import COMMANDS, Answering

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Site:
    address: str
    data_dir: Path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A web process of flora, with a data directory of its own."""
    data_dir = tmp_path_factory.mktemp("site")
    listener = bind("127.0.0.1", 0)
    web = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "daphne", "-v", "0"),
        *("--fd", str(listener.fileno()), "flora_site.asgi:application"),
        cwd=ROOT,
        pass_fds=[listener.fileno()],
        env={**os.environ, "FLORA_DATA_DIR": str(data_dir)},
    )
    yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", data_dir)
    web.terminate()
    await web.wait()
    listener.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def process(site: Site) -> AsyncIterator[SandboxProcess]:
    process = SandboxProcess()
    yield process
    await process.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(site: Site, process: SandboxProcess) -> Sandbox:
    address = await process.start(sandbox_python(), site.data_dir)
    return Sandbox(address, state_in(site.data_dir))


@pytest_asyncio.fixture(loop_scope="session")
async def bot(make_bot: MakeBot) -> Bot:
    bot = make_bot()
    bot.on_event = Answering(bot).on_event
    await bot.start()
    await bot.declare(*COMMANDS)
    return bot


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, site: Site, bot: Bot) -> AsyncIterator[Page]:
    """The page as somebody sees it who comes for the first time; it must not complain."""
    context = await chromium.new_context(viewport={"width": 1200, "height": 800})
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await page.goto(f"{site.address}/sandbox/")
    await expect(page.get_by_role("status")).to_have_text("flora is online")
    yield page
    await context.close()
    assert problems == []
