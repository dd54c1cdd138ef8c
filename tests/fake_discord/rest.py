"""The REST half of the fake Discord: the routes that a bot uses, as simple as can be."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.fake_discord.world import APPLICATION_ID, BOT, FakeGuild, new_message, snowflake

if TYPE_CHECKING:
    from tests.fake_discord.server import FakeDiscord


@dataclass
class Request:
    """One that has arrived. files: (name, bytes), in order."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    files: list[tuple[str, bytes]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def reason(self) -> dict[str, str]:
        """What the bot has to say for the guild's audit log."""
        reason = self.headers.get("x-audit-log-reason")
        return {"reason": unquote(reason)} if reason else {}


class Refusal(Exception):
    """Discord's no: an HTTP status and its error object."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = {"code": code, "message": message, **more}


Route = Callable[["FakeDiscord", Request, dict[str, str]], Any]
_ROUTES: list[tuple[str, re.Pattern[str], Route]] = []


def route(method: str, path: str) -> Callable[[Route], Route]:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def register(route: Route) -> Route:
        _ROUTES.append((method, pattern, route))
        _ROUTES.sort(key=lambda known: known[1].groups)  # a literal wins over a parameter
        return route

    return register


def answer(discord: "FakeDiscord", request: Request) -> Any:
    """The JSON of the answer, None for 204. Raises Refusal."""
    for method, pattern, route in _ROUTES:
        if method == request.method and (match := pattern.fullmatch(request.path)):
            return route(discord, request, {k: unquote(v) for k, v in match.groupdict().items()})
    raise Refusal(404, 0, "404: Not Found")


# --- the bot itself ---------------------------------------------------------------------------


@route("GET", "/users/@me")
def _me(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return BOT


@route("GET", "/applications/@me")
def _application(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    flags = discord.gateway.application_flags
    return {"id": APPLICATION_ID, "name": "flora", "bot": BOT, "flags": flags}


@route("GET", "/gateway")
def _gateway(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return {"url": discord.gateway_address}


@route("GET", "/gateway/bot")
def _gateway_bot(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 16}
    return {"url": discord.gateway_address, "shards": discord.shards, "session_start_limit": limit}


# --- channels and messages --------------------------------------------------------------------

_CHANNEL = "/channels/{channel}"
_MESSAGE = f"{_CHANNEL}/messages/{{message}}"


@route("GET", _CHANNEL)
def _get_channel(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return discord.guild_of_channel(at["channel"]).channels[at["channel"]]


@route("POST", f"{_CHANNEL}/messages")
def _create_message(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guild_of_channel(at["channel"])
    message = message_of(at["channel"], request)
    if reference := request.body.get("message_reference"):
        if reference["message_id"] not in guild.messages:
            raise Refusal(400, 50035, "Invalid Form Body", errors={"message_reference": {}})
        message["message_reference"] = {**reference, "channel_id": at["channel"]}
    guild.messages[message["id"]] = message
    return message


@route("GET", f"{_CHANNEL}/messages")
def _list_messages(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guild_of_channel(at["channel"])
    own = [m for m in guild.messages.values() if m["channel_id"] == at["channel"]]
    return own[: -int(request.query.get("limit", "50")) - 1 : -1]


@route("POST", f"{_CHANNEL}/messages/bulk-delete")
def _bulk_delete(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    for message_id in request.body["messages"]:
        _message(discord, {**at, "message": message_id})
        del discord.guild_of_channel(at["channel"]).messages[message_id]


@route("GET", _MESSAGE)
def _get_message(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _message(discord, at)


@route("PATCH", _MESSAGE)
def _edit_message(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    message = _message(discord, at)
    attachments = message["attachments"]
    if "attachments" in request.body:
        named = {str(part["id"]) for part in request.body["attachments"]}
        attachments = [attachment for attachment in attachments if attachment["id"] in named]
    message.update({key: request.body[key] for key in request.body if key != "allowed_mentions"})
    message["attachments"] = [*attachments, *_attachments(request, request.body)]
    return message


@route("DELETE", _MESSAGE)
def _delete_message(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at)
    del discord.guild_of_channel(at["channel"]).messages[at["message"]]


@route("POST", f"{_MESSAGE}/crosspost")
def _crosspost(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _message(discord, at)


@route("PUT", f"{_CHANNEL}/messages/pins/{{message}}")
def _pin(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at)["pinned"] = True


@route("DELETE", f"{_CHANNEL}/messages/pins/{{message}}")
def _unpin(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at)["pinned"] = False


@route("PUT", f"{_MESSAGE}/reactions/{{emoji}}/@me")
def _react(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at).setdefault("reactions", []).append(at["emoji"])


@route("DELETE", f"{_MESSAGE}/reactions/{{emoji}}/{{user}}")
def _unreact(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at).setdefault("reactions", []).remove(at["emoji"])


@route("DELETE", f"{_MESSAGE}/reactions/{{emoji}}")
def _clear_emoji(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    message = _message(discord, at)
    message["reactions"] = [e for e in message.get("reactions", []) if e != at["emoji"]]


@route("DELETE", f"{_MESSAGE}/reactions")
def _clear_reactions(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at)["reactions"] = []


# --- commands ---------------------------------------------------------------------------------


@route("PUT", f"/applications/{APPLICATION_ID}/guilds/{{guild}}/commands")
def _put_commands(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guilds.get(at["guild"])
    if guild is None:
        raise Refusal(403, 50001, "Missing Access")
    guild.commands = request.body
    return [{"id": snowflake(), "application_id": APPLICATION_ID, **c} for c in request.body]


def message_of(
    channel_id: str, request: Request, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The bot's message that a request makes; body: of the message, if not the request's."""
    body = request.body if body is None else body
    message = new_message(channel_id, BOT, body.get("content") or "")
    for name in ("embeds", "components", "flags", "tts"):
        message[name] = body.get(name) or message[name]
    message["attachments"] = _attachments(request, body)
    if "poll" in body:
        message["poll"] = body["poll"]
    return message


def _attachments(request: Request, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the request's files, with what the body says of them."""
    said = {str(part["id"]): part for part in body.get("attachments") or ()}
    return [
        {
            **{"id": snowflake(), "filename": name, "size": len(content), "url": ""},
            **{k: v for k, v in said.get(str(number), {}).items() if k == "description"},
        }
        for number, (name, content) in enumerate(request.files)
    ]


def _message(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
    message = discord.guild_of_channel(at["channel"]).messages.get(at["message"])
    if message is None or message["channel_id"] != at["channel"]:
        raise Refusal(404, 10008, "Unknown Message")
    return message


def guild_of_channel(guilds: dict[str, FakeGuild], channel_id: str) -> FakeGuild:
    for guild in guilds.values():
        if channel_id in guild.channels:
            return guild
    raise Refusal(404, 10003, "Unknown Channel")
