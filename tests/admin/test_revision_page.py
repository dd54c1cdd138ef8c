"""The page of a revision: how the deployment goes, why it failed, and the way back."""

from typing import Any

import pytest
from django.utils import timezone

from deployments import control
from deployments.models import AuditEvent, Guild, Revision
from deployments.models.revision import Status
from tests.admin.conftest import (
    GARDEN,
    Answering,
    Visitor,
    World,
    failure,
    page_of,
    revision_of,
    said,
)

SOURCE = "one()\ntwo()\n\tthree(\nfour()\n"


def pending(world: World) -> Revision:
    return revision_of(world.garden.guild, Status.PENDING, base_revision=world.garden.active)


def test_pending_without_a_runtime_says_so(owner: Visitor, world: World) -> None:
    revision = pending(world)
    html = owner.get(page_of(revision)).content.decode()
    assert '<span data-runtime="away">Queued: the runtime is not running.' in html
    assert '<span data-runtime="up" hidden>' in html
    assert f'data-progress="{page_of(revision).replace("change", "progress")}"' in html
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in html


def test_pending_with_a_runtime(owner: Visitor, world: World, runtime: Answering) -> None:
    html = owner.get(page_of(pending(world))).content.decode()
    assert '<span data-runtime="up">The script is being built and loaded.' in html
    assert '<span data-runtime="away" hidden>' in html
    assert runtime.asked == [control.GetStatus()]


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILED])
def test_progress_of_what_has_settled(
    status: Status, owner: Visitor, world: World, runtime: Answering
) -> None:
    revision = revision_of(world.garden.guild, status)
    response = owner.get(page_of(revision).replace("change", "progress"))
    assert response.json() == {"status": status.value, "runtime": "up"}
    assert "no-store" in response["Cache-Control"]


def test_a_failure_shows_file_line_column_and_source(owner: Visitor, world: World) -> None:
    error = failure(
        message="Unexpected <token>", file="src/main.ts", line=3, column=8, stack="SyntaxError …"
    )
    revision = revision_of(world.garden.guild, Status.FAILED, SOURCE, error=error)
    page = owner.get(page_of(revision))
    html = page.content.decode()
    assert "src/main.ts, line 3, column 8" in html
    assert "Unexpected &lt;token&gt;" in html
    marked = [line for line in page.context["excerpt"] if line.is_marked]
    assert [(line.number, line.text, line.pointer) for line in marked] == [
        (3, "\tthree(", "\t      ^")
    ]
    assert '<span class="line marked" data-number="3">\tthree(' in html
    assert "Correct it" in html
    assert f"{GARDEN}/script/?revision={revision.pk}" in html
    assert page_of(world.garden.active) in html
    assert "goes on as before" in html
    assert "Roll back to this" not in html


def test_a_failure_of_a_guild_without_a_script(owner: Visitor, world: World) -> None:
    Guild.objects.update(active_revision=None)
    assert "The guild has no script." in owner.get(page_of(world.garden.failed)).content.decode()


def test_an_error_in_a_ready_bundle_shows_the_bundle(owner: Visitor, world: World) -> None:
    bundle = f"{'a' * 500}BROKEN{'b' * 500}\nrest()"
    revision = revision_of(
        world.garden.guild,
        Status.FAILED,
        files=None,
        bundle=bundle,
        error=failure(file="bundle.js", line=1, column=501),
    )
    page = owner.get(page_of(revision))
    (line, following) = page.context["excerpt"]
    assert following.text == "rest()"
    assert line.text == f"…{'a' * 100}BROKEN{'b' * 94}…"
    assert line.text[line.caret] == "B"
    assert "ready bundle, without its sources" in page.content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "It runs, and answers from now on."),
        ({"load_error": "boom"}, "but it does not run: the guild&#x27;s page says why."),
        ({"paused_at": timezone.now()}, "it answers as soon as you resume it."),
        ({"left_at": timezone.now()}, "runs when the bot is back in this server."),
    ],
)
def test_the_active_one_says_what_it_does_now(
    change: dict[str, Any], sentence: str, owner: Visitor, world: World
) -> None:
    Guild.objects.filter(pk=GARDEN).update(**change)
    html = owner.get(page_of(world.garden.active)).content.decode()
    assert sentence in html
    assert "Chat with it" in html
    assert "Roll back to this" not in html


def test_commands_and_events_of_a_revision(owner: Visitor, world: World) -> None:
    Revision.objects.filter(pk=world.garden.active.pk).update(
        subscriptions=["MESSAGE_CREATE"],
        commands=[{"name": "ping"}],
        command_sync="failed",
        command_sync_error="Missing Access",
    )
    html = owner.get(page_of(world.garden.active)).content.decode()
    assert "MESSAGE_CREATE" in html
    assert "<code>/ping</code>" in html
    assert "Missing Access" in html


def test_what_has_changed_against_the_base(owner: Visitor, world: World) -> None:
    summary = {
        "added_files": ["src/new.ts"],
        "removed_files": [],
        "modified_files": ["src/main.ts"],
    }
    revision = revision_of(
        world.garden.guild,
        Status.SUCCESS,
        files=[
            {"path": "src/main.ts", "contents": "<b>()\n"},
            {"path": "src/garden.ts", "contents": "export const name = 'garden'\n"},
            {"path": "src/new.ts", "contents": "new()\n"},
        ],
        base_revision=world.garden.active,
        change_summary=summary,
    )
    page = owner.get(page_of(revision))
    assert [(diff.path, diff.change, diff.rows) for diff in page.context["diffs"]] == [
        ("src/new.ts", "added", [("place", "@@ -0,0 +1 @@"), ("add", "+new()")]),
        (
            "src/main.ts",
            "modified",
            [("place", "@@ -1 +1 @@"), ("remove", "-ping()"), ("add", "+<b>()")],
        ),
    ]
    assert "+&lt;b&gt;()" in page.content.decode()
    assert "1 added, 1 modified" in page.content.decode()


# --- the way back -----------------------------------------------------------------------------


def test_rolling_back(owner: Visitor, world: World) -> None:
    old = world.garden.old
    assert "Roll back to this" in owner.get(page_of(old)).content.decode()
    address = page_of(old).replace("change", "roll-back")
    question = owner.get(address)
    assert "by garden-owner is deployed again, as a new revision." in question.content.decode()
    assert Revision.objects.filter(status=Status.PENDING).count() == 0

    response = owner.post(address)
    revision = Revision.objects.get(status=Status.PENDING)
    assert response["Location"] == page_of(revision)
    assert (revision.files, revision.bundle, revision.entry) == (old.files, old.bundle, old.entry)
    assert revision.rolled_back_to == old
    assert (revision.origin, revision.actor_username) == ("webui", "garden-owner")
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.details["target"]) == ("roll_back", str(old.pk))
    assert f"back to {str(old.pk)[:8]}" in owner.get(page_of(revision)).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_to_what_once_ran(method: str, owner: Visitor, world: World) -> None:
    before = Revision.objects.count()
    address = page_of(world.garden.failed).replace("change", "roll-back")
    response = getattr(owner, method)(address)
    assert response["Location"] == page_of(world.garden.failed)
    assert said(owner.get(response["Location"])) == [
        "Only a revision that once ran can be rolled back to."
    ]
    assert Revision.objects.count() == before
