"""What one runtime leaves to the next: gateway sessions, and events that had not started.

Kept by a runtime that stops in order; taken, and gone, when the next one connects. So a runtime
that is killed leaves nothing, and nothing is done twice.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from django.db import transaction

from deployments.models import GatewaySession as SessionRow
from deployments.models import WaitingEvent
from gateway.session import GatewaySession
from runtime.event import Event

# More would hold up the stop, and the next start. The oldest are kept.
MAX_EVENTS = 10_000
BATCH = 500


@dataclass(frozen=True, slots=True)
class Left:
    """refused: interactions that were told of the restart. events: by guild id, oldest first."""

    sessions: list[GatewaySession] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    events: list[tuple[str, Event]] = field(default_factory=list)


def keep(left: Left, most: int = MAX_EVENTS) -> None:
    """Instead of all that is there. most: events that are kept."""
    sessions = (_row(session, left.refused) for session in left.sessions)
    events = (
        WaitingEvent(guild_id=int(guild_id), name=event.name, payload=event.payload)
        for guild_id, event in left.events[:most]
    )
    with transaction.atomic():
        _clear()
        SessionRow.objects.bulk_create(sessions)
        WaitingEvent.objects.bulk_create(events, batch_size=BATCH)


def take() -> Left:
    """All that is there, and it is not any more."""
    with transaction.atomic():
        rows = list(SessionRow.objects.all())
        events = [
            (str(row.guild_id), Event(row.name, bytes(row.payload)))
            for row in WaitingEvent.objects.all()
        ]
        _clear()
    refused = {interaction: None for row in rows for interaction in row.refused}
    return Left([_session(row) for row in rows], list(refused), events)


def _clear() -> None:
    SessionRow.objects.all().delete()
    WaitingEvent.objects.all().delete()


def _row(session: GatewaySession, refused: Iterable[str]) -> SessionRow:
    columns = asdict(session) | {"bot_id": int(session.bot_id)}
    return SessionRow(**columns, refused=list(refused))


def _session(row: SessionRow) -> GatewaySession:
    return GatewaySession(
        bot_id=str(row.bot_id),
        api_base=row.api_base,
        intents=row.intents,
        shard=row.shard,
        shards=row.shards,
        session_id=row.session_id,
        sequence=row.sequence,
        resume_address=row.resume_address,
    )
