"""Key-value data of scripts. It is read and written by SQL (deployments/kv/)."""

from django.db import models
from django.utils import timezone

from deployments.models.guild import Guild


class KvStore(models.Model):
    """bytes_used, entry_count: of its entries, expired ones until they are swept away; kept with
    each write, so that nothing is ever counted by scanning.

    window_start, window_writes: since when (unix milliseconds) writes are counted, and how many.
    """

    guild = models.ForeignKey(Guild, on_delete=models.CASCADE, related_name="kv_stores")
    name = models.CharField(max_length=64)
    bytes_used = models.BigIntegerField(default=0, editable=False)
    entry_count = models.BigIntegerField(default=0, editable=False)
    window_start = models.BigIntegerField(default=0, editable=False)
    window_writes = models.IntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "KV store"
        constraints = [models.UniqueConstraint(fields=["guild", "name"], name="one_store_a_name")]

    def __str__(self) -> str:
        return self.name


class KvEntryQuerySet(models.QuerySet["KvEntry"]):
    def live(self) -> "KvEntryQuerySet":
        """Those that have not expired: others are there until they are swept away."""
        now = int(timezone.now().timestamp())
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))

    def beginning_with(self, prefix: str) -> "KvEntryQuerySet":
        """Keys are bytes in order: a beginning is a range, and UTF-8 has no byte 0xff."""
        start = prefix.encode(errors="replace")
        return self.filter(key__gte=start, key__lt=start + b"\xff") if start else self


class KvEntry(models.Model):
    """key and value: UTF-8 bytes, so that both databases order keys by bytes as the original did
    and keep every character, NUL too.

    expires_at: unix seconds. metadata: JSON text. size: bytes of key, value and metadata.
    """

    store = models.ForeignKey(KvStore, on_delete=models.CASCADE, related_name="entries")
    key = models.BinaryField(max_length=512)
    value = models.BinaryField()
    metadata = models.TextField(null=True)
    expires_at = models.BigIntegerField(null=True)
    size = models.IntegerField()

    objects = KvEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "KV entry"
        verbose_name_plural = "KV entries"
        constraints = [models.UniqueConstraint(fields=["store", "key"], name="one_entry_a_key")]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="kv_expiry",
                condition=models.Q(expires_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return bytes(self.key).decode(errors="replace")
