"""A guild's home: its state in words, and pause, resume and undeploy from there."""

import re
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from deployments import control
from deployments.capabilities import Capability
from deployments.models import (
    AuditEvent,
    CronJob,
    Guild,
    JobRun,
    KvStore,
    LogEntry,
    Revision,
    Task,
)
from deployments.models.guild import GuildState
from deployments.models.revision import Status
from tests.admin.conftest import GARDEN, Answering, Visitor, World, page_of, revision_of, said

HOME = f"guild/{GARDEN}/change/"
BUTTONS = ("Edit script", "Write script", "Try again", "Pause", "Resume", "Undeploy")

STATES: list[tuple[dict[str, Any], str, str, set[str]]] = [
    ({}, "running", "The script runs and answers.", {"Edit script", "Pause", "Undeploy"}),
    (
        {"paused_at": timezone.now()},
        "paused",
        "The script is paused: it receives nothing",
        {"Edit script", "Resume", "Undeploy"},
    ),
    (
        {"load_error": "src/main.ts:1:1: boom"},
        "failed",
        "The script does not run.",
        {"Edit script", "Try again", "Pause", "Undeploy"},
    ),
    ({"active_revision": None}, "empty", "No script is deployed.", {"Write script"}),
    (
        {"left_at": timezone.now()},
        "left",
        "The bot is no longer in this server",
        {"Edit script", "Undeploy"},
    ),
]


@pytest.mark.parametrize(("change", "state", "sentence", "buttons"), STATES)
def test_each_state_says_what_it_is_and_what_can_be_done(
    change: dict[str, Any],
    state: str,
    sentence: str,
    buttons: set[str],
    owner: Visitor,
    world: World,
) -> None:
    Guild.objects.filter(pk=GARDEN).update(**change)
    page = owner.get(HOME)
    html = page.content.decode()
    assert page.context["guild"].state == state
    assert sentence in html
    assert {name for name in BUTTONS if re.search(rf"{name}\s*</(a|button)>", html)} == buttons
    if "load_error" in change:
        assert "src/main.ts:1:1: boom" in html


def test_it_shows_what_the_guild_has(owner: Visitor, world: World) -> None:
    pending = revision_of(world.garden.guild, Status.PENDING)
    html = owner.get(HOME).content.decode()
    for row in (world.garden.active, world.garden.old, world.garden.failed, pending):
        assert page_of(row) in html
    assert "is under way" in html
    assert "garden breaks" in html
    assert "garden says hello" in html
    assert "garden-store" in html
    assert page_of(world.garden.job) in html
    assert "1 task pending" in html
    assert "<strong>garden-owner</strong>" in html
    # Only operators change the owners.
    assert f"guild/{GARDEN}/owners/" not in html
    assert f"guild/{GARDEN}/owners/" in Visitor(world.operator).get(HOME).content.decode()


def test_a_guild_without_anything_says_where_things_will_come_from(
    operator: Visitor, world: World
) -> None:
    Guild.objects.create(id=300000000000000003, name="Meadow")
    html = operator.get("guild/300000000000000003/change/").content.decode()
    for sentence in (
        "Nothing has been deployed yet.",
        "What the script prints with <code>console.log</code> appears here.",
        "The script has stored nothing yet.",
        "The script has registered no cron job.",
        "Operators only: the guild has no owner here yet.",
    ):
        assert sentence in html


def test_what_others_have_written_is_text_and_no_markup(owner: Visitor, world: World) -> None:
    evil = "<script>alert(1)</script>"
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"
    Guild.objects.filter(pk=GARDEN).update(name=evil, load_error=evil)
    LogEntry.objects.create(guild=world.garden.guild, level="info", target=evil, message=evil)
    KvStore.objects.create(guild=world.garden.guild, name=evil)
    CronJob.objects.filter(guild=GARDEN).update(name=evil, expression=evil)
    JobRun.objects.filter(guild=GARDEN).update(name=evil, error=evil)
    Task.objects.filter(guild=GARDEN).update(key=evil, data=evil)
    Revision.objects.filter(guild=GARDEN).update(
        entry=evil, actor_username=evil, command_sync_error=evil, error={"message": evil}
    )
    pages = [HOME, "guild/", "revision/", "logentry/", "kvstore/", page_of(world.garden.failed)]
    pages += ["cronjob/", "task/", "jobrun/"]
    pages += [page_of(row) for row in (world.garden.job, world.garden.task, world.garden.run)]
    pages += [f"task/{world.garden.task.pk}/cancel/"]
    for path in pages:
        html = owner.get(path).content.decode()
        assert evil not in html
        assert escaped in html


