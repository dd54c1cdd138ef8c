"""The admin in a real browser: write, fail, correct, deploy, roll back; every page on a phone."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from django.db import connections
from django.utils import timezone
from playwright.async_api import Browser, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from deployments.models import Guild, KvEntry, Revision, Secret, User
from deployments.models.revision import Status
from tests.admin.conftest import GARDEN, PASSWORD, World, address, failure, page_of, revision_of

Result = TypeVar("Result")
SCRIPT = address(f"guild/{GARDEN}/script/")
# What each of them says in the console is a failure, but for the answers that a test provokes.
PROVOKED = re.compile(r"the server responded with a status of 4\d\d")


async def on_database(work: Callable[[], Result]) -> Result:
    """Django refuses its database to a thread with a running loop."""

    def done() -> Result:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(done)


async def logged_in(page: Page, server: LiveServer, user: User) -> list[str]:
    """Returns what the console will say, as it comes."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not PROVOKED.search(message.text):
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{server.url}/admin/")
    await page.get_by_label("Username").fill(user.username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page).to_have_url(f"{server.url}/admin/deployments/guild/")
    return complaints


def latest() -> Revision:
    return Revision.objects.latest("created_at")


def settle(status: Status, error: dict[str, Any] | None = None) -> Revision:
    """What the runtime writes about the revision that waits."""
    revision = Revision.objects.get(status=Status.PENDING)
    revision.status = status
    revision.error = error
    revision.bundle = "built"
    revision.deployed_at = timezone.now()
    revision.save()
    if status == Status.SUCCESS:
        Guild.objects.filter(pk=revision.guild_id).update(active_revision=revision)
    return revision


async def test_writing_failing_correcting_and_rolling_back(
    chromium: Browser, live_server: LiveServer, people: World
) -> None:
    page = await chromium.new_page()
    complaints = await logged_in(page, live_server, people.garden.owner)

    await page.goto(live_server.url + SCRIPT)
    areas = page.get_by_label("Contents of the file")
    await expect(areas.first).to_have_value("ping()\n")
    await page.get_by_role("button", name="Add a file").click()
    await page.keyboard.type("src/commands.ts")
    await page.keyboard.press("Enter")
    await page.keyboard.type("let broken = {")
    await areas.first.fill("import './commands'\n")
    await areas.first.press("Control+Enter")

    status = page.get_by_role("status")
    await expect(status).to_contain_text("Queued: the runtime is not running.")
    revision = await on_database(latest)
    assert revision.files is not None
    assert [file["contents"] for file in revision.files] == [
        "import './commands'\n",
        "export const name = 'garden'\n",
        "let broken = {",
    ]
    error = failure(message="'}' expected", file="src/commands.ts", line=1, column=15)
    await on_database(lambda: settle(Status.FAILED, error))
    await expect(status).to_contain_text("The script was refused, and nothing was changed.")
    await expect(page.get_by_text("src/commands.ts, line 1, column 15")).to_be_visible()
    await expect(page.locator(".flora-source .marked").first).to_have_text("let broken = {\n")

    await page.get_by_role("link", name="Correct it").click()
    await expect(page.get_by_text("line 1, column 15: '}' expected")).to_be_visible()
    await expect(page.locator(".flora-gutter mark")).to_have_text("1")
    # The cursor is at the line of the error, which is selected.
    await page.keyboard.type("export const right = 1")
    await page.keyboard.press("Control+Enter")
    await expect(status).to_contain_text("Queued")
    revision = await on_database(lambda: settle(Status.SUCCESS))
    assert revision.files is not None
    assert revision.files[2]["contents"] == "export const right = 1"
    await expect(status).to_contain_text("It runs, and answers from now on.")

    await page.goto(live_server.url + page_of(people.garden.old))
    await page.get_by_role("link", name="Roll back to this").click()
    await page.get_by_role("button", name="Roll back to this").click()
    await expect(status).to_contain_text("Queued")
    back = await on_database(lambda: settle(Status.SUCCESS))
    assert back.files == people.garden.old.files
    await expect(status).to_contain_text("It runs, and answers from now on.")
    assert complaints == []


