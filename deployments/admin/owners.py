"""Who administers a guild: shown to all of them, changed by operators."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from unfold.widgets import INPUT_CLASSES

from deployments.admin.pages import confirm_page, page
from deployments.admin.scoped import operator_of
from deployments.models import Guild, GuildMember, User
from deployments.models.guild import ADMINISTRATOR, MANAGE_GUILD
from deployments.services.membership import grant_ownership, revoke_ownership

ADMINISTRATOR_BITS = ADMINISTRATOR | MANAGE_GUILD
# The browser offers these while a name is typed; any other name may be typed too.
NAMES_OFFERED = 200


@dataclass(frozen=True)
class Administrator:
    """by_discord: also without ownership here, by permissions that Discord reports."""

    user: User
    owner: bool
    by_discord: bool


class GrantForm(forms.Form):
    """An account by its name."""

    name = forms.CharField(
        label="Account",
        max_length=150,
        help_text="The name of an account. New accounts are made under Accounts.",
        widget=forms.TextInput(
            attrs={
                "class": " ".join(INPUT_CLASSES),
                "list": "account-names",
                "autocomplete": "off",
            }
        ),
    )

    def __init__(self, guild: Guild, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.guild = guild

    def names(self) -> list[str]:
        """Accounts that could be chosen; operators need no ownership."""
        accounts = User.objects.filter(is_active=True).exclude(is_superuser=True)
        owners = GuildMember.objects.filter(guild=self.guild, owner=True).values("user")
        names = accounts.exclude(pk__in=owners).order_by("username")
        return list(names.values_list("username", flat=True)[:NAMES_OFFERED])

    def clean_name(self) -> User:
        name = self.cleaned_data["name"].strip()
        user = User.objects.filter(username=name).first()
        if user is None:
            raise forms.ValidationError(
                f"There is no account {name!r}: make it under Accounts first."
            )
        if not user.is_active:
            raise forms.ValidationError(f"The account {name!r} is deactivated.")
        if GuildMember.objects.filter(guild=self.guild, user=user, owner=True).exists():
            raise forms.ValidationError(f"{name!r} is an owner already.")
        return user


def administrators(guild: Guild) -> list[Administrator]:
    """Whoever may change the guild's script, operators aside."""
    members = guild.members.select_related("user").filter(user__is_active=True)
    return [
        Administrator(member.user, member.owner, bool(member.permissions & ADMINISTRATOR_BITS))
        for member in members.administrators().order_by("-owner", "user__username")
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def owners(request: HttpRequest, site: AdminSite, guild: Guild) -> HttpResponse:
    """Lists them, and makes one more of the account that is sent."""
    actor = operator_of(request)
    form = GrantForm(guild, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.cleaned_data["name"]
        grant_ownership(guild=guild, user=user, actor=actor)
        messages.success(request, f"{user} is an owner of {guild} now.")
        return redirect(_address(guild))
    context = {
        "title": f"Owners of {guild}",
        "guild": guild,
        "administrators": administrators(guild),
        "form": form,
    }
    status = 400 if form.errors else 200
    return page(request, site, "admin/deployments/owners.html", context, of=guild, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, site: AdminSite, guild: Guild, user_id: int) -> HttpResponse:
    actor = operator_of(request)
    member = guild.members.select_related("user").filter(user=user_id, owner=True).first()
    if member is None:
        raise Http404(f"no owner {user_id}")
    user = member.user
    if request.method != "POST":
        return confirm_page(
            request,
            site,
            title=f"Take {guild} from {user}?",
            question=(
                f"{user} will no longer be an owner of {guild}. What {user} has deployed stays, "
                "and so do permissions that Discord reports."
            ),
            submit="Take it back",
            cancel=_address(guild),
            of=guild,
            danger=True,
        )
    revoke_ownership(guild=guild, user=user, actor=actor)
    messages.success(request, f"{user} is no longer an owner of {guild}.")
    return redirect(_address(guild))


def _address(guild: Guild) -> str:
    return reverse("admin:deployments_guild_owners", args=(guild.pk,))
