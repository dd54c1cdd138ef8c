"""Finding one's way on the chat page."""

from playwright.async_api import Locator, Page


def field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message #general")


def message(page: Page, text: str) -> Locator:
    """The newest message with this text."""
    return page.get_by_role("listitem").filter(has_text=text).last


async def say(page: Page, text: str) -> None:
    await field(page).fill(text)
    await field(page).press("Enter")


async def chat_as(page: Page, name: str) -> None:
    await page.get_by_label("Chat as").select_option(label=name)
