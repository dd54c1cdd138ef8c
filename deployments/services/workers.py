"""What operators see of the runtime's workers, and what they may ask of it. Operators only."""

from deployments import control
from deployments.actor import Actor
from deployments.models import AuditEvent, Guild

LOOK_PATIENCE = 3.0
# A guild comes to rest, its script is loaded anew; a worker has many. Seconds.
MIGRATION_PATIENCE, RECYCLE_PATIENCE = 30.0, 60.0


class NotDone(Exception):
    """Why the runtime did not do it, in words."""


def present_workers() -> list[control.WorkerState] | None:
    """None while no runtime answers."""
    try:
        reply = control.ask(control.GetWorkers(), LOOK_PATIENCE)
    except control.RuntimeUnreachable:
        return None
    return reply.workers if isinstance(reply, control.Workers) else None


def migrate_guild(*, guild: Guild, worker: int, actor: Actor) -> None:
    """Moves the guild to the worker of that index. Raises NotDone: then it is where it was."""
    AuditEvent.record(actor=actor, action="migrate", guild=guild, worker=worker)
    _do(control.Migrate(str(guild.pk), worker), MIGRATION_PATIENCE)


def recycle_worker(*, worker: int, actor: Actor) -> None:
    """Moves the worker's guilds away and starts it anew. Raises NotDone."""
    AuditEvent.record(actor=actor, action="recycle_worker", guild=None, worker=worker)
    _do(control.Recycle(worker), RECYCLE_PATIENCE)


def _do(message: control.Message, patience: float) -> None:
    try:
        reply = control.ask(message, patience)
    except control.RuntimeUnreachable as away:
        raise NotDone(str(away)) from None
    if isinstance(reply, control.Failed):
        raise NotDone(reply.message)
