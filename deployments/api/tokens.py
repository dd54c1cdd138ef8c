"""A person's API tokens: made, listed and revoked in a session, never by a token."""

from datetime import timedelta

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for
from deployments.actor import Actor
from deployments.api.answers import NewTokenAnswer, TokenAnswer
from deployments.api.authentication import IsPerson
from deployments.api.body import read_body
from deployments.api.requests import TokenRequest
from deployments.api.schema import REFUSALS
from deployments.models import ApiToken
from deployments.services.tokens import create_token, revoke_token


class Tokens(APIView):
    permission_classes = (IsPerson,)

    @extend_schema(responses={200: TokenAnswer(many=True), **REFUSALS})
    def get(self, request: Request) -> Response:
        tokens = ApiToken.objects.filter(user=request.user, revoked_at=None)
        return Response(TokenAnswer(tokens.prefetch_related("guilds"), many=True).data)

    @extend_schema(request=TokenRequest, responses={200: NewTokenAnswer, **REFUSALS})
    def post(self, request: Request) -> Response:
        """The only answer that ever shows the token."""
        actor = Actor.of(request)
        wanted = read_body(request, TokenRequest).validated_data
        days = wanted.get("days")
        row, token = create_token(
            actor=actor,
            user=actor.user,
            label=wanted["label"],
            guilds=[guild_for(actor, guild_id) for guild_id in wanted["guilds"]],
            lifetime=timedelta(days=days) if days else None,
        )
        return Response({"token": token, "token_id": row.token_key})


class Token(APIView):
    permission_classes = (IsPerson,)

    @extend_schema(responses={204: None, **REFUSALS})
    def delete(self, request: Request, token_id: str) -> Response:
        token = ApiToken.objects.filter(
            user=request.user, token_key=token_id, revoked_at=None
        ).first()
        if token is None:
            raise NotFound(f"token {token_id}")
        revoke_token(actor=Actor.of(request), token=token)
        return Response(status=204)
