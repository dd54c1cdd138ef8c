"""Which limits an operator may set for one guild, by the names of the installation's settings."""

from typing import Any

from django.conf import settings
from pydantic import ValidationError

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
    "guild_concurrency",
    "max_cron_jobs",
    "kv_store_mb",
    "kv_guild_mb",
    "kv_stores",
    "kv_writes_per_minute",
    "max_script_bytes",
    "max_bundle_files",
    "max_bundle_total_bytes",
)


class InvalidLimit(Exception):
    """A sentence about one limit. name: which."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


def installation_limits() -> dict[str, Any]:
    """What holds for a guild without limits of its own."""
    runtime = settings.FLORA.runtime
    return {name: getattr(runtime, name) for name in PER_GUILD}


def checked(limits: dict[str, Any]) -> dict[str, Any]:
    """The limits as numbers, without those that are as the installation's. Raises InvalidLimit."""
    for name in limits:
        if name not in PER_GUILD:
            raise InvalidLimit(name, f"there is no limit {name!r} of a guild")
    section = type(settings.FLORA.runtime)
    usual = installation_limits()
    try:
        valid = section.model_validate({**usual, **limits})
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0]) if problem["loc"] else ""
        raise InvalidLimit(name, problem["msg"]) from None
    return {name: getattr(valid, name) for name in limits if getattr(valid, name) != usual[name]}
