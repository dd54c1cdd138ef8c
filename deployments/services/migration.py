"""What operators do with workers: move a guild to another one, replace one by a fresh process, take
one out of service and back."""

from deployments import control
from deployments.access import require_operator
from deployments.actor import Actor
from deployments.models import AuditEvent, Guild

# A move waits for a deployment that is under way; longer, and whoever asked finds the outcome in
# the audit. Seconds.
PATIENCE = 30.0
# There are never more (RUNTIME_MAX_WORKERS), but one for scripts that are kept apart.
MOST_WORKERS = 65


class NotPossible(Exception):
    """There is no such worker, or the guild runs nothing: the runtime says which."""


class NotDone(Exception):
    """Nothing has changed, this time; the message says why."""


class Unanswered(Exception):
    """The runtime is away, or still at work: nobody knows what has become of it."""


def migrate(*, guild: Guild, worker: int, actor: Actor) -> control.Migrated:
    """Moves the guild's script to the worker of this number, without a lost event.

    Raises OperatorsOnly, NotPossible, NotDone or Unanswered.
    """
    require_operator(actor)
    _require_worker(worker)
    AuditEvent.record(actor=actor, action="migrate", guild=guild, worker=worker)
    try:
        reply = _ask(control.Migrate(str(guild.pk), worker))
    except (NotPossible, NotDone, Unanswered) as reason:
        AuditEvent.record(
            actor=actor, action="migrate_failed", guild=guild, worker=worker, reason=str(reason)
        )
        raise
    assert isinstance(reply, control.Migrated)
    return reply


def recycle(*, worker: int, actor: Actor) -> None:
    """Begins to replace a worker by a fresh process; its guilds move one by one.

    Raises OperatorsOnly, NotPossible, NotDone or Unanswered.
    """
    _steer(control.Recycle(worker), "recycle", actor)


def drain(*, worker: int, actor: Actor) -> None:
    """Takes a worker out of service: its guilds begin to move off, none is placed there, and it
    stays up until it is taken back or flora restarts. Refused for the last one in service.

    Raises OperatorsOnly, NotPossible, NotDone or Unanswered.
    """
    _steer(control.Drain(worker), "drain", actor)


def take_back(*, worker: int, actor: Actor) -> None:
    """Takes a worker back into service: guilds are placed there again.

    Raises OperatorsOnly, NotPossible, NotDone or Unanswered.
    """
    _steer(control.TakeBack(worker), "take_back", actor)


def _steer(
    message: control.Recycle | control.Drain | control.TakeBack, action: str, actor: Actor
) -> None:
    require_operator(actor)
    _require_worker(message.worker)
    AuditEvent.record(actor=actor, action=action, guild=None, worker=message.worker)
    _ask(message)


def _require_worker(worker: int) -> None:
    if not 0 <= worker < MOST_WORKERS:
        raise NotPossible(f"there is no worker {worker}")


def _ask(message: control.Message) -> control.Reply:
    try:
        reply = control.ask(message, PATIENCE)
    except control.RuntimeUnreachable as away:
        raise Unanswered(str(away)) from None
    match reply:
        case control.Refused():
            raise (NotPossible if reply.is_absurd else NotDone)(reply.reason)
        case control.Failed():
            raise NotDone("flora failed to do this: its log tells why")
    return reply
