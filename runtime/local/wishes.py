"""Events that somebody wishes for (`--message '!ping'`), as Discord's gateway would send them.

The wishes are words of a command line or of a JSON file; slash commands are read against what the
script has declared, as Discord's own input does it.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from runtime.local.slash import interaction_data
from runtime.local.world import APPLICATION, CHANNEL, EVERYTHING, GUILD, USER, Json, World
from runtime.schedule.clock import SystemClock, rfc3339

INTERACTION = "INTERACTION_CREATE"
# Of flora's own clock. A task's data and time are where the script has put them.
CRON, TASK = "FLORA_CRON", "FLORA_TASK"
_TYPES = {"slash": 2, "autocomplete": 4, "button": 3, "select": 3, "modal": 5}
# Scripts' own names of Discord's events that are not Discord's in camelCase.
_NAMES = {
    "interactionCreate": INTERACTION,
    "componentInteraction": INTERACTION,
    "modalSubmit": INTERACTION,
    "autocomplete": INTERACTION,
    "reactionAdd": "MESSAGE_REACTION_ADD",
    "reactionRemove": "MESSAGE_REACTION_REMOVE",
    "reactionRemoveAll": "MESSAGE_REACTION_REMOVE_ALL",
    "reactionRemoveEmoji": "MESSAGE_REACTION_REMOVE_EMOJI",
    "memberJoin": "GUILD_MEMBER_ADD",
    "memberLeave": "GUILD_MEMBER_REMOVE",
    "memberUpdate": "GUILD_MEMBER_UPDATE",
}
_NAME = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class InvalidWish(Exception):
    """A sentence for whoever wishes: what cannot be made into an event, and why."""


@dataclass(frozen=True)
class Wish:
    """kind: a name of KINDS. text: what stands after it. payload: of `event`, Discord's `d`."""

    kind: str
    text: str
    payload: Json | None = None

    @property
    def source(self) -> str:
        return f"{self.kind} {self.text}"


@dataclass(frozen=True)
class Happening:
    """name: Discord's, or flora's own of its clock."""

    name: str
    data: Json


def happening(wish: Wish, world: World, commands: list[Json]) -> Happening:
    """commands: what the script has declared, as Discord has them. Raises InvalidWish."""
    event = KINDS[wish.kind](wish, world, commands)
    try:
        orjson.dumps(event.data)
    except orjson.JSONEncodeError as problem:
        raise InvalidWish(f"{wish.kind}: this cannot be sent as JSON: {problem}") from None
    return event


def _message(wish: Wish, world: World, _: list[Json]) -> Happening:
    message = world.message(content=wish.text)
    return Happening("MESSAGE_CREATE", {**message, "member": world.member(), "guild_id": GUILD})


def _slash(wish: Wish, world: World, commands: list[Json]) -> Happening:
    try:
        words = shlex.split(wish.text)
        data = interaction_data(words, commands, world, typing=wish.kind == "autocomplete")
    except ValueError as problem:
        raise InvalidWish(f"{wish.source}: {problem}") from None
    return _interaction(wish, world, data)


def _button(wish: Wish, world: World, _: list[Json]) -> Happening:
    data = {"custom_id": wish.text, "component_type": 2}
    return _interaction(wish, world, data, message=_holder(world, wish.text))


def _select(wish: Wish, world: World, _: list[Json]) -> Happening:
    custom_id, _equals, values = wish.text.partition("=")
    data = {"custom_id": custom_id, "component_type": 3, "values": values.split(",")}
    return _interaction(wish, world, data, message=_holder(world, custom_id))


def _modal(wish: Wish, world: World, _: list[Json]) -> Happening:
    try:
        custom_id, *fields = shlex.split(wish.text)
        values = dict(field.split("=", 1) for field in fields)
    except ValueError:
        raise InvalidWish(f"modal {wish.text}: expected: custom_id field=text …") from None
    rows = [
        {"type": 1, "components": [{"type": 4, "custom_id": name, "value": value}]}
        for name, value in values.items()
    ]
    return _interaction(wish, world, {"custom_id": custom_id, "components": rows})


