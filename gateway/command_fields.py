"""Fields that application commands, their options and their choices have in common.

A field is taken over once it has been checked; what Discord does not know of is left out.
"""

from collections.abc import Callable
from typing import Any, TypeGuard

MAX_NAME, MAX_DESCRIPTION = 32, 100
LOCALES = frozenset(
    [
        *("ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr"),
        *("he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro"),
        *("ru", "sv-SE", "th", "tr", "uk", "vi", "zh-CN", "zh-TW"),
    ]
)

Json = dict[str, Any]
# check(value, the field's name for errors) gives the value back. Raises InvalidCommand.
Check = Callable[[Any, str], Any]


class InvalidCommand(Exception):
    """A sentence that names the command, the field, and what is wrong with it."""


class Fields:
    """What has been checked of a command or an option so far."""

    def __init__(self, given: Json, where: str) -> None:
        """where: what errors call it."""
        self.checked: Json = {}
        self._given = given
        self._where = where

    def take(self, field: str, check: Check) -> None:
        """Takes a field that may be left out."""
        value = self._given.get(field)
        if value is not None:
            self.checked[field] = check(value, f"{self._where}: {field}")

    def title(self) -> None:
        self._require("name", f"a name has 1 to {MAX_NAME} characters", _is_title)

    def name(self) -> None:
        rule = f"a name has 1 to {MAX_NAME} lower-case letters, digits, - or _"
        self._require("name", rule, _is_command_name)

    def description(self) -> None:
        rule = f"a description has 1 to {MAX_DESCRIPTION} characters"
        self._require("description", rule, lambda text: is_text(text, 1, MAX_DESCRIPTION))

    def range(self, low: str, high: str, check: Check) -> None:
        self.take(low, check)
        self.take(high, check)
        bounds = [self.checked[name] for name in (low, high) if name in self.checked]
        if bounds != sorted(bounds):
            raise InvalidCommand(f"{self._where}: {low} must not be over {high}")

    def _require(self, field: str, rule: str, is_right: Callable[[Any], bool]) -> None:
        """A text, and its translations by the same rule."""
        value = self._given.get(field)
        if not is_right(value):
            raise InvalidCommand(f"{self._where}: {rule}")
        self.checked[field] = value
        self.take(f"{field}_localizations", localizations(rule, is_right))


def localizations(rule: str, is_right: Callable[[Any], bool]) -> Check:
    """Texts by locale, each by the same rule."""

    def check(given: Any, where: str) -> Json:
        if not isinstance(given, dict):
            raise InvalidCommand(f"{where} must be an object of texts by locale")
        for locale, text in given.items():
            if locale not in LOCALES:
                raise InvalidCommand(f"{where}: Discord has no locale {locale!r}")
            if text is not None and not is_right(text):
                raise InvalidCommand(f"{where}.{locale}: {rule}")
        return {locale: text for locale, text in given.items() if text is not None}

    return check


def boolean(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidCommand(f"{where} must be true or false")
    return value


def is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: Any, shortest: int, longest: int) -> bool:
    return isinstance(value, str) and shortest <= len(value) <= longest


def first_twice(names: list[str]) -> str | None:
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _is_title(value: Any) -> bool:
    return is_text(value, 1, MAX_NAME) and value.strip() == value


def _is_command_name(name: Any) -> bool:
    """Discord's ^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$ and lower case."""
    return (
        is_text(name, 1, MAX_NAME)
        and name == name.lower()
        and all(
            c in "-_'" or c.isalnum() or "\u0900" <= c <= "\u097f" or "\u0e00" <= c <= "\u0e7f"
            for c in name
        )
    )
