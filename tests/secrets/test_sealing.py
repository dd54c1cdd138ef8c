"""Values at rest: opened with their keys and in their row alone, sealed anew for a new key."""

from collections.abc import Callable
from dataclasses import fields, replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from deployments.actor import Actor
from deployments.models import AuditEvent, Guild, Secret
from deployments.sealing import SEAL_BYTES, Identity, Sealed, Sealer, Unreadable
from deployments.services.secrets import put_secret
from tests.secrets.conftest import NEW, OLD

ROW = Identity("6f1d3c5e", "300000000000000001", "KEY", "0123456789ab", ("a.example",))


@given(st.text())
def test_a_value_comes_out_as_it_went_in(value: str) -> None:
    value = value.encode(errors="replace").decode()
    sealed = Sealer([OLD]).seal(ROW, value)
    assert Sealer([OLD]).open(ROW, sealed) == value
    assert len(sealed.ciphertext) == len(value.encode()) + SEAL_BYTES


def test_nothing_repeats_and_nothing_shows() -> None:
    sealer = Sealer([OLD])
    one, other = sealer.seal(ROW, "correct horse"), sealer.seal(ROW, "correct horse")
    assert one.nonce != other.nonce
    assert one.ciphertext != other.ciphertext
    assert b"horse" not in one.ciphertext
    assert OLD not in one.key_id


@pytest.mark.parametrize(
    "change",
    [
        {"secret_id": "6f1d3c5f"},
        {"guild_id": "300000000000000002"},
        {"name": "OTHER"},
        {"tag": "0123456789ac"},
        {"allowed_hosts": ()},
        {"allowed_hosts": ("a.example", "evil.example")},
        {"allowed_hosts": ("evil.example",)},
    ],
)
def test_whoever_changes_the_row_makes_it_unreadable(change: dict[str, Any]) -> None:
    """Every part of the row that somebody with the database could gain by."""
    sealed = Sealer([OLD]).seal(ROW, "correct horse")
    with pytest.raises(Unreadable, match="its row was changed by something else"):
        Sealer([OLD]).open(replace(ROW, **change), sealed)


def test_the_table_of_changes_has_every_part_of_the_row() -> None:
    (mark,) = test_whoever_changes_the_row_makes_it_unreadable.pytestmark  # type: ignore[attr-defined]
    told = {name for change in mark.args[1] for name in change}
    assert told == {field.name for field in fields(Identity)}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: replace(sealed, nonce=bytes(12)),
        lambda sealed: replace(sealed, nonce=b""),
        lambda sealed: replace(sealed, ciphertext=b""),
        lambda sealed: replace(sealed, ciphertext=sealed.ciphertext[:-1]),
        lambda sealed: replace(sealed, ciphertext=bytes(len(sealed.ciphertext))),
    ],
)
def test_what_is_broken_is_unreadable(spoil: Callable[[Sealed], Sealed]) -> None:
    sealed = Sealer([OLD]).seal(ROW, "correct horse")
    with pytest.raises(Unreadable):
        Sealer([OLD]).open(ROW, spoil(sealed))


def test_the_first_key_seals_and_any_opens() -> None:
    before = Sealer([OLD]).seal(ROW, "correct horse")
    both = Sealer([NEW, OLD])
    assert both.open(ROW, before) == "correct horse"
    assert Sealer([NEW]).open(ROW, both.seal(ROW, "again")) == "again"
    with pytest.raises(Unreadable, match="a master key that is not configured any more"):
        Sealer([NEW]).open(ROW, before)


# --- rotation --------------------------------------------------------------------------------


@pytest.fixture
def secret(db: None, keys: Callable[..., None]) -> Secret:
    guild = Guild.objects.create(id=300000000000000001, name="Garden")
    return put_secret(
        guild=guild, name="KEY", value="correct horse", allowed_hosts=[], actor=Actor.system()
    )


def rotated() -> str:
    printed = StringIO()
    call_command("rotatesecrets", stdout=printed)
    return printed.getvalue()


def test_rotation_makes_the_old_key_needless(secret: Secret, keys: Callable[..., None]) -> None:
    keys(NEW, OLD)
    assert rotated() == "1 secrets sealed anew, 0 had the first key already\n"
    again = Secret.objects.get()
    assert again.placeholder == secret.placeholder
    assert Sealer([NEW]).open(again.identity, again.sealed) == "correct horse"
    assert rotated() == "0 secrets sealed anew, 1 had the first key already\n"
    event = AuditEvent.objects.filter(action="rotate_secrets").earliest("pk")
    assert (event.guild_id, event.details) == (None, {"resealed": 1, "unreadable": []})


def test_what_no_key_opens_is_named_and_kept(secret: Secret, keys: Callable[..., None]) -> None:
    keys(NEW)
    with pytest.raises(CommandError, match="No key opens 1 secrets: 300000000000000001/KEY"):
        rotated()
    keys(NEW, OLD)
    assert rotated() == "1 secrets sealed anew, 0 had the first key already\n"


def test_other_hosts_need_a_value_that_can_be_read(
    secret: Secret, keys: Callable[..., None]
) -> None:
    from deployments.services.secrets import InvalidSecret

    def put(value: str | None) -> Secret:
        return put_secret(
            guild=secret.guild,
            name="KEY",
            value=value,
            allowed_hosts=["a.example"],
            actor=Actor.system(),
        )

    keys(NEW)
    with pytest.raises(InvalidSecret, match="give it a value again: it was sealed with a master"):
        put(None)
    assert Secret.objects.get().allowed_hosts == []
    assert put("new value").placeholder == secret.placeholder
    keys(NEW, OLD)
    again = put(None)
    assert Sealer([NEW]).open(again.identity, again.sealed) == "new value"
