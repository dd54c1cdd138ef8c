"""Modules of this repository and of npm as one script, for tests that look at them directly."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def bundled(code: str) -> str:
    """The bundle of an ES module's text, which imports as a file of the root folder would."""
    # Where Node.js came from PyPI it lies beside Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["node", "node_modules/esbuild/bin/esbuild", "--bundle", "--format=iife"],
        input=code,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PATH": path},
    ).stdout
