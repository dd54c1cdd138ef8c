"""The admin site: who may enter it. What each may see there is in scoped.py."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from deployments.access import guilds_for
from deployments.actor import Actor
from deployments.admin import workers
from deployments.admin.pages import form_page
from deployments.services.accounts import change_password


def may_enter(user: Any) -> bool:
    """Operators and whoever administers a guild; Django's is_staff plays no part here."""
    if not user.is_authenticated or not user.is_active:
        return False
    actor = Actor("session", user)
    return actor.is_operator or guilds_for(actor).exists()


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "The name or the password is wrong. Mind capitals and small letters.",
    }

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active:
            raise ValidationError(self.get_invalid_login_error())
        if not may_enter(user):
            raise ValidationError(
                "This account administers no guild yet: ask an operator to make it a guild's owner."
            )


class FloraAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    login_form = LoginForm
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        # Django asks this a dozen times a page.
        if not hasattr(request, "flora_may_enter"):
            request.flora_may_enter = may_enter(request.user)  # type: ignore[attr-defined]
        return bool(request.flora_may_enter)  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own: list[URLPattern | URLResolver] = [
            path(address, self.admin_view(view), {"site": self}, name=name)
            for address, name, view in workers.PAGES
        ]
        return [*own, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:deployments_guild_changelist")

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:deployments_guild_changelist")

    @method_decorator(sensitive_post_parameters())
    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        user: Any = request.user
        form = AdminOwnPasswordChangeForm(user, request.POST or None)
        if request.method == "POST" and form.is_valid():
            password = form.cleaned_data["new_password1"]
            change_password(account=user, password=password, actor=Actor.of(request))
            update_session_auth_hash(request, user)
            messages.success(request, "Your password has been changed.")
            return redirect("admin:index")
        return form_page(request, self, form, title="Change your password", submit="Change it")


site = FloraAdminSite(name="admin")
