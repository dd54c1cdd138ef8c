"""KV stores: what the scripts of guilds keep, and how much of it; made and deleted by hand too."""

import contextlib
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from deployments.access import guilds_for
from deployments.actor import Actor
from deployments.admin import kv_backup, kv_key
from deployments.admin.columns import column
from deployments.admin.kv_store_page import store_page
from deployments.admin.pages import confirm_page, form_page
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import moment
from deployments.kv.rules import KvError
from deployments.models import Guild, KvStore
from deployments.services.kv_stores import create_store, delete_store


class NewStoreForm(forms.Form):
    guild = forms.ModelChoiceField(
        Guild.objects.none(), widget=UnfoldAdminSelectWidget, empty_label="Choose a guild"
    )
    name = forms.CharField(
        strip=False,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "counters"}
        ),
        help_text="As in kv.store('counters'). At most 64 bytes, without slashes and dots.",
    )

    def __init__(self, actor: Actor, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        guild = self.fields["guild"]
        assert isinstance(guild, forms.ModelChoiceField)
        guild.queryset = guilds_for(actor)


@admin.register(KvStore, site=site)
class KvStoreAdmin(GuildScopedAdmin):
    list_display = ("name", "guild", "entries", "size", "changed")
    list_filter = (("guild", OwnGuildsFilter),)
    list_select_related = ("guild",)
    search_fields = ("name", "guild__name")
    search_help_text = "Name of the store or of the guild"
    ordering = ("guild__name", "name")
    empty_text = "No script has stored anything yet. A store appears with the first key set in it."

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    @column("Entries", ordering="entry_count")
    def entries(self, store: KvStore) -> int:
        return store.entry_count

    @column("Size", ordering="bytes_used")
    def size(self, store: KvStore) -> str:
        return filesizeformat(store.bytes_used)

    @column("Changed", ordering="updated_at")
    def changed(self, store: KvStore) -> str:
        return moment(store.updated_at)

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "key": kv_key.key_page,
            "new_key": kv_key.new_key,
            "delete_key": kv_key.delete_page,
            "value": kv_key.value_file,
            "export": kv_backup.export_now,
            "import": kv_backup.take_in,
        }
        return [
            *(
                path(
                    f"<path:object_id>/{name.replace('_', '-')}/",
                    self.page_of_row(view),
                    name=f"deployments_kvstore_{name}",
                )
                for name, view in pages.items()
            ),
            *super().get_urls(),
        ]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        actor = Actor.of(request)
        form = NewStoreForm(
            actor, request.POST or None, initial={"guild": request.GET.get("guild")}
        )
        if request.method == "POST" and form.is_valid():
            guild, name = form.cleaned_data["guild"], form.cleaned_data["name"]
            try:
                store, is_new = create_store(guild=guild, name=name, actor=actor)
            except KvError as problem:
                form.add_error(
                    "name", f"{str(problem).replace('store_name', 'the name').capitalize()}."
                )
            else:
                say = messages.success if is_new else messages.info
                say(request, f"The store {name} is made." if is_new else "It was there already.")
                return redirect("admin:deployments_kvstore_change", store.pk)
        return form_page(
            request,
            self.admin_site,
            form,
            title="New KV store",
            submit="Make the store",
            lead="A script makes its stores by itself, with the first key that it sets.",
            cancel=reverse("admin:deployments_kvstore_changelist"),
            of=KvStore,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return store_page(request, self.admin_site, self.get_object(request, object_id))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        store = self.get_object(request, object_id)
        if request.method != "POST":
            return confirm_page(
                request,
                self.admin_site,
                title=f"Delete the store {store} of {store.guild}?",
                question=(
                    f"Its {store.entry_count} entries ({filesizeformat(store.bytes_used)}) are "
                    "gone for good. A script that runs makes it anew with the next key it sets."
                ),
                submit=f"Delete {store}",
                cancel=reverse("admin:deployments_kvstore_change", args=(store.pk,)),
                of=store,
                danger=True,
            )
        with contextlib.suppress(KvError):  # somebody else was faster
            delete_store(guild=store.guild, name=store.name, actor=Actor.of(request))
        messages.success(request, f"The store {store} of {store.guild} is deleted.")
        stores = reverse("admin:deployments_kvstore_changelist")
        return redirect(f"{stores}?guild__id__exact={store.guild_id}")
