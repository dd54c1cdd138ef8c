"""Tells a guild's owner that the script's requests to Discord are held back, and when that is over.

One line as it begins and one as it ends, however many requests there are. What the limits are is
none of its business.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.rest import Held

# It is over when nothing has been held back for so long; seconds.
QUIET = 30.0

_BEGINS = {
    Held.TOO_MANY: "requests to Discord are not sent: the script asks for more than may be sent "
    "within the time of a request",
    Held.REFUSED: "requests to Discord are not sent for a while: Discord has refused too many of "
    "this script's (401, 403, 429)",
}

Note = Callable[[str, str, str], None]


@dataclass(slots=True)
class _Spell:
    """last_at: monotonic seconds."""

    last_at: float
    requests: int = 0


class HeldBack:
    def __init__(self, note: Note, *, quiet: float = QUIET) -> None:
        """note(guild, level, text) writes into the guild's log."""
        self._note = note
        self._quiet = quiet
        self._spells: dict[tuple[str, Held], _Spell] = {}

    def count(self, guild_id: str, why: Held) -> None:
        """A request of the guild was not sent."""
        key = guild_id, why
        spell = self._spells.get(key)
        if spell is None:
            spell = self._spells[key] = _Spell(time.monotonic())
            self._note(guild_id, "warn", _BEGINS[why])
            asyncio.get_running_loop().call_later(self._quiet, self._look_at, key)
        spell.last_at = time.monotonic()
        spell.requests += 1

    def _look_at(self, key: tuple[str, Held]) -> None:
        spell = self._spells[key]
        if (seconds := spell.last_at + self._quiet - time.monotonic()) > 0:
            asyncio.get_running_loop().call_later(seconds, self._look_at, key)
            return
        del self._spells[key]
        text = f"requests to Discord are sent again: {spell.requests} were not"
        self._note(key[0], "info", text)
