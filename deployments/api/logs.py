"""What a guild's script has printed, and what happened to it."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for
from deployments.actor import Actor
from deployments.api.schema import REFUSALS
from deployments.api.shapes import LogEntryAnswer, LogQuery, read_query


class Logs(APIView):
    @extend_schema(parameters=[LogQuery], responses={200: LogEntryAnswer(many=True), **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        """The newest entries, oldest first."""
        guild = guild_for(Actor.of(request), guild_id)
        newest = guild.log_entries.order_by("-pk")[: read_query(request, LogQuery)["limit"]]
        return Response(LogEntryAnswer(reversed(newest), many=True).data)
