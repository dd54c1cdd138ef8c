"""Is it alive, is it ready: for load balancers, open to everybody."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.api.answers import ReadyAnswer
from deployments.services.readiness import missing


class Public(APIView):
    authentication_classes = ()
    permission_classes = ()


class Health(Public):
    """The process answers; says nothing of what it depends on."""

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse("ok", content_type="text/plain")


class Ready(Public):
    @extend_schema(
        responses={200: ReadyAnswer, 503: OpenApiResponse(ReadyAnswer, "not yet, or not any more")}
    )
    def get(self, request: Request) -> Response:
        lacking = list(dict.fromkeys(missing()))
        if lacking:
            return Response({"status": "starting", "missing": lacking}, status=503)
        return Response({"status": "ready"})
