"""What an interaction is answered with: the body of a message, and who may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.errors import InvalidArgument
from gateway.rest import File

EPHEMERAL, SUPPRESS_NOTIFICATIONS = 1 << 6, 1 << 12
# What only a new message may say; an edit with it would be refused.
_NEW_ONLY = frozenset({"tts", "sticker_ids", "message_reference"})


@dataclass(frozen=True, slots=True)
class Answer:
    """body: Discord's JSON object; ephemeral: whether the script wants it for one member's eyes
    only, None where it did not say."""

    body: dict[str, Any]
    files: Sequence[File] = ()
    ephemeral: bool | None = None

    @classmethod
    def of(cls, text: bytes, files: Sequence[File] = (), ephemeral: bool | None = None) -> "Answer":
        """text: a JSON object, whose EPHEMERAL flag counts like `ephemeral`. Raises ValueError."""
        body: dict[str, Any] = orjson.loads(text)
        if ephemeral is None and _flags(body) & EPHEMERAL:
            ephemeral = True
        return cls(body, files, ephemeral)

    @classmethod
    def notice(cls, sentence: str) -> "Answer":
        """flora's own words to the member who asked."""
        return cls({"content": sentence, "allowed_mentions": {"parse": []}}, ephemeral=True)

    def as_new(self, *, ephemeral: bool) -> bytes:
        """The body of a new message."""
        flags = _flags(self.body) & ~EPHEMERAL | EPHEMERAL * ephemeral
        return _encoded({**self.body, "flags": flags}, keep_flags=flags != 0)

    def as_edit(self) -> bytes:
        """The body of a change to a message, whose visibility is settled."""
        given = _flags(self.body)
        flags = given & ~(EPHEMERAL | SUPPRESS_NOTIFICATIONS)
        body = {name: value for name, value in self.body.items() if name not in _NEW_ONLY}
        # A change to 0 shows embeds again that were suppressed.
        keep_flags = flags != 0 or (given == 0 and "flags" in body)
        return _encoded({**body, "flags": flags}, keep_flags=keep_flags)


def _flags(body: dict[str, Any]) -> int:
    flags = body.get("flags")
    return flags if isinstance(flags, int) else 0


def _encoded(body: dict[str, Any], *, keep_flags: bool) -> bytes:
    """Raises InvalidArgument."""
    try:
        return orjson.dumps(body if keep_flags else {k: v for k, v in body.items() if k != "flags"})
    except orjson.JSONEncodeError as error:  # what orjson reads it does not always write
        raise InvalidArgument("payload", str(error)) from None
