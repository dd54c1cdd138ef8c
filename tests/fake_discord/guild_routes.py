"""What a guild of the fake Discord has beside channels: members, bans, roles, emojis and more."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.fake_discord.rest import Refusal, Request, route
from tests.fake_discord.world import APPLICATION_ID, BOT, BOT_ID, FakeGuild, snowflake, user

if TYPE_CHECKING:
    from tests.fake_discord.server import FakeDiscord

_GUILD = "/guilds/{guild}"
# Lists of things that are made, fetched, changed and deleted alike.
COLLECTIONS = {
    f"{_GUILD}/roles": "roles",
    f"{_GUILD}/emojis": "emojis",
    f"{_GUILD}/stickers": "stickers",
    f"{_GUILD}/scheduled-events": "events",
    f"{_GUILD}/auto-moderation/rules": "rules",
    f"{_GUILD}/soundboard-sounds": "sounds",
    f"/applications/{APPLICATION_ID}/guilds/{{guild}}/commands": "own_commands",
}
_MEMBER = f"{_GUILD}/members/{{user}}"
_BAN = f"{_GUILD}/bans/{{user}}"


def guild_at(discord: "FakeDiscord", at: dict[str, str]) -> FakeGuild:
    if at["guild"] not in discord.guilds:
        raise Refusal(404, 10004, "Unknown Guild")
    return discord.guilds[at["guild"]]


def _collect(path: str, kind: str) -> None:
    """Registers the five routes of a collection; its things keep why they were last changed."""

    def things(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, dict[str, Any]]:
        return guild_at(discord, at).things.setdefault(kind, {})

    def known(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
        if at["thing"] not in things(discord, at):
            raise Refusal(404, 10_000, f"Unknown: {kind}")
        return things(discord, at)[at["thing"]]

    @route("GET", path)
    def _list(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
        return list(things(discord, at).values())

    @route("POST", path)
    def _create(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
        made = {"id": snowflake(), "guild_id": at["guild"], **_written(request)}
        things(discord, at)[made["id"]] = made
        return made

    @route("GET", f"{path}/{{thing}}")
    def _get(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
        return known(discord, at)

    @route("PATCH", f"{path}/{{thing}}")
    def _change(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
        known(discord, at).update(_written(request))
        return known(discord, at)

    @route("DELETE", f"{path}/{{thing}}")
    def _delete(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
        known(discord, at)
        del things(discord, at)[at["thing"]]


def _written(request: Request) -> dict[str, Any]:
    files = {"file": request.files[0][0]} if request.files else {}
    return {**request.body, **files, **request.reason}


# --- the guild itself -------------------------------------------------------------------------


@route("GET", _GUILD)
def _get_guild(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = guild_at(discord, at)
    counts = {"approximate_member_count": 2} if request.query.get("with_counts") == "true" else {}
    return {"id": guild.id, "name": guild.name, "owner_id": guild.alice["id"], **counts}


@route("PATCH", _GUILD)
def _change_guild(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = guild_at(discord, at)
    guild.name = request.body.get("name", guild.name)
    return {"id": guild.id, "name": guild.name}


@route("GET", f"{_GUILD}/audit-logs")
def _audit_log(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return {"audit_log_entries": guild_at(discord, at).audit, "users": [BOT]}


@route("GET", f"{_GUILD}/vanity-url")
def _vanity(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild_at(discord, at)
    return {"code": None, "uses": 0}


# --- members ----------------------------------------------------------------------------------


@route("GET", f"{_GUILD}/members")
def _members(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    after = int(request.query.get("after", "0"))
    later = [m for m in guild_at(discord, at).members.values() if int(m["user"]["id"]) > after]
    return later[: int(request.query.get("limit", "1"))]


@route("GET", f"{_GUILD}/members/search")
def _search(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    start = request.query["query"].lower()
    members = guild_at(discord, at).members.values()
    found = [m for m in members if m["user"]["username"].startswith(start)]
    return found[: int(request.query.get("limit", "1"))]


@route("GET", _MEMBER)
def _get_member(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _member(discord, at)


@route("PATCH", f"{_GUILD}/members/@me")
def _change_own(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _changed(discord, request, {**at, "user": BOT_ID})


@route("PATCH", _MEMBER)
def _change_member(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _changed(discord, request, at)


@route("DELETE", _MEMBER)
def _kick(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _member(discord, at)
    _note(discord, request, at, "kick")
    del guild_at(discord, at).members[at["user"]]


@route("PUT", f"{_MEMBER}/roles/{{role}}")
def _add_role(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _member(discord, at)["roles"].append(at["role"])


@route("DELETE", f"{_MEMBER}/roles/{{role}}")
def _remove_role(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _member(discord, at)["roles"].remove(at["role"])


@route("GET", "/users/{user}")
def _get_user(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    for guild in discord.guilds.values():
        if at["user"] in guild.members:
            return guild.members[at["user"]]["user"]
    raise Refusal(404, 10013, "Unknown User")


@route("GET", f"{_GUILD}/voice-states/{{user}}")
def _voice(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return {"user_id": at["user"], "channel_id": _member(discord, at).get("channel_id")}


# --- bans -------------------------------------------------------------------------------------


@route("GET", f"{_GUILD}/bans")
def _bans(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return list(guild_at(discord, at).bans.values())


@route("GET", _BAN)
def _get_ban(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _ban(discord, at)


@route("PUT", _BAN)
def _put_ban(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild = guild_at(discord, at)
    member = guild.members.pop(at["user"], None)
    whom = member["user"] if member else user("somebody", id_=at["user"])
    guild.bans[at["user"]] = {"user": whom, **request.body, **request.reason}


@route("DELETE", _BAN)
def _delete_ban(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _ban(discord, at)
    _note(discord, request, at, "unban")
    del guild_at(discord, at).bans[at["user"]]


@route("POST", f"{_GUILD}/bulk-ban")
def _bulk_ban(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    for id_ in request.body["user_ids"]:
        _put_ban(discord, request, {**at, "user": id_})
    return {"banned_users": request.body["user_ids"], "failed_users": []}


@route("GET", f"{_GUILD}/prune")
def _prune_count(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return {"pruned": len(list(_inactive(discord, at)))}


@route("POST", f"{_GUILD}/prune")
def _prune(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    gone = list(_inactive(discord, at))
    for id_ in gone:
        del guild_at(discord, at).members[id_]
    return {"pruned": len(gone)}


# --- commands beside those that are set together ----------------------------------------------

_COMMANDS = f"/applications/{APPLICATION_ID}/guilds/{{guild}}/commands"


@route("GET", f"{_COMMANDS}/permissions")
@route("GET", f"{_COMMANDS}/{{thing}}/permissions")
def _permissions(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    guild_at(discord, at)
    return []


@route("PUT", f"{_COMMANDS}/{{thing}}/permissions")
def _put_permissions(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    raise Refusal(403, 20001, "Bots cannot use this endpoint")


for _path, _kind in COLLECTIONS.items():
    _collect(_path, _kind)


def _member(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
    members = guild_at(discord, at).members
    if at["user"] not in members:
        raise Refusal(404, 10007, "Unknown Member")
    return members[at["user"]]


def _changed(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> dict[str, Any]:
    member = _member(discord, at)
    member.update({**request.body, **request.reason})
    return member


def _ban(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
    bans = guild_at(discord, at).bans
    if at["user"] not in bans:
        raise Refusal(404, 10026, "Unknown Ban")
    return bans[at["user"]]


def _note(discord: "FakeDiscord", request: Request, at: dict[str, str], action: str) -> None:
    entry = {"action": action, "target_id": at["user"], "user_id": BOT_ID, **request.reason}
    guild_at(discord, at).audit.append(entry)


def _inactive(discord: "FakeDiscord", at: dict[str, str]) -> Iterator[str]:
    """Members without roles who have not been here for long: all but the bot and alice."""
    guild = guild_at(discord, at)
    kept = (BOT_ID, guild.alice["id"])
    return (id_ for id_, member in guild.members.items() if id_ not in kept and not member["roles"])
