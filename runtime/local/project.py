"""A script on this machine's disk, as the sources that a deploy takes."""

import os
from collections.abc import Iterator
from pathlib import Path

from deployments.source import InvalidSource, Source, SourceFile, SourceLimits

ENTRIES = (
    "src/main.ts",
    "src/main.js",
    "main.ts",
    "main.js",
    "src/index.ts",
    "index.ts",
    "index.js",
)
SUFFIXES = frozenset({".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json"})
# Where other people's files are, and those of tools.
LEFT_OUT = frozenset({"node_modules", "dist", "build", "coverage"})


def read_project(path: Path, entry: str, limits: SourceLimits) -> Source:
    """A folder, or one file, which is its own entry. entry: inside the folder; found when empty.

    Raises InvalidSource with a sentence.
    """
    if path.is_file():
        source = Source(path.name, (_read(path, path.name),))
    elif path.is_dir():
        files = tuple(_read(path / name, name) for name in sorted(_names(path)))
        source = Source(entry or _entry_of(path, files), files)
    else:
        raise InvalidSource(f"{path} is neither a file nor a folder")
    source.check(limits)
    return source


def _names(folder: Path) -> Iterator[str]:
    """Of source files, relative; other people's folders are not even looked into."""
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_left_out(name)]
        for name in files:
            if Path(name).suffix in SUFFIXES and not _is_left_out(name):
                yield (Path(root) / name).relative_to(folder).as_posix()


def _is_left_out(name: str) -> bool:
    return name.startswith(".") or name in LEFT_OUT


def _entry_of(folder: Path, files: tuple[SourceFile, ...]) -> str:
    paths = {file.path for file in files}
    found = next((entry for entry in ENTRIES if entry in paths), None)
    if found is None:
        raise InvalidSource(f"{folder} has none of {', '.join(ENTRIES)}: name yours with --entry")
    return found


def _read(file: Path, path: str) -> SourceFile:
    try:
        return SourceFile(path, file.read_text())
    except UnicodeDecodeError:
        raise InvalidSource(f"{file} is no text in UTF-8") from None
