"""Make and delete a guild's key-value stores."""

from deployments.actor import Actor
from deployments.kv import entries
from deployments.kv.ledger import Ledger
from deployments.kv.rules import KvError, check_store_name
from deployments.kv.session import writing
from deployments.models import AuditEvent, Guild, KvStore


def create_store(*, guild: Guild, name: str, actor: Actor) -> tuple[KvStore, bool]:
    """The store of that name, and whether it was made: it may have been there. Raises KvError."""
    check_store_name(name)
    with writing(guild.pk) as ledger:
        is_new = ledger.find(guild.pk, name) is None
        store_id = ledger.id_of(ledger.open(guild.pk, name))
        if is_new:
            AuditEvent.record(actor=actor, action="create_kv_store", guild=guild, store=name)
    return KvStore.objects.get(pk=store_id), is_new


def delete_store(*, guild: Guild, name: str, actor: Actor) -> None:
    """With all that is in it, in steps when that is much. Raises KvError when it is not there."""
    with writing(guild.pk) as ledger:
        account = ledger.find(guild.pk, name)
        if account is None:
            raise KvError("store not found", "KV_STORE_NOT_FOUND")
        AuditEvent.record(
            actor=actor,
            action="delete_kv_store",
            guild=guild,
            store=name,
            entries=account.entry_count,
            bytes=account.bytes_used,
        )
        is_empty = _remove_some(ledger, guild, name)
    while not is_empty:
        with writing(guild.pk) as ledger:
            is_empty = _remove_some(ledger, guild, name)


def _remove_some(ledger: Ledger, guild: Guild, name: str) -> bool:
    """Whether that was all, so that the store is gone too."""
    account = ledger.find(guild.pk, name)
    if account is None:
        return True
    if entries.empty(ledger, guild.pk, name) == entries.ROWS_AT_ONCE:
        return False
    ledger.remove(account)
    return True
