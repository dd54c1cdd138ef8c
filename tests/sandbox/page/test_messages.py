"""What messages look like, and what members do with them."""

from playwright.async_api import Page, expect

from tests.sandbox.bot import Bot
from tests.sandbox.conftest import Sandbox
from tests.sandbox.page.looking import chat_as, field, message, say


async def test_members_write_react_reply_edit_and_delete(page: Page) -> None:
    await say(page, "Good morning @bob")
    await expect(message(page, "Good morning").locator(".mention")).to_have_text("@Bob")
    await chat_as(page, "Bob")
    mine = page.get_by_role("listitem").filter(has_text="Good morning").first
    await mine.hover()
    await mine.get_by_role("button", name="Add a reaction").click()
    await page.get_by_role("button", name="🌱").click()
    reaction = mine.get_by_role("button", name="🌱, 1 reaction, yours among them")
    await expect(reaction).to_have_attribute("aria-pressed", "true")
    await reaction.click()
    await expect(reaction).to_have_count(0)
    await mine.get_by_role("button", name="Reply", exact=True).click()
    await say(page, "Hello")
    reply = message(page, "Hello")
    await expect(reply.get_by_role("button", name="Reply to Alice: show it")).to_be_visible()
    await field(page).press("ArrowUp")
    await expect(field(page)).to_have_value("Hello")
    await say(page, "Hello Alice")
    await expect(message(page, "Hello Alice")).to_contain_text("(edited)")
    await expect(mine.get_by_role("button", name="Delete")).to_have_count(0)
    await message(page, "Hello Alice").hover()
    await message(page, "Hello Alice").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("Hello Alice")).to_have_count(0)


async def test_nothing_that_is_written_becomes_part_of_the_page(page: Page, bot: Bot) -> None:
    hostile = "<img src=x onerror=alert(1)> <script>alert(1)</script> [x](javascript:alert(1))"
    await bot.say(hostile, embeds=[{"title": hostile, "url": "javascript:alert(1)"}])
    shown = message(page, "onerror")
    await expect(shown.locator(".text")).to_have_text(hostile)
    await expect(shown.locator(".embed-title")).to_have_text(hostile)
    await expect(shown.locator("img, script, a")).to_have_count(0)


# (what is written, the element that it becomes, its text)
MARKS = [
    ("**bold**", "strong", "bold"),
    ("*italic*", "em", "italic"),
    ("_italic_", "em", "italic"),
    ("__under__", "u", "under"),
    ("~~gone~~", "s", "gone"),
    ("`**code**`", "code", "**code**"),
    ("```js\nconst a = '*'\n```", "pre", "const a = '*'"),
    ("> quoted", "blockquote", "quoted"),
    ("# Big", ".heading-1", "Big"),
    ("- item", ".item", "item"),
    ("https://example.com/a_b_c.", "a", "https://example.com/a_b_c"),
    ("[name](https://example.com)", "a", "name"),
    ("<@1456074443984994304>", ".mention.mine", "@Alice"),
    ("<#1456074443997577216>", ".mention", "#general"),
    ("<@&1456074444005965824>", ".mention", "@Gardeners"),
    ("||secret||", ".spoiler", "secret"),
    ("**bold *both***", "strong em", "both"),
]
NO_MARKS = ["snake_case_name", "2 * 3 * 4", "a ** b", "`", "<@>", "||", "[x](y)", "a_b_", "1 > 0"]


async def test_marks_are_shown(page: Page, bot: Bot) -> None:
    for text, _, _ in MARKS:
        await bot.say(text)
    texts = page.locator(".message .text")
    await expect(texts).to_have_count(len(MARKS))
    for number, (_, element, shown) in enumerate(MARKS):
        found = texts.nth(number).locator(element)
        await expect(found).to_have_count(1)
        await expect(found).to_have_text(shown)


async def test_what_is_no_mark_stays_as_it_is(page: Page, bot: Bot) -> None:
    for text in NO_MARKS:
        await bot.say(text)
    await expect(page.locator(".message .text")).to_have_text(NO_MARKS)


async def test_a_spoiler_is_read_by_who_wants_to(page: Page, bot: Bot) -> None:
    await bot.say("||the gardener||")
    await expect(page.get_by_text("the gardener")).to_be_hidden()
    await page.get_by_role("button", name="Spoiler: show").click()
    await expect(page.get_by_text("the gardener")).to_be_visible()


async def test_the_newest_message_stays_in_sight_unless_one_reads_above(
    page: Page, bot: Bot
) -> None:
    for number in range(30):
        await bot.say(f"line {number}")
    await expect(page.get_by_text("line 29")).to_be_in_viewport()
    await page.get_by_role("region", name="Messages").press("Home")
    await expect(page.get_by_text("line 0", exact=True)).to_be_in_viewport()
    await bot.say("one more")
    news = page.get_by_role("button", name="New messages")
    await expect(news).to_be_visible()
    await expect(page.get_by_text("one more")).not_to_be_in_viewport()
    await news.click()
    await expect(page.get_by_text("one more")).to_be_in_viewport()
    await expect(news).to_be_hidden()


async def test_what_is_too_long_is_refused_and_not_lost(page: Page) -> None:
    await say(page, "x" * 2001)
    await expect(page.get_by_role("alert")).to_contain_text("at most 2000 characters")
    await expect(field(page)).to_have_value("x" * 2001)


async def test_another_channel_shows_that_it_has_news(
    page: Page, bot: Bot, sandbox: Sandbox
) -> None:
    (guild,) = bot.named("GUILD_CREATE")
    (news,) = [channel["id"] for channel in guild["channels"] if channel["type"] == 5]
    await bot.request("POST", f"/channels/{news}/messages", {"content": "hear, hear"})
    await page.get_by_role("button", name="announcements, unread").click()
    await expect(message(page, "hear, hear")).to_be_visible()
    await expect(page.get_by_role("button", name="announcements", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
