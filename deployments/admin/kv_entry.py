"""KV entries: the keys of all stores, to be searched. A store's own page is the way to a key."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.http import require_safe
from unfold.paginator import InfinitePaginator

from deployments.access import guilds_for
from deployments.actor import Actor
from deployments.admin.columns import column
from deployments.admin.kv_key import key_address
from deployments.admin.kv_store_page import expiry_words, head, with_heads
from deployments.admin.scoped import GuildScopedAdmin, OwnRowsFilter
from deployments.admin.site import site
from deployments.models import KvEntry, KvStore
from deployments.models.kv import KvEntryQuerySet


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
    empty_text = "There is nothing in here: the script has stored nothing, or has deleted it."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        entries = super().get_queryset(request)
        assert isinstance(entries, KvEntryQuerySet)
        return with_heads(entries.live())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        assert isinstance(queryset, KvEntryQuerySet)
        return queryset.beginning_with(search_term), False

    @column("Key")
    def key_text(self, entry: KvEntry) -> str:
        return str(entry)

    @column("Guild")
    def guild(self, entry: KvEntry) -> str:
        return str(entry.store.guild)

    @column("Value")
    def beginning(self, entry: Any) -> str:
        return format_html('<span class="flora-text">{}</span>', head(entry))

    @column("Size")
    def size_text(self, entry: KvEntry) -> str:
        return filesizeformat(entry.size)

    @column("Expires")
    def expires(self, entry: KvEntry) -> str:
        return expiry_words(entry.expires_at)

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A key is looked at and changed by its name: a script may set it anew at any time."""
        entry = self.get_object(request, object_id)
        return redirect(key_address("key", entry.store_id, str(entry)))
