"""How the API says no: {"message": "<prefix>…"}, the same for every refusal under /api."""

import logging
import math
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from deployments.access import (
    GuildNotFound,
    InvalidGuildId,
    JobNotFound,
    OperatorsOnly,
    RevisionNotFound,
)
from deployments.kv.rules import KvError
from deployments.limits import InvalidLimit
from deployments.services.kv_transfer import ExportNotFound
from deployments.services.migration import NotDone, NotPossible, Unanswered
from deployments.services.roll_back import NotRollbackable
from deployments.services.schedule import NotRunnable
from deployments.services.secrets import InvalidSecret
from deployments.source import InvalidSource
from deployments.webhook import InvalidWebhook

log = logging.getLogger("flora.deployments")

# The first five are the original's.
PREFIXES = {
    status.HTTP_400_BAD_REQUEST: "Bad request: ",
    status.HTTP_401_UNAUTHORIZED: "Unauthorized: ",
    status.HTTP_403_FORBIDDEN: "Forbidden: ",
    status.HTTP_404_NOT_FOUND: "Resource not found: ",
    status.HTTP_500_INTERNAL_SERVER_ERROR: "Internal server error",
    status.HTTP_405_METHOD_NOT_ALLOWED: "Method not allowed: ",
    status.HTTP_409_CONFLICT: "Conflict: ",
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "Payload too large: ",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "Unsupported media type: ",
    status.HTTP_429_TOO_MANY_REQUESTS: "Too many requests: ",
    status.HTTP_503_SERVICE_UNAVAILABLE: "Service unavailable: ",
}
# By the code of what key-value data may not be; 400 otherwise.
KV_STATUSES = {"KV_STORE_NOT_FOUND": 404, "KV_KEY_NOT_FOUND": 404, "KV_RATE_LIMITED": 429}
DATABASE_AWAY = "the database does not answer; try again in a moment"


class Refused(exceptions.APIException):
    """A refusal with a status, a sentence, and further keys of the envelope."""

    def __init__(self, status_code: int, sentence: str, **further: Any) -> None:
        super().__init__(sentence)
        self.status_code = status_code
        self.further = further


def envelope(error: Exception, context: dict[str, Any]) -> Response:
    """REST framework's exception handler: any exception of a view as the API's answer."""
    set_rollback()
    match error:
        case InvalidGuildId():
            return _answer(400, "Invalid guild ID")
        case GuildNotFound():
            return _answer(404, f"guild {error}")
        case RevisionNotFound():
            return _answer(404, f"revision {error}")
        case JobNotFound():
            return _answer(404, f"cron job {error}")
        case OperatorsOnly():
            return _answer(403, str(error))
        case InvalidSource() | NotRollbackable() | NotRunnable() | NotPossible():
            return _answer(400, str(error))
        case NotDone():
            return _answer(409, str(error))
        case Unanswered():
            return _answer(503, str(error))
        case InvalidLimit():
            return _answer(400, f"`{error.name}`: {error}")
        case InvalidSecret():
            return _answer(400, f"`{error.field}`: {error}")
        case InvalidWebhook():
            return _answer(400, f"`notice_webhook`: {error}")
        case KvError():
            answer = _answer(KV_STATUSES.get(error.code, 400), str(error), code=error.code)
            if error.retry_after is not None:
                answer["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
            return answer
        case ExportNotFound():
            return _answer(404, f"export {error}")
        case RequestDataTooBig():
            return _answer(413, str(error))
        case OperationalError() | InterfaceError():
            log.error("the API has no database: %s", error)
            return _answer(503, DATABASE_AWAY)
        case Refused():
            return _answer(error.status_code, str(error.detail), **error.further)
        case exceptions.ValidationError():
            return _answer(400, first_problem(error.detail))
        case exceptions.MethodNotAllowed():
            return _answer(405, f"{context['request'].method} is not possible here")
        case exceptions.APIException():
            answer = _answer(error.status_code, str(error.detail))
            if header := getattr(error, "auth_header", None):
                answer["WWW-Authenticate"] = header
            return answer
        case _:
            log.exception("the API failed at %s", context["request"].path, exc_info=error)
            return _answer(500, "")


def refusal(request: HttpRequest, status_code: int, error: Exception | None) -> JsonResponse:
    """The envelope for what fails outside any view: in a middleware, before the URL is known."""
    sentence = ""
    if isinstance(error, OperationalError | InterfaceError):
        status_code, sentence = 503, DATABASE_AWAY
    elif status_code != status.HTTP_500_INTERNAL_SERVER_ERROR:
        sentence = str(error) if isinstance(error, SuspiciousOperation) else request.path
    return JsonResponse({"message": PREFIXES[status_code] + sentence}, status=status_code)


def first_problem(detail: Any, place: str = "") -> str:
    """REST framework's nested validation errors as one sentence that names the field."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        if isinstance(name, int):
            return first_problem(inner, f"{place}[{name}]")
        if name == "non_field_errors":
            return first_problem(inner, place)
        return first_problem(inner, f"{place}.{name}" if place else str(name))
    if isinstance(detail, list):
        index = next((n for n, problem in enumerate(detail) if problem), 0)
        nested = isinstance(detail[index], dict)
        return first_problem(detail[index], f"{place}[{index}]" if nested else place)
    return f"`{place}`: {detail}" if place else str(detail)


def _answer(status_code: int, sentence: str, **further: Any) -> Response:
    prefix = PREFIXES.get(status_code, "")
    return Response({"message": prefix + sentence, **further}, status=status_code)
