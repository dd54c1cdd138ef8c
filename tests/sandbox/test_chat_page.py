"""The chat page in a real browser, with a bot that answers as a guild's script would."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from gateway.sandbox.process import SandboxProcess
from runtime.web import bind
from tests.browser import browser
from tests.sandbox.bot import Bot
from tests.sandbox.conftest import MakeBot, Sandbox, sandbox_python, state_in

ROOT = Path(__file__).resolve().parents[2]

BUTTONS = {
    "type": 1,
    "components": [
        {"type": 2, "style": 1, "label": "Wave back", "custom_id": "wave"},
        {"type": 2, "style": 2, "label": "Silence", "custom_id": "silence"},
        {"type": 2, "style": 5, "label": "Documentation", "url": "https://example.com/docs"},
    ],
}
MENU = {
    "type": 1,
    "components": [
        {
            "type": 3,
            "custom_id": "fruit",
            "placeholder": "Choose a fruit",
            "options": [{"label": "Apple", "value": "a"}, {"label": "Pear", "value": "p"}],
        }
    ],
}
EMBED = {
    "title": "Good to see you.",
    "description": "From a **script**",
    "color": 0x2F9E6E,
    "fields": [{"name": "Try", "value": "`!ping`", "inline": True}],
    "image": {"url": "https://example.com/picture.png"},
    "footer": {"text": "the end"},
}
COMMANDS = (
    {"name": "ping", "description": "Is anybody there?"},
    {
        "name": "roll",
        "description": "Rolls dice",
        "options": [
            {"type": 4, "name": "sides", "description": "How many", "required": True},
            {"type": 6, "name": "for", "description": "For whom"},
        ],
    },
    {"name": "form", "description": "Opens a form"},
    {"name": "silence", "description": "Never answers"},
)
FORM = {
    "custom_id": "form",
    "title": "Who are you?",
    "components": [
        {
            "type": 1,
            "components": [{"type": 4, "custom_id": "name", "label": "Your name", "style": 1}],
        }
    ],
}


class Answering:
    """What the bot of these tests does."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def on_event(self, event: str, data: dict[str, Any]) -> None:
        if event == "MESSAGE_CREATE" and not data["author"]["bot"]:
            await self._on_message(data)
        elif event == "INTERACTION_CREATE":
            await self._on_interaction(data)

    async def _on_message(self, message: dict[str, Any]) -> None:
        reply = {"message_reference": {"message_id": message["id"]}}
        if message["content"] == "!ping":
            await self._bot.say("pong", **reply)
        elif message["content"] == "!hello":
            await self._bot.say("Hello!", embeds=[EMBED], components=[BUTTONS, MENU], **reply)

    async def _on_interaction(self, interaction: dict[str, Any]) -> None:
        answer = self._bot.answer
        match interaction["data"]:
            case {"name": "ping"}:
                await answer(interaction, 4, content="pong, for you alone", flags=64)
            case {"name": "roll", "options": options}:
                await answer(interaction, 5)
                given = {option["name"]: option["value"] for option in options}
                whom = f" for <@{given['for']}>" if "for" in given else ""
                text = f"A die of {given['sides']} sides{whom}"
                await self._bot.webhook("PATCH", interaction, "/messages/@original", content=text)
            case {"name": "form"}:
                await answer(interaction, 9, **FORM)
            case {"custom_id": "form", "components": [row]}:
                await answer(interaction, 4, content=f"Hello {row['components'][0]['value']}")
            case {"custom_id": "wave"}:
                await answer(interaction, 4, content="waves back")
            case {"custom_id": "fruit", "values": [fruit]}:
                await answer(interaction, 7, content=f"Chosen: {fruit}", components=[])


@dataclass(frozen=True)
class Site:
    address: str
    data_dir: Path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
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


@pytest_asyncio.fixture(scope="module", loop_scope="session")
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
    """Each test has a simulated Discord in which nothing has been said yet."""
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


# --- first steps -----------------------------------------------------------------------------


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


# --- slash commands --------------------------------------------------------------------------


async def test_a_command_is_picked_by_keyboard_and_answered_to_one_alone(page: Page) -> None:
    await field(page).press_sequentially("/")
    options = page.get_by_role("listbox").get_by_role("option")
    await expect(options).to_have_count(4)
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


# --- messages --------------------------------------------------------------------------------


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


# --- when something is away ------------------------------------------------------------------


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
