"""Cron jobs over the API: what they look like, and a run by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.models import AuditEvent, CronJob, Guild, JobRun
from tests.api.conftest import GARDEN, ORCHARD, Api, World, settled

SLOT = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.fixture
def job(world: World) -> CronJob:
    settled(world.garden)
    return CronJob.objects.create(guild=world.garden, name="report", expression="0 9 * * MON")


def run(job: CronJob, slot: datetime = SLOT, **fields: Any) -> JobRun:
    return JobRun.objects.create(guild=job.guild, job=job, name=job.name, slot=slot, **fields)


def test_jobs_come_by_name_with_their_last_run(gardener: Api, job: CronJob) -> None:
    other = CronJob.objects.create(
        guild=job.guild,
        name="a/b c",
        expression="@daily",
        skip_if_running=True,
        catch_up="once",
        next_at=SLOT,
    )
    run(other, outcome="ok")
    run(job, outcome="ok", started_at=SLOT, duration_ms=0)
    run(job, SLOT + timedelta(days=7), outcome="skipped", error="still under way")
    assert gardener("GET", f"/api/cron/{GARDEN}") == (
        200,
        [
            {
                "name": "a/b c",
                "expression": "@daily",
                "skip_if_running": True,
                "catch_up": "once",
                "next_at": "2026-11-25T09:00:00Z",
                "last_run": {"slot": "2026-11-25T09:00:00Z", "trigger": "slot", "outcome": "ok"},
            },
            {
                "name": "report",
                "expression": "0 9 * * MON",
                "skip_if_running": False,
                "catch_up": "skip",
                "last_run": {
                    "slot": "2026-12-02T09:00:00Z",
                    "trigger": "slot",
                    "outcome": "skipped",
                    "error": "still under way",
                },
            },
        ],
    )
    assert gardener("GET", f"/api/cron/{GARDEN}/report/runs?limit=2")[1][1] == {
        "slot": "2026-11-25T09:00:00Z",
        "trigger": "slot",
        "outcome": "ok",
        "started_at": "2026-11-25T09:00:00Z",
        "duration_ms": 0,
    }
    assert len(gardener("GET", f"/api/cron/{GARDEN}/report/runs?limit=1")[1]) == 1
    assert len(gardener("GET", f"/api/cron/{GARDEN}/a%2Fb%20c/runs")[1]) == 1


def test_a_guild_without_jobs(gardener: Api, world: World) -> None:
    assert gardener("GET", f"/api/cron/{GARDEN}") == (200, [])


def test_a_run_by_hand_is_noted_and_kept_in_the_audit(gardener: Api, job: CronJob) -> None:
    before = timezone.now()
    status, content = gardener("POST", f"/api/cron/{GARDEN}/report/run")
    job.refresh_from_db()
    assert status == 202
    assert job.run_requested_at is not None
    assert before <= job.run_requested_at <= timezone.now()
    shown = job.run_requested_at.isoformat().replace("+00:00", "Z")
    assert content == {"name": "report", "requested_at": shown}
    event = AuditEvent.objects.get(action="run_job")
    assert (event.guild_id, event.details, event.actor_username) == (
        GARDEN,
        {"job": "report"},
        "gardener",
    )
    # Asked again while it waits, it is the same wish.
    assert gardener("POST", f"/api/cron/{GARDEN}/report/run/") == (202, content)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"paused_at": SLOT}, "paused"),
        ({"left_at": SLOT}, "left"),
        ({"load_error": "boom"}, "failed"),
        ({"active_revision": None}, "empty"),
    ],
)
def test_nothing_is_run_where_nothing_runs(
    change: dict[str, Any], why: str, gardener: Api, job: CronJob
) -> None:
    Guild.objects.filter(pk=GARDEN).update(**change)
    assert gardener("POST", f"/api/cron/{GARDEN}/report/run") == (
        400,
        {"message": f"Bad request: the guild's script does not run: it is {why}"},
    )
    job.refresh_from_db()
    assert job.run_requested_at is None
    assert not AuditEvent.objects.filter(action="run_job").exists()


@pytest.mark.parametrize("name", ["nothing", "Report", "report%00", "report/run", "%F0%9F%8C%B7"])
@pytest.mark.parametrize(("method", "what"), [("POST", "run"), ("GET", "runs")])
def test_a_job_that_is_not_there(
    method: str, what: str, name: str, gardener: Api, job: CronJob
) -> None:
    status, content = gardener(method, f"/api/cron/{GARDEN}/{name}/{what}")
    assert status == 404
    assert content["message"].startswith("Resource not found: cron job ")


def test_another_guilds_job_is_not_found_under_ones_own(gardener: Api, world: World) -> None:
    settled(world.garden)
    CronJob.objects.create(guild=world.orchard, name="theirs", expression="@daily")
    assert gardener("POST", f"/api/cron/{GARDEN}/theirs/run")[0] == 404
    assert gardener("POST", f"/api/cron/{ORCHARD}/theirs/run")[0] == 404
    assert CronJob.objects.get().run_requested_at is None


@pytest.mark.parametrize("limit", ["0", "51", "-1", "x", "1e9"])
def test_a_wrong_limit_is_named(limit: str, gardener: Api, job: CronJob) -> None:
    status, content = gardener("GET", f"/api/cron/{GARDEN}/report/runs?limit={limit}")
    assert status == 400
    assert content["message"].startswith("Bad request: `limit`: ")
