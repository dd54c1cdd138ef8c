"""What the page says when something is away, and where there is little room."""

import os
import signal

from playwright.async_api import Page, expect

from gateway.sandbox.process import SandboxProcess
from tests.sandbox.bot import Bot
from tests.sandbox.conftest import MakeBot
from tests.sandbox.page.looking import field, message, say


async def test_a_bot_that_is_away_is_said_and_comes_back(
    page: Page, bot: Bot, make_bot: MakeBot
) -> None:
    await bot.stop()
    await expect(page.get_by_role("status")).to_contain_text("flora is offline")
    await make_bot().start()
    await expect(page.get_by_role("status")).to_have_text("flora is online")


async def test_a_discord_that_died_comes_back_by_itself(
    page: Page, bot: Bot, process: SandboxProcess
) -> None:
    await say(page, "!ping")
    await expect(message(page, "pong")).to_be_visible()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    await expect(page.get_by_role("button", name="Try !ping")).to_be_visible(timeout=15_000)
    await expect(page.get_by_role("status")).to_have_text("flora is online", timeout=15_000)
    await say(page, "!ping")
    await expect(message(page, "pong")).to_be_visible()


async def test_a_page_without_any_discord_says_what_to_do(
    page: Page, bot: Bot, process: SandboxProcess
) -> None:
    await bot.stop()
    await process.stop()
    await expect(page.get_by_role("status")).to_contain_text("start flora with make run")
    await say(page, "kept")
    await expect(page.get_by_role("alert")).to_contain_text("There is no connection right now")
    await expect(field(page)).to_have_value("kept")


async def test_it_fits_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 640})
    await say(page, "!hello")
    await expect(page.get_by_role("button", name="Wave back")).to_be_in_viewport()
    wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert await page.evaluate(wider) is False
    await expect(field(page)).to_be_in_viewport()
