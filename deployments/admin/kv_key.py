"""The pages of one key of a KV store: set it anew, look at it, change it, delete it, fetch it."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from deployments.actor import Actor
from deployments.admin.kv_key_form import KeyForm, NewKeyForm, shows_whole
from deployments.admin.kv_store_page import expiry_words
from deployments.admin.pages import confirm_page, page
from deployments.display import as_text
from deployments.kv.entries import Entry, fingerprint
from deployments.kv.rules import KvError
from deployments.models import KvStore
from deployments.services.kv_keys import EntryChanged, delete_key, find_key, put_key

# Of a value that is no text to be edited here.
BYTES_SHOWN = 65_536


@require_http_methods(["GET", "HEAD", "POST"])
def new_key(request: HttpRequest, site: AdminSite, store: KvStore) -> HttpResponse:
    form = NewKeyForm(request.POST or None)
    name = request.POST.get("name", "")
    found = _find(store, name)
    answer = _save(request, store, name, found, form) if request.method == "POST" else None
    return answer or _form_page(request, site, store, form, name="", found=found)


@require_http_methods(["GET", "HEAD", "POST"])
def key_page(request: HttpRequest, site: AdminSite, store: KvStore) -> HttpResponse:
    """The `key` of the address. What is sent is set although the key may have gone meanwhile."""
    name = _key_of(request)
    found = _find(store, name)
    if found is None and request.method != "POST":
        messages.info(request, f"There is no key {name} in this store, or there is none any more.")
        return redirect("admin:deployments_kvstore_change", store.pk)
    form = KeyForm(request.POST or None, entry=found)
    answer = _save(request, store, name, found, form) if request.method == "POST" else None
    return answer or _form_page(request, site, store, form, name=name, found=found)


@require_http_methods(["GET", "HEAD", "POST"])
def delete_page(request: HttpRequest, site: AdminSite, store: KvStore) -> HttpResponseBase:
    name = _key_of(request)
    if request.method != "POST":
        return confirm_page(
            request,
            site,
            title=f"Delete the key {name}?",
            question=(
                f"Its value in the store {store} of {store.guild} is gone for good. The script may "
                "set it again."
            ),
            submit="Delete it",
            cancel=key_address("key", store.pk, name),
            of=store,
            danger=True,
        )
    try:
        was_there = delete_key(
            guild=store.guild, store=store.name, key=name, actor=Actor.of(request)
        )
    except KvError as problem:
        messages.error(request, f"Not deleted: {problem}.")
        return redirect(key_address("key", store.pk, name))
    if was_there:
        messages.success(request, f"The key {name} is deleted.")
    else:
        messages.info(request, f"The key {name} was gone already.")
    return redirect("admin:deployments_kvstore_change", store.pk)


@require_safe
def value_file(request: HttpRequest, site: AdminSite, store: KvStore) -> HttpResponse:
    """The whole value, to be kept as a file."""
    found = _find(store, _key_of(request))
    if found is None:
        raise Http404("no such key")
    return HttpResponse(
        found.value,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="value.txt"'},
    )


def key_address(page_name: str, store_id: int, key: str) -> str:
    """page_name: `key`, `delete_key` or `value`."""
    address = reverse(f"admin:deployments_kvstore_{page_name}", args=(store_id,))
    return f"{address}?{urlencode({'key': key})}"


def _key_of(request: HttpRequest) -> str:
    name = request.GET.get("key", "")
    if not name:
        raise Http404("a page of a key needs its name")
    return name


def _find(store: KvStore, name: str) -> Entry | None:
    try:
        return find_key(guild=store.guild, store=store.name, key=name)
    except KvError:
        return None


def _save(
    request: HttpRequest, store: KvStore, name: str, found: Entry | None, form: KeyForm
) -> HttpResponse | None:
    """Where to go when it is saved; None when the form has something to say.

    found: what is there at this moment.
    """
    if "format" in request.POST:
        form.format_value()
        return None
    if not form.is_valid():
        return None
    try:
        put_key(
            guild=store.guild,
            store=store.name,
            key=name,
            entry=form.entry_to_set(),
            actor=Actor.of(request),
            replaces=form.data.get("seen", ""),
        )
    except EntryChanged:
        form.is_overtaken = True
        return None
    except KvError as problem:
        form.show(problem)
        return None
    messages.success(request, f"The key {name} is set. The script reads it so from now on.")
    return redirect(key_address("key", store.pk, name))


def _form_page(
    request: HttpRequest,
    site: AdminSite,
    store: KvStore,
    form: KeyForm,
    *,
    name: str,
    found: Entry | None,
) -> HttpResponse:
    """name: of the key that the page is about; empty for a new one."""
    # Whoever was overtaken has now been told of what is there, and may replace that.
    seen = fingerprint(found) if form.is_overtaken or not form.is_bound else form.data.get("seen")
    context: dict[str, Any] = {
        "title": f"Key {name}" if name else "New key",
        "store": store,
        "guild": store.guild,
        "name": name,
        "form": form,
        "seen": seen or "",
        "found": found,
        "cancel": reverse("admin:deployments_kvstore_change", args=(store.pk,)),
    }
    if found is not None:
        context["size"] = len(found.value)
        context["expires"] = expiry_words(found.expires_at)
        if form.is_overtaken or not shows_whole(found.value):
            context["shown"] = as_text(found.value, BYTES_SHOWN)
    if name:
        context["delete"] = key_address("delete_key", store.pk, name)
        context["file"] = key_address("value", store.pk, name)
    status = 409 if form.is_overtaken else 400 if form.errors else 200
    template = "admin/deployments/kv_key.html"
    return page(request, site, template, context, of=store, status=status)
