"""The table as a whole: its rows by the name of a method, and by an address."""

import difflib
from collections.abc import Iterable
from urllib.parse import unquote

from gateway.errors import InvalidArgument, UnknownRoute
from gateway.routes import channels, commands, guild, members, messages, webhooks
from gateway.routes.route import Route, check_parameter

ROUTES: tuple[Route, ...] = (
    *messages.ROUTES,
    *channels.ROUTES,
    *members.ROUTES,
    *guild.ROUTES,
    *webhooks.ROUTES,
    *commands.ROUTES,
)
MAX_PATH, SHOWN = 2048, 6


def _by_name() -> dict[str, tuple[Route, ...]]:
    named: dict[str, tuple[Route, ...]] = {}
    for route in ROUTES:
        if route.name:
            rows = (*named.get(route.name, ()), route)
            named[route.name] = tuple(sorted(rows, key=lambda row: -len(row.parameters)))
    return named


# Of each method the rows with most parameters first.
METHODS = _by_name()


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The row for an address as it stands in Discord's documentation, with its parameters.

    Raises UnknownRoute and InvalidArgument.
    """
    if "?" in path:
        raise InvalidArgument("path", "the part after ? belongs into {query: {…}}")
    segments = [unquote(segment) for segment in path[:MAX_PATH].split("/")]
    alike = [route for route in ROUTES if _fits(route.path.split("/"), segments)]
    for route in sorted(alike, key=lambda row: len(row.parameters)):  # literal segments win
        if route.method == method:
            given = zip(route.path.split("/"), segments, strict=True)
            return route, {
                name[1:-1]: check_parameter(name[1:-1], value)
                for name, value in given
                if name.startswith("{")
            }
    asked = f"{method} {path}"[:200]
    raise UnknownRoute(
        f"{asked} is not among the requests that a script may make: they concern its own guild "
        f"only. Possible: {', '.join(map(str, alike or _similar(asked, path)))}"
    )


def _fits(pattern: list[str], segments: list[str]) -> bool:
    """@me is nobody's id: it stands only where a row has it."""
    return len(pattern) == len(segments) and all(
        part == segment or (part.startswith("{") and not segment.startswith("@"))
        for part, segment in zip(pattern, segments, strict=True)
    )


def _similar(asked: str, path: str) -> Iterable[str]:
    """What may have been meant, else where addresses can begin."""
    begins = path.split("/")[1:2]
    same_kind = [str(route) for route in ROUTES if route.path.split("/")[1:2] == begins]
    if same_kind:
        return difflib.get_close_matches(asked, same_kind, SHOWN, 0.0)
    return sorted({f"/{route.path.split('/')[1]}/…" for route in ROUTES})
