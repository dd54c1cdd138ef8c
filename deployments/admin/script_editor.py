"""The page on which a guild's script is written and deployed."""

from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from deployments.actor import Actor
from deployments.admin.pages import page
from deployments.admin.script_form import ScriptForm
from deployments.limits import limits_of
from deployments.models import Guild, Revision
from deployments.models.revision import Origin, Status
from deployments.services.deploy import deploy
from deployments.source import Source


@require_http_methods(["GET", "HEAD", "POST"])
def script_page(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponseBase:
    """Opens with the active revision; `?revision=` with another one, `?anew` with a small start."""
    if request.method == "POST":
        return _typed(request, site, guild)
    base = guild.active_revision_id or ""
    if "anew" in request.GET:
        return _editor(request, site, guild, ScriptForm.starter(str(base)))
    revision = _revision_to_open(request, guild)
    if revision is None:
        return _editor(request, site, guild, ScriptForm.starter(str(base)))
    return _editor(request, site, guild, ScriptForm.of(revision, str(base)), opened=revision)


def _typed(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponseBase:
    form = ScriptForm.typed(request.POST)
    if "add" in request.POST:
        form.add_file()
        return _editor(request, site, guild, form)
    if "remove" in request.POST:
        form.remove_file(request.POST["remove"])
        return _editor(request, site, guild, form)
    runtime, _ = limits_of(guild.pk)
    source = form.as_source(runtime)
    if source is None:
        return _editor(request, site, guild, form, status=400)
    if form.base != str(guild.active_revision_id or ""):
        return _overtaken(request, site, guild, form)
    return _deployed(request, guild, source)


def _deployed(request: HttpRequest, guild: Guild, source: Source) -> HttpResponse:
    revision = deploy(
        guild=guild, source=source, actor=Actor.of(request), origin=Origin.WEBUI.value
    )
    address = reverse("admin:deployments_revision_change", args=(revision.pk,))
    return redirect(f"{address}?from=editor")


def _overtaken(
    request: HttpRequest, site: AdminSite, guild: Guild, form: ScriptForm
) -> HttpResponse:
    """The form comes back once with a warning; sent again as it is, it deploys."""
    form.base = str(guild.active_revision_id or "")
    return _editor(request, site, guild, form, status=409, is_overtaken=True)


def _revision_to_open(request: HttpRequest, guild: Guild) -> Revision | None:
    """The one that the address names, else the active one, else the last that ever ran."""
    revisions = guild.revisions.defer("bundle", "source_map")
    if wanted := request.GET.get("revision"):
        try:
            return revisions.get(pk=wanted)
        except (Revision.DoesNotExist, ValidationError):
            raise Http404(f"no revision {wanted}") from None
    if guild.active_revision_id:
        return revisions.get(pk=guild.active_revision_id)
    return revisions.successful().newest_first().first()


def _editor(
    request: HttpRequest,
    site: AdminSite,
    guild: Guild,
    form: ScriptForm,
    *,
    opened: Revision | None = None,
    status: int = 200,
    is_overtaken: bool = False,
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": f"Script of {guild}",
        "guild": guild,
        "form": form,
        "opened": opened,
        "opened_is_active": opened is not None and opened.pk == guild.active_revision_id,
        "opened_failed": opened is not None and opened.status == Status.FAILED,
        "is_overtaken": is_overtaken,
        "pending": guild.revisions.without_contents().pending().last(),
    }
    return page(request, site, "admin/deployments/script.html", context, of=guild, status=status)
