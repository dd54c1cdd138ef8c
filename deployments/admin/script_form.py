"""What stands in the script editor: files, entry, and what is wrong with them. No request is
answered here; whatever was typed survives every round."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from deployments.models import Revision
from deployments.source import InvalidSource, Source, SourceFile, SourceLimits, check_path

STARTER_ENTRY = "src/main.ts"
STARTER = """\
createBot({
  prefix: '!',
  commands: [
    prefix({
      name: 'ping',
      description: 'Is anybody there?',
      run: async (ctx) => {
        await ctx.reply('pong')
      },
    }),
  ],
})
"""


@dataclass
class EditedFile:
    """row: which of the form's rows it is, as text. line: of the problem, from 1."""

    row: str
    path: str
    contents: str
    problem: str = ""
    line: int | None = None

    @property
    def is_blank(self) -> bool:
        return not self.path and not self.contents.strip()

    @property
    def height(self) -> int:
        """Lines of the text area before it scrolls."""
        return min(30, max(8, self.contents.count("\n") + 2))


@dataclass
class ScriptForm:
    """entry: the row of the file that starts. base: the id of the revision that was active when
    the editor was opened, empty for none. problem: what is wrong with the whole."""

    files: list[EditedFile]
    entry: str
    base: str = ""
    problem: str = ""

    @classmethod
    def starter(cls, base: str) -> "ScriptForm":
        return cls([EditedFile("0", STARTER_ENTRY, STARTER)], "0", base)

    @classmethod
    def of(cls, revision: Revision, base: str) -> "ScriptForm":
        """The files of a revision that has any."""
        files = [
            EditedFile(str(row), file["path"], file["contents"])
            for row, file in enumerate(revision.files or [])
        ]
        entry = next((file.row for file in files if file.path == revision.entry), "")
        form = cls(files, entry or _only_row(files), base)
        form.show_error(revision.error)
        return form

    @classmethod
    def typed(cls, post: QueryDict) -> "ScriptForm":
        """What the browser sent: `row`, `path` and `contents` come in step, one of each a file."""
        parts = zip(
            post.getlist("row"), post.getlist("path"), post.getlist("contents"), strict=False
        )
        files = [
            EditedFile(row, path.strip(), _with_unix_line_ends(contents))
            for row, path, contents in parts
        ]
        return cls(files, post.get("entry", "") or _only_row(files), post.get("base", ""))

    def add_file(self) -> None:
        rows = [int(file.row) for file in self.files if file.row.isdecimal()]
        self.files.append(EditedFile(str(max(rows, default=-1) + 1), "", ""))

    def remove_file(self, row: str) -> None:
        self.files = [file for file in self.files if file.row != row]

    def show_error(self, error: dict[str, Any] | None) -> None:
        """Puts an error of the runtime beside the file that it names."""
        name = str((error or {}).get("file") or "").removeprefix("./")
        for file in self.files:
            if error and file.path == name:
                line, column = error.get("line"), error.get("column")
                place = f"line {line}" if line else ""
                place += f", column {column}" if line and column else ""
                message = str(error.get("message", ""))
                file.problem = f"{place}: {message}" if place else message
                file.line = line

    def as_source(self, limits: SourceLimits) -> Source | None:
        """The script to deploy, or None with the problems noted where they belong."""
        self.files = [file for file in self.files if not file.is_blank]
        if not self.files:
            self.problem = "There is no file to deploy: add one."
            return None
        if not self._paths_are_right():
            self.problem = "Nothing is deployed yet: correct what is marked below."
            return None
        entry = next((file.path for file in self.files if file.row == self.entry), None)
        if entry is None:
            self.problem = "Choose the file that the script starts with."
            return None
        source = Source(
            entry=entry, files=tuple(SourceFile(file.path, file.contents) for file in self.files)
        )
        try:
            source.check(limits)
        except InvalidSource as invalid:
            self.problem = f"Nothing is deployed yet: {invalid}."
            return None
        return source

    def _paths_are_right(self) -> bool:
        taken: set[str] = set()
        for file in self.files:
            file.problem = _path_problem(file.path)
            if not file.problem and file.path.casefold() in taken:
                file.problem = "Another file has this path already."
            taken.add(file.path.casefold())
        return not any(file.problem for file in self.files)


def _path_problem(path: str) -> str:
    if not path:
        return "Give this file a path, for example src/commands.ts."
    try:
        check_path("The path", path)
    except InvalidSource as invalid:
        return f"{invalid}."
    return ""


def _only_row(files: Iterable[EditedFile]) -> str:
    rows = [file.row for file in files]
    return rows[0] if len(rows) == 1 else ""


def _with_unix_line_ends(text: str) -> str:
    """A browser sends the lines of a text area with CRLF, whatever stood there."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
