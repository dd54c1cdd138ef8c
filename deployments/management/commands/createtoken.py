"""`manage.py createtoken`: an API token for scripted deploys, printed once and alone."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.actor import Actor
from deployments.models import Guild, User
from deployments.models.fields import is_snowflake
from deployments.services.tokens import create_token


class Command(BaseCommand):
    help = "Creates an API token and prints it, and nothing else, to standard output."
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--label", default="", help="what the token is for, e.g. ci")
        parser.add_argument("--operator", action="store_true", help="it may act on every guild")
        parser.add_argument("--user", help="the account whose rights it has")
        parser.add_argument(
            "--guild", action="append", default=[], help="only this guild's id; may be repeated"
        )
        parser.add_argument("--days", type=int, help="how long it works; without it, for ever")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["operator"] and not options["user"]:
            raise CommandError("Say whose token it is: --user NAME, or --operator for every guild.")
        if options["operator"] and options["guild"]:
            raise CommandError("--operator reaches every guild: leave --guild out.")
        if options["days"] is not None and options["days"] < 1:
            raise CommandError("--days must be 1 or more.")
        user = self._user(options["user"]) if options["user"] else None
        if options["operator"] and user is not None and not user.is_operator:
            raise CommandError(f"{user} is no operator: a token may not do more than its owner.")
        _, token = create_token(
            actor=Actor.system(),
            user=user,
            label=options["label"],
            operator=options["operator"],
            guilds=[self._guild(guild_id) for guild_id in options["guild"]],
            lifetime=timedelta(days=options["days"]) if options["days"] else None,
        )
        self.stdout.write(token)

    def _user(self, name: str) -> User:
        try:
            return User.objects.get(username=name)
        except User.DoesNotExist:
            raise CommandError(f"There is no account {name!r}.") from None

    def _guild(self, guild_id: str) -> Guild:
        if not is_snowflake(guild_id):
            raise CommandError(f"{guild_id!r} is no Discord id.")
        try:
            return Guild.objects.get(pk=int(guild_id))
        except Guild.DoesNotExist:
            raise CommandError(f"There is no guild {guild_id}: the bot has not seen it.") from None
