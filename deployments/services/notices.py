"""Who is told on Discord when a guild's script is stopped: the channel or the webhook that its
administrators have chosen."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from deployments.actor import Actor
from deployments.models import AuditEvent, Guild, NoticeWebhook
from deployments.sealing import Unreadable, configured_sealer
from deployments.webhook import Webhook

log = logging.getLogger("flora.deployments")


@dataclass(frozen=True, slots=True)
class Recipient:
    """The webhook is told; the channel only where there is none, or none any more. chosen_at: the
    webhook's."""

    channel: int | None = None
    webhook: Webhook | None = None
    chosen_at: datetime | None = None

    def __bool__(self) -> bool:
        return self.channel is not None or self.webhook is not None


def recipient_of(guild: Guild) -> Recipient:
    row = NoticeWebhook.objects.filter(guild=guild, gone_at=None).first()
    if row is None:
        return Recipient(guild.notice_channel)
    try:
        token = configured_sealer().open(row.identity, row.sealed)
    except Unreadable as error:
        log.warning("the webhook that guild %s has chosen cannot be told: %s", guild.pk, error)
        return Recipient(guild.notice_channel)
    return Recipient(guild.notice_channel, Webhook(str(row.webhook_id), token), row.chosen_at)


def choose_notice_channel(*, guild: Guild, actor: Actor, channel_id: int | None) -> Guild:
    """The bot says there that the script was stopped; None: in no channel."""
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        if guild.notice_channel != channel_id:
            guild.notice_channel = channel_id
            guild.save(update_fields=["notice_channel", "updated_at"])
            shown = str(channel_id) if channel_id else None
            AuditEvent.record(
                actor=actor, action="choose_notice_channel", guild=guild, channel=shown
            )
    return guild


def choose_notice_webhook(*, guild: Guild, actor: Actor, address: str | None) -> Guild:
    """The webhook of this address is told that the script was stopped, instead of a channel; None
    or nothing: none is. The address as it is shown, without its token, changes nothing.

    Raises InvalidWebhook.
    """
    address = (address or "").strip()
    with transaction.atomic():
        guild = Guild.objects.select_for_update().get(pk=guild.pk)
        row = NoticeWebhook.objects.filter(guild=guild).first()
        if address == (str(row) if row else ""):
            return guild
        webhook = Webhook.parse(address, settings.FLORA.discord.api_base) if address else None
        if row is not None:
            row.delete()
        if webhook is not None:
            chosen = NoticeWebhook(guild=guild, webhook_id=int(webhook.id))
            chosen.sealed = configured_sealer().seal(chosen.identity, webhook.token)
            chosen.save(force_insert=True)
        AuditEvent.record(
            actor=actor,
            action="choose_notice_webhook",
            guild=guild,
            webhook=webhook.id if webhook else None,
        )
    return Guild.objects.get(pk=guild.pk)


def webhook_is_gone(guild_id: str, chosen_at: datetime) -> bool:
    """Discord does not know the webhook that was chosen then: it is not tried again. False when
    that is known, or another one has been chosen since."""
    rows = NoticeWebhook.objects.filter(guild=int(guild_id), chosen_at=chosen_at, gone_at=None)
    return bool(rows.update(gone_at=timezone.now()))
