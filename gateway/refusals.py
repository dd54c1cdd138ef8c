"""What Discord's refusals say, as errors that scripts can act on."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from gateway.errors import DiscordError
from gateway.rate_limits import seconds_of

MAX_MESSAGE, MAX_FIELDS = 1000, 10


def refusal(status: int, headers: Mapping[str, str], text: bytes, shown: str) -> DiscordError:
    """The error of an answer that is none of 2xx. shown: the route, without ids and tokens."""
    body = _parsed(text)
    if status == 429:
        after = body.get("retry_after")
        return rate_limited(
            shown,
            seconds_of(headers.get("Retry-After") if after is None else after),
            status=status,
            everywhere="X-RateLimit-Global" in headers
            or body.get("global") is True
            # Not from Discord itself but from the edge before it: all of the bot is shut out.
            or "Via" not in headers,
        )
    errors = body.get("errors") if isinstance(body.get("errors"), dict) else None
    said = str(body.get("message") or text[:200].decode(errors="replace") or "no reason given")
    if errors and (fields := list(field_errors(errors))):
        said += f" ({'; '.join(f'{place}: {why}' for place, why in fields[:MAX_FIELDS])})"
    code = body.get("code")
    return DiscordError(
        f"Discord HTTP error ({status}): {said[:MAX_MESSAGE]} (route: {shown})",
        "DISCORD_HTTP_ERROR",
        status=status,
        discord_code=code if isinstance(code, int) and code else None,
        errors=errors,
    )


def rate_limited(
    shown: str,
    seconds: float | None,
    *,
    status: int | None = None,
    everywhere: bool = False,
    why: str = "",
) -> DiscordError:
    """seconds: after which the request would be taken, None where nobody knows; why: what is
    behind it, if it is not a limit of Discord's."""
    return DiscordError(
        f"Discord rate limited for {shown}{f': {why}' if why else ''}",
        "DISCORD_RATE_LIMITED",
        status=status,
        retry_after=None if seconds is None else round(seconds, 3),
        everywhere=everywhere,
    )


def field_errors(errors: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """(`embeds[0].title`, what is wrong with it) for each field, from Discord's nested object.

    https://discord.com/developers/docs/reference#error-messages, seen 2026-11.
    """
    if not isinstance(errors, dict):
        return
    for name, inner in errors.items():
        if name == "_errors" and isinstance(inner, list):
            for error in inner:
                if isinstance(error, dict):
                    yield place or "body", str(error.get("message", error.get("code", "")))
        else:
            step = f"[{name}]" if name.isdigit() else f".{name}" if place else name
            yield from field_errors(inner, place + step)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
