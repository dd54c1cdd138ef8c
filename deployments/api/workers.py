"""What operators do with the runtime's workers."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for, require_operator
from deployments.actor import Actor
from deployments.api.body import read_body
from deployments.api.schema import REFUSALS, refusal_of
from deployments.api.shapes import ErrorAnswer, MigratedAnswer, MigrateForm, RecycleAnswer
from deployments.services.migration import migrate, recycle

CONFLICT = {409: refusal_of(ErrorAnswer, "nothing has changed, for a reason that may pass")}


class Migrate(APIView):
    @extend_schema(request=MigrateForm, responses={200: MigratedAnswer, **REFUSALS, **CONFLICT})
    def post(self, request: Request, guild_id: str) -> Response:
        """Operators: moves the guild's script to another worker, without a lost event."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        require_operator(actor)
        form = read_body(request, MigrateForm)
        moved = migrate(guild=guild, worker=form.validated_data["worker"], actor=actor)
        return Response(
            MigratedAnswer(
                {
                    "guild_id": str(guild.pk),
                    "from_worker": moved.source,
                    "worker": moved.target,
                    "waited_ms": moved.milliseconds,
                }
            ).data
        )


class Recycle(APIView):
    @extend_schema(request=None, responses={202: RecycleAnswer, **REFUSALS, **CONFLICT})
    def post(self, request: Request, worker: int) -> Response:
        """Operators: begins to replace a worker by a fresh process, to which its guilds move."""
        recycle(worker=worker, actor=Actor.of(request))
        return Response(RecycleAnswer({"worker": worker}).data, status=status.HTTP_202_ACCEPTED)
