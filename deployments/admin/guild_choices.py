"""What is chosen for a guild beside its script: who is told of faults, which limits it has."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from deployments.actor import Actor
from deployments.admin.pages import LATER, form_page
from deployments.admin.scoped import operator_of
from deployments.capabilities import Capability
from deployments.limits import InvalidLimit, installation_limits
from deployments.models import Guild, NoticeWebhook
from deployments.models.fields import validate_snowflake
from deployments.services.guild_settings import choose_capabilities, set_limits
from deployments.services.notices import choose_notice_channel, choose_notice_webhook
from deployments.services.outcome import until_it_holds
from deployments.webhook import InvalidWebhook


class NoticesForm(forms.Form):
    channel = forms.CharField(
        required=False,
        label="Channel id",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        validators=[validate_snowflake],
        help_text=(
            "The id that Discord's «Copy Channel ID» gives, of a channel of this server where the "
            "bot may write."
        ),
    )
    webhook = forms.CharField(
        required=False,
        label="Webhook address",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=(
            "What Discord's «Copy Webhook URL» gives, also of another server. Its token is kept "
            "like a secret and not shown again. Where there is a webhook it is told instead of "
            "the channel. Both left empty, nobody is told on Discord."
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponseBase:
    chosen = {"channel": str(guild.notice_channel or ""), "webhook": _webhook_of(guild)}
    form = NoticesForm(request.POST or None, initial=chosen)
    if form.is_valid():
        channel, webhook = form.cleaned_data["channel"], form.cleaned_data["webhook"]
        actor = Actor.of(request)
        try:
            choose_notice_webhook(guild=guild, actor=actor, address=webhook)
        except InvalidWebhook as problem:
            form.add_error("webhook", str(problem))
        else:
            channel_id = int(channel) if channel else None
            choose_notice_channel(guild=guild, actor=actor, channel_id=channel_id)
            whom = "The webhook is" if webhook else "The channel is" if channel else "Nobody is"
            messages.success(request, f"{whom} told on Discord from now on.")
            return redirect(_home(guild))
    return form_page(
        request,
        site,
        form,
        title=f"Who is told when the script of {guild} is stopped?",
        lead="One message for each time that it breaks a limit, with the reason and what follows.",
        submit="Save",
        cancel=_home(guild),
        of=guild,
    )


class CapabilitiesForm(forms.Form):
    allowed = forms.MultipleChoiceField(
        required=False,
        label="Scripts may",
        choices=Capability.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=(
            "Answers to slash commands, buttons and forms are always possible, and so is what a "
            "script keeps and prints here."
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def capabilities(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponseBase:
    allowed = [name for name in Capability.values if name not in guild.withheld_capabilities]
    posted = request.POST if request.method == "POST" else None
    form = CapabilitiesForm(posted, initial={"allowed": allowed})
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data["allowed"]
        guild = choose_capabilities(guild=guild, actor=Actor.of(request), allowed=chosen)
        if until_it_holds(guild):
            messages.success(request, "It holds from the script's next operation on.")
        else:
            messages.warning(request, f"Noted. {LATER}")
        return redirect(_home(guild))
    return form_page(
        request,
        site,
        form,
        title=f"What scripts of {guild} may do",
        lead=(
            "A script acts with the bot's permissions. What you switch off here is refused, "
            "whatever the bot may; the script is told so with the code MISSING_CAPABILITY. Beside "
            "that no script does what the person who deployed it may not do in Discord."
        ),
        submit="Save",
        cancel=_home(guild),
        of=guild,
    )


class LimitsForm(forms.Form):
    """One field for each limit; empty: as for all guilds."""

    def __init__(self, guild: Guild, *arguments: Any, **further: Any) -> None:
        super().__init__(*arguments, **further)
        for name, usual in installation_limits().items():
            self.fields[name] = forms.CharField(
                required=False,
                label=name,
                initial=guild.limits.get(name, ""),
                widget=UnfoldAdminTextInputWidget(
                    attrs={"inputmode": "decimal", "placeholder": str(usual)}
                ),
            )

    @property
    def limits(self) -> dict[str, str]:
        return {name: value.strip() for name, value in self.cleaned_data.items() if value.strip()}


@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponseBase:
    actor = operator_of(request)
    form = LimitsForm(guild, request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            set_limits(guild=guild, actor=actor, limits=form.limits)
        except InvalidLimit as problem:
            form.add_error(problem.name if problem.name in form.fields else None, str(problem))
        else:
            messages.success(request, "The limits hold from now on.")
            return redirect(_home(guild))
    return form_page(
        request,
        site,
        form,
        title=f"Limits of {guild}",
        lead=(
            "What is left empty is as for all guilds, which the field shows. docs/settings.md says "
            "what each limit means. The script is loaded anew when it has to be."
        ),
        submit="Save",
        cancel=_home(guild),
        of=guild,
    )


def _webhook_of(guild: Guild) -> str:
    """Its address without the token, which given back means the same one."""
    return str(NoticeWebhook.objects.filter(guild=guild).first() or "")


def _home(guild: Guild) -> str:
    return reverse("admin:deployments_guild_change", args=(guild.pk,))
