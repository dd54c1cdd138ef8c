"""What is said when a request fails outside any view: the API's envelope, or a page elsewhere."""

import sys

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from deployments.api.errors import refusal


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return refusal(request, 400, exception)
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return refusal(request, 404, exception)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return refusal(request, 500, sys.exc_info()[1])  # type: ignore[arg-type]
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info == "/api" or request.path_info.startswith("/api/")
