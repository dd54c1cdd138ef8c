"""Which limits an operator may set for one guild, by the names of the installation's settings.

Those of section [fetch] are called as in the environment, `fetch_concurrency`, the others as in
section [runtime]. It knows the settings, not what keeps a guild within them.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from pydantic import BaseModel, ValidationError

from deployments.models import Guild

# In the order in which a form shows them.
PER_GUILD = (
    "turn_cpu_secs",
    "dispatch_timeout_secs",
    "guild_cpu_secs",
    "handler_timeout_secs",
    "cron_timeout_secs",
    "load_cpu_secs",
    "load_timeout_secs",
    "heap_mb",
    "external_mb",
    "guild_started_events",
    "guild_queue_capacity",
    "guild_operations",
    "guild_operations_under_way",
    "guild_log_lines",
    "guild_log_line_bytes",
    "guild_concurrency",
    "guild_requests_per_second",
    "rest_timeout_ms",
    "fetch_timeout_secs",
    "fetch_concurrency",
    "fetch_max_request_bytes",
    "fetch_max_response_bytes",
    "max_cron_jobs",
    "kv_store_mb",
    "kv_guild_mb",
    "kv_stores",
    "kv_writes_per_minute",
    "max_script_bytes",
    "max_bundle_files",
    "max_bundle_total_bytes",
)
_FETCH = "fetch_"


class InvalidLimit(Exception):
    """A sentence about one limit. name: which."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


def sections_with(config: Any, own: Mapping[str, Any]) -> tuple[Any, Any]:
    """The configuration's sections [runtime] and [fetch] where some limits are other ones."""
    runtime, fetch = _by_section(own)
    return config.runtime.model_copy(update=runtime), config.fetch.model_copy(update=fetch)


def installation_limits() -> dict[str, Any]:
    """What holds for a guild without limits of its own."""
    return _values(settings.FLORA.runtime, settings.FLORA.fetch)


def limits_of(guild_id: int) -> tuple[Any, Any]:
    """The sections [runtime] and [fetch] as they hold for this guild."""
    own = Guild.objects.filter(pk=guild_id).values_list("limits", flat=True).first()
    return sections_with(settings.FLORA, own or {})


def effective_limits(guild: Guild) -> dict[str, Any]:
    """What holds for the guild, by the limits' names."""
    own: dict[str, Any] = guild.limits
    return installation_limits() | own


def checked(limits: dict[str, Any]) -> dict[str, Any]:
    """The limits as numbers, without those that are as the installation's. Raises InvalidLimit."""
    for name in limits:
        if name not in PER_GUILD:
            raise InvalidLimit(name, f"there is no limit {name!r} of a guild")
    usual = installation_limits()
    runtime, fetch = _by_section({**usual, **limits})
    valid = _values(
        _validated(settings.FLORA.runtime, runtime, ""),
        _validated(settings.FLORA.fetch, fetch, _FETCH),
    )
    return {name: valid[name] for name in limits if valid[name] != usual[name]}


def _validated(section: BaseModel, limits: dict[str, Any], prefix: str) -> BaseModel:
    try:
        return type(section).model_validate(limits)
    except ValidationError as error:
        problem = error.errors()[0]
        name = f"{prefix}{problem['loc'][0]}" if problem["loc"] else ""
        raise InvalidLimit(name, problem["msg"]) from None


def _by_section(limits: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of [runtime] and those of [fetch], by the sections' own names."""
    runtime = {name: value for name, value in limits.items() if not name.startswith(_FETCH)}
    fetch = {
        name.removeprefix(_FETCH): value
        for name, value in limits.items()
        if name.startswith(_FETCH)
    }
    return runtime, fetch


def _values(runtime: BaseModel, fetch: BaseModel) -> dict[str, Any]:
    return {
        name: getattr(fetch, name.removeprefix(_FETCH))
        if name.startswith(_FETCH)
        else getattr(runtime, name)
        for name in PER_GUILD
    }
