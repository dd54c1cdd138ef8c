"""What a guild's script has printed and what happened to it: the newest, or all that comes."""

import json
from collections.abc import AsyncIterator
from typing import Any

from channels.db import database_sync_to_async
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import GuildNotFound, guild_for
from deployments.actor import Actor
from deployments.api.answers import LogEntryAnswer
from deployments.api.requests import LogQuery, read_query
from deployments.api.schema import REFUSALS
from deployments.models import LogEntry
from deployments.services.log_stream import Tail

RESUME_HEADER = OpenApiParameter(
    "Last-Event-ID",
    location=OpenApiParameter.HEADER,
    description="go on after this entry; without it only what comes from now on",
)


class Logs(APIView):
    @extend_schema(parameters=[LogQuery], responses={200: LogEntryAnswer(many=True), **REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        """The newest entries, oldest first."""
        guild = guild_for(Actor.of(request), guild_id)
        newest = guild.log_entries.order_by("-pk")[: read_query(request, LogQuery)["limit"]]
        return Response(LogEntryAnswer(reversed(newest), many=True).data)


class LogStream(APIView):
    @extend_schema(
        parameters=[RESUME_HEADER],
        responses={
            (200, "text/event-stream"): OpenApiResponse(LogEntryAnswer, "one event an entry"),
            **REFUSALS,
        },
    )
    def get(self, request: Request, guild_id: str) -> StreamingHttpResponse:
        """Each entry as it comes; a comment now and then while none does."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        last = request.headers.get("Last-Event-ID", "")
        tail = Tail(guild.pk, after=int(last) if last.isdecimal() else None)
        return StreamingHttpResponse(
            _events(tail, actor, guild_id),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )


async def _events(tail: Tail, actor: Actor, guild_id: str) -> AsyncIterator[bytes]:
    """Ends when the actor may not see the guild any more."""
    yield b": flora\n\n"
    async for entries in tail.batches():
        if entries:
            yield b"".join(map(_event, entries))
            continue
        yield b": still here\n\n"
        try:
            await database_sync_to_async(guild_for)(actor.as_now(), guild_id)
        except GuildNotFound:
            return


def _event(entry: LogEntry) -> bytes:
    shown: dict[str, Any] = LogEntryAnswer(entry).data
    return f"id: {entry.pk}\ndata: {json.dumps(shown)}\n\n".encode()
