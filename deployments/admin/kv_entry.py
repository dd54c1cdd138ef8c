"""KV entries: the keys of a store and the beginning of each value."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Substr
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from unfold.paginator import InfinitePaginator

from deployments.access import guilds_for
from deployments.actor import Actor
from deployments.admin.columns import column
from deployments.admin.scoped import GuildScopedAdmin, OwnRowsFilter
from deployments.admin.site import site
from deployments.display import as_text, moment
from deployments.models import KvEntry, KvStore

# Of a value: in the list, and on its own page.
BYTES_IN_LIST = 120
BYTES_SHOWN = 65_536


class OwnStoresFilter(OwnRowsFilter):
    def rows_for(self, actor: Actor) -> QuerySet[Any]:
        stores = KvStore.objects.filter(guild__in=guilds_for(actor).values("pk"))
        return stores.order_by("guild__name", "name")


@admin.register(KvEntry, site=site)
class KvEntryAdmin(GuildScopedAdmin):
    guild_lookup = "store__guild"
    list_display = ("key_text", "store", "guild", "beginning", "size_text", "expires")
    list_filter = (("store", OwnStoresFilter),)
    list_select_related = ("store__guild",)
    search_fields = ("key",)
    search_help_text = "Beginning of the key"
    ordering = ("store", "key")
    sortable_by = ()
    # Millions of rows: nobody waits for their number.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("key_text", "store", "guild", "size_text", "expires", "metadata", "value_text")
    empty_text = "There is nothing in here: the script has stored nothing, or has deleted it."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        head = Substr("value", 1, BYTES_IN_LIST + 1, output_field=BinaryField())
        entries: QuerySet[Any] = super().get_queryset(request).defer("value").annotate(head=head)
        return entries

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Keys are bytes in order: a beginning is a range."""
        if not search_term:
            return queryset, False
        beginning = search_term.encode(errors="replace")
        return queryset.filter(key__gte=beginning, key__lt=beginning + b"\xff"), False

    @column("Key")
    def key_text(self, entry: KvEntry) -> str:
        return str(entry)

    @column("Guild")
    def guild(self, entry: KvEntry) -> str:
        return str(entry.store.guild)

    @column("Value")
    def beginning(self, entry: Any) -> str:
        head = bytes(entry.head or b"")  # of an empty value SQLite makes NULL
        shown = head[:BYTES_IN_LIST].decode(errors="replace")
        more = "…" if len(head) > BYTES_IN_LIST else ""
        return format_html('<span class="flora-text">{}{}</span>', shown, more)

    @column("Value")
    def value_text(self, entry: KvEntry) -> str:
        return format_html('<pre class="flora-text">{}</pre>', as_text(entry.value, BYTES_SHOWN))

    @column("Size")
    def size_text(self, entry: KvEntry) -> str:
        return filesizeformat(entry.size)

    @column("Expires")
    def expires(self, entry: KvEntry) -> str:
        if entry.expires_at is None:
            return "never"
        return moment(datetime.fromtimestamp(entry.expires_at, UTC))