async def test_nothing_typed_is_lost(
    chromium: Browser, live_server: LiveServer, people: World
) -> None:
    page = await chromium.new_page()
    complaints = await logged_in(page, live_server, people.garden.owner)
    await page.goto(live_server.url + SCRIPT)
    area = page.get_by_label("Contents of the file").first
    await area.fill("typed()")
    warned: list[str] = []

    async def stay_then_leave(dialog: Any) -> None:
        warned.append(dialog.type)
        await dialog.accept()

    page.on("dialog", stay_then_leave)
    await page.wait_for_function("Object.keys(localStorage).some(key => /^flora-draft/.test(key))")
    await page.goto(f"{live_server.url}/admin/deployments/guild/")
    assert warned == ["beforeunload"]

    await page.goto(live_server.url + SCRIPT)
    await expect(area).to_have_value("ping()\n")
    await page.get_by_role("button", name="Bring it back").click()
    await expect(area).to_have_value("typed()")
    paths = page.get_by_label("Path of the file")
    await paths.last.fill("../outside.ts")
    await page.get_by_role("button", name="Deploy").click()
    await expect(page.get_by_text("The path '../outside.ts' must not contain")).to_be_visible()
    await expect(area).to_have_value("typed()")
    await expect(paths.last).to_be_focused()
    await expect(page.locator("[name=entry]").first).to_be_checked()

    # Somebody else deploys meanwhile.
    def elsewhere() -> None:
        newer = revision_of(people.garden.guild, Status.SUCCESS, actor_username="rose")
        Guild.objects.filter(pk=GARDEN).update(active_revision=newer)

    await on_database(elsewhere)
    await paths.last.fill("src/inside.ts")
    await page.get_by_role("button", name="Deploy").click()
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else was faster.")
    await expect(area).to_have_value("typed()")
    await page.get_by_role("button", name="Deploy anyway").click()
    await expect(page.get_by_role("status")).to_contain_text("Queued")
    assert (await on_database(latest)).files[0]["contents"] == "typed()"
    # Now it is kept in a revision, and the browser may forget it.
    await page.wait_for_function("!localStorage.getItem('flora-draft-300000000000000001')")
    assert complaints == []


async def test_the_keyboard_indents_and_gets_out_again(
    chromium: Browser, live_server: LiveServer, people: World
) -> None:
    page = await chromium.new_page()
    await logged_in(page, live_server, people.garden.owner)
    await page.goto(live_server.url + SCRIPT)
    area = page.get_by_label("Contents of the file").first
    await area.fill("one\n\n  two")
    await area.press("Control+Home")
    await area.press("Tab")
    await expect(area).to_have_value("  one\n\n  two")
    await area.press("Control+z")
    await expect(area).to_have_value("one\n\n  two")
    await area.press("Control+a")
    await area.press("Tab")
    await expect(area).to_have_value("  one\n\n    two")
    await area.press("Shift+Tab")
    await area.press("Shift+Tab")
    await expect(area).to_have_value("one\n\ntwo")
    await expect(area).to_be_focused()
    await area.press("Escape")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Path of the file").nth(1)).to_be_focused()


async def test_a_token_is_copied_and_reloading_makes_no_second_one(
    chromium: Browser, live_server: LiveServer, people: World
) -> None:
    context = await chromium.new_context()
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    complaints = await logged_in(page, live_server, people.garden.owner)
    await page.goto(live_server.url + address("apitoken/add/"))
    await page.get_by_label("Label").fill("from the browser")
    await page.locator(".select2-selection").click()
    await expect(page.locator(".select2-results__option")).to_have_text(["Garden"])
    await page.locator(".select2-results__option").click()
    await page.get_by_role("button", name="Make the token").click()
    secret = await page.get_by_label("from the browser").input_value()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_text("Copied.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == secret
    await page.reload()
    await expect(page).to_have_url(live_server.url + address("apitoken/"))
    tokens = await on_database(people.garden.owner.auth_token_set.count)
    assert tokens == 2  # the one of the fixture and this one
    assert complaints == []


async def test_a_key_is_looked_for_changed_and_not_overwritten_unseen(
    chromium: Browser, live_server: LiveServer, people: World
) -> None:
    garden = people.garden

    def value() -> bytes:
        return bytes(KvEntry.objects.get(pk=garden.entry.pk).value)

    page = await chromium.new_page()
    complaints = await logged_in(page, live_server, garden.owner)
    await page.goto(live_server.url + page_of(garden.store))
    await page.get_by_label("Beginning of the key").fill("garden")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="garden-key").click()
    area = page.get_by_label("Value")
    await expect(area).to_have_value("garden-value")
    await area.fill('{"b":\n')
    await page.get_by_role("button", name="Check and format as JSON").click()
    await expect(page.get_by_text("Not JSON: Expecting value: line 2 column 1")).to_be_visible()
    await expect(area).to_have_value('{"b":\n')
    await area.fill('\n{"b":[1]}')
    await page.get_by_role("button", name="Check and format as JSON").click()
    await expect(area).to_have_value('{\n  "b": [\n    1\n  ]\n}')
    await on_database(lambda: KvEntry.objects.filter(pk=garden.entry.pk).update(value=b"theirs"))
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("theirs")
    assert await on_database(value) == b"theirs"
    await page.get_by_role("button", name="Save anyway").click()
    await expect(page.get_by_text("The key garden-key is set.")).to_be_visible()
    assert await on_database(value) == b'{\n  "b": [\n    1\n  ]\n}'
    assert complaints == []


