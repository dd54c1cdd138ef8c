"""What an owner of one guild must neither see nor change: everything of the other one's."""

from typing import Any

from deployments.models import (
    CronJob,
    Fault,
    Guild,
    GuildMember,
    JobRun,
    KvEntry,
    KvStore,
    LogEntry,
    Revision,
    Secret,
    Task,
)
from tests.admin.conftest import Belongings

# Each text of the other guild has it.
MARK = "orchard"
# Names that a request may bring along itself, and an answer repeat.
NAMES = ("orchard-store", "orchard-key", "orchard-job", "orchard-secret", "orchard-task")


def mentions(answer: str, request: str) -> str:
    """What an answer says of the other guild that the request has not said: empty, or its line."""
    answer = answer.lower()
    for name in NAMES:
        if name in request:
            answer = answer.replace(name, "")
    return next((line for line in answer.splitlines() if MARK in line), "")


def state_of(belongings: Belongings) -> list[Any]:
    """Every row of the guild's."""
    pk = belongings.guild.pk
    rows: list[Any] = [Guild.objects.filter(pk=pk), KvEntry.objects.filter(store__guild=pk)]
    for model in (Revision, KvStore, CronJob, JobRun, Task, Secret, Fault, LogEntry, GuildMember):
        rows.append(model.objects.filter(guild=pk))  # type: ignore[attr-defined]
    return [list(found.order_by("pk").values()) for found in rows]
