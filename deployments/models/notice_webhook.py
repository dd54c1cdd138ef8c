"""The webhook that a guild's owner wants told when the script is stopped. Its token is sealed."""

from django.db import models
from django.utils import timezone

from deployments.models.fields import SnowflakeField
from deployments.models.guild import Guild
from deployments.sealing import Identity, Sealed


def masked(webhook_id: int | str) -> str:
    """A webhook's address for people, without its token."""
    return f"https://discord.com/api/webhooks/{webhook_id}/…"


class NoticeWebhook(models.Model):
    """gone_at: when Discord said that there is no such webhook; it is not tried again."""

    guild = models.OneToOneField(
        Guild, on_delete=models.CASCADE, primary_key=True, related_name="notice_webhook"
    )
    webhook_id = SnowflakeField()
    key_id = models.CharField(max_length=16)
    nonce = models.BinaryField(max_length=12)
    ciphertext = models.BinaryField()
    chosen_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True)

    guild_id: int

    def __str__(self) -> str:
        return masked(self.webhook_id)

    @property
    def identity(self) -> Identity:
        # No secret of a script has a space in its name.
        return Identity(str(self.webhook_id), str(self.guild_id), "notice webhook", "", ())

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.key_id, bytes(self.nonce), bytes(self.ciphertext))

    @sealed.setter
    def sealed(self, sealed: Sealed) -> None:
        self.key_id, self.nonce, self.ciphertext = sealed.key_id, sealed.nonce, sealed.ciphertext
