"""Whom a guild's owner wants told: a webhook's address, how it is kept, and what is shown of it."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from deployments.actor import Actor
from deployments.models import AuditEvent, Guild, NoticeWebhook
from deployments.sealing import Sealer
from deployments.services.notices import (
    Recipient,
    choose_notice_channel,
    choose_notice_webhook,
    recipient_of,
    webhook_is_gone,
)
from deployments.webhook import InvalidWebhook, Webhook
from tests.secrets.conftest import NEW, OLD

HERE = "http://127.0.0.1:4711/api/v10"
ID, TOKEN = "300000000000000007", "pGdM-2hT8_0aZ"
ADDRESS = f"https://discord.com/api/webhooks/{ID}/{TOKEN}"
SHOWN = f"https://discord.com/api/webhooks/{ID}/…"


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS,
        f" {ADDRESS}\n",
        f"{ADDRESS}/",
        f"https://canary.discord.com/api/webhooks/{ID}/{TOKEN}",
        f"https://ptb.discord.com/api/v10/webhooks/{ID}/{TOKEN}",
        f"https://discordapp.com/api/webhooks/{ID}/{TOKEN}",
        f"{HERE}/webhooks/{ID}/{TOKEN}",
    ],
)
def test_a_webhooks_address(address: str) -> None:
    assert Webhook.parse(address, HERE) == Webhook(ID, TOKEN)
    assert TOKEN not in repr(Webhook.parse(address, HERE))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a webhook",
        f"http://discord.com/api/webhooks/{ID}/{TOKEN}",
        f"https://discord.com.example/api/webhooks/{ID}/{TOKEN}",
        f"https://discord.com:444/api/webhooks/{ID}/{TOKEN}",
        f"https://me@discord.com/api/webhooks/{ID}/{TOKEN}",
        f"https://evil.discord.com/api/webhooks/{ID}/{TOKEN}",
        f"https://example.com/https://discord.com/api/webhooks/{ID}/{TOKEN}",
        f"https://discord.com/api/channels/{ID}/{TOKEN}",
        f"https://discord.com/api/webhooks/{ID}",
        f"https://discord.com/api/webhooks/{ID}/../../users",
        f"https://discord.com/api/webhooks/{ID}/{TOKEN}?wait=true",
        f"https://discord.com/api/webhooks/{ID}/{TOKEN}#",
        f"https://discord.com/api/webhooks/{ID}/{TOKEN}/slack",
        f"https://discord.com/api/webhooks/7/{TOKEN}",
        f"https://discord.com/api/webhooks/{'9' * 19}/{TOKEN}",
        f"https://discord.com/api/webhooks/{ID}/{TOKEN}{'x' * 400}",
        f"https://discord.com/api/webhooks/{ID}/{TOKEN}\x00",
        f"http://127.0.0.1:4711/webhooks/{ID}/{TOKEN}",
        f"http://127.0.0.1:47110/api/v10/webhooks/{ID}/{TOKEN}",
        f"{HERE}.example/webhooks/{ID}/{TOKEN}",
        SHOWN,
    ],
)
def test_anything_else_is_none(address: str) -> None:
    with pytest.raises(InvalidWebhook, match="expected a webhook's address"):
        Webhook.parse(address, HERE)


@pytest.fixture
def guild(db: None) -> Guild:
    return Guild.objects.create(pk=300000000000000001, name="Garden")


def choose(guild: Guild, address: str | None) -> None:
    choose_notice_webhook(guild=guild, actor=Actor.system(), address=address)


def test_a_webhook_is_told_instead_of_the_channel(guild: Guild) -> None:
    assert not recipient_of(guild)
    guild = choose_notice_channel(guild=guild, actor=Actor.system(), channel_id=int(ID))
    assert recipient_of(guild) == Recipient(int(ID))
    choose(guild, ADDRESS)
    row = NoticeWebhook.objects.get()
    assert recipient_of(guild) == Recipient(int(ID), Webhook(ID, TOKEN), row.chosen_at)
    assert str(row) == SHOWN
    assert TOKEN.encode() not in bytes(row.ciphertext)
    choose(guild, None)
    assert recipient_of(guild) == Recipient(int(ID))


def test_each_change_is_in_the_audit_without_the_token(guild: Guild) -> None:
    for address in (ADDRESS, SHOWN, ADDRESS, "", None):
        choose(guild, address)
    events = AuditEvent.objects.filter(action="choose_notice_webhook").order_by("pk")
    assert [event.details for event in events] == [{"webhook": w} for w in (ID, ID, None)]


def test_what_is_no_address_changes_nothing(guild: Guild) -> None:
    choose(guild, ADDRESS)
    with pytest.raises(InvalidWebhook):
        choose(guild, f"{ADDRESS}?wait=true")
    assert recipient_of(guild).webhook == Webhook(ID, TOKEN)
    assert AuditEvent.objects.filter(action="choose_notice_webhook").count() == 1


def test_one_that_is_gone_is_not_told_until_it_is_chosen_again(guild: Guild) -> None:
    choose(guild, ADDRESS)
    chosen_at = NoticeWebhook.objects.get().chosen_at
    assert webhook_is_gone(str(guild.pk), chosen_at)
    assert not webhook_is_gone(str(guild.pk), chosen_at)
    assert not recipient_of(guild)
    choose(guild, SHOWN)
    assert not recipient_of(guild)
    choose(guild, ADDRESS)
    assert recipient_of(guild).webhook == Webhook(ID, TOKEN)
    assert not webhook_is_gone(str(guild.pk), chosen_at)
    assert not webhook_is_gone(str(guild.pk), timezone.now())


def test_its_token_is_sealed_anew_with_the_secrets(guild: Guild, keys: Callable[..., None]) -> None:
    choose(guild, ADDRESS)
    keys(NEW, OLD)
    printed = StringIO()
    call_command("rotatesecrets", stdout=printed)
    assert printed.getvalue() == "1 secrets sealed anew, 0 had the first key already\n"
    row = NoticeWebhook.objects.get()
    assert Sealer([NEW]).open(row.identity, row.sealed) == TOKEN


def test_a_token_that_no_key_opens_lets_the_channel_be_told(
    guild: Guild, keys: Callable[..., None]
) -> None:
    choose(guild, ADDRESS)
    keys(NEW)
    guild.notice_channel = int(ID)
    assert recipient_of(guild) == Recipient(int(ID))
