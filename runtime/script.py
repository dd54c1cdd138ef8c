"""What the runtime needs of a revision to run it. Knows nothing of the database."""

import re
from dataclasses import dataclass

from gateway.permissions import Permission


@dataclass(frozen=True, slots=True)
class Script:
    """secluded_seconds: for so long it must not share its worker with guilds that harm none.
    permissions: Discord's bits of who deployed it, in the guild."""

    guild_id: str
    revision_id: str
    source: str
    secluded_seconds: float = 0.0
    permissions: int = Permission.ADMINISTRATOR

    @property
    def source_name(self) -> str:
        """What V8 calls this script in stack traces: the guild and the revision, no path."""
        return f"flora/{self.guild_id}/{self.revision_id}/bundle.js"


@dataclass(frozen=True, slots=True)
class ScriptError:
    """Why a script failed: what it threw, or which limit it broke. Texts are the script's own.

    event: in whose course, by the script's name for it, where that is known.
    """

    name: str
    message: str
    stack: str = ""
    event: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.name else self.message


class LoadFailed(Exception):
    """A script did not load. The isolate is already being thrown away."""

    def __init__(self, error: ScriptError) -> None:
        super().__init__(str(error))
        self.error = error


class WorkerLost(Exception):
    """The worker died while a script was loaded in it, of that script or of another.

    suspects: how many isolates computed at that moment, 0 when this script's did not.
    """

    def __init__(self, how: str, suspects: int) -> None:
        super().__init__(how)
        self.suspects = suspects


class NoWorker(Exception):
    """No worker came up in time to load a script in it: not the script's fault."""


SOURCE_NAME = re.compile(r"flora/(?P<guild>\d+)/(?P<revision>[0-9a-f-]+)/bundle\.js")
