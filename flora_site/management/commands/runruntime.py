"""`manage.py runruntime`: boots flora."""

import asyncio
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.services.first_account import FirstAccount, first_account
from flora_site.composition import SDK, compose
from flora_site.config import Config
from gateway.intents import UnknownIntent
from gateway.sandbox.process import SandboxMissing
from runtime.control import AlreadyRunning
from runtime.web import PortTaken, WebProcess, bind


class Command(BaseCommand):
    help = "Starts the runtime: gateway, workers, guilds' scripts, and the web process with it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-http", action="store_true", help="no web process: admin and API run elsewhere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        config: Config = settings.FLORA
        if not SDK.exists():
            raise CommandError(f"{SDK.name} is not built: run `make setup`.")
        try:
            web = (
                None
                if options["no_http"]
                else WebProcess(bind(config.api.address, config.api.port))
            )
            status = asyncio.run(self._run(config, web))
        except (AlreadyRunning, PortTaken, UnknownIntent, SandboxMissing) as problem:
            raise CommandError(str(problem)) from None
        if status:
            sys.exit(status)

    async def _run(self, config: Config, web: WebProcess | None) -> int:
        account: list[FirstAccount] = []

        def migrated() -> None:
            if not config.production:
                account.append(first_account())

        def announce() -> None:
            if web is not None and account:
                self._announce(config, web, account[0])

        return await compose(config, web, migrated=migrated, announce=announce).run()

    def _announce(self, config: Config, web: WebProcess, account: FirstAccount) -> None:
        site = f"http://{config.api.address}:{web.port}"
        password = account.password or (
            f"(unchanged; manage.py changepassword {account.name} sets a new one)"
        )
        self.stdout.write(f"Admin    {site}/admin/")
        self.stdout.write(f"Account  {account.name}  {password}")
        if config.simulated_discord:
            self.stdout.write(f"Chat     {site}/sandbox/")
        self.stdout.flush()
