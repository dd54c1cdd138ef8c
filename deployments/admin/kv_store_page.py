"""The page of one KV store: how full it is, and its keys, page by page."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import BinaryField, QuerySet, Sum
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from deployments.admin.pages import page
from deployments.display import moment
from deployments.kv.session import kv_limits_of
from deployments.models import KvStore
from deployments.models.kv import KvEntryQuerySet
from deployments.services.kv_transfer import exports_of

KEYS_ON_PAGE = 50
# Of a value, in a list.
BYTES_IN_LIST = 120
HALF_A_CHARACTER = "\ufffd"
LAST_YEAR = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def store_page(request: HttpRequest, site: AdminSite, store: KvStore) -> HttpResponse:
    """In the address `prefix` of the keys, and `after`, the last key of the page before."""
    prefix, after = request.GET.get("prefix", ""), request.GET.get("after", "")
    rows = store.entries.live().beginning_with(prefix)
    if after:
        rows = rows.filter(key__gt=after.encode(errors="replace"))
    found = list(with_heads(rows).order_by("key")[: KEYS_ON_PAGE + 1])
    shown = found[:KEYS_ON_PAGE]
    guild = store.guild
    limits = kv_limits_of(guild.pk)
    context = {
        "title": f"KV store {store.name}",
        "store": store,
        "guild": guild,
        "store_limit": limits.store_bytes,
        "guild_used": guild.kv_stores.aggregate(all=Sum("bytes_used"))["all"],
        "guild_limit": limits.guild_bytes,
        "exports": exports_of(guild),
        "prefix": prefix,
        "after": after,
        "keys": [
            {
                "name": str(entry),
                "query": urlencode({"key": str(entry)}),
                "head": head(entry),
                "size": entry.size,
                "expires": expiry_words(entry.expires_at),
            }
            for entry in shown
        ],
        "next": urlencode({"prefix": prefix, "after": str(shown[-1])})
        if len(found) > len(shown)
        else "",
    }
    return page(request, site, "admin/deployments/kv_store.html", context, of=store)


def with_heads(entries: KvEntryQuerySet) -> QuerySet[Any]:
    """Without the values, whose beginnings `head` shows."""
    start = Substr("value", 1, BYTES_IN_LIST + 1, output_field=BinaryField())
    return entries.defer("value", "metadata").annotate(head=start)


def head(entry: Any) -> str:
    start = bytes(entry.head or b"")  # of an empty value SQLite makes NULL
    text = start[:BYTES_IN_LIST].decode(errors="replace")
    return f"{text.rstrip(HALF_A_CHARACTER)}…" if len(start) > BYTES_IN_LIST else text


def expiry_words(expires_at: int | None) -> str:
    at = expiry_date(expires_at)
    if at is not None:
        return moment(at)
    return "never" if expires_at is None else "after the year 9999"


def expiry_date(expires_at: int | None) -> datetime | None:
    """None for never, and for what no calendar has."""
    if expires_at is None or expires_at > LAST_YEAR:
        return None
    return datetime.fromtimestamp(expires_at, UTC)
