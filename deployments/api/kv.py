"""A guild's key-value data over the API: its stores, their keys, and all of it as a file."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import BinaryIO, cast

from django.core.exceptions import RequestDataTooBig
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.access import guild_for
from deployments.actor import Actor
from deployments.api.body import read_body
from deployments.api.kv_shapes import (
    ErrorWithCode,
    ExportAnswer,
    ExportMadeAnswer,
    ImportedAnswer,
    KeyRequest,
    KeysAnswer,
    KeysQuery,
    StoreAnswer,
    StoreMadeAnswer,
    StoreRequest,
    StoresQuery,
    SuccessAnswer,
    ValueAnswer,
)
from deployments.api.requests import read_query
from deployments.api.schema import REFUSALS, refusal_of
from deployments.kv import rules
from deployments.kv.entries import Entry
from deployments.kv.lines import metadata_text
from deployments.kv.rules import Limits as KvLimits
from deployments.kv.session import kv_limits_of
from deployments.services.kv_keys import delete_key, find_key, keys_of, put_key
from deployments.services.kv_stores import create_store, delete_store
from deployments.services.kv_transfer import (
    ExportNotFound,
    export_data,
    export_of,
    exports_of,
    import_data,
)

LINES = "application/x-ndjson"
CHUNK = 1 << 16
# What JSON may add to the data of a guild, its quotes and escapes.
IMPORT_SIZE_FACTOR = 2
KV_REFUSALS = {
    **REFUSALS,
    400: refusal_of(ErrorWithCode, "the request is wrong, or a quota is used up"),
    429: refusal_of(ErrorWithCode, "too much in too little time; see Retry-After"),
}


class Stores(APIView):
    @extend_schema(parameters=[StoresQuery], responses={200: StoreAnswer(many=True), **KV_REFUSALS})
    def get(self, request: Request) -> Response:
        """By name."""
        guild_id = read_query(request, StoresQuery)["guild_id"]
        guild = guild_for(Actor.of(request), guild_id)
        return Response(StoreAnswer(guild.kv_stores.order_by("name"), many=True).data)

    @extend_schema(request=StoreRequest, responses={200: StoreMadeAnswer, **KV_REFUSALS})
    def post(self, request: Request) -> Response:
        """Makes it; one that is there stays as it is."""
        actor = Actor.of(request)
        wanted = read_body(request, StoreRequest).validated_data
        guild = guild_for(actor, wanted["guild_id"])
        store, _ = create_store(guild=guild, name=wanted["store_name"], actor=actor)
        return Response(StoreMadeAnswer({"store": store}).data)


class Store(APIView):
    @extend_schema(responses={200: None, **KV_REFUSALS})
    def delete(self, request: Request, guild_id: str, store: str) -> Response:
        """With everything in it."""
        actor = Actor.of(request)
        delete_store(guild=guild_for(actor, guild_id), name=store, actor=actor)
        return Response()


class Keys(APIView):
    @extend_schema(
        operation_id="api_kv_keys",  # its address and that of one key look alike to the generator
        parameters=[KeysQuery],
        responses={200: KeysAnswer, **KV_REFUSALS},
    )
    def get(self, request: Request, guild_id: str, store: str) -> Response:
        """In the order of their bytes. With `cursor` the keys after it."""
        guild = guild_for(Actor.of(request), guild_id)
        query = read_query(request, KeysQuery)
        keys, complete = keys_of(
            guild=guild,
            store=store,
            prefix=query["prefix"],
            after=query["cursor"],
            limit=min(query["limit"], rules.LIST_MAX),
        )
        cursor = "" if complete else keys[-1].name
        return Response(KeysAnswer({"keys": keys, "complete": complete, "cursor": cursor}).data)


class Key(APIView):
    @extend_schema(responses={200: ValueAnswer, **KV_REFUSALS})
    def get(self, request: Request, guild_id: str, store: str, key: str) -> Response:
        """`null` for a key that is not there."""
        guild = guild_for(Actor.of(request), guild_id)
        entry = find_key(guild=guild, store=store, key=key)
        return Response({"value": None if entry is None else entry.value.decode()})

    @extend_schema(request=KeyRequest, responses={200: SuccessAnswer, **KV_REFUSALS})
    def put(self, request: Request, guild_id: str, store: str, key: str) -> Response:
        """Sets value, expiration and metadata: what is not given is removed."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        wanted = read_body(request, KeyRequest).validated_data
        entry = Entry(
            rules.check_value(wanted["value"]),
            metadata_text(wanted["metadata"]),
            rules.expiry(wanted["expiration"], None, 0),
        )
        put_key(guild=guild, store=store, key=key, entry=entry, actor=actor)
        return Response({"success": True})

    @extend_schema(responses={200: None, **KV_REFUSALS})
    def delete(self, request: Request, guild_id: str, store: str, key: str) -> Response:
        """Answers alike whether it was there."""
        actor = Actor.of(request)
        delete_key(guild=guild_for(actor, guild_id), store=store, key=key, actor=actor)
        return Response()


