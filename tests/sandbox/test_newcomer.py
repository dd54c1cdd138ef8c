"""What a newcomer sees without any setting: flora starts, prints an address, and a bot answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser import browser
from tests.e2e.installation import Installation
from tests.sandbox.conftest import sandbox_python


@pytest_asyncio.fixture(loop_scope="session")
async def flora(tmp_path: Path) -> AsyncIterator[Installation]:
    sandbox_python()
    flora = Installation(tmp_path, {})
    yield flora
    await flora.end()
    print(flora.log())  # noqa: T201  (shown where the test has failed)


async def test_the_default_script_answers_also_after_a_restart(flora: Installation) -> None:
    async with browser() as chromium:
        for _ in range(2):
            await flora.launch()
            await flora.until_announced("Chat")
            # At the first start the bot is there a moment before its script is built.
            await flora.until_in_log("slash commands sent")
            (line,) = [line for line in flora.announced if line.startswith("Chat")]
            page = await chromium.new_page()
            await page.goto(line.split()[1])
            await _talk(page)
            await page.close()
            assert await flora.stop() == 0
    assert flora.logged("slash commands sent") == 1
    assert flora.logged(" runs revision ") == 1


async def _talk(page: Page) -> None:
    field = page.get_by_role("textbox", name="Message #general")
    await expect(page.get_by_role("status")).to_have_text("flora is online", timeout=15_000)
    await field.fill("!ping")
    await field.press("Enter")
    await expect(page.get_by_text("pong", exact=True)).to_be_visible()
    await field.fill("!hello")
    await field.press("Enter")
    await page.get_by_role("button", name="Wave back").click()
    await expect(page.get_by_text("👋 alice waves back.")).to_be_visible()
    await field.press_sequentially("/ping")
    await field.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Only you can see this")).to_be_visible()
