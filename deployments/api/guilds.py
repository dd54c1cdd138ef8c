"""The caller's guilds, whether their scripts may run, and what else is chosen for them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for, guilds_for, require_operator
from deployments.actor import Actor
from deployments.api.answers import (
    CapabilitiesAnswer,
    FaultAnswer,
    GuildAnswer,
    GuildSettingsAnswer,
    GuildStateAnswer,
    LimitsAnswer,
)
from deployments.api.body import read_body
from deployments.api.requests import (
    CapabilitiesRequest,
    FaultQuery,
    GuildSettingsRequest,
    LimitsRequest,
    read_query,
)
from deployments.api.schema import REFUSALS
from deployments.capabilities import Capability
from deployments.limits import effective_limits
from deployments.models import Guild, GuildMember
from deployments.models.guild import ADMINISTRATOR
from deployments.services.desired_state import pause, resume
from deployments.services.faults import lift_suspension
from deployments.services.guild_settings import choose_capabilities, choose_mentions, set_limits
from deployments.services.notices import choose_notice_channel, choose_notice_webhook
from deployments.services.outcome import until_it_holds


class Guilds(APIView):
    @extend_schema(responses={200: GuildAnswer(many=True), **REFUSALS})
    def get(self, request: Request) -> Response:
        actor = Actor.of(request)
        return Response(_answers(actor, list(guilds_for(actor))))


class GuildDetail(APIView):
    @extend_schema(responses={200: GuildAnswer, **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        actor = Actor.of(request)
        return Response(_answers(actor, [guild_for(actor, guild_id)])[0])


class Pause(APIView):
    @extend_schema(request=None, responses={200: GuildStateAnswer, **REFUSALS})
    def post(self, request: Request, guild_id: str) -> Response:
        """The script receives nothing until it is resumed."""
        actor = Actor.of(request)
        guild = pause(guild=guild_for(actor, guild_id), actor=actor)
        until_it_holds(guild)
        return Response(GuildStateAnswer(guild).data)


class Resume(APIView):
    @extend_schema(request=None, responses={200: GuildStateAnswer, **REFUSALS})
    def post(self, request: Request, guild_id: str) -> Response:
        actor = Actor.of(request)
        guild = resume(guild=guild_for(actor, guild_id), actor=actor)
        until_it_holds(guild)
        return Response(GuildStateAnswer(guild).data)


class Settings(APIView):
    @extend_schema(responses={200: GuildSettingsAnswer, **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        return Response(GuildSettingsAnswer(guild_for(Actor.of(request), guild_id)).data)

    @extend_schema(request=GuildSettingsRequest, responses={200: GuildSettingsAnswer, **REFUSALS})
    def patch(self, request: Request, guild_id: str) -> Response:
        """Holds from the script's next message on, and from the next time that it is stopped."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        wanted = read_body(request, GuildSettingsRequest).validated_data
        if "notice_webhook" in wanted:  # first: it alone may be refused
            address = wanted["notice_webhook"]
            guild = choose_notice_webhook(guild=guild, actor=actor, address=address)
        if "notice_channel" in wanted:
            channel = wanted["notice_channel"]
            channel_id = int(channel) if channel else None
            guild = choose_notice_channel(guild=guild, actor=actor, channel_id=channel_id)
        if "safe_mentions" in wanted:
            guild = choose_mentions(guild=guild, actor=actor, safe=wanted["safe_mentions"])
            until_it_holds(guild)
        return Response(GuildSettingsAnswer(guild).data)


class Capabilities(APIView):
    @extend_schema(responses={200: CapabilitiesAnswer, **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        """What the guild's scripts may do."""
        return Response(_capabilities_answer(guild_for(Actor.of(request), guild_id)))

    @extend_schema(request=CapabilitiesRequest, responses={200: CapabilitiesAnswer, **REFUSALS})
    def put(self, request: Request, guild_id: str) -> Response:
        """Holds from the script's next operation on."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        allowed = read_body(request, CapabilitiesRequest).validated_data["capabilities"]
        guild = choose_capabilities(guild=guild, actor=actor, allowed=allowed)
        until_it_holds(guild)
        return Response(_capabilities_answer(guild))


class Limits(APIView):
    @extend_schema(responses={200: LimitsAnswer, **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        """Operators: what the guild's script may use, and which of it differs from other guilds."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        require_operator(actor)
        return Response(_limits_answer(guild))

    @extend_schema(request=LimitsRequest, responses={200: LimitsAnswer, **REFUSALS})
    def put(self, request: Request, guild_id: str) -> Response:
        """Operators: the guild's own limits from now on; what is not named is as for all guilds.

        Limits of time and memory hold from the script's next load, which follows at once; all
        others from the next thing that they count.
        """
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        require_operator(actor)
        wanted = read_body(request, LimitsRequest).validated_data["limits"]
        guild = set_limits(guild=guild, actor=actor, limits=wanted)
        until_it_holds(guild)
        return Response(_limits_answer(guild))


class LiftSuspension(APIView):
    @extend_schema(request=None, responses={200: GuildStateAnswer, **REFUSALS})
    def post(self, request: Request, guild_id: str) -> Response:
        """Operators: the guild's script runs again at once, and its strikes are forgotten."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        require_operator(actor)
        guild = lift_suspension(guild=guild, actor=actor)
        until_it_holds(guild)
        return Response(GuildStateAnswer(guild).data)


class Faults(APIView):
    @extend_schema(parameters=[FaultQuery], responses={200: FaultAnswer(many=True), **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        """Why the guild's script was stopped, the newest first."""
        guild = guild_for(Actor.of(request), guild_id)
        faults = guild.faults.newest_first()[: read_query(request, FaultQuery)["limit"]]
        return Response(FaultAnswer(faults, many=True).data)


def _capabilities_answer(guild: Guild) -> dict[str, Any]:
    withheld = guild.withheld_capabilities
    allowed = [name for name in Capability.values if name not in withheld]
    return CapabilitiesAnswer({"capabilities": allowed, "withheld": withheld}).data


def _limits_answer(guild: Guild) -> dict[str, Any]:
    return LimitsAnswer({"own": guild.limits, "limits": effective_limits(guild)}).data


def _answers(actor: Actor, guilds: list[Guild]) -> list[dict[str, Any]]:
    members = GuildMember.objects.filter(guild__in=guilds, user=actor.user)
    permissions = {member.guild_id: member.bits for member in members}
    every_guild = ADMINISTRATOR if actor.is_operator else 0
    return [
        GuildAnswer(
            {
                "id": guild.pk,
                "name": guild.name,
                "icon": guild.icon or None,
                "permissions": permissions.get(guild.pk, 0) | every_guild,
                "state": guild.state,
            }
        ).data
        for guild in guilds
    ]
