"""The form of one key: value, metadata and expiry as text, and back without a byte's change.

What is not touched stays as it is, to the byte; what cannot be shown as text is left alone.
"""

import json
from datetime import UTC
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from deployments.admin.kv_store_page import expiry_date
from deployments.display import stamp
from deployments.kv import rules
from deployments.kv.entries import Entry
from deployments.kv.lines import metadata_text
from deployments.kv.rules import KvError

# More is no pleasure in a text area.
EDITABLE_BYTES = 65_536
# The fields that the codes of KvError are about.
FIELDS = {"KV_INVALID_KEY": "name", "KV_VALUE_TOO_LARGE": "value"}


def shows_whole(value: bytes) -> bool:
    """Whether a browser's text area takes it and gives it back."""
    if len(value) > EDITABLE_BYTES or b"\x00" in value or b"\r" in value.replace(b"\r\n", b"\n"):
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


class ExpiryField(forms.CharField):
    """A date and time in UTC, or unix seconds, which reach further than calendars do."""

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            seconds = int(text) if text.isdecimal() else _seconds_of_date(text)
            seconds = rules.expiry(seconds, None, 0) or 0
        except KvError:
            raise forms.ValidationError("That is too far away.") from None
        if seconds <= timezone.now().timestamp():
            raise forms.ValidationError("That is past: the key would be gone at once.")
        return seconds


class KeyForm(forms.Form):
    """entry: what is there now. is_overtaken: it is not what was there when the page came."""

    value = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 14, "spellcheck": "false"}),
        help_text="Text, at most 1 MiB.",
    )
    metadata = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="JSON, or nothing. A script's list() gives it along with the key.",
    )
    expires = ExpiryField(
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "2030-12-24 18:00:00"}),
        help_text="When the key goes by itself, in UTC. Left empty, it stays.",
    )

    def __init__(self, data: Any = None, *, entry: Entry | None = None) -> None:
        self.is_overtaken = False
        self._entry = entry
        self._keeps_value = entry is not None and not shows_whole(entry.value)
        super().__init__(data, initial=self._initial())
        if self._keeps_value:
            self.fields["value"].label = "New value"
            self.fields[
                "value"
            ].help_text = (
                "The value is not to be edited as text here. Left empty, it stays as it is."
            )
        if self._keeps_metadata:
            del self.fields["metadata"]

    @property
    def _keeps_metadata(self) -> bool:
        """It is too long to be shown."""
        return self._entry is not None and len(self._entry.metadata or "") > EDITABLE_BYTES

    def _initial(self) -> dict[str, str]:
        if self._entry is None:
            return {}
        at = expiry_date(self._entry.expires_at)
        expires = "" if self._entry.expires_at is None else str(self._entry.expires_at)
        return {
            "value": "" if self._keeps_value else self._entry.value.decode(),
            "metadata": "" if self._keeps_metadata else _pretty(self._entry.metadata),
            "expires": stamp(at) if at else expires,
        }

    def clean_value(self) -> bytes:
        typed = _with_plain_ends(self.cleaned_data["value"])
        if self._entry is not None:
            stored = self._entry.value
            if (self._keeps_value and not typed) or (
                not self._keeps_value and typed == _with_plain_ends(stored.decode())
            ):
                return stored
            if b"\r\n" in stored:
                typed = typed.replace("\n", "\r\n")
        try:
            return rules.check_value(typed)
        except KvError as problem:
            raise forms.ValidationError(_sentence(problem)) from None

    def clean_metadata(self) -> str | None:
        typed = _with_plain_ends(self.cleaned_data["metadata"])
        if self._entry is not None and typed == _pretty(self._entry.metadata):
            return self._entry.metadata
        try:
            return (
                metadata_text(json.loads(typed, parse_constant=_refuse_constant)) if typed else None
            )
        except ValueError as error:
            raise forms.ValidationError(f"Not JSON: {error}.") from None
        except (RecursionError, KvError):
            raise forms.ValidationError("Not JSON that can be kept.") from None

    def entry_to_set(self) -> Entry:
        """Of a valid form."""
        wanted = self.cleaned_data
        kept = self._entry.metadata if self._entry is not None and self._keeps_metadata else None
        return Entry(wanted["value"], wanted.get("metadata", kept), wanted["expires"])

    def format_value(self) -> None:
        """Puts the value's JSON in order, or says where it is none. Saves nothing."""
        typed = self.data.get("value", "")
        try:
            value = json.loads(typed, parse_constant=_refuse_constant)
            text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        except ValueError as error:
            self.add_error("value", f"Not JSON: {error}.")
        except RecursionError:
            self.add_error("value", "Not JSON that can be put in order: it is nested too deeply.")
        else:
            self.data = dict(self.data.items()) | {"value": text}

    def show(self, problem: KvError) -> None:
        """Puts what the service refuses beside its field."""
        field = FIELDS.get(problem.code, "")
        self.add_error(field if field in self.fields else None, _sentence(problem))


class NewKeyForm(KeyForm):
    name = forms.CharField(
        label="Key",
        strip=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="At most 512 bytes.",
    )
    field_order = ("name", "value", "metadata", "expires")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _seconds_of_date(text: str) -> int:
    at = forms.DateTimeField().clean(text)
    return int(at.replace(tzinfo=UTC).timestamp())


def _with_plain_ends(text: str) -> str:
    """A browser sends the lines of a text area with CRLF, whatever they had."""
    return text.replace("\r\n", "\n")


def _pretty(metadata: str | None) -> str:
    """As the text area shows it. Numbers and the like keep their value, not their spelling."""
    if metadata is None:
        return ""
    return json.dumps(json.loads(metadata), indent=2, ensure_ascii=False)


def _sentence(problem: KvError) -> str:
    text = str(problem)
    return f"{text[0].upper()}{text[1:]}."
