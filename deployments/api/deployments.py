"""Deploying, what is deployed, its history and the way back."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for, guilds_for, revision_for
from deployments.actor import Actor
from deployments.api.answers import DeploymentAnswer, DeploymentErrorAnswer, RevisionAnswer
from deployments.api.body import read_body
from deployments.api.errors import Refused
from deployments.api.requests import (
    BundleQuery,
    DeploymentRequest,
    HistoryQuery,
    read_query,
)
from deployments.api.schema import REFUSALS, refusal_of
from deployments.models import Guild, Revision
from deployments.models.revision import Origin, RevisionQuerySet, Status
from deployments.services.deploy import deploy
from deployments.services.desired_state import undeploy
from deployments.services.outcome import until_it_holds, wait_for
from deployments.services.roll_back import roll_back

# What a deployment takes besides building and loading; seconds.
SLACK = 5.0
ORIGIN_HEADER = OpenApiParameter(
    "x-flora-deploy-source",
    location=OpenApiParameter.HEADER,
    enum=Origin.values,
    description="where the deployment comes from, for the history",
)
OUTCOMES = {
    **REFUSALS,
    400: refusal_of(DeploymentErrorAnswer, "the request or the script is wrong"),
    503: refusal_of(DeploymentErrorAnswer, "the deployment is queued"),
}


class Deployments(APIView):
    @extend_schema(responses={200: DeploymentAnswer(many=True, include_bundle=False), **REFUSALS})
    def get(self, request: Request) -> Response:
        guilds = guilds_for(Actor.of(request))
        active = _shown(Revision.objects.active(), include_bundle=False)
        deployed = active.filter(guild__in=guilds).order_by("guild_id").with_first_deployment()
        return Response(DeploymentAnswer(deployed, many=True, include_bundle=False).data)


class Deployment(APIView):
    @extend_schema(parameters=[BundleQuery], responses={200: DeploymentAnswer, **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        guild = guild_for(Actor.of(request), guild_id)
        include_bundle = read_query(request, BundleQuery)["include_bundle"]
        return Response(_deployment_of(guild, include_bundle=include_bundle))

    @extend_schema(
        parameters=[ORIGIN_HEADER],
        request=DeploymentRequest,
        responses={200: DeploymentAnswer(include_bundle=False), **OUTCOMES},
    )
    def post(self, request: Request, guild_id: str) -> Response:
        """Answers when the script runs, or does not."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        origin = _origin(request, actor)
        source = read_body(request, DeploymentRequest).as_source()
        _settled(deploy(guild=guild, source=source, actor=actor, origin=origin), "deployment")
        return Response(_deployment_of(guild, include_bundle=False))

    @extend_schema(responses={204: None, **REFUSALS})
    def delete(self, request: Request, guild_id: str) -> Response:
        """The script stops and its slash commands go; the history stays."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        if guild.active_revision_id is None:
            raise _not_deployed(guild)
        undeploy(guild=guild, actor=actor)
        until_it_holds(guild)
        return Response(status=204)


class History(APIView):
    @extend_schema(
        parameters=[HistoryQuery], responses={200: RevisionAnswer(many=True), **REFUSALS}
    )
    def get(self, request: Request, guild_id: str) -> Response:
        """Successes and failures, newest first."""
        guild = guild_for(Actor.of(request), guild_id)
        query = read_query(request, HistoryQuery)
        include_bundle = query["include_bundle"]
        revisions = _shown(guild.revisions.newest_first(), include_bundle=include_bundle)
        if "cursor_id" in query:
            revisions = revisions.before(query["cursor_deployed_at"], query["cursor_id"])
        page = revisions[: query["limit"]]
        return Response(RevisionAnswer(page, many=True, include_bundle=include_bundle).data)


class RevisionDetail(APIView):
    @extend_schema(parameters=[BundleQuery], responses={200: RevisionAnswer, **REFUSALS})
    def get(self, request: Request, guild_id: str, revision_id: str) -> Response:
        guild = guild_for(Actor.of(request), guild_id)
        include_bundle = read_query(request, BundleQuery)["include_bundle"]
        revisions = _shown(Revision.objects.all(), include_bundle=include_bundle)
        revision = revision_for(guild, revision_id, revisions)
        return Response(RevisionAnswer(revision, include_bundle=include_bundle).data)


class Rollback(APIView):
    @extend_schema(
        parameters=[ORIGIN_HEADER],
        request=None,
        responses={200: RevisionAnswer(include_bundle=False), **OUTCOMES},
    )
    def post(self, request: Request, guild_id: str, revision_id: str) -> Response:
        """A new revision with that one's content, through the same checks."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        origin = _origin(request, actor)
        target = revision_for(guild, revision_id, Revision.objects.all())
        revision = roll_back(
            guild=guild,
            target=target,
            actor=actor,
            origin=Origin.API if origin == Origin.UNKNOWN else origin,
        )
        settled = _settled(revision, "rollback")
        return Response(RevisionAnswer(settled, include_bundle=False).data)


def _origin(request: Request, actor: Actor) -> str:
    given = request.headers.get("x-flora-deploy-source")
    if given is None:
        return Origin.API if actor.token is not None else Origin.UNKNOWN
    if given not in Origin.values:
        raise Refused(400, f"`x-flora-deploy-source` must be one of {', '.join(Origin.values)}")
    return given


def _shown(revisions: RevisionQuerySet, *, include_bundle: bool) -> RevisionQuerySet:
    return revisions if include_bundle else revisions.without_contents()


def _deployment_of(guild: Guild, *, include_bundle: bool) -> dict[str, Any]:
    active = _shown(Revision.objects.active(), include_bundle=include_bundle)
    revision = active.filter(guild=guild).with_first_deployment().first()
    if revision is None:
        raise _not_deployed(guild)
    return DeploymentAnswer(revision, include_bundle=include_bundle).data


def _not_deployed(guild: Guild) -> NotFound:
    return NotFound(f"deployment of guild {guild.pk}")


def _settled(revision: Revision, name: str) -> Revision:
    """Waits for the runtime. Raises Refused when the script fails, or when it is still queued."""
    runtime = settings.FLORA.runtime
    patience = runtime.load_timeout_secs + runtime.build_timeout_secs + SLACK
    revision = wait_for(revision, patience)
    if revision.status == Status.PENDING:
        raise Refused(
            503,
            f"the {name} is queued, flora finishes it when its runtime is up: see "
            f"/api/deployments/{revision.guild_id}/revisions/{revision.pk}",
            revision_id=str(revision.pk),
        )
    if revision.status == Status.FAILED:
        error = revision.error or {}
        shown = {key: error[key] for key in ("file", "line", "column", "message") if error.get(key)}
        raise Refused(
            400,
            f"{name} failed: {revision.error_message}",
            error=shown,
            revision_id=str(revision.pk),
        )
    return revision
