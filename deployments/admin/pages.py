"""How the admin's own pages, those that Django does not bring, are put together."""

from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.forms import BaseForm
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

LATER = "The runtime does not answer at the moment: it follows as soon as it is back."


def page(
    request: HttpRequest,
    site: AdminSite,
    template: str,
    context: dict[str, Any],
    *,
    of: type[Model] | Model | None = None,
    status: int = 200,
) -> TemplateResponse:
    """A page with the site's frame around it; never cached.

    of: the model or the row that it belongs to, for the way back at the top of the page.
    """
    place: dict[str, Any] = {}
    if of is not None:
        place = {"opts": of._meta, "original": of if isinstance(of, Model) else None}
    request.current_app = site.name
    response = TemplateResponse(
        request, template, {**site.each_context(request), **place, **context}, status=status
    )
    add_never_cache_headers(response)
    return response


def form_page(
    request: HttpRequest,
    site: AdminSite,
    form: BaseForm,
    *,
    title: str,
    submit: str,
    lead: str = "",
    cancel: str = "",
    delete: str = "",
    of: type[Model] | Model | None = None,
) -> TemplateResponse:
    """A page with one form; 400 when it came back with errors. cancel: where else to go; delete:
    where what the form is about is deleted."""
    context = {
        "title": title,
        "form": form,
        "press": submit,
        "lead": lead,
        "cancel": cancel,
        "delete": delete,
    }
    status = 400 if form.errors else 200
    return page(request, site, "admin/deployments/form_page.html", context, of=of, status=status)


def confirm_page(
    request: HttpRequest,
    site: AdminSite,
    *,
    title: str,
    question: str,
    submit: str,
    cancel: str,
    of: type[Model] | Model | None = None,
    danger: bool = False,
) -> TemplateResponse:
    """Asks before something is done; the answer yes is a POST to the same address."""
    context = {
        "title": title,
        "question": question,
        "press": submit,
        "cancel": cancel,
        "danger": danger,
    }
    return page(request, site, "admin/deployments/confirm.html", context, of=of)
