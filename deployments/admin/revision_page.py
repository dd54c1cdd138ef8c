"""The page of a revision: how its deployment goes, what it is made of, and the way back to it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from deployments.actor import Actor
from deployments.admin import guild_states
from deployments.admin.pages import confirm_page, page
from deployments.admin.source_view import (
    FileDiff,
    Line,
    differences,
    error_excerpt,
    excerpt,
    file_named,
    numbered,
)
from deployments.display import stamp, who
from deployments.models import Revision
from deployments.models.revision import Origin, Status
from deployments.services.outcome import wait_for
from deployments.services.readiness import runtime_answers
from deployments.services.roll_back import NotRollbackable, roll_back

# One question of the page about a pending revision is answered at the latest after this; seconds.
PROGRESS_PATIENCE = 10.0
# Without scripts the page asks anew after this; seconds.
REFRESH_AFTER = 3


def revision_page(request: HttpRequest, site: AdminSite, revision: Revision) -> HttpResponse:
    guild = revision.guild
    is_active = guild.active_revision_id == revision.pk
    is_pending = revision.status == Status.PENDING
    context: dict[str, Any] = {
        "title": _title(revision),
        "revision": revision,
        "editor_address": _editor_address(revision),
        "guild": guild,
        "is_active": is_active,
        "is_pending": is_pending,
        "is_failed": revision.status == Status.FAILED,
        "has_succeeded": revision.status == Status.SUCCESS,
        "may_roll_back": revision.status == Status.SUCCESS and not is_active,
        "after_deploy": guild_states.after_deploy(guild),
        "runtime_is_away": is_pending and not runtime_answers(),
        "refresh_after": REFRESH_AFTER,
        "came_from_editor": request.GET.get("from") == "editor",
        "excerpt": _excerpt(revision),
        "files": numbered(revision.files or [], revision.error),
        "diffs": _diffs(revision),
        "is_simulated": settings.FLORA.simulated_discord,
    }
    return page(request, site, "admin/deployments/revision.html", context, of=revision)


@require_safe
def progress(request: HttpRequest, site: AdminSite, revision: Revision) -> HttpResponseBase:
    """Answers when the revision has settled, or soon: `{"status", "runtime": up or away}`."""
    revision = wait_for(revision, PROGRESS_PATIENCE)
    is_away = revision.status == Status.PENDING and not runtime_answers()
    return JsonResponse({"status": revision.status, "runtime": "away" if is_away else "up"})


@require_http_methods(["GET", "HEAD", "POST"])
def roll_back_page(request: HttpRequest, site: AdminSite, revision: Revision) -> HttpResponseBase:
    guild = revision.guild
    back = reverse("admin:deployments_revision_change", args=(revision.pk,))
    if revision.status != Status.SUCCESS:
        messages.error(request, "Only a revision that once ran can be rolled back to.")
        return redirect(back)
    if request.method != "POST":
        return confirm_page(
            request,
            site,
            title=f"Roll {guild} back?",
            question=(
                f"The script of {stamp(revision.deployed_at)} UTC by {who(revision)} is deployed "
                "again, as a new revision. Until it is loaded the present one goes on answering; "
                "KV data stays as it is."
            ),
            submit="Roll back to this",
            cancel=back,
            of=revision,
        )
    try:
        rolled_back = roll_back(
            guild=guild, target=revision, actor=Actor.of(request), origin=Origin.WEBUI.value
        )
    except NotRollbackable as problem:  # its status has changed since it was asked above
        messages.error(request, f"{problem}.")
        return redirect(back)
    return redirect("admin:deployments_revision_change", rolled_back.pk)


def _editor_address(revision: Revision) -> str:
    editor = reverse("admin:deployments_guild_script", args=(revision.guild_id,))
    return f"{editor}?revision={revision.pk}"


def _title(revision: Revision) -> str:
    match revision.status:
        case Status.PENDING:
            return f"Deploying to {revision.guild}"
        case Status.FAILED:
            return f"Not deployed to {revision.guild}"
        case _:
            return f"Revision of {revision.guild}"


def _excerpt(revision: Revision) -> list[Line]:
    """The line of the error in the sources, else in the bundle."""
    error: dict[str, Any] = revision.error or {}
    if lines := error_excerpt(error, revision.files):
        return lines
    if error.get("line") and not file_named(error, revision.files) and revision.bundle:
        return excerpt(revision.bundle, error["line"], error.get("column"))
    return []


def _diffs(revision: Revision) -> list[FileDiff]:
    if revision.base_revision_id is None:
        return []
    base = Revision.objects.only("files").get(pk=revision.base_revision_id)
    return differences(base.files, revision.files, revision.change_summary)
