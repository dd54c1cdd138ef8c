"""`manage.py chaos`: shows whether flora keeps its promise while it is being harmed."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from flora_site.sections import PROJECT_ROOT
from runtime.chaos.flora import DidNotStart
from runtime.chaos.run import Plan, run


class Command(BaseCommand):
    help = (
        "Starts a flora of its own on a throw-away data directory, with a Discord of its own, and "
        "kills its processes, deploys and lets hostile scripts loose under traffic. Ends with a "
        "table; the exit status says whether the promise held. Your data is not touched."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--minutes", type=float, default=2.0, help="of traffic (2)")
        parser.add_argument("--guilds", type=int, default=50, help="with good scripts (50)")
        parser.add_argument("--workers", type=int, default=2, help="worker processes (2)")
        parser.add_argument("--seed", type=int, default=0, help="of chance (0)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["minutes"] <= 0 or options["guilds"] < 1 or not 1 <= options["workers"] <= 64:
            raise CommandError("minutes and guilds must be more than 0, workers 1 to 64.")
        plan = Plan(
            seconds=options["minutes"] * 60,
            guilds=options["guilds"],
            workers=options["workers"],
            seed=options["seed"],
        )
        self.stdout.write(f"Chaos for {plan.seconds:g} s over {plan.guilds} guilds …")
        self.stdout.flush()
        with tempfile.TemporaryDirectory(prefix="flora-chaos-") as directory:
            try:
                report = asyncio.run(run(plan, PROJECT_ROOT / "manage.py", Path(directory)))
            except DidNotStart as problem:
                raise CommandError(f"flora did not start:\n{problem}") from None
        self.stdout.write(str(report))
        if not report.held:
            sys.exit(1)
