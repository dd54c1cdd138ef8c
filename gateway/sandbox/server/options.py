"""What a member fills in, on its way to the bot: a command's options, a menu's choice, a modal.

Values come from a form as text; the bot gets them typed, and objects beside their ids.
"""

import contextlib
from typing import Any

from simcord.backend import serializers
from simcord.backend.errors import OptionError
from simcord.components import walk_components
from simcord.enums import SELECT_TYPES, ComponentType, OptionType
from simcord.interactions import parse_option_input

from gateway.sandbox.server.refused import Refused
from gateway.sandbox.server.world import World

# Kinds of objects that an id may be of.
_OPTION_OBJECTS: dict[int, tuple[str, ...]] = {
    OptionType.USER: ("users",),
    OptionType.ROLE: ("roles",),
    OptionType.CHANNEL: ("channels",),
    OptionType.MENTIONABLE: ("users", "roles"),
}
_MENU_OBJECTS: dict[int, tuple[str, ...]] = {
    ComponentType.USER_SELECT: ("users",),
    ComponentType.ROLE_SELECT: ("roles",),
    ComponentType.CHANNEL_SELECT: ("channels",),
    ComponentType.MENTIONABLE_SELECT: ("users", "roles"),
}


class Resolved:
    """Objects of the guild that a member has chosen, as Discord sends them beside the ids."""

    def __init__(self, world: World, member_id: int) -> None:
        self._world = world
        self._member_id = member_id
        self.objects: dict[str, dict[str, Any]] = {}

    def add(self, id_: str, kinds: tuple[str, ...], where: str) -> str:
        """Returns the id. Raises Refused when the guild has no such object."""
        number = int(id_) if id_.isascii() and id_.isdecimal() else 0
        for kind in kinds:
            found = self._find(kind, number)
            if found is not None:
                for name, payload in found.items():
                    self.objects.setdefault(name, {})[id_] = payload
                return id_
        raise Refused(f"{where}: the guild has no such {' or '.join(k[:-1] for k in kinds)}.")

    def _find(self, kind: str, id_: int) -> dict[str, Any] | None:
        world, guild = self._world, self._world.guild
        if kind == "users" and (member := guild.members.get(id_)):
            payload = serializers.member_payload(world, guild, member, with_user=False)
            permissions = str(world.compute_permissions(guild.id, id_))
            return {
                "users": serializers.user_payload(world.get_user(id_)),
                "members": {**payload, "permissions": permissions},
            }
        if kind == "roles" and (role := guild.roles.get(id_)):
            return {"roles": serializers.role_payload(role)}
        if kind == "channels" and id_ in (*guild.channel_ids, *guild.thread_ids):
            channel = serializers.channel_payload(world, world.get_channel(id_))
            permissions = str(world.compute_permissions(guild.id, self._member_id, id_))
            return {"channels": {**channel, "permissions": permissions}}
        return None


def options_of(
    command: dict[str, Any], shown: str, given: dict[str, Any], resolved: Resolved
) -> list[dict[str, Any]]:
    """The options of a (sub)command. given: text, or a boolean, by name. Raises Refused."""
    declared = {option["name"]: option for option in command.get("options") or ()}
    if unknown := set(given) - set(declared):
        raise Refused(f"/{shown} has no option {sorted(unknown)[0]!r}.")
    options = []
    for name, option in declared.items():
        raw = given.get(name)
        if raw is None or raw == "":
            if option.get("required"):
                raise Refused(f"/{shown} needs the option {name!r}.")
            continue
        options.append(
            {"name": name, "type": option["type"], "value": _value(shown, option, raw, resolved)}
        )
    return options


