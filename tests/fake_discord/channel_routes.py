"""Channels of the fake Discord: made and changed, their threads, invites, webhooks and polls."""

from typing import TYPE_CHECKING, Any

from tests.fake_discord.guild_routes import guild_at
from tests.fake_discord.rest import Refusal, Request, message_of, route
from tests.fake_discord.world import BOT, BOT_ID, FakeGuild, snowflake

if TYPE_CHECKING:
    from tests.fake_discord.server import FakeDiscord

_CHANNEL = "/channels/{channel}"
_MESSAGE = f"{_CHANNEL}/messages/{{message}}"
_THREAD_MEMBERS = f"{_CHANNEL}/thread-members"
_WEBHOOK = "/webhooks/{webhook}"
_SIGNED = f"{_WEBHOOK}/{{token}}"
_SAID = f"{_SIGNED}/messages/{{message}}"
PUBLIC_THREAD = 11


# --- channels ---------------------------------------------------------------------------------


@route("GET", "/guilds/{guild}/channels")
def _channels(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return list(guild_at(discord, at).channels.values())


@route("POST", "/guilds/{guild}/channels")
def _create(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _made(guild_at(discord, at), {"type": 0, **request.body, **request.reason})


@route("PATCH", "/guilds/{guild}/channels")
def _move(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    for place in request.body:
        guild_at(discord, at).channels[place["id"]].update(place)


@route("PATCH", _CHANNEL)
def _change(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    channel = _channel(discord, at)
    channel.update({**request.body, **request.reason})
    return channel


@route("DELETE", _CHANNEL)
def _delete(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return discord.guild_of_channel(at["channel"]).channels.pop(at["channel"])


@route("PUT", f"{_CHANNEL}/permissions/{{overwrite}}")
def _put_overwrite(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _remove_overwrite(discord, at)
    overwrite = {"id": at["overwrite"], **request.body}
    _channel(discord, at)["permission_overwrites"].append(overwrite)


@route("DELETE", f"{_CHANNEL}/permissions/{{overwrite}}")
def _delete_overwrite(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _remove_overwrite(discord, at)


@route("POST", f"{_CHANNEL}/typing")
def _typing(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _channel(discord, at)


@route("PUT", f"{_CHANNEL}/voice-status")
def _voice_status(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _channel(discord, at)["status"] = request.body["status"]


@route("GET", f"{_CHANNEL}/messages/pins")
def _pins(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    pinned = [m for m in discord.guild_of_channel(at["channel"]).messages.values() if m["pinned"]]
    items = [{"pinned_at": m["timestamp"], "message": m} for m in pinned]
    return {"items": items, "has_more": False}


@route("GET", f"{_MESSAGE}/reactions/{{emoji}}")
def _reactions(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    message = discord.guild_of_channel(at["channel"]).messages[at["message"]]
    return [BOT] if at["emoji"] in message.get("reactions", []) else []


@route("POST", f"{_CHANNEL}/polls/{{message}}/expire")
def _end_poll(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    message = discord.guild_of_channel(at["channel"]).messages[at["message"]]
    message["poll"]["results"] = {"is_finalized": True, "answer_counts": []}
    return message


@route("GET", f"{_CHANNEL}/polls/{{message}}/answers/{{answer}}")
def _voters(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _channel(discord, at)
    return {"users": []}


# --- threads ----------------------------------------------------------------------------------


@route("POST", f"{_CHANNEL}/threads")
def _create_thread(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guild_of_channel(at["channel"])
    body = dict(request.body)
    post = body.pop("message", None)
    thread = _made(guild, {"type": PUBLIC_THREAD, "parent_id": at["channel"], **body})
    if post is not None:
        message = message_of(thread["id"], request, post)
        guild.messages[message["id"]] = message
    return thread


@route("POST", f"{_MESSAGE}/threads")
def _thread_from(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guild_of_channel(at["channel"])
    return _made(guild, {"type": PUBLIC_THREAD, "parent_id": at["channel"], **request.body})


@route("GET", "/guilds/{guild}/threads/active")
def _active(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    channels = guild_at(discord, at).channels.values()
    threads = [channel for channel in channels if channel["type"] == PUBLIC_THREAD]
    return {"threads": threads, "members": []}


@route("GET", f"{_CHANNEL}/threads/archived/public")
@route("GET", f"{_CHANNEL}/threads/archived/private")
def _archived(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _channel(discord, at)
    return {"threads": [], "members": [], "has_more": False}


@route("GET", _THREAD_MEMBERS)
def _thread_members(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return [{"id": at["channel"], "user_id": id_} for id_ in _in_thread(discord, at)]


@route("PUT", f"{_THREAD_MEMBERS}/{{user}}")
def _join(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _in_thread(discord, at).append(BOT_ID if at["user"] == "@me" else at["user"])


@route("DELETE", f"{_THREAD_MEMBERS}/{{user}}")
def _leave(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _in_thread(discord, at).remove(BOT_ID if at["user"] == "@me" else at["user"])


# --- invites ----------------------------------------------------------------------------------


@route("POST", f"{_CHANNEL}/invites")
def _invite(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guild_of_channel(at["channel"])
    code = f"inv{snowflake()}"
    short = {"id": guild.id, "name": guild.name}
    channel = {"id": at["channel"], "name": _channel(discord, at)["name"], "type": 0}
    guild.invites[code] = {"code": code, "guild": short, "channel": channel, **request.body}
    return guild.invites[code]


@route("GET", "/guilds/{guild}/invites")
def _guild_invites(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return list(guild_at(discord, at).invites.values())


@route("GET", f"{_CHANNEL}/invites")
def _channel_invites(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    invites = discord.guild_of_channel(at["channel"]).invites.values()
    return [invite for invite in invites if invite["channel"]["id"] == at["channel"]]


@route("GET", "/invites/{code}")
def _get_invite(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _invites(discord, at["code"])[at["code"]]


@route("DELETE", "/invites/{code}")
def _delete_invite(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _invites(discord, at["code"]).pop(at["code"])


# --- webhooks ---------------------------------------------------------------------------------


@route("POST", f"{_CHANNEL}/webhooks")
def _create_webhook(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = discord.guild_of_channel(at["channel"])
    webhook = {
        **{"id": snowflake(), "type": 1, "guild_id": guild.id, "channel_id": at["channel"]},
        **{"token": f"wt-{snowflake()}", "avatar": None},
        **request.body,
    }
    guild.webhooks[webhook["id"]] = webhook
    return webhook


@route("GET", f"{_CHANNEL}/webhooks")
def _channel_webhooks(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    webhooks = discord.guild_of_channel(at["channel"]).webhooks.values()
    return [webhook for webhook in webhooks if webhook["channel_id"] == at["channel"]]


@route("GET", "/guilds/{guild}/webhooks")
def _guild_webhooks(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return list(guild_at(discord, at).webhooks.values())


@route("GET", _SIGNED)
@route("GET", _WEBHOOK)
def _get_webhook(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _webhook(discord, at)[1]


@route("PATCH", _SIGNED)
@route("PATCH", _WEBHOOK)
def _change_webhook(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    webhook = _webhook(discord, at)[1]
    webhook.update(request.body)
    return webhook


@route("DELETE", _SIGNED)
@route("DELETE", _WEBHOOK)
def _delete_webhook(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild, webhook = _webhook(discord, at)
    del guild.webhooks[webhook["id"]]


@route("POST", _SIGNED)
def _execute(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild, webhook = _webhook(discord, at)
    place = request.query.get("thread_id", webhook["channel_id"])
    message = message_of(place, request)
    name = request.body.get("username", webhook["name"])
    message |= {"webhook_id": webhook["id"], "author": {**BOT, "id": webhook["id"]}}
    message["author"] |= {"username": name, "avatar": request.body.get("avatar_url")}
    if not message["components"] or request.query.get("with_components") != "true":
        message["components"] = []
    guild.messages[message["id"]] = message
    return message if request.query.get("wait") == "true" else None


@route("GET", _SAID)
def _get_said(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _said(discord, at)


@route("PATCH", _SAID)
def _change_said(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    message = _said(discord, at)
    message.update({key: request.body[key] for key in request.body if key != "allowed_mentions"})
    return message


@route("DELETE", _SAID)
def _delete_said(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _said(discord, at)
    del _webhook(discord, at)[0].messages[at["message"]]


# --- what they share --------------------------------------------------------------------------


def _channel(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
    return discord.guild_of_channel(at["channel"]).channels[at["channel"]]


def _made(guild: FakeGuild, fields: dict[str, Any]) -> dict[str, Any]:
    channel = {"id": snowflake(), "guild_id": guild.id, "permission_overwrites": [], **fields}
    guild.channels[channel["id"]] = channel
    return channel


def _remove_overwrite(discord: "FakeDiscord", at: dict[str, str]) -> None:
    overwrites = _channel(discord, at)["permission_overwrites"]
    overwrites[:] = [o for o in overwrites if o["id"] != at["overwrite"]]


def _in_thread(discord: "FakeDiscord", at: dict[str, str]) -> list[str]:
    members: list[str] = _channel(discord, at).setdefault("thread_members", [])
    return members


def _invites(discord: "FakeDiscord", code: str) -> dict[str, Any]:
    for guild in discord.guilds.values():
        if code in guild.invites:
            return guild.invites
    raise Refusal(404, 10006, "Unknown Invite")


def _webhook(discord: "FakeDiscord", at: dict[str, str]) -> tuple[FakeGuild, dict[str, Any]]:
    for guild in discord.guilds.values():
        webhook = guild.webhooks.get(at["webhook"])
        if webhook is not None and at.get("token", webhook["token"]) == webhook["token"]:
            return guild, webhook
    raise Refusal(404, 10015, "Unknown Webhook")


def _said(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
    guild, webhook = _webhook(discord, at)
    message = guild.messages.get(at["message"], {})
    if message.get("webhook_id") != webhook["id"]:
        raise Refusal(404, 10008, "Unknown Message")
    return message
