"""Whether this installation can do its work: database, cache and runtime."""

from django.core.cache import cache
from django.db import DatabaseError, connection

from deployments import control

# A probe must not hang with what it probes; seconds.
PATIENCE = 2.0
_PROBE = "flora:ready"


def missing() -> list[str]:
    """What is not up, in words; empty when all is."""
    return [*_database(), *_cache(), *_runtime()]


def runtime_answers() -> bool:
    """Whether a runtime is there at all, ready or still starting."""
    try:
        control.ask(control.GetStatus(), PATIENCE)
    except control.RuntimeUnreachable:
        return False
    return True


def _database() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return ["database"]
    return []


def _cache() -> list[str]:
    try:
        cache.set(_PROBE, "up", 10)
        found = cache.get(_PROBE)
    except Exception:  # each cache backend has errors of its own
        return ["cache"]
    return [] if found == "up" else ["cache"]


def _runtime() -> list[str]:
    try:
        reply = control.ask(control.GetStatus(), PATIENCE)
    except control.RuntimeUnreachable:
        return ["runtime"]
    return reply.missing if isinstance(reply, control.Status) else ["runtime"]