# --- pause, resume, undeploy ------------------------------------------------------------------

DONE = [
    ("pause", {}, "The script is paused: it receives nothing any more.", GuildState.PAUSED),
    ("resume", {"paused_at": timezone.now()}, "The script runs again.", GuildState.RUNNING),
    ("resume", {"load_error": "boom"}, "The script runs again.", GuildState.RUNNING),
    ("undeploy", {}, "The script is undeployed.", GuildState.EMPTY),
]


@pytest.mark.parametrize(("action", "before", "message", "state"), DONE)
def test_done_when_the_runtime_says_so(
    action: str,
    before: dict[str, Any],
    message: str,
    state: GuildState,
    owner: Visitor,
    world: World,
    runtime: Answering,
) -> None:
    Guild.objects.filter(pk=GARDEN).update(**before)
    response = owner.post(f"guild/{GARDEN}/{action}/")
    assert response["Location"] == page_of(world.garden.guild)
    assert said(owner.get(response["Location"])) == [message]
    assert Guild.objects.get(pk=GARDEN).state == state
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.guild_id, event.actor_username) == (action, GARDEN, "garden-owner")
    assert control.Reconcile(str(GARDEN)) in runtime.asked


@pytest.mark.parametrize(("action", "before", "message", "state"), DONE)
def test_noted_while_the_runtime_is_away(
    action: str,
    before: dict[str, Any],
    message: str,
    state: GuildState,
    owner: Visitor,
    world: World,
) -> None:
    Guild.objects.filter(pk=GARDEN).update(**before)
    owner.post(f"guild/{GARDEN}/{action}/")
    assert said(owner.get(HOME)) == [
        "Noted. The runtime does not answer at the moment: it follows as soon as it is back."
    ]
    assert Guild.objects.get(pk=GARDEN).state == state


def test_a_runtime_that_could_not_do_it_is_not_believed(
    owner: Visitor, world: World, runtime: Answering
) -> None:
    runtime.answer = lambda message: control.Failed("no worker")
    owner.post(f"guild/{GARDEN}/pause/")
    assert said(owner.get(HOME))[0].startswith("Noted.")


def test_a_script_that_does_not_load_again_is_no_success(
    transactional_db: None, world: World, runtime: Answering
) -> None:
    """The runtime writes the reason while the page waits for it."""
    Guild.objects.filter(pk=GARDEN).update(load_error="boom")

    def fail_to_load(message: control.Message) -> control.Reply:
        Guild.objects.filter(pk=GARDEN).update(load_error="boom again")
        connections.close_all()
        return control.Done()

    runtime.answer = fail_to_load
    owner = Visitor(world.garden.owner)
    owner.post(f"guild/{GARDEN}/resume/")
    page = owner.get(HOME)
    assert said(page) == ["The script does not load: the reason stands below."]
    assert "boom again" in page.content.decode()


@pytest.mark.parametrize(
    ("action", "before", "message"),
    [
        ("pause", {"paused_at": timezone.now()}, []),
        ("resume", {}, []),
        (
            "undeploy",
            {"active_revision": None},
            ["No script is deployed, so there is nothing to undeploy."],
        ),
    ],
)
def test_what_holds_already_is_not_done_again(
    action: str, before: dict[str, Any], message: list[str], owner: Visitor, world: World
) -> None:
    Guild.objects.filter(pk=GARDEN).update(**before)
    events = AuditEvent.objects.count()
    owner.post(f"guild/{GARDEN}/{action}/")
    assert said(owner.get(HOME)) == message
    assert AuditEvent.objects.count() == events