def _interaction(wish: Wish, world: World, data: Json, **more: Any) -> Happening:
    id_ = world.new_id()
    return Happening(
        INTERACTION,
        {
            "id": id_,
            "token": f"local-{id_}",
            "type": _TYPES[wish.kind],
            "version": 1,
            "application_id": APPLICATION,
            "guild_id": GUILD,
            "guild": {"id": GUILD, "locale": "en-US", "features": []},
            "channel_id": CHANNEL,
            "channel": world.channel(),
            "member": world.member(user=world.person(), permissions=EVERYTHING),
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": EVERYTHING,
            "entitlements": [],
            "context": 0,
            "data": data,
            **more,
        },
    )


def _holder(world: World, custom_id: str) -> Json:
    """The message that the component is on: one that the script has sent, else any of the bot's."""
    return world.message_with(custom_id) or world.message(author=world.bot())


def _cron(wish: Wish, _world: World, _: list[Json]) -> Happening:
    return Happening(CRON, {"name": wish.text, "scheduledAt": rfc3339(SystemClock().now())})


def _task(wish: Wish, _world: World, _: list[Json]) -> Happening:
    return Happening(TASK, {"key": wish.text})


def _event(wish: Wish, world: World, _: list[Json]) -> Happening:
    """Discord's fields as they are given, those of this guild and member where they are not."""
    name = _NAMES.get(wish.text) or _CAPITAL.sub("_", wish.text).upper()
    if wish.text.isupper():
        name = wish.text
    if not _NAME.fullmatch(name):
        raise InvalidWish(f"event {wish.text!r}: expected a name such as memberJoin")
    given = wish.payload or {}
    defaults: dict[str, Callable[[], Json]] = {
        "MESSAGE_CREATE": lambda: {**world.message(), "member": world.member()},
        "MESSAGE_REACTION_ADD": lambda: _reaction(world),
        "MESSAGE_REACTION_REMOVE": lambda: _reaction(world),
        "GUILD_MEMBER_ADD": lambda: world.member(user=world.person()),
        "GUILD_MEMBER_REMOVE": lambda: {"user": world.person()},
        "READY": lambda: {"user": world.bot(), "application": {"id": APPLICATION}, "guilds": []},
    }
    data = {**defaults.get(name, dict)(), "guild_id": GUILD, **given}
    if data["guild_id"] != GUILD:
        raise InvalidWish(f"event {wish.text}: guild_id must be {GUILD}, the guild of a local run")
    if name == INTERACTION and not {"id", "token", "type", "data"} <= data.keys():
        raise InvalidWish(f"event {wish.text}: expected Discord's id, token, type and data in it")
    return Happening(name, data)


def _reaction(world: World) -> Json:
    message = next(reversed(world.messages.values()), None) or world.message()
    return {
        "user_id": USER,
        "message_id": message["id"],
        "channel_id": message["channel_id"],
        "message_author_id": message["author"]["id"],
        "member": world.member(user=world.person()),
        "emoji": {"id": None, "name": "👍"},
        "burst": False,
        "type": 0,
    }


KINDS: dict[str, Callable[[Wish, World, list[Json]], Happening]] = {
    "message": _message,
    "slash": _slash,
    "autocomplete": _slash,
    "button": _button,
    "select": _select,
    "modal": _modal,
    "cron": _cron,
    "task": _task,
    "event": _event,
}


def listed(entries: Any) -> list[Wish]:
    """The wishes of a file: a list of `{"message": "!ping"}`, `{"event": …, "payload": {…}}`.

    Raises InvalidWish.
    """
    if not isinstance(entries, list):
        raise InvalidWish("a file of events holds a list")
    return [_of_entry(number, entry) for number, entry in enumerate(entries)]


def _of_entry(number: int, entry: Any) -> Wish:
    kinds = [kind for kind in KINDS if isinstance(entry, dict) and kind in entry]
    if len(kinds) != 1 or not isinstance(entry[kinds[0]], str):
        raise InvalidWish(f"[{number}] has to name one of {', '.join(KINDS)}, with a text")
    payload = entry.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise InvalidWish(f"[{number}].payload has to be an object")
    return Wish(kinds[0], entry[kinds[0]], payload)
