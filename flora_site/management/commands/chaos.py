"""`manage.py chaos`: shows whether flora keeps its promise while it is being harmed."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from flora_site.sections import PROJECT_ROOT
from runtime.chaos.flora import DidNotStart
from runtime.chaos.run import Plan, run

# A day, and as many guilds as one process plays a Discord for.
MOST_MINUTES, MOST_GUILDS, MOST_WORKERS = 1440, 1000, 64


class Command(BaseCommand):
    help = (
        "Starts a flora of its own on a throw-away data directory, with a Discord of its own, and "
        "kills its processes, moves guilds, drains and replaces workers, deploys, and lets hostile "
        "scripts loose under traffic. Ends with a table; the exit status is 0 when the promise "
        "held, 1 when not, 2 when nothing was tried. Your data is not touched."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        for name, of, meaning, default, most in (
            ("--minutes", float, "of traffic", 2.0, MOST_MINUTES),
            ("--guilds", int, "with good scripts", 50, MOST_GUILDS),
            ("--workers", int, "worker processes", 2, MOST_WORKERS),
        ):
            parser.add_argument(
                name,
                type=_more_than_none(of, most),
                default=default,
                help=f"{meaning}, at most {most} ({default:g})",
            )
        parser.add_argument("--seed", type=int, default=0, help="of chance (0)")

    def handle(self, *args: Any, **options: Any) -> None:
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
                raise CommandError(f"flora did not start:\n{problem}", returncode=2) from None
        self.stdout.write(str(report))
        if not report.held:
            sys.exit(1)


def _more_than_none(of: type[int] | type[float], most: int) -> Callable[[str], float]:
    """A number of this type, more than 0 and at most that: no other makes sense."""

    def read(text: str) -> float:
        try:
            number = of(text)
        except ValueError:
            number = of(0)
        if not 0 < number <= most:
            kind = "a whole number" if of is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {kind} above 0, at most {most}")
        return number

    return read
