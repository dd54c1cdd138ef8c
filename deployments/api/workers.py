"""What operators do with the runtime's workers."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for, require_operator
from deployments.actor import Actor
from deployments.api.answers import (
    ErrorAnswer,
    MigratedAnswer,
    WorkerAnswer,
    WorkerStateAnswer,
)
from deployments.api.body import read_body
from deployments.api.requests import MigrateForm
from deployments.api.schema import REFUSALS, refusal_of
from deployments.services.migration import Unanswered, drain, migrate, recycle, take_back
from deployments.services.workers import present_workers

CONFLICT = {409: refusal_of(ErrorAnswer, "nothing has changed, for a reason that may pass")}


class Workers(APIView):
    @extend_schema(responses={200: WorkerStateAnswer(many=True), **REFUSALS})
    def get(self, request: Request) -> Response:
        """Operators: the worker processes, what they use, and the guilds that use most of each."""
        require_operator(Actor.of(request))
        states = present_workers()
        if states is None:
            raise Unanswered("the runtime does not answer: it is not running, or still starting")
        return Response(WorkerStateAnswer(states, many=True).data)


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
    @extend_schema(request=None, responses={202: WorkerAnswer, **REFUSALS, **CONFLICT})
    def post(self, request: Request, worker: int) -> Response:
        """Operators: begins to replace a worker by a fresh process, to which its guilds move."""
        recycle(worker=worker, actor=Actor.of(request))
        return Response(WorkerAnswer({"worker": worker}).data, status=status.HTTP_202_ACCEPTED)


class Drain(APIView):
    @extend_schema(request=None, responses={202: WorkerAnswer, **REFUSALS, **CONFLICT})
    def post(self, request: Request, worker: int) -> Response:
        """Operators: takes a worker out of service; its guilds begin to move off, it stays up.

        Refused for the last worker in service.
        """
        drain(worker=worker, actor=Actor.of(request))
        return Response(WorkerAnswer({"worker": worker}).data, status=status.HTTP_202_ACCEPTED)


class TakeBack(APIView):
    @extend_schema(request=None, responses={200: WorkerAnswer, **REFUSALS, **CONFLICT})
    def post(self, request: Request, worker: int) -> Response:
        """Operators: takes a drained worker back; guilds come to it with their next load."""
        take_back(worker=worker, actor=Actor.of(request))
        return Response(WorkerAnswer({"worker": worker}).data)
