"""Who the caller is."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.actor import Actor
from deployments.api.answers import MeAnswer
from deployments.api.schema import REFUSALS


class Me(APIView):
    @extend_schema(responses={200: MeAnswer, **REFUSALS})
    def get(self, request: Request) -> Response:
        """For an operators' token, which belongs to nobody, the id is empty."""
        actor = Actor.of(request)
        name = actor.user.get_full_name() if actor.user else ""
        return Response(
            {
                "user": {
                    "id": actor.user_id,
                    "username": actor.username,
                    "global_name": name or None,
                    "avatar": None,
                }
            }
        )
