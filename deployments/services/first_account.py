"""The operator account of a new installation."""

import secrets
from dataclasses import dataclass

from deployments.actor import Actor
from deployments.models import AuditEvent, User

NAME = "admin"


@dataclass(frozen=True)
class FirstAccount:
    """password: only when the account has just been made; nobody can read it later."""

    name: str
    password: str | None


def first_account() -> FirstAccount:
    """The first operator; made with a random password when there is none at all."""
    operator = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if operator is not None:
        return FirstAccount(operator.get_username(), None)
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(NAME, password=password)
    AuditEvent.record(actor=Actor.system(), action="create_account", guild=None, user=NAME)
    return FirstAccount(NAME, password)
