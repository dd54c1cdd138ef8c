"""The web pages for guild owners and operators. Importing a module here registers its model."""

from deployments.admin import (
    api_token,
    audit_event,
    cron_job,
    fault,
    guild,
    job_run,
    kv_entry,
    kv_store,
    log_entry,
    revision,
    secret,
    task,
    user,
)

__all__ = [
    "api_token",
    "audit_event",
    "cron_job",
    "fault",
    "guild",
    "job_run",
    "kv_entry",
    "kv_store",
    "log_entry",
    "revision",
    "secret",
    "task",
    "user",
]
