"""A row of the table: one request, what it is called, and what may stand in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial

from gateway.permissions import Permission
from gateway.routes import checks
from gateway.routes.checks import Check

_PARAMETER = re.compile(r"\{(\w+)\}")
# How the parameters of a path are checked; the others are ids.
_PARAMETERS: dict[str, Check] = {
    "emoji": checks.emoji,
    "token": checks.token,
    "code": checks.code,
    "template_code": checks.code,
    "answer_id": checks.answer_id,
}
# What the host knows better than any script.
OWN = ("guild_id", "application_id")


class Body(Enum):
    NOTHING = "nothing"
    JSON = "json"
    MESSAGE = "message"  # JSON, files beside it, and somebody who may be pinged
    THREAD = "thread"  # the same, with the message inside as `message`
    FORM = "form"  # fields and one file


class Makes(Enum):
    """What the answer tells the scope of."""

    NOTHING = ""
    CHANNEL = "channel"
    WEBHOOK = "webhook"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class Route:
    """path: with {placeholders}, as in Discord's documentation but for a few plainer names.

    name: of the method of `rest`; empty: by `discord.request` only. Of several rows with one
    name that one is meant whose parameters are all given. query, fields: what is known of the
    query and of the body, by Discord's names; other fields pass unchecked, other queries do not.
    permission: what Discord asks of who does it, `by_field` what it asks for a field besides;
    grants: the body's `permissions` are what others will have.
    """

    method: str
    path: str
    name: str = ""
    query: Mapping[str, Check] = field(default_factory=dict)
    body: Body = Body.NOTHING
    fields: Mapping[str, Check] = field(default_factory=dict)
    makes: Makes = Makes.NOTHING
    permission: Permission = Permission.NONE
    by_field: Mapping[str, Permission] = field(default_factory=dict)
    grants: bool = False

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.path)

    @property
    def takes_files(self) -> bool:
        return self.body in (Body.MESSAGE, Body.THREAD, Body.FORM)

    @property
    def has_effect(self) -> bool:
        return self.method != "GET"

    def permission_for(self, body: object) -> Permission:
        """body: as it is sent, where it is an object."""
        needed = self.permission
        if self.by_field and isinstance(body, dict):
            for name in self.by_field.keys() & body.keys():
                needed |= self.by_field[name]
        return needed

    def granted_by(self, body: object) -> Permission:
        """The permissions that others get. The body has been checked."""
        if self.grants and isinstance(body, dict) and body.get("permissions"):
            return Permission(int(body["permissions"]))
        return Permission.NONE

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def needing(permission: Permission, *routes: Route) -> tuple[Route, ...]:
    """The rows, which all need this permission of who does it."""
    return tuple(replace(route, permission=permission) for route in routes)


get = partial(Route, "GET")
post = partial(Route, "POST")
put = partial(Route, "PUT")
patch = partial(Route, "PATCH")
delete = partial(Route, "DELETE")


def check_parameter(name: str, value: object) -> str:
    """Raises InvalidArgument."""
    check: Check = _PARAMETERS.get(name, checks.snowflake)
    return str(check(name, value))
