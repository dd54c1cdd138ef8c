"""The supervisor's side of the builder: a process of its own that turns sources into one script."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    path: str
    contents: str


@dataclass(frozen=True, slots=True)
class Build:
    """bundle: one classic script. source_map: JSON text, or empty when there is none."""

    bundle: str
    source_map: str


class BuildError(Exception):
    """Why sources do not build. line and column count from 1, None where not known."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column


class Builder:
    def __init__(self, *, timeout: float) -> None:
        """timeout: seconds for one build."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def build(self, files: list[SourceFile], entry: str) -> Build:
        """Bundles the files from `entry`. Raises BuildError."""
        raise BuildError("not built yet")

    async def normalise(self, bundle: str, source_map: str | None, name: str) -> Build:
        """A ready bundle (classic script or ES module) as one script. Raises BuildError."""
        raise BuildError("not built yet")
