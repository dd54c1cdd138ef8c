"""What several of the scheduler's transactions read and write."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from deployments.models import CronJob, Guild, JobRun, Task
from deployments.models.schedule import Outcome


@dataclass(frozen=True, slots=True)
class End:
    run_id: int
    outcome: Outcome
    duration_ms: int
    error: str


def next_wakes(guilds: Iterable[int], after: datetime | None = None) -> dict[str, datetime | None]:
    """The earliest slot or task of each guild; after: only what comes later."""
    wakes: dict[str, datetime | None] = {str(guild_id): None for guild_id in guilds}
    for model, column in ((CronJob, "next_at"), (Task, "due_at")):
        later = {f"{column}__gt": after} if after else {f"{column}__isnull": False}
        rows = model.objects.filter(guild__in=guilds, **later).order_by()
        for guild_id, at in rows.values_list("guild_id").annotate(Min(column)):
            known = wakes[str(guild_id)]
            wakes[str(guild_id)] = at if known is None else min(known, at)
    return wakes


def record_ends(ends: list[End]) -> None:
    with transaction.atomic():
        for end in ends:
            JobRun.objects.filter(pk=end.run_id).update(
                outcome=end.outcome, duration_ms=end.duration_ms, error=end.error
            )


@dataclass(frozen=True, slots=True)
class Wishes:
    """What has been written into the rows by others. requested: guilds in which somebody wants a
    job to run now; resumed: those that run again and whose jobs still rest."""

    requested: list[str]
    resumed: list[str]


def wishes() -> Wishes:
    requested = CronJob.objects.requested().values_list("guild_id", flat=True)
    resting = CronJob.objects.filter(resting=True, guild__in=Guild.objects.running())
    resumed = resting.values_list("guild_id", flat=True)
    return Wishes(
        *([str(id_) for id_ in rows.distinct().order_by()] for rows in (requested, resumed))
    )
