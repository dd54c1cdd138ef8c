"""A guild's cron jobs: when they come, how they went, and one run by hand."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for, job_for
from deployments.actor import Actor
from deployments.api.answers import CronJobAnswer, JobRunAnswer, RunRequestedAnswer
from deployments.api.requests import JobRunQuery, read_query
from deployments.api.schema import REFUSALS
from deployments.services.schedule import run_job


class CronJobs(APIView):
    @extend_schema(responses={200: CronJobAnswer(many=True), **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        """As the guild's script has registered them, by name."""
        guild = guild_for(Actor.of(request), guild_id)
        return Response(CronJobAnswer(guild.cron_jobs.with_last_run(), many=True).data)


class Run(APIView):
    @extend_schema(request=None, responses={202: RunRequestedAnswer, **REFUSALS})
    def post(self, request: Request, guild_id: str, name: str) -> Response:
        """Runs the job now, besides its slots. Answers when that is noted: `runs` tells how it
        went."""
        actor = Actor.of(request)
        job = run_job(job=job_for(guild_for(actor, guild_id), name), actor=actor)
        return Response(RunRequestedAnswer(job).data, status=status.HTTP_202_ACCEPTED)


class Runs(APIView):
    @extend_schema(parameters=[JobRunQuery], responses={200: JobRunAnswer(many=True), **REFUSALS})
    def get(self, request: Request, guild_id: str, name: str) -> Response:
        """The newest first."""
        job = job_for(guild_for(Actor.of(request), guild_id), name)
        runs = job.runs.newest_first()[: read_query(request, JobRunQuery)["limit"]]
        return Response(JobRunAnswer(runs, many=True).data)