# --- whom messages ping -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "wanted", "button", "message"),
    [
        (
            True,
            "no",
            "Ping whomever they mention",
            "From the next message on whoever is mentioned is pinged.",
        ),
        (False, "yes", "Ping users only", "From the next message on only users are pinged."),
    ],
)
def test_whom_messages_ping_is_switched(
    before: bool,
    wanted: str,
    button: str,
    message: str,
    owner: Visitor,
    world: World,
    runtime: Answering,
) -> None:
    Guild.objects.filter(pk=GARDEN).update(safe_mentions=before)
    html = owner.get(HOME).content.decode()
    assert button in html
    assert f'name="safe" value="{wanted}"' in html
    response = owner.post(f"guild/{GARDEN}/mentions/", {"safe": wanted})
    assert said(owner.get(response["Location"])) == [message]
    assert Guild.objects.get(pk=GARDEN).safe_mentions is not before
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.guild_id) == ("choose_mentions", GARDEN)
    assert event.details == {"safe": not before}
    assert control.Reconcile(str(GARDEN)) in runtime.asked


@pytest.mark.parametrize("wanted", ["yes", "", "off", "1"])
def test_what_is_no_choice_of_pings_changes_nothing(
    wanted: str, owner: Visitor, world: World, runtime: Answering
) -> None:
    events = AuditEvent.objects.count()
    owner.post(f"guild/{GARDEN}/mentions/", {"safe": wanted})
    assert Guild.objects.get(pk=GARDEN).safe_mentions
    assert (AuditEvent.objects.count(), runtime.asked) == (events, [])


def test_a_choice_of_pings_is_noted_while_the_runtime_is_away(owner: Visitor, world: World) -> None:
    owner.post(f"guild/{GARDEN}/mentions/", {"safe": "no"})
    assert said(owner.get(HOME))[0].startswith("Noted.")
    assert not Guild.objects.get(pk=GARDEN).safe_mentions


def checked(page: Any) -> list[str]:
    boxes = re.findall(r"<input[^>]*name=\"allowed\"[^>]*>", page.content.decode())
    return [
        re.findall(r'value="(\w+)"', box)[0] for box in boxes if re.search(r"\schecked[\s>]", box)
    ]


def test_what_scripts_may_do_is_chosen(owner: Visitor, world: World, runtime: Answering) -> None:
    page = f"guild/{GARDEN}/capabilities/"
    assert checked(owner.get(page)) == Capability.values
    response = owner.post(page, {"allowed": ["messages", "fetch"]})
    home = owner.get(response["Location"])
    assert said(home) == ["It holds from the script's next operation on."]
    assert "Roles: make and change them, give and take them" in home.content.decode()
    withheld = ["moderation", "roles", "channels", "webhooks", "server"]
    assert Guild.objects.get(pk=GARDEN).withheld_capabilities == withheld
    assert control.Reconcile(str(GARDEN)) in runtime.asked
    assert checked(owner.get(page)) == ["messages", "fetch"]
    owner.post(page, {})
    assert Guild.objects.get(pk=GARDEN).withheld_capabilities == Capability.values


def test_what_is_no_capability_is_refused_with_what_there_is(
    owner: Visitor, world: World, runtime: Answering
) -> None:
    response = owner.post(f"guild/{GARDEN}/capabilities/", {"allowed": ["messages", "magic"]})
    assert "magic is not one of the available choices" in response.content.decode()
    assert Guild.objects.get(pk=GARDEN).withheld_capabilities == []
    assert runtime.asked == []


def test_undeploying_asks_first(owner: Visitor, world: World) -> None:
    page = owner.get(f"guild/{GARDEN}/undeploy/")
    assert "its slash commands disappear from Discord" in page.content.decode()
    assert Guild.objects.get(pk=GARDEN).active_revision_id == world.garden.active.pk
