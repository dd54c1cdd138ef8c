"""Accounts: who may log in, and who is an operator. For operators only."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.contrib.auth import update_session_auth_hash
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from deployments.actor import Actor
from deployments.admin.account_forms import AccountForm, NewAccountForm, PasswordForm
from deployments.admin.columns import column
from deployments.admin.pages import form_page, page
from deployments.admin.scoped import OperatorAdmin, operator_of
from deployments.admin.site import site
from deployments.display import moment
from deployments.models import User
from deployments.services.accounts import (
    LastOperator,
    change_account,
    change_password,
    create_account,
)

ROLE_COLOURS = {"operator": "primary", "owner": "success", "no guild": "", "deactivated": "warning"}


@admin.register(User, site=site)
class UserAdmin(OperatorAdmin):
    list_display = ("username", "role", "guild_count", "login", "joined")
    list_filter = ("is_superuser", "is_active")
    search_fields = ("username", "discord_id")
    search_help_text = "Name or Discord id"
    ordering = ("username",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        owned = Count("guild_memberships", filter=Q(guild_memberships__owner=True))
        users: QuerySet[Any] = super().get_queryset(request).annotate(owned=owned)
        return users

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    @column("Role", label=ROLE_COLOURS)
    def role(self, user: Any) -> str:
        if not user.is_active:
            return "deactivated"
        if user.is_operator:
            return "operator"
        return "owner" if user.owned else "no guild"

    @column("Owner of")
    def guild_count(self, user: Any) -> str:
        return "1 guild" if user.owned == 1 else f"{user.owned} guilds"

    @column("Last login", ordering="last_login")
    def login(self, user: User) -> str:
        return moment(user.last_login) if user.last_login else "never"

    @column("Made", ordering="date_joined")
    def joined(self, user: User) -> str:
        return moment(user.date_joined)

    def get_urls(self) -> list[URLPattern]:
        password = path(
            "<path:object_id>/password/",
            self.page_of_row(password_page),
            name="deployments_user_password",
        )
        return [password, *super().get_urls()]

    @method_decorator(sensitive_post_parameters())
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        actor = operator_of(request)
        form = NewAccountForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            account = create_account(account=form.save(commit=False), actor=actor)
            messages.success(
                request,
                f"The account {account} is made. Make it an owner on the page of a guild.",
            )
            return redirect(_list_address())
        return form_page(
            request,
            self.admin_site,
            form,
            title="New account",
            submit="Make the account",
            lead="The account can log in at once, and sees nothing until it owns a guild.",
            cancel=_list_address(),
            of=User,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        return account_page(request, self.admin_site, self.get_object(request, object_id))


def account_page(request: HttpRequest, site: AdminSite, user: User) -> HttpResponseBase:
    form = AccountForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        try:
            if form.changed_data:
                change_account(account=user, changed=form.changed_data, actor=Actor.of(request))
                messages.success(request, f"The account {user} is changed.")
            return redirect(_list_address())
        except LastOperator as problem:
            form.add_error(None, str(problem))
    context = {
        "title": f"Account {user}",
        "account": user,
        "form": form,
        "guilds": [
            member.guild
            for member in user.guild_memberships.administrators().select_related("guild")
        ],
        "list_address": _list_address(),
    }
    status = 400 if form.errors else 200
    return page(request, site, "admin/deployments/account.html", context, of=user, status=status)


@sensitive_post_parameters()
def password_page(request: HttpRequest, site: AdminSite, user: User) -> HttpResponseBase:
    form = PasswordForm(user, request.POST or None)
    back = reverse("admin:deployments_user_change", args=(user.pk,))
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["new_password1"]
        change_password(account=user, password=password, actor=Actor.of(request))
        if user == request.user:
            update_session_auth_hash(request, user)
        messages.success(request, f"The password of {user} is changed.")
        return redirect(back)
    return form_page(
        request,
        site,
        form,
        title=f"Password of {user}",
        submit="Change it",
        lead="Sessions of this account end; its API tokens go on working.",
        cancel=back,
        of=user,
    )


def _list_address() -> str:
    return reverse("admin:deployments_user_changelist")
