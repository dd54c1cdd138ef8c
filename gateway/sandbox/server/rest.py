"""Discord's REST API on top of simcord's routes: authorisation, bodies, headers, errors.

What simcord lacks of what flora asks (the gateway's address, the application) is answered here.
simcord refuses fields that it does not know; Discord ignores them, so they are left out and said
once in the log.
"""

import hmac
import io
import logging
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import BodyPartReader, web
from simcord.backend import serializers
from simcord.backend.errors import BackendError
from simcord.http import router, routes  # noqa: F401  (its import registers the routes)
from simcord.http.router import RouteNotImplemented, UnsupportedField

from gateway.sandbox.server.changes import InteractionAnswered
from gateway.sandbox.server.world import World

log = logging.getLogger("sandbox")

PREFIX = "/api/v10"
INVALID_FORM = 50035
# nextcord 2.6.0 takes a 429 without Via for Cloudflare's, and needs the limits on every answer.
HEADERS = {
    "Via": "1.1 sandbox",
    "X-RateLimit-Limit": "50",
    "X-RateLimit-Remaining": "49",
    "X-RateLimit-Reset-After": "1.0",
    "X-RateLimit-Bucket": "sandbox",
}


@dataclass
class _Upload:
    """What simcord reads of an uploaded file."""

    filename: str
    fp: io.BytesIO
    description: str | None = None


@dataclass
class _Body:
    json: Any = None
    uploads: list[_Upload] = field(default_factory=list)


class Rest:
    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._authorization = f"Bot {token}"
        self._said: set[str] = set()

    async def serve(self, request: web.Request) -> web.Response:
        # As it came: an encoded slash must not become another segment.
        path = request.raw_path.partition("?")[0].removeprefix(PREFIX)
        if not self._is_authorized(request, path):
            return _response({"message": "401: Unauthorized", "code": 0}, 401)
        try:
            body = await _read(request)
        except (ValueError, UnicodeDecodeError):
            return _response(
                {"message": "The request body contains invalid JSON.", "code": 50109}, 400
            )
        own = self._own(request, path)
        if own is not None:
            return _response(own)
        try:
            answer = self._dispatch(request, path, body)
        except RouteNotImplemented as missing:
            self._say(f"the simulated Discord has no {missing.method} {_shown(path)}")
            return _response({"message": "404: Not Found", "code": 0}, 404)
        except BackendError as refusal:
            return _response(refusal.to_json(), refusal.status)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # simcord trusts the shape of what it is sent; here a script's author decides on it.
            log.info("%s %s: %r", request.method, _shown(path), error)
            return _response({"message": f"Invalid Form Body: {error}", "code": INVALID_FORM}, 400)
        if path.endswith("/callback"):
            self._note_answer(path)
            if request.query.get("with_response", "").lower() not in ("1", "true"):
                answer = None
        return _response(answer)

    async def serve_attachment(self, request: web.Request) -> web.Response:
        """A file as Discord's CDN gives it to anybody; to be saved, not shown."""
        data = self._world.cdn.file(int(request.match_info["attachment"]))
        if data is None:
            raise web.HTTPNotFound
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": "attachment",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=data, headers=headers)

    # --- inside ----------------------------------------------------------------------------

    def _is_authorized(self, request: web.Request, path: str) -> bool:
        """Interactions and webhooks are authorised by the token in their path."""
        if path.startswith(("/interactions/", "/webhooks/")):
            return True
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(errors="replace"), self._authorization.encode())

    def _own(self, request: web.Request, path: str) -> Any:
        if request.method != "GET":
            return None
        world = self._world
        if path in ("/gateway", "/gateway/bot"):
            limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
            address = f"ws://{request.host}/gateway/"
            return {"url": address, "shards": 1, "session_start_limit": limit}
        if path == "/applications/@me":
            bot = serializers.user_payload(world.bot_user)
            return {"id": str(world.application_id), "name": "flora", "flags": 0, "bot": bot}
        return None

    def _dispatch(self, request: web.Request, path: str, body: _Body) -> Any:
        json = body.json
        while True:
            try:
                return router.dispatch(
                    self._world,
                    request.method,
                    path,
                    json=json,
                    params=dict(request.query),
                    files=body.uploads,
                    reason=request.headers.get("X-Audit-Log-Reason"),
                )
            except UnsupportedField as refusal:
                fewer = _without(json, set(refusal.fields))
                if fewer == json:
                    raise
                names = ", ".join(refusal.fields)
                self._say(
                    f"the simulated Discord ignores {names} of {request.method} {_shown(path)}"
                )
                json = fewer

    def _note_answer(self, path: str) -> None:
        interaction = self._world.interactions.get(int(path.split("/")[2]))
        if interaction is not None:
            self._world.tell(InteractionAnswered(interaction))

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            log.warning("%s", sentence)


async def _read(request: web.Request) -> _Body:
    """Raises ValueError for a body that is not JSON."""
    if request.content_type == "application/json" and request.can_read_body:
        return _Body(orjson.loads(await request.read()))
    body = _Body()
    if request.content_type.startswith("multipart/"):
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "payload_json":
                body.json = orjson.loads(await part.read())
            else:
                data = io.BytesIO(await part.read())
                body.uploads.append(_Upload(part.filename or "file", data))
        _describe(body)
    return body


def _describe(body: _Body) -> None:
    """The descriptions of files stand in the JSON, by the files' numbers."""
    listed = body.json.get("attachments") if isinstance(body.json, dict) else None
    for entry in listed if isinstance(listed, list) else ():
        number = str(entry.get("id")) if isinstance(entry, dict) else ""
        if number.isdecimal() and int(number) < len(body.uploads):
            body.uploads[int(number)].description = entry.get("description")


def _without(json: Any, names: set[str]) -> Any:
    """Without these fields: in the object, in an interaction's data, in each of a list."""
    if isinstance(json, list):
        return [_without(item, names) for item in json]
    if not isinstance(json, dict):
        return json
    kept = {name: value for name, value in json.items() if name not in names}
    if isinstance(kept.get("data"), dict):
        kept["data"] = _without(kept["data"], names)
    return kept


def _shown(path: str) -> str:
    """Ids and tokens out: a path as its kind."""
    parts = path.split("/")
    if parts[1:2] in (["interactions"], ["webhooks"]) and len(parts) > 3:
        parts[3] = "{token}"
    return "/".join("{id}" if part.isdecimal() else part for part in parts)


def _response(body: Any, status: int = 200) -> web.Response:
    if body is None:
        return web.Response(status=204, headers=HEADERS)
    # Exactly this type: nextcord takes one with a charset for text.
    headers = {**HEADERS, "Content-Type": "application/json"}
    return web.Response(body=orjson.dumps(body), status=status, headers=headers)
