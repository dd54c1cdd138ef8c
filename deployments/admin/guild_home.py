"""The home of a guild: how it is, what it runs, and what can be done about it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from deployments.actor import Actor
from deployments.admin import guild_states
from deployments.admin.owners import administrators
from deployments.admin.pages import LATER, confirm_page, page
from deployments.admin.scoped import operator_of
from deployments.capabilities import Capability
from deployments.models import Guild
from deployments.models.guild import GuildState
from deployments.services import desired_state
from deployments.services.faults import lift_suspension
from deployments.services.guild_settings import choose_mentions
from deployments.services.outcome import until_it_holds

REVISIONS_SHOWN = 5
LOG_LINES_SHOWN = 10
FAULTS_SHOWN = 5
STORES_SHOWN = 10
JOBS_SHOWN = 10
SECRETS_SHOWN = 10


def home(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponse:
    is_operator = Actor.of(request).is_operator
    waits_for_owner = guild.state == GuildState.SUSPENDED and guild.suspended_until is None
    context: dict[str, Any] = {
        "title": str(guild),
        "guild": guild,
        "sentence": guild_states.sentence(guild),
        "may_pause": guild.state in (GuildState.RUNNING, GuildState.FAILED),
        "may_resume": guild.state == GuildState.PAUSED or waits_for_owner,
        "may_lift": guild.is_suspended and is_operator,
        "faults": guild.faults.newest_first()[:FAULTS_SHOWN],
        "may_try_again": guild.state == GuildState.FAILED,
        "pending": guild.revisions.without_contents().pending().last(),
        "revisions": guild.revisions.without_contents().newest_first()[:REVISIONS_SHOWN],
        "log_entries": list(reversed(guild.log_entries.order_by("-pk")[:LOG_LINES_SHOWN])),
        "stores": guild.kv_stores.order_by("name")[:STORES_SHOWN],
        "secrets": guild.secrets.defer("ciphertext", "nonce")[:SECRETS_SHOWN],
        "jobs": guild.cron_jobs.with_last_run()[:JOBS_SHOWN],
        "next_task": guild.tasks.defer("data").first(),
        "task_count": guild.tasks.count(),
        "administrators": administrators(guild),
        "may_change_owners": is_operator,
        "may_set_limits": is_operator,
        "withheld": [Capability(name) for name in guild.withheld_capabilities],
        "is_simulated": settings.FLORA.simulated_discord,
    }
    return page(request, site, "admin/deployments/guild.html", context, of=guild)


@require_POST
def pause(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponse:
    if guild.paused_at is None:
        desired_state.pause(guild=guild, actor=Actor.of(request))
        _say(request, guild, "The script is paused: it receives nothing any more.")
    return _to_home(guild)


@require_POST
def resume(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponse:
    """Out of a pause, and also one more try for a script that did not load."""
    waits_for_owner = guild.is_suspended and guild.suspended_until is None
    if guild.paused_at is not None or guild.load_error or waits_for_owner:
        guild = desired_state.resume(guild=guild, actor=Actor.of(request))
        is_empty = guild.state == GuildState.EMPTY
        _say(request, guild, "The guild is resumed." if is_empty else "The script runs again.")
    return _to_home(guild)


@require_POST
def lift(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponse:
    """Operators: out of a suspension, whatever is left of it."""
    actor = operator_of(request)
    if guild.is_suspended:
        lift_suspension(guild=guild, actor=actor)
        _say(request, guild, "The suspension is lifted and the strikes are forgotten.")
    return _to_home(guild)


@require_http_methods(["GET", "HEAD", "POST"])
def undeploy(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponseBase:
    if guild.active_revision_id is None:
        messages.info(request, "No script is deployed, so there is nothing to undeploy.")
        return _to_home(guild)
    if request.method != "POST":
        return confirm_page(
            request,
            site,
            title=f"Undeploy the script of {guild}?",
            question=(
                "The script stops and its slash commands disappear from Discord. Revisions, logs "
                "and KV data stay: any revision can be rolled back to later."
            ),
            submit="Undeploy",
            cancel=_address(guild),
            of=guild,
            danger=True,
        )
    desired_state.undeploy(guild=guild, actor=Actor.of(request))
    _say(request, guild, "The script is undeployed.")
    return _to_home(guild)


@require_POST
def mentions(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponse:
    """Takes `safe`, yes or no; anything else changes nothing."""
    wanted = {"yes": True, "no": False}.get(request.POST.get("safe", ""))
    if wanted is None or wanted == guild.safe_mentions:
        return _to_home(guild)
    guild = choose_mentions(guild=guild, actor=Actor.of(request), safe=wanted)
    if not until_it_holds(guild):
        messages.warning(request, f"Noted. {LATER}")
    elif wanted:
        messages.success(request, "From the next message on only users are pinged.")
    else:
        messages.success(request, "From the next message on whoever is mentioned is pinged.")
    return _to_home(guild)


def _to_home(guild: Guild) -> HttpResponse:
    return redirect(_address(guild))


def _address(guild: Guild) -> str:
    return reverse("admin:deployments_guild_change", args=(guild.pk,))


def _say(request: HttpRequest, guild: Guild, done: str) -> None:
    """Says that it is done only when the runtime has confirmed it."""
    if not until_it_holds(guild):
        messages.warning(request, f"Noted. {LATER}")
        return
    guild.refresh_from_db(fields=["load_error"])
    if guild.load_error:
        messages.error(request, "The script does not load: the reason stands below.")
    else:
        messages.success(request, done)
