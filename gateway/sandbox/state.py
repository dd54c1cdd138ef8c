"""Where the simulated Discord of this installation runs: a file that the runtime writes and the
web process reads. It holds the key to the people's side, so it is the owner's alone."""

import contextlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

FILE_NAME = "sandbox.json"


@dataclass(frozen=True)
class SandboxState:
    """The ids are those of the demo guild, its first channel, and the member one chats as."""

    port: int
    control_key: str
    guild_id: int
    channel_id: int
    user_id: int

    @property
    def control_address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/control"

    def write(self, path: Path) -> None:
        fresh = path.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(asdict(self)))
        fresh.replace(path)


def read_state(path: Path) -> SandboxState | None:
    """None while no simulated Discord runs."""
    try:
        return SandboxState(**orjson.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
