"""The script that a guild without one gets, as a revision of its own that can be changed."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent / "default_bot"
ENTRY = "src/main.ts"
# What it listens to, by Discord's names: known before the first guild has it.
LISTENS_TO = frozenset({"MESSAGE_CREATE", "INTERACTION_CREATE"})


@dataclass(frozen=True)
class DefaultScript:
    """files: [{"path", "contents"}], as a revision keeps them."""

    entry: str
    files: list[dict[str, str]]


@cache
def default_script() -> DefaultScript:
    paths = sorted(path for path in ROOT.rglob("*") if path.is_file())
    files = [
        {"path": path.relative_to(ROOT).as_posix(), "contents": path.read_text()} for path in paths
    ]
    return DefaultScript(ENTRY, files)
