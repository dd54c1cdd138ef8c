"""KV stores: what the scripts of guilds keep, and how much of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from deployments.admin.columns import column
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import moment
from deployments.models import KvStore


@admin.register(KvStore, site=site)
class KvStoreAdmin(GuildScopedAdmin):
    list_display = ("name", "guild", "entries", "size", "changed")
    list_filter = (("guild", OwnGuildsFilter),)
    list_select_related = ("guild",)
    search_fields = ("name", "guild__name")
    search_help_text = "Name of the store or of the guild"
    ordering = ("guild__name", "name")
    empty_text = "No script has stored anything yet. A store appears with the first key set in it."

    @column("Entries", ordering="entry_count")
    def entries(self, store: KvStore) -> int:
        return store.entry_count

    @column("Size", ordering="bytes_used")
    def size(self, store: KvStore) -> str:
        return filesizeformat(store.bytes_used)

    @column("Changed", ordering="updated_at")
    def changed(self, store: KvStore) -> str:
        return moment(store.updated_at)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A store is its entries."""
        store = self.get_object(request, object_id)
        entries = reverse("admin:deployments_kventry_changelist")
        return redirect(f"{entries}?store__id__exact={store.pk}")
