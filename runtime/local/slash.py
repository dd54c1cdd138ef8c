"""A slash command as somebody types it (`tag view name=rules`), as Discord sends it then.

It is read against what the script has declared: types, choices and what is required are Discord's
to check, so they are checked here. Problems are ValueErrors with a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runtime.local.world import GUILD, Json, World
from runtime.local.world import USER as MEMBER

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(1, 11)
_WORDS = {"true": True, "false": False}


def interaction_data(
    words: list[str], commands: list[Json], world: World, *, typing: bool = False
) -> Json:
    """words: the command's name, those of group and subcommand, then name=value of options.

    typing: the last option is still being typed, so nothing is checked yet.
    """
    if not words:
        raise ValueError("expected the name of a command")
    name, *rest = words[0].removeprefix("/"), *words[1:]
    command = _named(name, commands, "the script has declared no command", prefix="/")
    data: Json = {"id": world.new_id(), "name": name, "type": command["type"]}
    if command["type"] in _TARGETS:
        return {**data, **_TARGETS[command["type"]](world)}
    reading = _Reading(world, typing)
    if options := reading.options(rest, command.get("options") or []):
        data["options"] = options
    if reading.resolved:
        data["resolved"] = reading.resolved
    return data


def _on_user(world: World) -> Json:
    """Somebody uses a command on the member's own name."""
    resolved = {"users": {MEMBER: world.person()}, "members": {MEMBER: world.member()}}
    return {"target_id": MEMBER, "resolved": resolved}


def _on_message(world: World) -> Json:
    """… on the newest message."""
    message = next(reversed(world.messages.values()), None) or world.message()
    return {"target_id": message["id"], "resolved": {"messages": {message["id"]: message}}}


# Of commands in menus, by their types.
_TARGETS: dict[int, Callable[[World], Json]] = {2: _on_user, 3: _on_message}


@dataclass
class _Reading:
    """resolved: the objects that options name, as Discord sends them along."""

    world: World
    typing: bool
    resolved: dict[str, Json] = field(default_factory=dict)

    def options(self, words: list[str], declared: list[Json]) -> list[Json]:
        if any(option["type"] in (SUBCOMMAND, GROUP) for option in declared):
            if not words:
                raise ValueError(f"expected one of {', '.join(o['name'] for o in declared)}")
            chosen = _named(words[0], declared, "there is no subcommand")
            inner = self.options(words[1:], chosen.get("options") or [])
            return [{"name": chosen["name"], "type": chosen["type"], "options": inner}]
        given = _given(words, declared)
        if self.typing:
            return self._typed(given, declared)
        for option in declared:
            if option.get("required") and option["name"] not in given:
                raise ValueError(f"the option {option['name']} is required")
        return [
            {**_head(option), "value": self._value(option, given[option["name"]])}
            for option in declared
            if option["name"] in given
        ]

    def _typed(self, given: dict[str, str], declared: list[Json]) -> list[Json]:
        if not given:
            raise ValueError("expected the option that is being typed: name=value")
        *_, focused = given
        return [
            {
                **_head(option),
                "value": given[option["name"]],
                **({"focused": True} if option["name"] == focused else {}),
            }
            for option in declared
            if option["name"] in given
        ]

    def _value(self, option: Json, text: str) -> Any:
        name, kind = option["name"], option["type"]
        value: Any = text
        try:
            if kind == INTEGER:
                value = int(text)
            elif kind == NUMBER:
                value = float(text)
            elif kind == BOOLEAN:
                value = _WORDS[text.lower()]
        except (ValueError, KeyError):
            expected = {INTEGER: "a whole number", NUMBER: "a number", BOOLEAN: "true or false"}[
                kind
            ]
            raise ValueError(f"{name}: expected {expected}, got {text!r}") from None
        choices = [choice["value"] for choice in option.get("choices") or []]
        if choices and value not in choices:
            raise ValueError(f"{name}: expected one of {', '.join(map(str, choices))}")
        for family, make in _objects(kind, text, self.world).items():
            self.resolved.setdefault(family, {})[text] = make()
        return value


def _head(option: Json) -> Json:
    return {"name": option["name"], "type": option["type"]}


def _given(words: list[str], declared: list[Json]) -> dict[str, str]:
    """Options as they are typed, each one that is declared."""
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"{word!r} is no option: expected name=value")
        _named(name, declared, "there is no option")
        given[name] = value
    return given


def _named(name: str, among: list[Json], missing: str, prefix: str = "") -> Json:
    found = next((one for one in among if one["name"] == name), None)
    if found is None:
        known = ", ".join(f"{prefix}{one['name']}" for one in among) or "none"
        raise ValueError(f"{missing} {prefix}{name}; there is: {known}")
    return found


def _objects(kind: int, id_: str, world: World) -> dict[str, Callable[[], Json]]:
    """What Discord sends along of the object that an option names."""
    if kind in (USER, MENTIONABLE):
        return {"users": lambda: world.person(id=id_), "members": world.member}
    if kind == CHANNEL:
        return {"channels": lambda: world.channel(id=id_)}
    if kind == ROLE:
        return {"roles": lambda: world.role(id=id_, name="role" if id_ != GUILD else "@everyone")}
    return {}
