"""A claimed run as the event that its guild's script gets. Knows nothing of when or whether."""

import msgspec

from runtime.event import Event
from runtime.schedule.claims import Run
from runtime.schedule.clock import rfc3339


def as_event(run: Run, job_seconds: float) -> Event:
    """The event that only the job's handler, or the handlers of tasks, get."""
    scheduled_at = rfc3339(run.slot)
    if run.job_id is None:
        task = {"key": run.name, "data": msgspec.Raw((run.data or "null").encode())}
        payload = {**task, "scheduledAt": scheduled_at}
        return Event(_title(run), b"FLORA_TASK\n" + msgspec.json.encode(payload), stage="task")
    payload = {"name": run.name, "scheduledAt": scheduled_at}
    body = b"FLORA_CRON\n" + msgspec.json.encode(payload)
    return Event(_title(run), body, stage="cron", seconds=job_seconds or None)


def _title(run: Run) -> str:
    return f"{'task' if run.job_id is None else 'cron job'} '{run.name}'"