def options_so_far(
    command: dict[str, Any],
    shown: str,
    given: dict[str, Any],
    focused: str,
    resolved: Resolved,
) -> list[dict[str, Any]]:
    """The options of a (sub)command while one of them is being typed: that one is text, as it is,
    of the others those that are right already. Raises Refused."""
    options = []
    for option in command.get("options") or ():
        name, raw = option["name"], given.get(option["name"])
        typed = {"name": name, "type": option["type"]}
        if name == focused and option.get("autocomplete"):
            options.append({**typed, "value": str(raw or ""), "focused": True})
        elif raw is not None and raw != "":
            with contextlib.suppress(Refused):
                options.append({**typed, "value": _value(shown, option, raw, resolved)})
    if not any(option.get("focused") for option in options):
        raise Refused(f"/{shown} suggests nothing for {focused!r}.")
    return options


def _value(shown: str, option: dict[str, Any], raw: Any, resolved: Resolved) -> Any:
    kind = option["type"]
    where = f"/{shown}, option {option['name']!r}"
    if kind in _OPTION_OBJECTS:
        return resolved.add(str(raw), _OPTION_OBJECTS[kind], where)
    if kind == OptionType.ATTACHMENT:
        raise Refused(f"{where}: files cannot be sent in the simulated Discord.")
    try:
        return parse_option_input(shown, option, raw)
    except OptionError as error:
        raise Refused(f"{error}.") from None


def chosen_values(menu: dict[str, Any], given: list[str], resolved: Resolved) -> list[str]:
    """The values of a select menu. Raises Refused."""
    low, high = menu.get("min_values", 1), menu.get("max_values", 1)
    if len(set(given)) != len(given) or not low <= len(given) <= high:
        span = "one choice" if low == high == 1 else f"{low} to {high} different choices"
        raise Refused(f"This menu takes {span}.")
    if menu["type"] == ComponentType.STRING_SELECT:
        known = {option["value"] for option in menu.get("options") or ()}
        if not known.issuperset(given):
            raise Refused("This menu has no such option.")
        return given
    return [resolved.add(id_, _MENU_OBJECTS[menu["type"]], "This menu") for id_ in given]


def component_of(components: list[dict[str, Any]], custom_id: str) -> dict[str, Any]:
    """A message's button or menu with this id. Raises Refused."""
    for component in walk_components(components):
        if component.get("custom_id") == custom_id:
            if component.get("disabled"):
                raise Refused("This is switched off.")
            return component
    raise Refused("The message has no such button or menu any more.")


def submitted(modal: dict[str, Any], given: dict[str, Any], resolved: Resolved) -> list[Any]:
    """A modal's components as they are sent back. Raises Refused."""
    return [_submitted(component, given, resolved) for component in modal["components"]]


def _submitted(component: dict[str, Any], given: dict[str, Any], resolved: Resolved) -> Any:
    kind = component["type"]
    sent: dict[str, Any] = {"type": kind, "id": component.get("id", 0)}
    if kind == ComponentType.ACTION_ROW:
        rows = component["components"]
        return {**sent, "components": [_submitted(child, given, resolved) for child in rows]}
    if kind == ComponentType.LABEL:
        return {**sent, "component": _submitted(component["component"], given, resolved)}
    if kind == ComponentType.TEXT_DISPLAY:
        return sent
    sent["custom_id"] = custom_id = component["custom_id"]
    if kind == ComponentType.TEXT_INPUT:
        return {**sent, "value": _text(component, given.get(custom_id, ""))}
    if kind in SELECT_TYPES:
        values = given.get(custom_id, [])
        if not values and not component.get("required", True):
            return {**sent, "values": []}
        return {**sent, "values": chosen_values(component, list(values), resolved)}
    raise Refused("This form has a field that the simulated Discord cannot show.")


def _text(field: dict[str, Any], value: Any) -> str:
    shown = field.get("label") or field["custom_id"]
    if not isinstance(value, str) or (not value and field.get("required", True)):
        raise Refused(f"{shown!r} must be filled in.")
    if value and not field.get("min_length", 0) <= len(value) <= field.get("max_length", 4000):
        low, high = field.get("min_length", 0), field.get("max_length", 4000)
        raise Refused(f"{shown!r} takes {low} to {high} characters, these are {len(value)}.")
    return value
