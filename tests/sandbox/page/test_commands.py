"""Slash commands and forms, by keyboard and by mouse."""

from playwright.async_api import Page, expect

from tests.sandbox.page.looking import chat_as, field, message, say


async def test_a_command_is_picked_by_keyboard_and_answered_to_one_alone(page: Page) -> None:
    await field(page).press_sequentially("/")
    options = page.get_by_role("listbox").get_by_role("option")
    await expect(options).to_have_count(5)
    await field(page).press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await expect(options.nth(1)).to_contain_text("/ping")
    await expect(options.nth(1)).to_contain_text("Is anybody there?")
    await field(page).press("Enter")
    await page.keyboard.press("Enter")
    answer = message(page, "pong, for you alone")
    await expect(answer).to_contain_text("Alice used /ping")
    await expect(answer).to_contain_text("Only you can see this")
    await expect(field(page)).to_be_focused()
    await chat_as(page, "Bob")
    await expect(page.get_by_text("pong, for you alone")).to_have_count(0)
    await chat_as(page, "Alice (owner)")
    await page.get_by_role("button", name="Dismiss message").click()
    await expect(page.get_by_text("pong, for you alone")).to_have_count(0)


async def test_a_command_s_options_are_filled_in(page: Page) -> None:
    await field(page).press_sequentially("/ro")
    await field(page).press("Tab")
    await expect(page.get_by_label("sides")).to_be_focused()
    await expect(page.get_by_label("sides")).to_have_value("")
    await page.get_by_label("sides").fill("6")
    await page.get_by_label("for optional").select_option(label="Bob")
    await page.get_by_role("button", name="Send", exact=True).click()
    answer = message(page, "A die of 6 sides for @Bob")
    await expect(answer.locator(".mention")).to_have_text("@Bob")


async def test_what_is_typed_after_a_command_is_its_first_option(page: Page) -> None:
    await field(page).press_sequentially("/roll 20")
    await field(page).press("Enter")
    await expect(page.get_by_label("sides")).to_have_value("20")
    await page.keyboard.press("Enter")
    await expect(message(page, "A die of 20 sides")).to_be_visible()


async def test_what_the_bot_suggests_is_there_to_choose(page: Page) -> None:
    await field(page).press_sequentially("/plant")
    await field(page).press("Enter")
    suggested = page.locator("datalist option")
    await expect(suggested).to_have_count(3)
    await page.keyboard.type("rose")
    await expect(suggested).to_have_count(2)
    await expect(suggested.nth(1)).to_have_attribute("value", "rosemary")
    await page.keyboard.type("m")
    await expect(suggested).to_have_count(1)
    await page.get_by_label("kind").fill("rosemary")
    await page.keyboard.press("Enter")
    await expect(message(page, "Planted rosemary")).to_be_visible()


async def test_commands_of_a_message_and_of_its_author_are_in_its_menu(page: Page) -> None:
    await say(page, "one two three")
    written = message(page, "one two three")
    for name, answer in (("Count words", "3 words"), ("Wave at", "waves at alice")):
        await written.hover()
        await written.get_by_role("button", name="Apps").click()
        menu = page.get_by_role("dialog", name="Apps")
        await expect(menu.get_by_role("button")).to_have_count(2)
        await menu.get_by_role("button", name=name).click()
        await expect(message(page, answer)).to_contain_text(f"Alice used {name}")


async def test_escape_leaves_the_picker_and_the_command(page: Page) -> None:
    await field(page).press_sequentially("/ro")
    await field(page).press("Escape")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    await expect(field(page)).to_have_value("/ro")
    await field(page).press_sequentially("l")
    await field(page).press("Enter")
    await page.get_by_label("sides").press("Escape")
    await expect(page.get_by_label("sides")).to_have_count(0)
    await expect(field(page)).to_be_focused()


async def test_a_command_that_nobody_answers_says_so(page: Page) -> None:
    await field(page).press_sequentially("/silence")
    await field(page).press("Enter")
    await page.keyboard.press("Enter")
    await expect(message(page, "used /silence")).to_contain_text("Sending the command…")
    await expect(message(page, "used /silence")).to_contain_text(
        "The application did not respond", timeout=8000
    )
    await page.get_by_role("button", name="Dismiss message").click()
    await expect(page.get_by_text("used /silence")).to_have_count(0)


async def test_a_button_that_nobody_answers_says_so(page: Page) -> None:
    await say(page, "!hello")
    await page.get_by_role("button", name="Silence").click()
    await expect(page.get_by_role("button", name="Silence")).to_have_attribute("aria-busy", "true")
    await expect(message(page, "Hello!")).to_contain_text("This interaction failed", timeout=8000)
    await expect(page.get_by_role("button", name="Silence")).not_to_have_attribute(
        "aria-busy", "true"
    )


async def test_a_form_opens_and_is_sent(page: Page) -> None:
    await field(page).press_sequentially("/form")
    await field(page).press("Enter")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Who are you?")
    await dialog.get_by_label("Your name").fill("Ada")
    await page.keyboard.press("Enter")
    await expect(message(page, "Hello Ada")).to_be_visible()
    await expect(dialog).to_have_count(0)
