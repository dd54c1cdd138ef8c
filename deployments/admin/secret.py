"""Secrets: set, changed and deleted by the guild's administrators, and never shown again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from deployments.access import guilds_for
from deployments.actor import Actor
from deployments.admin.columns import column
from deployments.admin.pages import LATER, confirm_page, form_page
from deployments.admin.scoped import GuildScopedAdmin, OwnGuildsFilter
from deployments.admin.site import site
from deployments.display import moment
from deployments.models import Guild, Secret
from deployments.services.outcome import until_it_holds
from deployments.services.secrets import NAME_RULE, InvalidSecret, delete_secret, put_secret

LEAD = (
    "A script never sees the value: secrets.get(…) gives it a placeholder, which flora replaces in "
    "what fetch sends over https to the hosts below."
)


class ConcealedInput(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """What is typed is not readable over a shoulder, and is not sent back to the browser."""

    def __init__(self) -> None:
        super().__init__(
            attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false", "class": "concealed"}
        )

    def format_value(self, value: Any) -> str:
        return ""


class SecretForm(forms.Form):
    """A secret that is there, and may keep its value."""

    value = forms.CharField(
        required=False,
        label="New value",
        widget=ConcealedInput,
        help_text="Left empty, the secret keeps the value that it has. A value is never shown.",
    )
    hosts = forms.CharField(
        required=False,
        label="Allowed hosts",
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 4, "spellcheck": "false", "placeholder": "api.example.com"}
        ),
        help_text=(
            "One a line: api.example.com, or *.example.com for example.com and all below it; with "
            "a port (api.example.com:8443) for that port only. Without any the secret is sent "
            "nowhere."
        ),
    )

    def clean_value(self) -> str:
        """A browser sends the lines of a text area with CRLF, whatever was pasted."""
        return str(self.cleaned_data["value"]).replace("\r\n", "\n").replace("\r", "\n")

    def clean_hosts(self) -> list[str]:
        return str(self.cleaned_data["hosts"]).split()

    def show(self, problem: InvalidSecret) -> None:
        """Puts what the service refuses beside its field."""
        field = {"allowed_hosts": "hosts"}.get(problem.field, problem.field)
        sentence = f"{str(problem)[0].upper()}{str(problem)[1:]}."
        self.add_error(field if field in self.fields else None, sentence)

    def say_what_is_lost(self) -> None:
        """The one thing that does not survive a round."""
        if self.data.get("value") and "value" not in self.errors:
            self.add_error("value", "Please enter it again: it is never sent back to a browser.")


class NewSecretForm(SecretForm):
    guild = forms.ModelChoiceField(
        Guild.objects.none(), widget=UnfoldAdminSelectWidget, empty_label="Choose a guild"
    )
    name = forms.CharField(
        max_length=64,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "API_TOKEN"}
        ),
        help_text=f"What the script calls it: {NAME_RULE}.",
    )
    field_order = ("guild", "name", "value", "hosts")

    def __init__(self, actor: Actor, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        guild, value = self.fields["guild"], self.fields["value"]
        assert isinstance(guild, forms.ModelChoiceField)
        guild.queryset = guilds_for(actor)
        value.label, value.required = "Value", True
        value.help_text = (
            "At least 4 characters, at most 8 KiB. It is kept encrypted and never shown; spaces "
            "and line ends around it are taken away."
        )

    def clean(self) -> dict[str, Any]:
        wanted = super().clean() or {}
        guild, name = wanted.get("guild"), wanted.get("name")
        if guild is not None and guild.secrets.filter(name=name).exists():
            self.add_error("name", f"{guild} has a secret of this name: change that one.")
        return wanted


@admin.register(Secret, site=site)
@method_decorator(sensitive_post_parameters("value"), "add_view")
@method_decorator(sensitive_post_parameters("value"), "change_view")
class SecretAdmin(GuildScopedAdmin):
    list_display = ("name", "guild", "hosts", "used", "changed", "created_by")
    list_filter = (("guild", OwnGuildsFilter),)
    list_select_related = ("guild",)
    search_fields = ("name", "guild__name")
    search_help_text = "Name of the secret or of the guild"
    ordering = ("guild__name", "name")
    sortable_by = ("name", "guild", "used", "changed")
    empty_text = (
        "No secret yet. Put keys and passwords of other services here instead of into a script: "
        "it can use them without seeing them."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        secrets: QuerySet[Any] = super().get_queryset(request).defer("ciphertext", "nonce")
        return secrets

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    @column("Allowed hosts")
    def hosts(self, secret: Secret) -> str:
        if not secret.allowed_hosts:
            return format_html('<span class="flora-faint">{}</span>', "none: it is sent nowhere")
        return ", ".join(secret.allowed_hosts)

    @column("Last used", ordering="last_used_at")
    def used(self, secret: Secret) -> str:
        return moment(secret.last_used_at) if secret.last_used_at else "never"

    @column("Changed", ordering="updated_at")
    def changed(self, secret: Secret) -> str:
        return moment(secret.updated_at)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        form = NewSecretForm(
            Actor.of(request), request.POST or None, initial={"guild": request.GET.get("guild")}
        )
        if request.method == "POST":
            if form.is_valid():
                guild, name = form.cleaned_data["guild"], form.cleaned_data["name"]
                if self._put(request, guild, name, form):
                    return redirect(_list_address(guild))
            form.say_what_is_lost()
        return form_page(
            request,
            self.admin_site,
            form,
            title="New secret",
            submit="Keep it",
            lead=LEAD,
            cancel=_list_address(None),
            of=Secret,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        secret = self.get_object(request, object_id)
        initial = {"hosts": "\n".join(secret.allowed_hosts)}
        form = SecretForm(request.POST or None, initial=initial)
        if request.method == "POST":
            if form.is_valid() and self._put(request, secret.guild, secret.name, form):
                return redirect(_list_address(secret.guild))
            form.say_what_is_lost()
        return form_page(
            request,
            self.admin_site,
            form,
            title=f"Secret {secret.name} of {secret.guild}",
            submit="Save",
            lead=LEAD,
            cancel=_list_address(secret.guild),
            of=secret,
            delete=reverse("admin:deployments_secret_delete", args=(secret.pk,)),
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        secret = self.get_object(request, object_id)
        guild, name = secret.guild, secret.name
        if request.method != "POST":
            return confirm_page(
                request,
                self.admin_site,
                title=f"Delete the secret {name} of {guild}?",
                question=(
                    "The value is gone for good. secrets.get finds nothing from that moment on, "
                    "and placeholders that a script still holds are sent as they are."
                ),
                submit="Delete it",
                cancel=reverse("admin:deployments_secret_change", args=(secret.pk,)),
                of=secret,
                danger=True,
            )
        delete_secret(guild=guild, name=name, actor=Actor.of(request))
        _say(request, guild, f"The secret {name} of {guild} is deleted.")
        return redirect(_list_address(guild))

    def _put(self, request: HttpRequest, guild: Guild, name: str, form: SecretForm) -> bool:
        """Whether the service has taken it; else the form says why not."""
        try:
            put_secret(
                guild=guild,
                name=name,
                value=form.cleaned_data["value"] or None,
                allowed_hosts=form.cleaned_data["hosts"],
                actor=Actor.of(request),
            )
        except InvalidSecret as problem:
            form.show(problem)
            return False
        _say(request, guild, f"The script of {guild} uses the secret {name} as it is now.")
        return True


def _say(request: HttpRequest, guild: Guild, done: str) -> None:
    if until_it_holds(guild):
        messages.success(request, done)
    else:
        messages.warning(request, f"Noted. {LATER}")


def _list_address(guild: Guild | None) -> str:
    address = reverse("admin:deployments_secret_changelist")
    return address if guild is None else f"{address}?guild__id__exact={guild.pk}"
