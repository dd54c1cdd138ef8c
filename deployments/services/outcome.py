"""Wait until the runtime has done what the database asks of it."""

import time

from deployments import control
from deployments.models import Guild, Revision
from deployments.models.revision import Status

# While the runtime is away the database is looked at this often; seconds.
LOOK_EVERY = 0.25
# How long a runtime that does not answer is waited for, in case it is just starting; seconds.
ABSENCE_PATIENCE = 5.0
# How long a changed wish may take before whoever waits is let go; seconds.
WISH_PATIENCE = 5.0


def wait_for(revision: Revision, timeout: float) -> Revision:
    """Returns the revision as it stands when it has settled or the time is up.

    Still pending afterwards means that it is queued: the runtime settles it when it can. A
    runtime that cannot be reached is not waited for as long as one that is at work.
    """
    started = time.monotonic()
    deadline, absent = started + timeout, started + min(timeout, ABSENCE_PATIENCE)
    while True:
        is_there = _asked(revision, deadline - time.monotonic())
        revision.refresh_from_db(fields=["status"])
        now = time.monotonic()
        if revision.status != Status.PENDING or now >= (deadline if is_there else absent):
            revision.refresh_from_db()
            return revision
        time.sleep(min(LOOK_EVERY, deadline - now))


def until_it_holds(guild: Guild) -> bool:
    """Whether the runtime has confirmed the guild's desired state; when it is away it follows."""
    try:
        reply = control.ask(control.Reconcile(str(guild.pk)), WISH_PATIENCE)
    except control.RuntimeUnreachable:
        return False
    return isinstance(reply, control.Done)


def _asked(revision: Revision, timeout: float) -> bool:
    """Whether the runtime has answered that it is done with the revision."""
    try:
        reply = control.ask(control.Deploy(str(revision.pk)), timeout)
    except control.RuntimeUnreachable:
        return False
    return isinstance(reply, control.Settled)
