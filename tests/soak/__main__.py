"""`make soak`: chaos and fuzzing in turns until the minutes are over; the status says it held."""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runtime.chaos.run import Plan, run

# Times as many examples as in an ordinary run, with seeds of their own.
EXAMPLES = "20"
CHAOS_SECONDS = 120.0
ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    deadline = time.monotonic() + minutes * 60
    failed = rounds = 0
    while time.monotonic() < deadline and not failed:
        rounds += 1
        seconds = min(CHAOS_SECONDS, max(10.0, deadline - time.monotonic()))
        print(f"· round {rounds}: chaos for {seconds:.0f} s", flush=True)  # noqa: T201
        with tempfile.TemporaryDirectory(prefix="flora-soak-") as directory:
            plan = Plan(seconds, seed=rounds)
            report = asyncio.run(run(plan, ROOT / "manage.py", Path(directory)))
        print(report, flush=True)  # noqa: T201
        failed += not report.held
        if time.monotonic() < deadline:
            print(f"· round {rounds}: properties", flush=True)  # noqa: T201
            failed += _fuzz()
    print(f"· {rounds} rounds, {'it held' if not failed else 'IT DID NOT HOLD'}", flush=True)  # noqa: T201
    return 1 if failed else 0


def _fuzz() -> int:
    command = [sys.executable, "-m", "pytest", "-n", "2", "-m", "hypothesis", "tests"]
    environment = {**os.environ, "FLORA_SOAK": EXAMPLES}
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
