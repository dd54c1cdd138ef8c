"""Cron jobs, tasks and runs in the admin: what a page says, run now, take back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments import control
from deployments.models import AuditEvent, CronJob, Guild, JobRun, Task
from tests.admin.conftest import GARDEN, Answering, Visitor, World, page_of, said


def test_a_jobs_page_says_when_it_comes_and_how_it_went(owner: Visitor, world: World) -> None:
    job = world.garden.job
    CronJob.objects.filter(pk=job.pk).update(
        skip_if_running=True, catch_up="once", next_at=timezone.now() + timedelta(hours=3)
    )
    JobRun.objects.create(
        guild=job.guild,
        job=job,
        name=job.name,
        slot=timezone.now() - timedelta(hours=1),
        outcome="ok",
        trigger="manual",
        started_at=timezone.now(),
        duration_ms=1234,
    )
    html = owner.get(page_of(job)).content.decode()
    for text in (
        "<code>0 9 * * *</code> (UTC)",
        "in 2\xa0hours",
        "the next slot is skipped",
        "are made up for by one run",
        "garden failed",
        "by hand",
        "1.2 s",
        "Run now",
        str(world.garden.active.pk)[:8],
    ):
        assert text in html


def test_a_job_that_has_not_run(owner: Visitor, world: World) -> None:
    JobRun.objects.all().delete()
    CronJob.objects.update(next_at=None)
    html = owner.get(page_of(world.garden.job)).content.decode()
    assert "It has not run yet." in html
    assert "are skipped" in html
    assert "the next one starts beside it" in html


@pytest.mark.parametrize(
    "change", [{"paused_at": timezone.now()}, {"load_error": "boom"}, {"active_revision": None}]
)
def test_a_job_of_a_script_that_does_not_run_cannot_be_run(
    change: dict[str, Any], owner: Visitor, world: World
) -> None:
    Guild.objects.filter(pk=GARDEN).update(**change)
    html = owner.get(page_of(world.garden.job)).content.decode()
    assert "Run now" not in html
    assert "does not run, so this job does not start" in html
    owner.post(f"cronjob/{world.garden.job.pk}/run/")
    (message,) = said(owner.get(page_of(world.garden.job)))
    assert message.startswith("Not started: the guild's script does not run: it is ")
    assert CronJob.objects.get(pk=world.garden.job.pk).run_requested_at is None


def test_run_now(transactional_db: None, world: World, runtime: Answering) -> None:
    owner = Visitor(world.garden.owner)
    owner.post(f"cronjob/{world.garden.job.pk}/run/")
    page = owner.get(page_of(world.garden.job))
    assert said(page) == ["It is being started: the history below shows how it goes."]
    assert "It is to run now: somebody asked for it" in page.content.decode()
    assert control.RunRequested(str(GARDEN)) in runtime.asked
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor_username) == ("run_job", "garden-owner")


def test_run_now_while_the_runtime_is_away(owner: Visitor, world: World) -> None:
    owner.post(f"cronjob/{world.garden.job.pk}/run/")
    assert said(owner.get(page_of(world.garden.job))) == [
        "Noted. The runtime does not answer at the moment: it follows."
    ]
    assert CronJob.objects.get(pk=world.garden.job.pk).run_requested_at is not None


def test_a_task_is_taken_back_after_a_question(owner: Visitor, world: World) -> None:
    task = world.garden.task
    html = owner.get(f"task/{task.pk}/cancel/").content.decode()
    assert "Take the task garden-task back?" in html
    assert Task.objects.filter(pk=task.pk).exists()
    response = owner.post(f"task/{task.pk}/cancel/")
    assert said(owner.get(response["Location"])) == ["The task garden-task is taken back."]
    assert not Task.objects.filter(pk=task.pk).exists()
    assert Task.objects.filter(pk=world.orchard.task.pk).exists()
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.details) == ("cancel_task", {"task": "garden-task"})


def test_a_tasks_data_is_shown(owner: Visitor, world: World) -> None:
    Task.objects.filter(pk=world.garden.task.pk).update(data='"' + "x" * 300 + '"')
    assert "x" * 300 in owner.get(page_of(world.garden.task)).content.decode()
    in_list = owner.get("task/").content.decode()
    assert '"' + "x" * 119 + "…" in in_list.replace("&quot;", '"')
    assert "x" * 120 not in in_list


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["a-task", "garden-job"]),
        ("?kind=job", ["garden-job"]),
        ("?kind=task", ["a-task"]),
        ("?outcome__exact=lost", ["a-task"]),
        ("?q=garden+failed", ["garden-job"]),
    ],
)
def test_runs_are_found_by_kind_outcome_and_words(
    query: str, names: list[str], owner: Visitor, world: World
) -> None:
    JobRun.objects.create(
        guild=world.garden.guild, name="a-task", slot=timezone.now(), outcome="lost"
    )
    rows = owner.get(f"jobrun/{query}").context["cl"].result_list
    assert [row.name for row in rows] == names


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cronjob", "No script has registered a cron job yet."),
        ("task", "No task is pending."),
        ("jobrun", "Nothing has run yet."),
    ],
)
def test_an_empty_list_says_what_fills_it(name: str, sentence: str, operator: Visitor) -> None:
    JobRun.objects.all().delete()
    CronJob.objects.all().delete()
    Task.objects.all().delete()
    assert sentence in operator.get(f"{name}/").content.decode()
