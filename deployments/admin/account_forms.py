"""The forms of accounts: a new one, a changed one, another password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from deployments.models import User
from deployments.models.fields import validate_snowflake

LABELS = {
    "username": "Name",
    "discord_id": "Discord id",
    "is_superuser": "Operator",
    "is_active": "May log in",
}
HELP_TEXTS = {
    "username": "What the person logs in with.",
    "is_superuser": "Sees and changes every guild, and these accounts.",
    "is_active": "Off: the account stays with its history, but nobody logs in as it.",
}


def _widgets() -> dict[str, forms.Widget]:
    return {
        "username": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        "discord_id": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        "is_superuser": UnfoldBooleanWidget(),
        "is_active": UnfoldBooleanWidget(),
    }


def _password_widget() -> forms.Widget:
    widget: forms.Widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return widget


class NewAccountForm(UserCreationForm):  # type: ignore[type-arg]
    """Its account is not saved: services do that."""

    class Meta:
        model = User
        fields = ("username", "is_superuser")
        labels = LABELS
        help_texts = HELP_TEXTS
        widgets = _widgets()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("password1", "password2"):
            self.fields[name].widget = _password_widget()
        self.order_fields(("username", "password1", "password2", "is_superuser"))


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("username", "discord_id", "is_superuser", "is_active")
        labels = LABELS
        help_texts = HELP_TEXTS
        widgets = _widgets()

    def clean_discord_id(self) -> str | None:
        discord_id: str | None = self.cleaned_data["discord_id"]
        if discord_id is not None:
            validate_snowflake(discord_id)
        return discord_id


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """Another password for an account, set by an operator."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = _password_widget()
