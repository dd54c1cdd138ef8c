"""The page of workers in a real browser: it keeps itself up to date and stays out of the way."""

from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from deployments import control
from deployments.control import GuildLoad, Workers, WorkerState
from tests.admin.conftest import GARDEN, Answering, World
from tests.admin.test_browser import logged_in


class Numbers:
    """Two workers, whose first guild has so many events waiting."""

    def __init__(self, runtime: Answering) -> None:
        self.queued = 3
        self.looks = 0
        runtime.answer = self._answer

    def _answer(self, message: control.Message) -> control.Reply:
        if isinstance(message, control.Migrate):
            return control.Migrated(0, message.worker, 12.5)
        if not isinstance(message, control.GetWorkers):
            return control.Done()
        self.looks += 1
        load = GuildLoad(str(GARDEN), cpu_seconds=1.5, queued=self.queued, started=2, dropped=17)
        busy = WorkerState(
            index=0,
            restarts=0,
            pid=4711,
            started_at=1.7e9,
            isolates=1,
            isolates_made=4,
            private_bytes=48 << 20,
            cpu_share=0.37,
            guild_count=1,
            guilds=[load],
        )
        return Workers([busy, msgspec.structs.replace(busy, index=1, guild_count=0, guilds=[])])


@pytest.fixture
def numbers(runtime: Answering) -> Numbers:
    return Numbers(runtime)


async def opened(page: Page, server: LiveServer, world: World) -> list[str]:
    complaints = await logged_in(page, server, world.operator)
    await page.clock.install()
    await page.goto(f"{server.url}/admin/workers/")
    return complaints


async def test_it_keeps_itself_up_to_date_but_not_under_ones_hands(
    numbers: Numbers, chromium: Browser, live_server: LiveServer, people: World
) -> None:
    page = await (await chromium.new_context()).new_page()
    complaints = await opened(page, live_server, people)
    waiting = page.get_by_role("row", name="Garden").get_by_role("cell").nth(2)
    await expect(waiting).to_have_text("3")
    numbers.queued = 250
    await page.clock.run_for(5000)
    await expect(waiting).to_have_text("250")
    chosen = page.get_by_label("Move to")
    await chosen.focus()
    looks, numbers.queued = numbers.looks, 0
    await page.clock.run_for(20_000)
    assert numbers.looks == looks
    await expect(waiting).to_have_text("250")
    await page.get_by_role("button", name="Move", exact=True).click()
    await expect(page.get_by_text("Garden runs in worker 1 now.")).to_be_visible()
    await expect(waiting).to_have_text("0")
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone(
    scheme: Any, numbers: Numbers, chromium: Browser, live_server: LiveServer, people: World
) -> None:
    context = await chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme
    )
    page = await context.new_page()
    complaints = await opened(page, live_server, people)
    await expect(page.get_by_role("heading", name="Worker 0")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert complaints == []
