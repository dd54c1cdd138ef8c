"""A guild's secrets over the API: set and deleted, listed by name, never shown."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for
from deployments.actor import Actor
from deployments.api.answers import DeletedAnswer, SecretAnswer
from deployments.api.body import read_body
from deployments.api.requests import SecretRequest
from deployments.api.schema import REFUSALS
from deployments.services.outcome import until_it_holds
from deployments.services.secrets import delete_secret, put_secret


class Secrets(APIView):
    @extend_schema(responses={200: SecretAnswer(many=True), **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        guild = guild_for(Actor.of(request), guild_id)
        return Response(SecretAnswer(guild.secrets.order_by("name"), many=True).data)


class Secret(APIView):
    @extend_schema(request=SecretRequest, responses={200: SecretAnswer, **REFUSALS})
    def put(self, request: Request, guild_id: str, name: str) -> Response:
        """The guild's script uses the new value from now on; its placeholder stays the same."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        wanted = read_body(request, SecretRequest).validated_data
        secret = put_secret(
            guild=guild,
            name=name,
            value=wanted["value"],
            allowed_hosts=wanted["allowed_hosts"],
            actor=actor,
        )
        until_it_holds(guild)
        return Response(SecretAnswer(secret).data)

    @extend_schema(responses={200: DeletedAnswer, **REFUSALS})
    def delete(self, request: Request, guild_id: str, name: str) -> Response:
        """Answers alike whether there was one."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        if delete_secret(guild=guild, name=name, actor=actor):
            until_it_holds(guild)
        return Response(DeletedAnswer({"deleted": True}).data)
