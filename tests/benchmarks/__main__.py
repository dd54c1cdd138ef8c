"""`make bench`: all figures, or those of the named modules (make bench ARGS=worker_event)."""

import importlib
import os
import sys
import tempfile
from pathlib import Path

MODULES = ("isolate", "worker_event", "routing", "kv", "migration", "hostile", "end_to_end")


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="flora-bench-") as directory:
        os.environ["FLORA_DATA_DIR"] = str(Path(directory) / "data")
        os.environ["DJANGO_SETTINGS_MODULE"] = "flora_site.settings"
        import django

        django.setup()
        for name in names or MODULES:
            module = importlib.import_module(f"tests.benchmarks.{name}")
            print(f"\n{module.__doc__.partition(chr(10))[0]}")  # noqa: T201
            for figure in module.figures():
                print(figure, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
