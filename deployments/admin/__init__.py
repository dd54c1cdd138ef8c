"""The web pages for guild owners and operators. Importing a module here registers its model."""

from deployments.admin import (
    api_token,
    audit_event,
    guild,
    kv_entry,
    kv_store,
    log_entry,
    revision,
    user,
)

__all__ = [
    "api_token",
    "audit_event",
    "guild",
    "kv_entry",
    "kv_store",
    "log_entry",
    "revision",
    "user",
]
