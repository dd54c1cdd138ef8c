"""A newcomer types, presses and chooses, and is answered."""

from playwright.async_api import Page, expect

from tests.sandbox.page.answering import EMBED
from tests.sandbox.page.looking import field, message, say


async def test_a_newcomer_is_shown_what_to_try_and_is_answered(page: Page) -> None:
    await page.get_by_role("button", name="Try !ping").click()
    await expect(field(page)).to_have_value("!ping")
    await field(page).press("Enter")
    answer = message(page, "pong")
    await expect(answer).to_contain_text("BOT")
    await expect(answer.get_by_role("button", name="Reply to Alice: show it")).to_have_text("!ping")
    await expect(page.get_by_role("button", name="Try !ping")).to_have_count(0)
    await expect(field(page)).to_have_value("")


async def test_the_way_to_the_admin_is_there(page: Page) -> None:
    await expect(page.get_by_role("link", name="Admin")).to_have_attribute("href", "/admin/")


async def test_a_button_is_pressed_and_answered(page: Page) -> None:
    await say(page, "!hello")
    await page.get_by_role("button", name="Wave back").click()
    await expect(message(page, "waves back")).to_be_visible()
    link = page.get_by_role("link", name="Documentation")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")


async def test_an_embed_is_shown_and_its_picture_is_a_link(page: Page) -> None:
    await say(page, "!hello")
    embed = message(page, "Good to see you.").locator(".embed")
    for text in ("Good to see you.", "From a script", "Try", "!ping", "the end"):
        await expect(embed).to_contain_text(text)
    await expect(embed.get_by_role("strong")).to_have_text("script")
    await expect(embed).to_have_css("border-left-color", "rgb(47, 158, 110)")
    picture = embed.get_by_role("link", name="example.com/picture.png")
    await expect(picture).to_have_attribute("href", EMBED["image"]["url"])
    await expect(page.locator("img")).to_have_count(0)


async def test_a_choice_in_a_menu_changes_the_message(page: Page) -> None:
    await say(page, "!hello")
    await page.get_by_text("Choose a fruit").click()
    await page.get_by_role("button", name="Pear").click()
    await expect(message(page, "Chosen: p")).to_contain_text("(edited)")
    await expect(page.get_by_text("Choose a fruit")).to_have_count(0)
