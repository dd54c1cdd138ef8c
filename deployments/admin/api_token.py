"""API tokens: made, seen once, listed and revoked."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_variables
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from deployments.access import guilds_for
from deployments.actor import Actor
from deployments.admin.columns import column
from deployments.admin.pages import confirm_page, form_page, page
from deployments.admin.scoped import ScopedAdmin
from deployments.admin.site import site
from deployments.display import TOKEN_COLOURS, moment, token_state
from deployments.models import ApiToken, Guild
from deployments.models.fields import is_snowflake
from deployments.services.tokens import create_token, revoke_token

LIFETIMES = [
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "one year"),
    ("never", "until it is revoked"),
]


class GuildPicker(AutocompleteSelectMultiple):
    """Shows anew what was chosen; what is no id is not asked for."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [chosen for chosen in value if is_snowflake(chosen)], attr)


class GuildsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Django asks the database for what was sent as it was sent, which may be no number at all,
    or a larger one than the database has."""

    def clean(self, value: Any) -> Any:
        for chosen in value or ():
            if not is_snowflake(chosen):
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], "invalid_choice", {"value": chosen}
                )
        return super().clean(value)


class TokenForm(forms.Form):
    label = forms.CharField(
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="What the token is for, for example «deploys from GitHub».",
    )
    guilds = GuildsField(
        Guild.objects.none(),
        required=False,
        label="Only these guilds",
        widget=GuildPicker(ApiToken._meta.get_field("guilds"), site),
        help_text="With none chosen it may act on every guild that you administer, later ones too.",
    )
    lifetime = forms.ChoiceField(
        choices=LIFETIMES, label="Works for", widget=UnfoldAdminSelectWidget
    )
    operator = forms.BooleanField(
        required=False,
        label="Operator's token",
        widget=UnfoldBooleanWidget,
        help_text="May act on every guild of this installation. Leave it off unless you need it.",
    )

    def __init__(self, actor: Actor, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        guilds = self.fields["guilds"]
        assert isinstance(guilds, GuildsField)
        guilds.queryset = guilds_for(actor)
        if not actor.is_operator:
            del self.fields["operator"]

    def clean(self) -> dict[str, Any]:
        wanted = super().clean() or {}
        if wanted.get("operator") and wanted.get("guilds"):
            self.add_error("guilds", "An operator's token reaches every guild: choose none here.")
        return wanted

    @property
    def life(self) -> timedelta | None:
        lifetime = self.cleaned_data["lifetime"]
        return None if lifetime == "never" else timedelta(days=int(lifetime))


@admin.register(ApiToken, site=site)
class ApiTokenAdmin(ScopedAdmin):
    list_display = ("name", "state", "owner", "reach", "made", "expires", "used", "revoke_link")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("label", "token_key", "user__username")
    search_help_text = "Label, first characters or owner of the token"
    ordering = ("-created",)
    sortable_by = ()
    empty_text = (
        "No token yet. Make one to deploy from a terminal or a CI job: it acts in your name, on "
        "the guilds that you choose."
    )

    def rows_for(self, actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
        """One's own; guilds that were chosen once and are administered no longer stay unnamed."""
        named = Prefetch("guilds", guilds_for(actor), to_attr="named_guilds")
        rows = rows.annotate(guild_count=Count("guilds")).prefetch_related(named)
        return rows if actor.is_operator else rows.filter(user=actor.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    @column("Label")
    def name(self, token: ApiToken) -> str:
        label = token.label or "no label"
        return format_html("<span>{} <code>{}…</code></span>", label, token.token_key)

    @column("State", label=TOKEN_COLOURS)
    def state(self, token: ApiToken) -> str:
        return token_state(token)

    @column("Acts for")
    def owner(self, token: ApiToken) -> str:
        return str(token.user) if token.user else "the operators"

    @column("Guilds")
    def reach(self, token: Any) -> str:
        if token.operator:
            return "every guild"
        if not token.guild_count:
            return f"all of {token.user}"
        names = [str(guild) for guild in token.named_guilds]
        if unnamed := token.guild_count - len(names):
            names.append(f"{unnamed} no longer administered")
        return ", ".join(names)

    @column("Made")
    def made(self, token: ApiToken) -> str:
        return moment(token.created)

    @column("Expires")
    def expires(self, token: ApiToken) -> str:
        return moment(token.expiry) if token.expiry else "never"

    @column("Last used")
    def used(self, token: ApiToken) -> str:
        return moment(token.last_used_at) if token.last_used_at else "never"

    @column("")
    def revoke_link(self, token: ApiToken) -> str:
        if token_state(token) == "revoked":
            return ""
        address = reverse("admin:deployments_apitoken_revoke", args=(token.token_key,))
        return format_html('<a class="flora-link" href="{}">Revoke</a>', address)

    def get_urls(self) -> list[URLPattern]:
        revoke = path(
            "<str:token_key>/revoke/",
            self.admin_site.admin_view(self.revoke_view),
            name="deployments_apitoken_revoke",
        )
        return [revoke, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        raise Http404("a token has no page: what there is to see stands in the list")

    @method_decorator(sensitive_variables("secret"))
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        actor = Actor.of(request)
        form = TokenForm(actor, request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return form_page(
                request,
                self.admin_site,
                form,
                title="New API token",
                submit="Make the token",
                lead="A token deploys in your name: from `flora deploy`, a script or a CI job.",
                cancel=_list_address(),
                of=ApiToken,
            )
        row, secret = create_token(
            actor=actor,
            user=actor.user,
            label=form.cleaned_data["label"],
            operator=form.cleaned_data.get("operator", False),
            guilds=list(form.cleaned_data["guilds"]),
            lifetime=form.life,
        )
        context = {
            "title": "Your new API token",
            "token": row,
            "secret": secret,
            "list_address": _list_address(),
        }
        template = "admin/deployments/token_created.html"
        return page(request, self.admin_site, template, context, of=ApiToken)

    def revoke_view(self, request: HttpRequest, token_key: str) -> HttpResponseBase:
        actor = Actor.of(request)
        token = self.get_queryset(request).filter(token_key=token_key, revoked_at=None).first()
        if token is None:
            raise Http404(f"no token {token_key}")
        if request.method != "POST":
            return confirm_page(
                request,
                self.admin_site,
                title=f"Revoke the token «{token}»?",
                question="Whatever uses it is refused from that moment on. This cannot be undone.",
                submit="Revoke",
                cancel=_list_address(),
                of=ApiToken,
                danger=True,
            )
        revoke_token(actor=actor, token=token)
        messages.success(request, f"The token «{token}» works no longer.")
        return redirect(_list_address())


def _list_address() -> str:
    return reverse("admin:deployments_apitoken_changelist")
