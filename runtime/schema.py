"""Applies database migrations at start, one runtime at a time."""

import fcntl
import logging
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

log = logging.getLogger("flora.runtime")

# Any number that nothing else in the database uses as an advisory lock: "flora" in ASCII.
ADVISORY_LOCK = 0x666C6F7261


def migrate(data_dir: Path) -> None:
    """Waits for whoever migrates already, then applies what is left. Runs on a database thread."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
            try:
                _apply()
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
    else:
        data_dir.mkdir(parents=True, exist_ok=True)
        with (data_dir / "migrate.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _apply()


def _apply() -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        log.info("applying %d migrations", len(plan))
        call_command("migrate", verbosity=0, interactive=False)
