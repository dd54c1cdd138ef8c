"""Sources as lines for a page: numbered, excerpted around an error, compared."""

import difflib
from dataclasses import dataclass
from typing import Any

# Around the line of an error.
CONTEXT_LINES = 3
# Longer lines are cut around the interesting column: a bundle may be one line of megabytes.
LINE_WIDTH = 200
# More than this on one page is none to read; the editor has the rest.
LINES_SHOWN = 10_000
# Of both sides of all files together: difflib's time grows faster than the lines do. With so many,
# chosen to be slow, it took 1 s (2026-11-25).
LINES_COMPARED = 10_000

Files = list[dict[str, str]]


@dataclass(frozen=True)
class Line:
    """caret: the column's place in text, from 0, on the line of the error alone."""

    number: int
    text: str
    is_marked: bool = False
    caret: int | None = None

    @property
    def pointer(self) -> str:
        """Blanks as wide as the text before the column, tabs kept, then the caret."""
        before = self.text[: self.caret or 0]
        return "".join("\t" if character == "\t" else " " for character in before) + "^"


@dataclass(frozen=True)
class ShownFile:
    """lines_left_out: how many more there are than are shown."""

    path: str
    lines: list[Line]
    lines_left_out: int = 0


@dataclass(frozen=True)
class FileDiff:
    """rows: (kind, text) with kind `add`, `remove`, `place` or `same`. note: why there are none."""

    path: str
    change: str
    rows: list[tuple[str, str]]
    note: str = ""


def numbered(files: Files, error: dict[str, Any] | None = None) -> list[ShownFile]:
    """All files line by line, the line of the error marked."""
    broken = file_named(error, files)
    shown: list[ShownFile] = []
    room = LINES_SHOWN
    for file in files:
        marked = (error or {}).get("line") if file is broken else None
        texts = _lines(file["contents"])
        lines = [Line(n, text, is_marked=n == marked) for n, text in enumerate(texts[:room], 1)]
        shown.append(ShownFile(file["path"], lines, len(texts) - len(lines)))
        room -= len(lines)
    return shown


def excerpt(contents: str, line: int, column: int | None) -> list[Line]:
    """The lines around an error, its own marked; empty when there is no such line."""
    lines = _lines(contents)
    if not 1 <= line <= len(lines):
        return []
    first = max(1, line - CONTEXT_LINES)
    last = min(len(lines), line + CONTEXT_LINES)
    return [
        _cut(number, lines[number - 1], column if number == line else None, number == line)
        for number in range(first, last + 1)
    ]


def error_excerpt(error: dict[str, Any] | None, files: Files | None) -> list[Line]:
    """The lines of the deployed file that the error names; empty when it names none."""
    file = file_named(error, files)
    if file is None or not error or not error.get("line"):
        return []
    return excerpt(file["contents"], error["line"], error.get("column"))


def file_named(error: dict[str, Any] | None, files: Files | None) -> dict[str, str] | None:
    """The file that the error speaks of."""
    name = str((error or {}).get("file") or "").removeprefix("./")
    return next((file for file in files or [] if file["path"] == name), None)


def differences(
    before: Files | None, now: Files | None, changes: dict[str, list[str]] | None
) -> list[FileDiff]:
    """What is new against the base, file by file; changes: a revision's change_summary."""
    if before is None or now is None or changes is None:
        return []
    old = {file["path"]: file["contents"] for file in before}
    new = {file["path"]: file["contents"] for file in now}
    named = [
        *((path, "added") for path in changes["added_files"]),
        *((path, "removed") for path in changes["removed_files"]),
        *((path, "modified") for path in changes["modified_files"]),
    ]
    diffs: list[FileDiff] = []
    room = LINES_COMPARED
    for path, change in named:
        lines_before, lines_now = _lines(old.get(path, "")), _lines(new.get(path, ""))
        room -= len(lines_before) + len(lines_now)
        if room < 0:
            diffs.append(FileDiff(path, change, [], "Too long to be compared here."))
        else:
            diffs.append(_compared(path, change, lines_before, lines_now))
    return diffs


def _compared(path: str, change: str, before: list[str], now: list[str]) -> FileDiff:
    unified = difflib.unified_diff(before, now, lineterm="", n=3)
    rows = [_diff_row(line) for line in list(unified)[2:]]
    if rows:
        return FileDiff(path, change, rows)
    return FileDiff(path, change, [], "Only line ends differ." if now else "It is empty.")


def _diff_row(line: str) -> tuple[str, str]:
    kind = {"+": "add", "-": "remove", "@": "place"}.get(line[:1], "same")
    return kind, line if len(line) <= LINE_WIDTH else f"{line[:LINE_WIDTH]}…"


def _lines(contents: str) -> list[str]:
    """As editors and compilers count them; str.splitlines knows more line ends than they do."""
    lines = contents.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _cut(number: int, text: str, column: int | None, is_marked: bool) -> Line:
    caret = None if column is None else min(max(column, 1) - 1, len(text))
    if len(text) <= LINE_WIDTH:
        return Line(number, text, is_marked, caret)
    start = max(0, (caret or 0) - LINE_WIDTH // 2)
    end = start + LINE_WIDTH
    head, tail = "…" if start else "", "…" if end < len(text) else ""
    moved = None if caret is None else caret - start + len(head)
    return Line(number, f"{head}{text[start:end]}{tail}", is_marked, moved)
