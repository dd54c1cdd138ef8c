"""How the admin's own pages, those that Django does not bring, are put together."""

from typing import Any

from django.contrib.admin import AdminSite
from django.forms import BaseForm
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers


def page(
    request: HttpRequest, site: AdminSite, template: str, context: dict[str, Any], status: int = 200
) -> TemplateResponse:
    """A page with the site's frame around it; never cached."""
    request.current_app = site.name
    response = TemplateResponse(
        request, template, {**site.each_context(request), **context}, status=status
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
) -> TemplateResponse:
    """A page with one form; 400 when it came back with errors."""
    context = {"title": title, "form": form, "submit": submit, "lead": lead}
    status = 400 if form.errors else 200
    return page(request, site, "admin/deployments/form_page.html", context, status)
