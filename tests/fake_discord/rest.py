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


class Refusal(Exception):
    """Discord's no: an HTTP status and its error object."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = {"code": code, "message": message, **more}


Route = Callable[["FakeDiscord", Request, dict[str, str]], Any]
_ROUTES: list[tuple[str, re.Pattern[str], Route]] = []


def _route(method: str, path: str) -> Callable[[Route], Route]:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def register(route: Route) -> Route:
        _ROUTES.append((method, pattern, route))
        return route

    return register


def answer(discord: "FakeDiscord", request: Request) -> Any:
    """The JSON of the answer, None for 204. Raises Refusal."""
    for method, pattern, route in _ROUTES:
        if method == request.method and (match := pattern.fullmatch(request.path)):
            return route(discord, request, {k: unquote(v) for k, v in match.groupdict().items()})
    raise Refusal(404, 0, "404: Not Found")


# --- the bot itself ---------------------------------------------------------------------------


@_route("GET", "/users/@me")
def _me(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return BOT


@_route("GET", "/applications/@me")
def _application(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return {"id": APPLICATION_ID, "name": "flora", "bot": BOT, "flags": 0}


@_route("GET", "/gateway")
def _gateway(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return {"url": discord.gateway_address}


@_route("GET", "/gateway/bot")
def _gateway_bot(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 16}
    return {"url": discord.gateway_address, "shards": discord.shards, "session_start_limit": limit}


# --- channels and messages --------------------------------------------------------------------

_CHANNEL = "/channels/{channel}"
_MESSAGE = f"{_CHANNEL}/messages/{{message}}"


@_route("GET", _CHANNEL)
def _get_channel(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return discord.guild_of_channel(at["channel"]).channels[at["channel"]]


@_route("POST", f"{_CHANNEL}/messages")
def _create_message(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guild_of_channel(at["channel"])
    message = _message_of(at["channel"], request)
    if reference := request.body.get("message_reference"):
        if reference["message_id"] not in guild.messages:
            raise Refusal(400, 50035, "Invalid Form Body", errors={"message_reference": {}})
        message["message_reference"] = {**reference, "channel_id": at["channel"]}
    guild.messages[message["id"]] = message
    return message


@_route("GET", f"{_CHANNEL}/messages")
def _list_messages(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guild_of_channel(at["channel"])
    own = [m for m in guild.messages.values() if m["channel_id"] == at["channel"]]
    return own[: -int(request.query.get("limit", "50")) - 1 : -1]


@_route("POST", f"{_CHANNEL}/messages/bulk-delete")
def _bulk_delete(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    for message_id in request.body["messages"]:
        _message(discord, {**at, "message": message_id})
        del discord.guild_of_channel(at["channel"]).messages[message_id]


@_route("GET", _MESSAGE)
def _get_message(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _message(discord, at)


@_route("PATCH", _MESSAGE)
def _edit_message(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    message = _message(discord, at)
    message.update({key: request.body[key] for key in request.body if key != "allowed_mentions"})
    return message


@_route("DELETE", _MESSAGE)
def _delete_message(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at)
    del discord.guild_of_channel(at["channel"]).messages[at["message"]]


@_route("POST", f"{_MESSAGE}/crosspost")
def _crosspost(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _message(discord, at)


@_route("PUT", f"{_CHANNEL}/messages/pins/{{message}}")
def _pin(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at)["pinned"] = True


@_route("DELETE", f"{_CHANNEL}/messages/pins/{{message}}")
def _unpin(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at)["pinned"] = False


@_route("PUT", f"{_MESSAGE}/reactions/{{emoji}}/@me")
def _react(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at).setdefault("reactions", []).append(at["emoji"])


@_route("DELETE", f"{_MESSAGE}/reactions/{{emoji}}/{{user}}")
def _unreact(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at).setdefault("reactions", []).remove(at["emoji"])


@_route("DELETE", f"{_MESSAGE}/reactions/{{emoji}}")
def _clear_emoji(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    message = _message(discord, at)
    message["reactions"] = [e for e in message.get("reactions", []) if e != at["emoji"]]


@_route("DELETE", f"{_MESSAGE}/reactions")
def _clear_reactions(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _message(discord, at)["reactions"] = []


# --- interactions -----------------------------------------------------------------------------

_WEBHOOK = f"/webhooks/{APPLICATION_ID}/{{token}}"


@_route("POST", "/interactions/{interaction}/{token}/callback")
def _callback(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    interaction = discord.interactions.get(at["token"])
    if interaction is None or interaction.id != at["interaction"]:
        raise Refusal(404, 10062, "Unknown interaction")
    if interaction.callback is not None:
        raise Refusal(400, 40060, "Interaction has already been acknowledged.")
    interaction.callback = request.body


@_route("PATCH", f"{_WEBHOOK}/messages/@original")
def _edit_original(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    interaction = _interaction(discord, at)
    assert interaction.callback is not None
    interaction.callback.setdefault("data", {}).update(request.body)
    return _message_of(interaction.guild.channel_id, request)


@_route("DELETE", f"{_WEBHOOK}/messages/@original")
def _delete_original(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _interaction(discord, at)


@_route("POST", _WEBHOOK)
def _follow_up(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    interaction = _interaction(discord, at)
    message = _message_of(interaction.guild.channel_id, request)
    interaction.followups.append(message)
    return message


@_route("PATCH", f"{_WEBHOOK}/messages/{{message}}")
def _edit_follow_up(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    message = _followup(discord, at)
    message.update(request.body)
    return message


@_route("DELETE", f"{_WEBHOOK}/messages/{{message}}")
def _delete_follow_up(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _interaction(discord, at).followups.remove(_followup(discord, at))


# --- commands ---------------------------------------------------------------------------------


@_route("PUT", f"/applications/{APPLICATION_ID}/guilds/{{guild}}/commands")
def _put_commands(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guilds.get(at["guild"])
    if guild is None:
        raise Refusal(403, 50001, "Missing Access")
    guild.commands = request.body
    return [{"id": snowflake(), "application_id": APPLICATION_ID, **c} for c in request.body]


def _message_of(channel_id: str, request: Request) -> dict[str, Any]:
    body = request.body
    message = new_message(channel_id, BOT, body.get("content") or "")
    for name in ("embeds", "components", "flags", "tts"):
        message[name] = body.get(name) or message[name]
    message["attachments"] = [
        {"id": str(number), "filename": name, "size": len(content), "url": "", "proxy_url": ""}
        for number, (name, content) in enumerate(request.files)
    ]
    return message


def _message(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
    message = discord.guild_of_channel(at["channel"]).messages.get(at["message"])
    if message is None or message["channel_id"] != at["channel"]:
        raise Refusal(404, 10008, "Unknown Message")
    return message


def _interaction(discord: "FakeDiscord", at: dict[str, str]) -> Any:
    interaction = discord.interactions.get(at["token"])
    if interaction is None or interaction.callback is None:
        raise Refusal(404, 10015, "Unknown Webhook")
    return interaction


def _followup(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
    for message in _interaction(discord, at).followups:
        if message["id"] == at["message"]:
            return message
    raise Refusal(404, 10008, "Unknown Message")


def guild_of_channel(guilds: dict[str, FakeGuild], channel_id: str) -> FakeGuild:
    for guild in guilds.values():
        if channel_id in guild.channels:
            return guild
    raise Refusal(404, 10003, "Unknown Channel")
