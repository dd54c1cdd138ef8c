"""Set, change and delete a guild's secrets, and seal all of them with a new master key."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Length
from django.utils import timezone

from deployments import control
from deployments.actor import Actor
from deployments.hosts import HostPattern, InvalidHost
from deployments.models import AuditEvent, Guild, NoticeWebhook, Secret
from deployments.sealing import SEAL_BYTES, Sealer, Unreadable, configured_sealer

MAX_SECRETS = 100
MAX_HOSTS = 50
# Shorter ones cannot be kept out of responses and logs without making these unreadable.
MIN_VALUE_CHARACTERS = 4
MAX_VALUE_BYTES = 8192
# All of a guild's: the runtime looks for each of them, in many forms, in whatever comes back.
MAX_TOTAL_BYTES = 16 << 10
NAME_RULE = "1 to 64 letters, digits, dots, hyphens and underscores, a letter or _ first"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


class InvalidSecret(Exception):
    """field: name, value or allowed_hosts. The message says what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def put_secret(
    *, guild: Guild, name: str, value: str | None, allowed_hosts: Sequence[str], actor: Actor
) -> Secret:
    """Makes the secret, or gives it another value and other hosts; the script has them at once.

    value: None to keep the one that it has. Raises InvalidSecret.
    """
    hosts = check_hosts(allowed_hosts)
    check_name(name)
    if value is not None:
        check_value(value)
    sealer = configured_sealer()
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        secret = guild.secrets.filter(name=name).first()
        is_new = secret is None
        if secret is None:
            if guild.secrets.count() >= MAX_SECRETS:
                raise InvalidSecret("name", f"a guild has at most {MAX_SECRETS} secrets")
            secret = Secret(guild=guild, name=name, created_by=actor.username)
            secret.tag = sealer.tag(str(secret.pk))
        if value is None:
            value = _value_of(secret, is_new=is_new)
            changed = "hosts"
        else:
            changed = "new" if is_new else "value"
            _check_total(secret, value)
        secret.allowed_hosts = list(hosts)
        secret.sealed = sealer.seal(secret.identity, value)
        secret.updated_at = timezone.now()
        secret.save()
        AuditEvent.record(
            actor=actor,
            action="put_secret",
            guild=guild,
            secret=name,
            changed=changed,
            allowed_hosts=list(hosts),
        )
        _changed(guild)
    return secret


def delete_secret(*, guild: Guild, name: str, actor: Actor) -> bool:
    """Whether there was one. Its placeholders mean nothing from then on."""
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        deleted, _ = guild.secrets.filter(name=name).delete()
        if deleted:
            AuditEvent.record(actor=actor, action="delete_secret", guild=guild, secret=name)
            _changed(guild)
    return bool(deleted)


@dataclass
class Rotation:
    """current: sealed with the first key before. unreadable: `guild/name` of what no key opens."""

    resealed: int = 0
    current: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate_secrets(*, actor: Actor) -> Rotation:
    """Seals every secret, and the tokens of webhooks that are told of faults, with the first master
    key, so that the others can be taken away."""
    sealer, rotation = configured_sealer(), Rotation()
    for pk in list(Secret.objects.order_by("guild_id", "name").values_list("pk", flat=True)):
        _reseal(Secret.objects.filter(pk=pk), sealer, rotation)
    for guild_id in list(NoticeWebhook.objects.order_by("pk").values_list("pk", flat=True)):
        _reseal(NoticeWebhook.objects.filter(pk=guild_id), sealer, rotation)
    AuditEvent.record(
        actor=actor,
        action="rotate_secrets",
        guild=None,
        resealed=rotation.resealed,
        unreadable=rotation.unreadable,
    )
    return rotation


def _reseal(rows: "QuerySet[Any]", sealer: Sealer, rotation: Rotation) -> None:
    """rows: the one that is sealed, or none, when it was deleted meanwhile."""
    with transaction.atomic():
        row = rows.select_for_update().first()
        if row is None:
            return
        if row.key_id == sealer.key_id:
            rotation.current += 1
            return
        try:
            value = sealer.open(row.identity, row.sealed)
        except Unreadable:
            rotation.unreadable.append(f"{row.guild_id}/{row.identity.name}")
            return
        row.sealed = sealer.seal(row.identity, value)
        row.save(update_fields=["key_id", "nonce", "ciphertext"])
        rotation.resealed += 1


# --- rules ---------------------------------------------------------------------------------


def check_name(name: str) -> None:
    """Raises InvalidSecret."""
    if not _NAME.fullmatch(name):
        raise InvalidSecret("name", f"a secret's name has {NAME_RULE}")


def check_value(value: str) -> None:
    """Raises InvalidSecret."""
    if len(value) < MIN_VALUE_CHARACTERS:
        raise InvalidSecret(
            "value", f"a secret has at least {MIN_VALUE_CHARACTERS} characters: less is guessed"
        )
    if "\x00" in value:
        raise InvalidSecret("value", "a secret has no NUL characters")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise InvalidSecret("value", "a lone surrogate is no character") from None
    if size > MAX_VALUE_BYTES:
        raise InvalidSecret("value", f"{size} bytes, at most {MAX_VALUE_BYTES}")


def check_hosts(allowed_hosts: Sequence[str]) -> tuple[str, ...]:
    """The patterns as they are kept, each once, in order. Raises InvalidSecret."""
    hosts: dict[str, None] = {}
    for text in allowed_hosts:
        try:
            hosts[str(HostPattern.parse(text))] = None
        except InvalidHost as error:
            raise InvalidSecret("allowed_hosts", str(error)) from None
    if len(hosts) > MAX_HOSTS:
        raise InvalidSecret("allowed_hosts", f"at most {MAX_HOSTS} hosts")
    return tuple(hosts)


def _value_of(secret: Secret, *, is_new: bool) -> str:
    if is_new:
        raise InvalidSecret("value", "a new secret needs a value")
    try:
        return configured_sealer().open(secret.identity, secret.sealed)
    except Unreadable as error:
        raise InvalidSecret("value", f"give it a value again: {error}") from None


def _check_total(secret: Secret, value: str) -> None:
    """Raises InvalidSecret."""
    others = Secret.objects.filter(guild_id=secret.guild_id).exclude(pk=secret.pk)
    sizes = others.aggregate(sealed=Sum(Length("ciphertext")), number=Count("pk"))
    total = (sizes["sealed"] or 0) - sizes["number"] * SEAL_BYTES + len(value.encode())
    if total > MAX_TOTAL_BYTES:
        raise InvalidSecret(
            "value", f"the guild's secrets have {total} bytes with it, at most {MAX_TOTAL_BYTES}"
        )


def _changed(guild: Guild) -> None:
    """The runtime compares the version with what it holds."""
    Guild.objects.filter(pk=guild.pk).update(secrets_version=F("secrets_version") + 1)
    transaction.on_commit(lambda: control.tell(control.Reconcile(str(guild.pk))))
