"""The numbers of this installation, for a scraper: the runtime's and the web process's own.

Outside /api, as Prometheus and the original have it. Guarded by the operator's secret.
"""

from hmac import compare_digest

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import control
from deployments.api.errors import Refused

# A scraper gives up after 10 s as a rule.
PATIENCE = 5.0
_UP = """\
# HELP flora_runtime_up Whether the runtime answers; without it only these pages' numbers are here
# TYPE flora_runtime_up gauge
flora_runtime_up {}
"""


class HasOperatorSecret(BasePermission):
    """`Authorization: Bearer <API_OPERATOR_SECRET>`. Without the setting nobody is let in, as in
    the original; in development, which answers this machine alone, everybody is."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        secret = settings.FLORA.api.operator_secret
        if not secret:
            if settings.FLORA.production:
                raise PermissionDenied("Operator access is not configured")
            return True
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            raise NotAuthenticated("Operator bearer token required")
        if not compare_digest(given.strip().encode(), secret.encode()):
            raise PermissionDenied("Invalid operator token")
        return True


class Guarded(APIView):
    authentication_classes = ()
    permission_classes = (HasOperatorSecret,)

    def get_authenticate_header(self, request: Request) -> str:
        """Without it REST framework would answer 403 where 401 is meant."""
        return 'Bearer realm="operators"'


@extend_schema(exclude=True)
class MetricsText(Guarded):
    """Prometheus' text format. Answers also while the runtime is away, and says that it is."""

    def get(self, request: Request) -> HttpResponse:
        found = runtime_metrics()
        text = found.text if found is not None else ""
        body = _UP.format(int(found is not None)) + text + generate_latest().decode()
        return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


@extend_schema(exclude=True)
class MetricsJson(Guarded):
    """The original's keys."""

    def get(self, request: Request) -> Response:
        found = runtime_metrics()
        if found is None:
            raise Refused(503, "the runtime does not answer")
        return Response(found.summary)


def runtime_metrics() -> control.Metrics | None:
    """None while no runtime answers."""
    try:
        reply = control.ask(control.GetMetrics(), PATIENCE)
    except control.RuntimeUnreachable:
        return None
    return reply if isinstance(reply, control.Metrics) else None
