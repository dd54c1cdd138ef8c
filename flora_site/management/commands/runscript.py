"""`manage.py runscript`: tries a script out on this machine, without Discord."""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.sealing import Sealer
from deployments.source import InvalidSource
from flora_site.composition import SDK, limits_with
from flora_site.config import Config
from flora_site.settings import database_settings
from runtime.fetch.addresses import Policy
from runtime.local import storage
from runtime.local.local_fetch import LocalClient
from runtime.local.project import read_project
from runtime.local.run import LocalOptions, LocalRun
from runtime.local.transcript import Ended, Entry, Tell, as_json, as_text
from runtime.local.wishes import KINDS, InvalidWish, Wish, listed
from runtime.local.world import World
from runtime.pool import PoolOptions

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130
HELP = {
    "message": "somebody writes this: --message '!ping'",
    "slash": "somebody uses a command: --slash 'tag view name=rules'; of a menu: --slash 'Report'",
    "autocomplete": "somebody is typing the last option: --autocomplete 'tag view name=ru'",
    "button": "somebody presses the button with this custom_id",
    "select": "somebody chooses: --select 'custom_id=value,value'",
    "modal": "somebody submits a form: --modal 'custom_id field=text'",
    "cron": "the job with this name is due",
    "task": "the task with this key, which the script has set, is due",
    "event": "any event of Discord's: --event memberJoin --payload '{…}'",
}
DESCRIPTION = """
Builds a script and runs it in a real worker, gives it the events that are named, in their order,
and prints what it says and what it would have asked of Discord. KV, cron jobs, tasks and secrets
work, on a database that is thrown away afterwards. Nothing is sent anywhere.

exit status: 0 all went well, 1 the script does not build, load or has failed, 2 wrong usage
"""


class _AddWish(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        wishes: list[Wish] = getattr(namespace, self.dest) or []
        text = str(values)
        try:
            if option_string == "--file":
                wishes = [*wishes, *listed(_json(text, Path(text)))]
            elif option_string == "--payload":
                wishes = [*wishes[:-1], _with_payload(wishes, text)]
            else:
                wishes = [*wishes, Wish(str(option_string).removeprefix("--"), text)]
        except InvalidWish as problem:
            parser.error(f"{option_string}: {problem}")
        setattr(namespace, self.dest, wishes)


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs["formatter_class"] = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a script, or the folder of one")
        parser.add_argument("--entry", default="", help="the file to begin with, in a folder")
        for kind in KINDS:
            parser.add_argument(
                f"--{kind}", dest="wishes", action=_AddWish, metavar="TEXT", help=HELP[kind]
            )
        parser.add_argument(
            *("--payload",),
            dest="wishes",
            action=_AddWish,
            metavar="JSON",
            help="Discord's object for the --event before it; @file reads it from a file",
        )
        parser.add_argument(
            *("--file",),
            dest="wishes",
            action=_AddWish,
            metavar="FILE",
            help='events from a JSON file: [{"message": "!ping"}, {"event": …, "payload": {…}}]',
        )
        parser.add_argument("--user", default="alice", help="the name of who does all this")
        parser.add_argument("--nickname", help="what the guild calls that member")
        parser.add_argument(
            *("--secret",),
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a secret of the guild's; no host is allowed to get it",
        )
        parser.add_argument("--allow-fetch", action="store_true", help="requests really leave")
        parser.add_argument(
            *("--wait",),
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="let the script's timers run for so long after the last event",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line, for tools")

    def handle(self, *args: Any, **options: Any) -> None:
        if not SDK.exists():
            raise CommandError(f"{SDK.name} is not built: run `make setup`.", returncode=FAILED)
        logging.disable(logging.INFO)  # whatever is configured for a server
        shown = as_json if options["json"] else as_text

        def tell(entry: Entry) -> None:
            if text := shown(entry):
                self.stdout.write(text)
                self.stdout.flush()

        try:
            ok = self._run(options, tell)
        except (InvalidSource, InvalidWish) as problem:
            raise CommandError(str(problem), returncode=WRONG_USAGE) from None
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        tell(Ended(ok))
        if not ok:
            sys.exit(FAILED)

    def _run(self, options: dict[str, Any], tell: Tell) -> bool:
        """Raises InvalidSource and InvalidWish."""
        source = read_project(options["path"], options["entry"], settings.FLORA.runtime)
        secrets = dict(_secret(text) for text in options["secret"])
        config: Config = settings.FLORA
        sealer = Sealer(config.secrets.master_keys)
        world = World(options["user"], options["nickname"])
        with tempfile.TemporaryDirectory(prefix="flora-run-") as directory:
            storage.use_file(Path(directory) / "run.sqlite3", database_settings)
            storage.create(secrets, sealer)

            async def run() -> bool:
                local = _options(config, sealer, tell, options)
                return await LocalRun(local, world, tell).run(source, options["wishes"] or [])

            return asyncio.run(run())


def _options(config: Config, sealer: Sealer, tell: Tell, options: dict[str, Any]) -> LocalOptions:
    runtime, limits = config.runtime, limits_with(config, {})
    return LocalOptions(
        limits=limits,
        pool=PoolOptions(
            workers=1,
            pin=False,
            driver=runtime.v8_driver,
            worker_capacity=runtime.worker_queue_capacity,
            sdk=SDK,
        ),
        sealer=sealer,
        fetch=LocalClient(
            tell,
            allowed=options["allow_fetch"],
            limits_of=lambda _: limits.fetch,
            policy=Policy(config.fetch.private_addresses),
        ),
        build_seconds=runtime.build_timeout_secs,
        show_internal_frames=runtime.show_internal_stack_frames,
        wait=options["wait"],
    )


def _with_payload(wishes: list[Wish], text: str) -> Wish:
    """The last wish with Discord's object. Raises InvalidWish."""
    if not wishes or wishes[-1].kind != "event":
        raise InvalidWish("stands after an --event")
    payload = _json(text.removeprefix("@"), Path(text[1:]) if text.startswith("@") else None)
    if not isinstance(payload, dict):
        raise InvalidWish("expected a JSON object")
    return Wish("event", wishes[-1].text, payload)


def _json(text: str, file: Path | None) -> Any:
    """Of a file, or of the text itself. Raises InvalidWish."""
    try:
        return json.loads(file.read_text() if file is not None else text)
    except OSError as error:
        raise InvalidWish(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidWish(f"no JSON: {error}") from None


def _secret(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise CommandError("--secret: expected NAME=VALUE", returncode=WRONG_USAGE)
    return name, value
