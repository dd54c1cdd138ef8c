"""Write all of a guild's key-value data into a file, and take such a file in again."""

import contextlib
import math
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from deployments.actor import Actor
from deployments.kv import entries
from deployments.kv.entries import Entry
from deployments.kv.lines import Line, line_of, read_lines
from deployments.kv.rules import KvError
from deployments.kv.session import snapshot, writing
from deployments.models import AuditEvent, Guild

# Between two exports, or imports, of one guild, and of one person.
PAUSE = timedelta(seconds=60)
EXPORTS_KEPT = 5
# Other writers of the guild wait for no more than this.
ENTRIES_AT_ONCE, BYTES_AT_ONCE = 200, 1 << 20
# Rows of the largest size that are in memory at once.
ROWS_READ = 32


class ExportNotFound(Exception):
    """The guild has no such export, or has it no longer."""


@dataclass(frozen=True)
class Export:
    id: str
    path: Path
    created_at: datetime
    size: int


def exports_of(guild: Guild) -> list[Export]:
    """Newest first."""
    found: list[Export] = []
    for path in _folder(guild).glob("*.jsonl"):
        with contextlib.suppress(FileNotFoundError):  # a newer export has just pushed it out
            found.append(_export(path))
    return sorted(found, key=lambda export: export.created_at, reverse=True)


def export_of(guild: Guild, export_id: str) -> Export:
    """Raises ExportNotFound."""
    for export in exports_of(guild):
        if export.id == export_id:
            return export
    raise ExportNotFound(export_id)


def export_data(*, guild: Guild, actor: Actor) -> Export:
    """Lines of JSON (deployments/kv/lines.py), of one moment; the last EXPORTS_KEPT are kept.

    Raises KvError when there is nothing, or it is too soon after the last one.
    """
    if not guild.kv_stores.exists():
        raise KvError("no stores found for guild", "KV_STORE_NOT_FOUND")
    export_id = str(uuid.uuid4())
    with writing(guild.pk):  # one at a time of a guild
        _check_pause("export", guild, actor)
        AuditEvent.record(actor=actor, action="export_kv", guild=guild, backup=export_id)
    folder = _folder(guild)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part, whole = folder / f"{export_id}.part", folder / f"{export_id}.jsonl"
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.writelines(_all_lines(guild))
        part.rename(whole)
    finally:
        part.unlink(missing_ok=True)
    for old in exports_of(guild)[EXPORTS_KEPT:]:
        old.path.unlink(missing_ok=True)
    return _export(whole)


def import_data(*, guild: Guild, file: BinaryIO, actor: Actor) -> int:
    """Sets every key of the file and leaves all others; how many.

    file: seekable. All of it is checked before anything is written, which then goes in steps.
    Raises KvError.
    """
    start = file.tell()
    number = sum(line.key is not None for line in read_lines(file))
    with writing(guild.pk):
        _check_pause("import", guild, actor)
        AuditEvent.record(actor=actor, action="import_kv", guild=guild, entries=number)
    file.seek(start)
    done = 0
    for step in _steps(read_lines(file)):
        try:
            done += _set(guild, step)
        except KvError as error:
            raise KvError(f"{error}; {done} of {number} keys were imported", error.code) from None
    return done


def _all_lines(guild: Guild) -> Iterator[bytes]:
    with snapshot():
        for store in guild.kv_stores.order_by("name"):
            yield line_of(store.name)
            rows = (
                store.entries.live()
                .order_by("key")
                .values_list("key", "value", "metadata", "expires_at")
            )
            for key, value, metadata, expires_at in rows.iterator(chunk_size=ROWS_READ):
                yield line_of(store.name, bytes(key), Entry(bytes(value), metadata, expires_at))


def _steps(lines: Iterator[Line]) -> Iterator[list[Line]]:
    step: list[Line] = []
    size = 0
    for line in lines:
        step.append(line)
        size += len(line.entry.value) if line.entry else 0
        if len(step) >= ENTRIES_AT_ONCE or size >= BYTES_AT_ONCE:
            yield step
            step, size = [], 0
    yield step


def _set(guild: Guild, step: list[Line]) -> int:
    """An import is one thing that somebody does: its keys are not counted as writes."""
    stores: dict[str, dict[bytes, Entry]] = {}
    for line in step:
        rows = stores.setdefault(line.store, {})
        if line.key is not None and line.entry is not None:
            rows[line.key] = line.entry
    with writing(guild.pk) as ledger:
        for store, rows in stores.items():
            ledger.id_of(ledger.open(guild.pk, store))
            entries.put(ledger, guild.pk, store, rows, writes=0)
    return sum(line.key is not None for line in step)


def _check_pause(what: str, guild: Guild, actor: Actor) -> None:
    """The audit knows when it was done last."""
    same_actor = Q(
        actor_type=actor.type, actor_user_id=actor.user_id, actor_username=actor.username
    )
    now = timezone.now()
    recent = AuditEvent.objects.filter(action=f"{what}_kv", at__gt=now - PAUSE)
    last = recent.filter(Q(guild_id=guild.pk) | same_actor).order_by("-at").first()
    if last is not None:
        wait = (last.at + PAUSE - now).total_seconds()
        raise KvError(
            f"kv {what} rate limit exceeded; retry in {math.ceil(wait * 1000)}ms",
            "KV_RATE_LIMITED",
            retry_after=wait,
        )


def delete_exports(guild: Guild) -> None:
    """The guild is not here any more."""
    shutil.rmtree(_folder(guild), ignore_errors=True)


def _export(path: Path) -> Export:
    status = path.stat()
    created_at = datetime.fromtimestamp(status.st_mtime, UTC)
    return Export(path.stem, path, created_at, status.st_size)


def _folder(guild: Guild) -> Path:
    folder: Path = settings.FLORA.flora.data_dir / "kv-exports" / str(guild.pk)
    return folder
