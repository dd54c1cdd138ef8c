"""The page of the runtime's workers: what they hold and use, and what operators can do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from deployments.access import GuildNotFound, InvalidGuildId, guild_for
from deployments.actor import Actor
from deployments.admin.pages import page
from deployments.admin.scoped import operator_of
from deployments.control import GuildLoad, Service, WorkerState
from deployments.models import Guild
from deployments.models.guild import GuildState
from deployments.services import desired_state
from deployments.services.migration import NotDone, NotPossible, Unanswered
from deployments.services.migration import drain as drain_worker
from deployments.services.migration import migrate as migrate_guild
from deployments.services.migration import recycle as recycle_worker
from deployments.services.migration import take_back as take_worker_back
from deployments.services.outcome import until_it_holds
from deployments.services.workers import present_workers

# Guilds that have been stopped and may be let go on, the last ones first.
STOPPED_SHOWN = 50
# Seconds.
REFRESH_AFTER = 5


@dataclass(frozen=True)
class HostedGuild:
    guild_id: str
    name: str
    load: GuildLoad


@dataclass(frozen=True)
class ShownWorker:
    """others: the workers that a guild of this one can be moved to; can_drain, can_recycle,
    can_return: what can be done with it as it is."""

    state: WorkerState
    started_at: datetime | None
    cpu_percent: int
    guilds: list[HostedGuild]
    guilds_left_out: int
    others: list[int]
    can_drain: bool
    can_recycle: bool
    can_return: bool


def workers_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    operator_of(request)
    states = present_workers()
    context: dict[str, Any] = {
        "title": "Workers",
        "workers": _shown(states or []),
        "runtime_is_away": states is None,
        "guild_count": sum(state.guild_count for state in states or []),
        "stopped": [
            *Guild.objects.in_state(GuildState.SUSPENDED).order_by("-suspended_at")[:STOPPED_SHOWN],
            *Guild.objects.in_state(GuildState.PAUSED).order_by("-paused_at")[:STOPPED_SHOWN],
        ],
        "refresh_after": REFRESH_AFTER,
    }
    return page(request, site, "admin/deployments/workers.html", context)


@require_POST
def pause(request: HttpRequest, site: AdminSite, guild_id: str) -> HttpResponse:
    guild, actor = _guild_of(request, guild_id)
    if guild.paused_at is None:
        guild = desired_state.pause(guild=guild, actor=actor)
        _say(request, guild, "{} is paused: its script receives nothing any more.")
    return redirect("admin:workers")


@require_POST
def resume(request: HttpRequest, site: AdminSite, guild_id: str) -> HttpResponse:
    guild, actor = _guild_of(request, guild_id)
    if guild.paused_at is not None:
        guild = desired_state.resume(guild=guild, actor=actor)
        _say(request, guild, "{} is resumed.")
    return redirect("admin:workers")


@require_POST
def migrate(request: HttpRequest, site: AdminSite, guild_id: str) -> HttpResponse:
    guild, actor = _guild_of(request, guild_id)
    worker = request.POST.get("worker", "")
    if not worker.isdecimal() or len(worker) > 2:
        messages.error(request, "Choose the worker that the guild is to be moved to.")
        return redirect("admin:workers")
    try:
        migrate_guild(guild=guild, worker=int(worker), actor=actor)
    except (NotDone, NotPossible, Unanswered) as reason:
        messages.error(request, f"{guild} has stayed where it was: {reason}.")
    else:
        messages.success(request, f"{guild} runs in worker {worker} now.")
    return redirect("admin:workers")


@require_POST
def recycle(request: HttpRequest, site: AdminSite, index: int) -> HttpResponse:
    done = "is being replaced: its guilds move one by one"
    return _steer(request, index, recycle_worker, done, "recycled")


@require_POST
def drain(request: HttpRequest, site: AdminSite, index: int) -> HttpResponse:
    return _steer(request, index, drain_worker, "is being drained: its guilds move off", "drained")


@require_POST
def take_back(request: HttpRequest, site: AdminSite, index: int) -> HttpResponse:
    done = "is in service again: guilds come with their next deployment"
    return _steer(request, index, take_worker_back, done, "taken back")


def _steer(
    request: HttpRequest, index: int, service: Callable[..., None], done: str, participle: str
) -> HttpResponse:
    """done: what is true of the worker then; participle: what was not done to it, else."""
    actor = operator_of(request)
    try:
        service(worker=index, actor=actor)
    except (NotDone, NotPossible, Unanswered) as reason:
        messages.error(request, f"Worker {index} was not {participle}: {reason}.")
    else:
        messages.success(request, f"Worker {index} {done}.")
    return redirect("admin:workers")


# address, name, view(request, site, …)
PAGES = (
    ("workers/", "workers", workers_page),
    ("workers/<int:index>/recycle/", "worker_recycle", recycle),
    ("workers/<int:index>/drain/", "worker_drain", drain),
    ("workers/<int:index>/take-back/", "worker_take_back", take_back),
    ("workers/guilds/<str:guild_id>/pause/", "worker_guild_pause", pause),
    ("workers/guilds/<str:guild_id>/resume/", "worker_guild_resume", resume),
    ("workers/guilds/<str:guild_id>/migrate/", "worker_guild_migrate", migrate),
)


def _guild_of(request: HttpRequest, guild_id: str) -> tuple[Guild, Actor]:
    actor = operator_of(request)
    try:
        return guild_for(actor, guild_id), actor
    except (GuildNotFound, InvalidGuildId):
        raise Http404(f"no guild {guild_id}") from None


def _say(request: HttpRequest, guild: Guild, done: str) -> None:
    if until_it_holds(guild):
        messages.success(request, done.format(guild))
    else:
        messages.warning(request, "Noted. The runtime does not answer at the moment: it follows.")


def _shown(states: list[WorkerState]) -> list[ShownWorker]:
    names = Guild.objects.in_bulk([int(load.guild_id) for s in states for load in s.guilds])
    in_service = [state.index for state in states if state.service == Service.IN_SERVICE]

    def hosted(load: GuildLoad) -> HostedGuild:
        guild = names.get(int(load.guild_id))
        return HostedGuild(load.guild_id, str(guild or load.guild_id), load)

    return [
        ShownWorker(
            state=state,
            started_at=datetime.fromtimestamp(state.started_at, UTC) if state.pid else None,
            cpu_percent=round(state.cpu_share * 100),
            guilds=[hosted(load) for load in state.guilds],
            guilds_left_out=state.guild_count - len(state.guilds),
            others=[index for index in in_service if index != state.index],
            can_drain=state.index in in_service and len(in_service) > 1,
            can_recycle=bool(state.pid) and state.service != Service.APART,
            can_return=state.service in (Service.DRAINING, Service.DRAINED),
        )
        for state in states
    ]
