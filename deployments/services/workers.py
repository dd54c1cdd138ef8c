"""What operators see of the runtime's workers."""

from deployments import control

PATIENCE = 3.0


def present_workers() -> list[control.WorkerState] | None:
    """None while no runtime answers."""
    try:
        reply = control.ask(control.GetWorkers(), PATIENCE)
    except control.RuntimeUnreachable:
        return None
    return reply.workers if isinstance(reply, control.Workers) else None
