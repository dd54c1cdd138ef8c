"""Where the tests run: a data directory of their own, on SQLite or on the PostgreSQL of the run.

A plugin and no conftest.py (`-p` in pyproject.toml): pytest-django reads the settings before any
conftest.py, and each process of a parallel run must have a directory of its own.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_DATA_DIR = tempfile.mkdtemp(prefix="flora-tests-")
atexit.register(shutil.rmtree, _DATA_DIR, ignore_errors=True)

for _name in ("DATABASE_URL", "CACHE_URL", "DISCORD_TOKEN", "DISCORD_API_BASE", "FLORA_ENV"):
    os.environ.pop(_name, None)
os.environ["FLORA_DATA_DIR"] = _DATA_DIR
os.environ["FLORA_CONFIG"] = str(Path(_DATA_DIR) / "no-config.toml")
if os.environ.get("FLORA_TEST_DATABASE") == "postgresql":
    os.environ["DATABASE_URL"] = os.environ["FLORA_TEST_POSTGRESQL"]
    if "FLORA_TEST_REDIS" in os.environ:
        os.environ["CACHE_URL"] = os.environ["FLORA_TEST_REDIS"]
