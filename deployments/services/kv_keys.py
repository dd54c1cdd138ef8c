"""Read, set and delete keys of a guild's stores by hand. Scripts do it through the runtime."""

from deployments.actor import Actor
from deployments.kv import entries, rules
from deployments.kv.entries import Entry, Key
from deployments.kv.rules import KvError
from deployments.kv.session import reading, writing
from deployments.models import AuditEvent, Guild


class EntryChanged(Exception):
    """Somebody else has written the key since it was looked at."""


def find_key(*, guild: Guild, store: str, key: str) -> Entry | None:
    """Raises KvError, also when there is no such store."""
    stored = rules.check_key(key)
    _check_store(guild, store)
    with reading() as ledger:
        return entries.get(ledger, guild.pk, store, stored)


def keys_of(
    *, guild: Guild, store: str, prefix: str = "", after: str = "", limit: int
) -> tuple[list[Key], bool]:
    """A page of keys in byte order, and whether it is the last one.

    Raises KvError, also when there is no such store.
    """
    start = rules.check_prefix(prefix)
    _check_store(guild, store)
    with reading() as ledger:
        return entries.keys(ledger, guild.pk, store, start, rules.encoded(after), limit)


def put_key(
    *,
    guild: Guild,
    store: str,
    key: str,
    entry: Entry,
    actor: Actor,
    replaces: str | None = None,
) -> None:
    """Sets value, metadata and expiry; makes the store with its first key.

    replaces: the fingerprint of the entry that the actor has seen. Raises KvError and EntryChanged.
    """
    rules.check_store_name(store)
    stored = rules.check_key(key)
    with writing(guild.pk) as ledger:
        if replaces is not None:
            found = entries.get(ledger, guild.pk, store, stored)
            if entries.fingerprint(found) != replaces:
                raise EntryChanged(key)
        entries.put(ledger, guild.pk, store, {stored: entry})
        AuditEvent.record(
            actor=actor,
            action="set_kv_key",
            guild=guild,
            store=store,
            key=stored.decode(),
            bytes=len(entry.value),
        )


def delete_key(*, guild: Guild, store: str, key: str, actor: Actor) -> bool:
    """Whether it was there. Raises KvError when there is no such store."""
    rules.check_store_name(store)
    stored = rules.check_key(key)
    with writing(guild.pk) as ledger:
        if ledger.find(guild.pk, store) is None:
            raise KvError("store not found", "KV_STORE_NOT_FOUND")
        was_there = bool(entries.delete(ledger, guild.pk, store, [stored]))
        if was_there:
            AuditEvent.record(
                actor=actor, action="delete_kv_key", guild=guild, store=store, key=stored.decode()
            )
    return was_there


def _check_store(guild: Guild, store: str) -> None:
    rules.check_store_name(store)
    if not guild.kv_stores.filter(name=store).exists():
        raise KvError("store not found", "KV_STORE_NOT_FOUND")
