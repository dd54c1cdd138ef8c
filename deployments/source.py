"""What somebody deploys, and the rules it must keep before anything of it runs."""

import posixpath
import re
from dataclasses import dataclass
from typing import Protocol

MAX_PATH_LENGTH = 255
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


class SourceLimits(Protocol):
    """What a guild may deploy: bytes of a script, files, bytes of all files."""

    max_script_bytes: int
    max_bundle_files: int
    max_bundle_total_bytes: int


class InvalidSource(Exception):
    """The message is a sentence for whoever deploys, and names the field."""


@dataclass(frozen=True)
class SourceFile:
    path: str
    contents: str


@dataclass(frozen=True)
class Source:
    """Either files, which flora builds, or a ready bundle; the bundle wins when both come."""

    entry: str
    files: tuple[SourceFile, ...] | None = None
    bundle: str | None = None
    source_map: SourceFile | None = None
    build_id: str = ""

    def check(self, limits: SourceLimits) -> None:
        """Raises InvalidSource for the first rule that is broken."""
        if not self.entry.strip():
            raise InvalidSource("`entry` must not be empty")
        check_path("`entry`", self.entry)
        if self.bundle is not None:
            self._check_bundle(self.bundle, limits)
        elif self.files is not None:
            self._check_files(self.files, limits)
        else:
            raise InvalidSource("Either `files` or `bundle` is required")

    def _check_bundle(self, bundle: str, limits: SourceLimits) -> None:
        if not bundle.strip():
            raise InvalidSource("`bundle` must not be empty")
        _check_text("`bundle`", bundle)
        limit = limits.max_script_bytes
        if len(bundle.encode(errors="replace")) > limit:
            raise InvalidSource(f"script exceeds size limit (max {limit} bytes)")
        if self.source_map is not None:
            if not self.source_map.path.endswith(".map"):
                raise InvalidSource("`source_map.path` must end with `.map`")
            check_path("`source_map.path`", self.source_map.path)
            _check_text("`source_map.contents`", self.source_map.contents)
            if len(self.source_map.contents.encode(errors="replace")) > 2 * limit:
                raise InvalidSource(f"`source_map` exceeds size limit (max {2 * limit} bytes)")
        if self.files is not None:
            self._check_files(self.files, limits, entry_required=False)

    def _check_files(
        self, files: tuple[SourceFile, ...], limits: SourceLimits, *, entry_required: bool = True
    ) -> None:
        if not files:
            raise InvalidSource("`files` must not be empty")
        if len(files) > limits.max_bundle_files:
            raise InvalidSource(
                f"`files` has {len(files)} files, at most {limits.max_bundle_files} are allowed"
            )
        seen: dict[str, str] = {}
        total = 0
        for file in files:
            check_path("`files[].path`", file.path)
            if twin := seen.get(file.path.casefold()):
                raise InvalidSource(f"`files[].path` names {file.path} and {twin}: one is too many")
            seen[file.path.casefold()] = file.path
            _check_text(f"`files[].contents` of {file.path}", file.contents)
            total += len(file.contents.encode(errors="replace"))
        if total > limits.max_bundle_total_bytes:
            raise InvalidSource(
                f"`files` has {total} bytes in all, at most {limits.max_bundle_total_bytes} "
                "are allowed"
            )
        if entry_required and self.entry not in seen.values():
            raise InvalidSource(
                f"`entry` is {self.entry}, which is not among the files: "
                f"{', '.join(sorted(seen.values())[:5])}"
            )

    def files_as_json(self) -> list[dict[str, str]] | None:
        if self.files is None:
            return None
        return [{"path": file.path, "contents": file.contents} for file in self.files]

    def changes_since(self, base: list[dict[str, str]] | None) -> dict[str, list[str]] | None:
        return changed_files(self.files_as_json(), base)


def changed_files(
    files: list[dict[str, str]] | None, base: list[dict[str, str]] | None
) -> dict[str, list[str]] | None:
    """Paths added, removed and modified against the base; None when one side has no files."""
    if files is None or base is None:
        return None
    now = {file["path"]: file["contents"] for file in files}
    before = {file["path"]: file["contents"] for file in base}
    return {
        "added_files": sorted(now.keys() - before.keys()),
        "removed_files": sorted(before.keys() - now.keys()),
        "modified_files": sorted(
            path for path in now.keys() & before.keys() if now[path] != before[path]
        ),
    }


def check_path(field: str, path: str) -> None:
    """Relative, normalised, inside the project, and the same file on every system.

    Raises InvalidSource with a sentence that begins with `field`.
    """
    if not path.strip():
        raise InvalidSource(f"{field} must not be empty")
    problem = ""
    if len(path) > MAX_PATH_LENGTH:
        problem = f"is longer than {MAX_PATH_LENGTH} characters"
    elif path.startswith("/") or re.match(r"[A-Za-z]:", path):
        problem = "must be relative"
    elif "\\" in path:
        problem = "must use / and not \\"
    elif _CONTROL_CHARACTERS.search(path):
        problem = "has a control character"
    elif _SURROGATES.search(path):
        problem = "is not valid Unicode"
    elif ".." in path.split("/"):
        problem = "must not contain `..`"
    elif path == ".":
        problem = "is a folder"
    elif posixpath.normpath(path) != path:
        problem = f"must be written {posixpath.normpath(path)!r}"
    if problem:
        raise InvalidSource(f"{field} {path!r} {problem}")


def _check_text(field: str, text: str) -> None:
    """Only what every database can keep: PostgreSQL has no place for NUL or half a character."""
    if "\x00" in text:
        raise InvalidSource(f"{field} has a NUL character, which no source file needs")
    if _SURROGATES.search(text):
        raise InvalidSource(f"{field} is not valid Unicode: it has half of a surrogate pair")