class Exports(APIView):
    @extend_schema(responses={200: ExportAnswer(many=True), **KV_REFUSALS})
    def get(self, request: Request, guild_id: str) -> Response:
        """Those that are kept, the newest first."""
        exports = exports_of(guild_for(Actor.of(request), guild_id))
        return Response(ExportAnswer(exports, many=True).data)

    @extend_schema(request=None, responses={200: ExportMadeAnswer, **KV_REFUSALS})
    def post(self, request: Request, guild_id: str) -> Response:
        """Writes all stores into one file, which can then be fetched; once a minute."""
        actor = Actor.of(request)
        export = export_data(guild=guild_for(actor, guild_id), actor=actor)
        return Response(ExportMadeAnswer(export).data)


class ExportFile(APIView):
    @extend_schema(responses={(200, LINES): OpenApiTypes.BINARY, **KV_REFUSALS})
    def get(self, request: Request, guild_id: str, export_id: str) -> StreamingHttpResponse:
        """A line of JSON for each store and each key."""
        guild = guild_for(Actor.of(request), guild_id)
        export = export_of(guild, export_id)
        try:
            file = export.path.open("rb")
        except FileNotFoundError:  # a newer one has just pushed it out
            raise ExportNotFound(export_id) from None
        name = f"flora-kv-{guild.pk}-{export.created_at:%Y%m%d-%H%M%S}.jsonl"
        return StreamingHttpResponse(
            _chunks(file),
            content_type=LINES,
            headers={
                "Content-Length": str(export.size),
                "Content-Disposition": f'attachment; filename="{name}"',
            },
        )


class Import(APIView):
    @extend_schema(
        request={LINES: OpenApiTypes.BINARY}, responses={200: ImportedAnswer, **KV_REFUSALS}
    )
    def post(self, request: Request, guild_id: str) -> Response:
        """Sets every key of an export's file and leaves all others; once a minute."""
        actor = Actor.of(request)
        guild = guild_for(actor, guild_id)
        if request._request.content_type != LINES:
            raise exceptions.UnsupportedMediaType(
                request._request.content_type or "", f"{LINES} was expected: the file of an export"
            )
        with tempfile.TemporaryFile() as file:
            _keep(request, cast(BinaryIO, file), kv_limits_of(guild.pk))
            number = import_data(guild=guild, file=cast(BinaryIO, file), actor=actor)
        return Response({"imported": number})


def _keep(request: Request, file: BinaryIO, limits: KvLimits) -> None:
    limit = IMPORT_SIZE_FACTOR * limits.guild_bytes
    size = 0
    while chunk := request._request.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise RequestDataTooBig(f"an import has at most {limit} bytes")
        file.write(chunk)
    file.seek(0)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    """A file that is deleted meanwhile can be read to its end."""
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