async def test_a_secret_is_typed_unseen_kept_and_deleted(
    chromium: Browser, live_server: LiveServer, people: World
) -> None:
    page = await chromium.new_page()
    complaints = await logged_in(page, live_server, people.garden.owner)
    await page.goto(live_server.url + page_of(people.garden.guild))
    await page.get_by_role("link", name="Add a secret").click()
    await page.get_by_label("Name").fill("API_KEY")
    value = page.get_by_label("Value")
    await value.fill("correct horse")
    assert await value.evaluate("it => getComputedStyle(it).webkitTextSecurity") == "disc"
    await page.get_by_label("Allowed hosts").fill("*")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_text("* would be every host: name the hosts.")).to_be_visible()
    await expect(value).to_have_value("")
    await value.fill("correct horse")
    await page.get_by_label("Allowed hosts").fill("api.example.com")
    await page.get_by_role("button", name="Keep it").click()
    row = page.get_by_role("row").filter(has_text="API_KEY")
    await expect(row).to_contain_text("api.example.com")
    await row.get_by_role("link", name="API_KEY").click()
    await expect(page.get_by_label("New value")).to_have_value("")
    assert "horse" not in await page.content()
    await page.get_by_role("link", name="Delete").click()
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.get_by_role("row").filter(has_text="API_KEY")).to_have_count(0)
    names = await on_database(lambda: sorted(Secret.objects.values_list("name", flat=True)))
    assert names == ["garden-secret", "orchard-secret"]
    assert complaints == []


PAGES = [
    "guild/",
    "guild/{guild}/change/",
    "guild/{guild}/script/",
    "guild/{guild}/undeploy/",
    "guild/{guild}/owners/",
    "revision/",
    "revision/{failed}/change/",
    "revision/{old}/roll-back/",
    "logentry/",
    "logentry/{log}/change/",
    "kvstore/",
    "kvstore/add/",
    "kvstore/{store}/change/",
    "kvstore/{store}/delete/",
    "kvstore/{store}/key/?key={key}",
    "kvstore/{store}/new-key/",
    "kvstore/{store}/delete-key/?key={key}",
    "kventry/",
    "cronjob/",
    "cronjob/{job}/change/",
    "task/",
    "task/{task}/change/",
    "jobrun/",
    "jobrun/{run}/change/",
    "secret/",
    "secret/add/",
    "secret/{secret}/change/",
    "secret/{secret}/delete/",
    "auditevent/",
    "apitoken/",
    "apitoken/add/",
    "user/",
    "user/add/",
    "user/{owner}/change/",
    "user/{owner}/password/",
    "/admin/password_change/",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_fits_a_phone_and_complains_of_nothing(
    scheme: Any, chromium: Browser, live_server: LiveServer, people: World
) -> None:
    garden = people.garden
    error = failure(message="m" * 300, file="src/main.ts", line=1, column=3, stack="s" * 300)
    garden.failed.error = error
    await on_database(garden.failed.save)
    garden.job.name = garden.run.error = garden.task.key = "m" * 200
    garden.entry.key = b"k" * 200
    garden.secret.name, garden.secret.allowed_hosts = "m" * 64, [f"{'h' * 60}.example"] * 3
    for row in (garden.job, garden.run, garden.task, garden.entry, garden.secret):
        await on_database(row.save)
    context = await chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme
    )
    page = await context.new_page()
    complaints = await logged_in(page, live_server, people.operator)
    for path in PAGES:
        where = address(
            path.format(
                guild=GARDEN,
                failed=garden.failed.pk,
                old=garden.old.pk,
                log=garden.log.pk,
                store=garden.store.pk,
                key=str(garden.entry),
                owner=garden.owner.pk,
                job=garden.job.pk,
                task=garden.task.pk,
                run=garden.run.pk,
                secret=garden.secret.pk,
            )
        )
        await page.goto(live_server.url + where)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert (where, width) == (where, 390)
        title = await page.title()
        assert title.strip().endswith("| flora")
        assert (where, complaints) == (where, [])
