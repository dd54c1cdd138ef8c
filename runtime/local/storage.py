"""The database of a local run: made for it, looked into at its end, thrown away with it.

Each function is one unit of work on a database thread.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.apps import apps
from django.db import connection, connections

from deployments.models import Guild, KvEntry, Secret, Task
from deployments.sealing import Sealer
from runtime.local.transcript import Kept
from runtime.local.world import GUILD
from runtime.schedule.clock import rfc3339

MAX_LISTED = 20


def use_file(path: Path, settings: Callable[[str], dict[str, Any]]) -> None:
    """Makes that file the database of this process, whatever is configured; nothing of the
    configured one has been touched, and nothing will be. settings(url): Django's, for a URL."""
    connections.close_all()
    configured = connections.configure_settings({"default": settings(f"sqlite:///{path}")})
    connections.settings["default"] = configured["default"]
    del connections["default"]


def create(secrets: Mapping[str, str], sealer: Sealer) -> None:
    """The tables (without the history of their migrations, which takes seconds), and the guild.

    secrets: values by name; no host is allowed to get them.
    """
    with connection.schema_editor() as editor:
        for model in apps.get_app_config("deployments").get_models():
            editor.create_model(model)
    guild = Guild.objects.create(pk=int(GUILD), name="Local guild", secrets_version=1)
    for name, value in secrets.items():
        secret = Secret(guild=guild, name=name, allowed_hosts=[])
        secret.tag = sealer.tag(str(secret.pk))
        secret.sealed = sealer.seal(secret.identity, value)
        secret.save()


def take_task(key: str) -> dict[str, Any] | None:
    """A pending task as the script is told of it, which is not pending any more."""
    task = Task.objects.filter(key=key).first()
    if task is None:
        return None
    task.delete()
    return {"key": key, "data": orjson.loads(task.data), "scheduledAt": rfc3339(task.due_at)}


def kept() -> Kept:
    """What the script has left: `key = value` by store, and tasks that wait."""
    stores: dict[str, list[str]] = {}
    entries = KvEntry.objects.order_by("store__name", "key").values_list(
        "store__name", "key", "value"
    )
    for store, key, value in entries:
        lines = stores.setdefault(store, [])
        if len(lines) < MAX_LISTED:
            lines.append(f"{_text(key)} = {_text(value)[:200]}")
    tasks: list[tuple[str, datetime]] = list(Task.objects.values_list("key", "due_at")[:MAX_LISTED])
    return Kept(stores, {key: rfc3339(due_at) for key, due_at in tasks})


def _text(stored: Any) -> str:
    return bytes(stored).decode(errors="replace")
