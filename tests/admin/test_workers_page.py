"""Operators' page of workers: what they hold and use, and what can be done about it."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from deployments import control
from deployments.control import GuildLoad, Service, Workers, WorkerState
from deployments.models import AuditEvent, Guild
from tests.admin.conftest import GARDEN, ORCHARD, Answering, Visitor, World, said

STARTED = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
PAGE = "/admin/workers/"
BUSY = WorkerState(
    index=0,
    restarts=1,
    pid=4711,
    started_at=STARTED.timestamp(),
    isolates=2,
    isolates_made=9,
    private_bytes=48 << 20,
    cpu_share=0.374,
    guild_count=102,
    guilds=[
        GuildLoad(str(GARDEN), cpu_seconds=1.257, queued=3, started=2, dropped=17),
        GuildLoad("300000000000000077", cpu_seconds=0.0, queued=0, started=0, dropped=0),
    ],
)
AWAY = WorkerState(index=1, restarts=12)
IDLE = WorkerState(index=2, restarts=0, pid=4713, started_at=STARTED.timestamp())


@pytest.fixture
def workers(runtime: Answering) -> Answering:
    """A runtime with three workers, which does what it is asked."""

    def answer(message: control.Message) -> control.Reply:
        match message:
            case control.GetWorkers():
                return Workers([BUSY, AWAY, IDLE])
            case control.Migrate(_, worker):
                return control.Migrated(0, worker, 12.5)
        return control.Done()

    runtime.answer = answer
    return runtime


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def cards(visitor: Visitor) -> list[str]:
    page = visitor.get(PAGE).content.decode()
    return [words(card) for card in page.partition('id="workers"')[2].split("flora-card")[1:]]


def test_each_worker_is_shown_with_its_guilds(workers: Answering, operator: Visitor) -> None:
    busy, away, idle, _ = cards(operator)
    assert "Worker 0 running" in busy
    assert "CPU, last 30 s 37 % of one" in busy
    assert "Memory of its own 48.0" in busy
    assert "process 4711" in busy
    assert "Isolates 2 of 9 made" in busy
    assert "Replaced 1 time after it had died" in busy
    assert "Garden 1.26 s 3 2 17" in busy
    assert "300000000000000077 0.00 s 0 0 0" in busy
    assert "and 100 that use less." in busy
    assert "Worker 1 being replaced" in away
    assert "Replaced 12 times after it had died" in away
    assert "CPU" not in away
    assert "It has no guild at the moment." in idle


def test_a_guild_can_be_moved_to_the_other_workers_only(
    workers: Answering, operator: Visitor
) -> None:
    page = operator.get(PAGE).content.decode()
    form = page.partition(f"/guilds/{GARDEN}/migrate/")[2].partition("</form>")[0]
    assert re.findall(r'option value="(\d+)"', form) == ["1", "2"]


def test_while_the_runtime_is_away_the_page_says_so(world: World, operator: Visitor) -> None:
    response = operator.get(PAGE)
    assert response.status_code == 200
    assert "The runtime does not answer" in response.content.decode()


def test_a_guild_is_paused_and_resumed_from_here(
    workers: Answering, world: World, operator: Visitor
) -> None:
    response = operator.post(f"{PAGE}guilds/{GARDEN}/pause/")
    assert response["Location"] == PAGE
    assert said(operator.get(PAGE)) == ["Garden is paused: its script receives nothing any more."]
    *_, stopped = cards(operator)
    assert "Garden" in stopped
    assert "Orchard" not in stopped
    operator.post(f"{PAGE}guilds/{GARDEN}/resume/")
    assert said(operator.get(PAGE)) == ["Garden is resumed."]
    assert Guild.objects.get(pk=GARDEN).paused_at is None
    assert "None: every guild that has a script may run it." in cards(operator)[-1]
    actions = AuditEvent.objects.exclude(details__has_key="note").filter(guild_id=GARDEN)
    assert list(actions.order_by("pk").values_list("action", "guild_id"))[-2:] == [
        ("pause", GARDEN),
        ("resume", GARDEN),
    ]


def test_a_guild_is_moved_and_a_worker_recycled(
    workers: Answering, world: World, operator: Visitor
) -> None:
    operator.post(f"{PAGE}guilds/{ORCHARD}/migrate/", {"worker": "2"})
    assert control.Migrate(str(ORCHARD), 2) in workers.asked
    assert said(operator.get(PAGE)) == ["Orchard runs in worker 2 now."]
    operator.post(f"{PAGE}0/recycle/")
    assert control.Recycle(0) in workers.asked
    assert said(operator.get(PAGE)) == ["Worker 0 is being replaced: its guilds move one by one."]
    moved, recycled = AuditEvent.objects.order_by("-pk")[:2][::-1]
    assert (moved.action, moved.guild_id, moved.details) == ("migrate", ORCHARD, {"worker": 2})
    assert (recycled.action, recycled.guild_id) == ("recycle", None)
    assert recycled.details == {"worker": 0}


@pytest.mark.parametrize(
    ("services", "offered"),
    [
        (["in_service", "in_service"], [["drain", "recycle"], ["drain", "recycle"]]),
        (["in_service", "draining"], [["recycle"], ["take-back", "recycle"]]),
        (["drained", "in_service"], [["take-back", "recycle"], ["recycle"]]),
        (["in_service", "apart"], [["recycle"], []]),
    ],
)
def test_what_can_be_done_with_a_worker(
    runtime: Answering, operator: Visitor, services: list[str], offered: list[list[str]]
) -> None:
    states = [
        msgspec.structs.replace(BUSY, index=index, service=Service(service))
        for index, service in enumerate(services)
    ]
    runtime.answer = lambda message: Workers(states)
    page = operator.get(PAGE).content.decode()
    for index, actions in enumerate(offered):
        assert re.findall(rf'action="{PAGE}{index}/([a-z-]+)/"', page) == actions
    # A guild is moved only where one may be placed.
    targets = re.findall(r'option value="(\d+)"', page)
    assert {int(target) for target in targets} <= {
        index for index, service in enumerate(services) if service == "in_service"
    }


def test_a_worker_that_is_drained_says_so(runtime: Answering, operator: Visitor) -> None:
    empty = msgspec.structs.replace(IDLE, service=Service.DRAINED)
    runtime.answer = lambda message: Workers([BUSY, empty])
    busy, drained, _ = cards(operator)
    assert "drain" not in busy.partition("Drain and recycle")[0].lower()
    assert "Worker 2 running drained" in drained
    assert "no guild is placed here until it is taken back, or flora restarts." in drained


def test_a_worker_is_drained_and_taken_back(workers: Answering, operator: Visitor) -> None:
    operator.post(f"{PAGE}0/drain/")
    assert said(operator.get(PAGE)) == ["Worker 0 is being drained: its guilds move off."]
    operator.post(f"{PAGE}0/take-back/")
    assert said(operator.get(PAGE)) == [
        "Worker 0 is in service again: guilds come with their next deployment."
    ]
    asked = [m for m in workers.asked if isinstance(m, control.Drain | control.TakeBack)]
    assert asked == [control.Drain(0), control.TakeBack(0)]
    audit = AuditEvent.objects.order_by("-pk").values_list("action", "guild_id", "details")
    assert list(audit[:2]) == [("take_back", None, {"worker": 0}), ("drain", None, {"worker": 0})]


def test_the_last_worker_in_service_is_not_drained(workers: Answering, operator: Visitor) -> None:
    workers.answer = lambda message: control.Refused("it is the last one", is_absurd=False)
    operator.post(f"{PAGE}0/drain/")
    assert said(operator.get(PAGE)) == ["Worker 0 was not drained: it is the last one."]


def test_what_the_runtime_does_not_do_is_told_with_its_reason(
    workers: Answering, world: World, operator: Visitor
) -> None:
    workers.answer = lambda message: control.Refused("it does not come to rest", is_absurd=False)
    operator.post(f"{PAGE}guilds/{GARDEN}/migrate/", {"worker": "1"})
    assert said(operator.get(PAGE)) == ["Garden has stayed where it was: it does not come to rest."]


@pytest.mark.parametrize("worker", ["", "-1", "x", "1e3", "123"])
def test_no_worker_at_all_is_asked_for_nothing(
    workers: Answering, world: World, operator: Visitor, worker: str
) -> None:
    operator.post(f"{PAGE}guilds/{GARDEN}/migrate/", {"worker": worker})
    assert said(operator.get(PAGE)) == ["Choose the worker that the guild is to be moved to."]
    assert not any(isinstance(message, control.Migrate) for message in workers.asked)


def test_a_guild_that_is_not_there_is_not_found(world: World, operator: Visitor) -> None:
    for guild_id in ("300000000000000099", "x", "1" * 30):
        assert operator.post(f"{PAGE}guilds/{guild_id}/pause/").status_code == 404
