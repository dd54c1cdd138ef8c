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


async def test_a_changed_script_answers_a_broken_one_is_refused_and_the_old_one_comes_back(
    flora: Installation,
) -> None:
    await flora.launch()
    await flora.until_announced("Chat")
    account = next(line for line in flora.announced if line.startswith("Account")).split()
    async with browser() as chromium:
        chat, admin = await chromium.new_page(), await chromium.new_page()
        await chat.goto(f"{flora.site}/sandbox/")
        await admin.goto(f"{flora.site}/admin/")
        await admin.get_by_label("Username").fill(account[1])
        await admin.get_by_label("Password").fill(account[2])
        await admin.get_by_role("button", name="Log in").click()
        await admin.get_by_role("link", name="Demo garden").click()

        await _deploy(admin, "await ctx.reply('pong')", "await ctx.reply('a new answer')")
        await expect(admin.get_by_role("status")).to_contain_text("It runs, and answers from now")
        await _ask(chat, "!ping", "a new answer")

        await _deploy(admin, "await ctx.reply('a new answer')", "await ctx.reply(")
        status = admin.get_by_role("status")
        await expect(status).to_contain_text("The script was refused, and nothing was changed.")
        await expect(admin.get_by_text("src/main.ts, line 11")).to_be_visible()
        await _ask(chat, "!ping", "a new answer", times=2)

        await admin.get_by_role("link", name="Demo garden").first.click()
        await admin.get_by_role("link", name="Full history").click()
        await admin.locator("#result_list tbody tr").last.get_by_role("link").first.click()
        await admin.get_by_role("link", name="Roll back to this").click()
        await admin.get_by_role("button", name="Roll back to this").click()
        await expect(admin.get_by_role("status")).to_contain_text("It runs, and answers from now")
        await _ask(chat, "!ping", "pong")


async def _deploy(admin: Page, old: str, new: str) -> None:
    """Changes the guild's script on its page's editor, and deploys by the keyboard."""
    await admin.get_by_role("link", name="Demo garden").first.click()
    await admin.get_by_role("link", name="Edit script").click()
    area = admin.get_by_label("Contents of the file").last
    text = await area.input_value()
    assert old in text
    await area.fill(text.replace(old, new))
    await area.press("Control+Enter")


async def _ask(chat: Page, question: str, answer: str, times: int = 1) -> None:
    field = chat.get_by_role("textbox", name="Message #general")
    await field.fill(question)
    await field.press("Enter")
    await expect(chat.get_by_text(answer, exact=True)).to_have_count(times)
