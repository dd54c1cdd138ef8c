"""Backups of a guild's KV data, from the page of one of its stores: made, and taken in again."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from deployments.actor import Actor
from deployments.kv.rules import KvError
from deployments.models import KvStore
from deployments.services.kv_transfer import export_data, import_data


@require_POST
def export_now(request: HttpRequest, site: AdminSite, store: KvStore) -> HttpResponse:
    try:
        export_data(guild=store.guild, actor=Actor.of(request))
    except KvError as problem:
        messages.error(request, f"Not exported: {problem}.")
    else:
        messages.success(request, f"All stores of {store.guild} are exported: see below.")
    return _back(store)


@require_POST
def take_in(request: HttpRequest, site: AdminSite, store: KvStore) -> HttpResponse:
    upload: Any = request.FILES.get("file")
    if upload is None:
        messages.error(request, "Choose the file of an export first.")
        return _back(store)
    try:
        number = import_data(guild=store.guild, file=upload.file, actor=Actor.of(request))
    except KvError as problem:
        messages.error(request, f"Not imported: {problem}.")
    else:
        messages.success(request, f"{number} keys were imported into the stores of {store.guild}.")
    return _back(store)


def _back(store: KvStore) -> HttpResponse:
    return redirect("admin:deployments_kvstore_change", store.pk)
