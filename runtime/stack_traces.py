"""V8's stack traces in the words of a script's author: their files and lines, no frame of ours."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from symbolic.exceptions import SymbolicError
from symbolic.sourcemap import SourceMapView

from runtime.script import SOURCE_NAME, Script, ScriptError
from runtime.worker.script import PREFIX

_FRAME = re.compile(r"^\s+at ")
# A stack is whatever text a script has put there: longer numbers are no places.
_PLACE = re.compile(SOURCE_NAME.pattern + r":(?P<line>\d{1,9}):(?P<column>\d{1,9})")
_SYNTAX_PLACE = re.compile(SOURCE_NAME.pattern + r":(?P<line>\d{1,9}):? ")
_INTERNAL = re.compile(
    r"<anonymous>|flora:sdk|\(native\)|^\s+at (async )?Promise\.|Object\.receive"
)
CACHED_MAPS = 64

FetchMap = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Place:
    """line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Trace:
    """What is shown of an error: the message, where it was thrown if known, the mapped stack."""

    message: str
    place: Place | None
    stack: str

    def as_json(self) -> dict[str, Any]:
        place = self.place
        return {
            "message": self.message,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "stack": self.stack,
        }

    def __str__(self) -> str:
        return self.stack or (f"{self.place}: {self.message}" if self.place else self.message)


class StackTraces:
    def __init__(self, fetch_map: FetchMap, *, show_internal: bool) -> None:
        """fetch_map(revision id) gives that revision's source map, JSON text, or None."""
        self._fetch_map = fetch_map
        self._show_internal = show_internal
        self._maps: OrderedDict[str, Any] = OrderedDict()

    async def explain(
        self, error: ScriptError, revision_id: str, source_map: str | None = None
    ) -> Trace:
        """source_map: when the revision is not stored with it yet."""
        view = await self._view(revision_id, source_map)
        places: list[Place] = []
        shown, hidden = [], 0

        def mapped(match: re.Match[str]) -> str:
            place = _look_up(view, int(match["line"]), int(match["column"]))
            places.append(place)
            return str(place)

        lines = error.stack.splitlines()
        for line in lines:
            if _FRAME.match(line) and not _PLACE.search(line) and _INTERNAL.search(line):
                hidden += 1
                if not self._show_internal:
                    continue
            shown.append(_PLACE.sub(mapped, line))
        if hidden and not self._show_internal:
            shown.append(
                f"    ... {hidden} internal frame(s) hidden "
                "(set RUNTIME_SHOW_INTERNAL_STACK_FRAMES=true to show)"
            )
        if not places and (syntax := _SYNTAX_PLACE.search(error.stack)):
            places.append(_look_up(view, int(syntax["line"]), 1))
        return Trace(str(error), places[0] if places else None, "\n".join(shown))

    async def locate(self, script: Script, offset: int, source_map: str | None) -> Place:
        """Where a place in the bundle's text stands in its author's files."""
        line = script.source.count("\n", 0, offset) + 1
        column = offset - script.source.rfind("\n", 0, offset)
        if line == 1:
            column += len(PREFIX)
        return _look_up(await self._view(script.revision_id, source_map), line, column)

    async def _view(self, revision_id: str, source_map: str | None) -> Any:
        if revision_id in self._maps:
            self._maps.move_to_end(revision_id)
            return self._maps[revision_id]
        text = source_map or await self._fetch_map(revision_id)
        view = None
        if text:
            try:
                # Parsing is Rust's and lets go of the interpreter; 8 MiB take a while.
                view = await asyncio.to_thread(SourceMapView.from_json_bytes, text.encode())
            except SymbolicError:
                view = None
        self._maps[revision_id] = view
        while len(self._maps) > CACHED_MAPS:
            self._maps.popitem(last=False)
        return view


def _look_up(view: Any, line: int, column: int) -> Place:
    """Bundle position (from 1) to the author's; without a map it stays in the bundle."""
    if line == 1:
        column = max(1, column - len(PREFIX))
    token = view.lookup(max(0, line - 1), max(0, column - 1)) if view is not None else None
    if token is None or token.src is None:
        return Place("bundle.js", line, column)
    return Place(token.src, token.src_line + 1, token.src_col + 1)
