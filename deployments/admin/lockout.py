"""What somebody sees who has failed to log in too often."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from deployments.admin.pages import page
from deployments.admin.site import site


def locked_out(
    request: HttpRequest,
    original_response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """Called by axes. Each further attempt begins its cool-off anew, so it is always whole."""
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    context = {
        "title": "Too many failed logins",
        "failures": settings.AXES_FAILURE_LIMIT,
        "minutes": round(cool_off.total_seconds() / 60),
        "until": timezone.now() + cool_off,
    }
    response = page(request, site, "admin/deployments/locked_out.html", context, status=429)
    response["Retry-After"] = str(round(cool_off.total_seconds()))
    return response.render()
