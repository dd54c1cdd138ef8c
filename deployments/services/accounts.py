"""Make, change and secure the accounts that log in here."""

from django.db import transaction

from deployments.actor import Actor
from deployments.models import AuditEvent, User


class LastOperator(Exception):
    """Without this account nobody could manage the installation any more."""


def create_account(*, account: User, actor: Actor) -> User:
    """account: not saved yet, with its password set."""
    with transaction.atomic():
        account.save()
        AuditEvent.record(
            actor=actor,
            action="create_account",
            guild=None,
            user=account.get_username(),
            operator=account.is_superuser,
        )
    return account


def change_account(*, account: User, changed: list[str], actor: Actor) -> User:
    """account: with its new values. changed: the names of the fields that are new.

    Raises LastOperator when no active operator would be left.
    """
    with transaction.atomic():
        if not account.is_operator and _operators() == [account.pk]:
            raise LastOperator(
                f"{account.get_username()} is the only active operator: make another one first."
            )
        account.save(update_fields=changed)
        AuditEvent.record(
            actor=actor,
            action="change_account",
            guild=None,
            user=account.get_username(),
            **{name: _shown(getattr(account, name)) for name in changed},
        )
    return account


def change_password(*, account: User, password: str, actor: Actor) -> None:
    """Other sessions of the account end with it."""
    with transaction.atomic():
        account.set_password(password)
        account.save(update_fields=["password"])
        AuditEvent.record(
            actor=actor, action="change_password", guild=None, user=account.get_username()
        )


def _operators() -> list[int]:
    """Locked, so that two operators cannot dismiss each other at the same moment."""
    operators = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    return list(operators.order_by("pk").values_list("pk", flat=True))


def _shown(value: object) -> str | bool | None:
    return value if isinstance(value, bool) or value is None else str(value)
