"""`python -m tests`: every test, on SQLite and on a PostgreSQL and a Redis started for it.

Further arguments go to pytest. The two passes share nothing but the servers of this run.
"""

import contextlib
import os
import subprocess
import sys
import time

from tests.servers import Missing, postgresql, redis

# These do not touch the database, or not in a way in which databases differ: once is enough.
ONCE = (
    *("tests/sdk", "tests/builder", "tests/sandbox", "tests/unit", "tests/fetch", "tests/docs"),
    *("tests/hostile", "tests/chaos", "tests/worker", "tests/gateway", "tests/routes"),
    *("tests/interactions", "tests/local", "tests/limits", "tests/operations"),
    *(f"tests/runtime/test_{name}.py" for name in ("hosting", "migration", "recycling")),
    *(f"tests/runtime/test_{name}.py" for name in ("balancer", "draining", "handler_life")),
    *(f"tests/admin/test_{name}.py" for name in ("browser", "workers_browser")),
    *(f"tests/fuzz/test_{name}.py" for name in ("api", "control", "forms", "parsers", "worker")),
    *(f"tests/e2e/test_{name}.py" for name in ("events", "faults", "fetch", "messages", "metrics")),
    *(f"tests/e2e/test_{name}.py" for name in ("discord_faults", "interactions", "migration")),
    *("tests/e2e/test_default_script.py", "tests/fuzz/test_gateway.py"),
    *("tests/schedule/test_expression.py", "tests/schedule/test_agenda.py"),
)


def main(arguments: list[str]) -> int:
    workers = str(min(4, os.cpu_count() or 1))
    parallel = ["-n", workers, "--dist", "worksteal"]
    with contextlib.ExitStack() as servers:
        environment = {**os.environ, "FLORA_TEST_POSTGRESQL": servers.enter_context(postgresql())}
        try:
            environment["FLORA_TEST_REDIS"] = servers.enter_context(redis())
        except Missing as missing:
            if os.environ.get("FLORA_CI"):
                raise SystemExit(str(missing)) from None
            print(f"· {missing}: the tests that need it are skipped", flush=True)  # noqa: T201
        first = _run("SQLite", [*parallel, *arguments], environment)
        again = {**environment, "FLORA_TEST_DATABASE": "postgresql"}
        skipped = [f"--ignore={path}" for path in ONCE]
        second = _run("PostgreSQL and Redis", [*parallel, *skipped, *arguments], again)
    return first or second


def _run(name: str, arguments: list[str], environment: dict[str, str]) -> int:
    started = time.monotonic()
    print(f"\n· tests on {name}", flush=True)  # noqa: T201
    command = [sys.executable, "-m", "pytest", *arguments]
    status = subprocess.run(command, env=environment, check=False).returncode
    print(f"· {name}: {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
    return 0 if status == 5 else status  # 5: nothing was selected by the arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
