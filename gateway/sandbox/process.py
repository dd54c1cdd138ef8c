"""Starts the simulated Discord as a process of its own, in its own environment."""

from dataclasses import dataclass
from pathlib import Path


class SandboxMissing(Exception):
    """The simulated Discord's environment is not set up; the message says what to do."""


@dataclass(frozen=True)
class SandboxAddress:
    token: str
    api_base: str
    port: int


class SandboxProcess:
    async def start(self, python: Path, data_dir: Path) -> SandboxAddress:
        """Raises SandboxMissing."""
        raise SandboxMissing("not there yet")

    async def stop(self) -> None: ...
