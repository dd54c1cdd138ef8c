"""The pages for script authors, as far as tests read them: their fenced blocks.

A block of `ts` is a script of its own. `ts no-run` is part of none. After `ts message="!ping"` a
block of `text` says, line by line, what the script prints and answers when that is written.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "scripts").glob("*.md"))]

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_MESSAGE = re.compile(r'message="(?P<content>[^"]*)"')


@dataclass(frozen=True)
class Block:
    """line: of its first line of code, from 1. says: what it says when `message` is written."""

    page: str
    line: int
    code: str
    runs: bool
    message: str | None
    says: list[str] | None

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


def script_blocks(path: Path) -> list[Block]:
    text, blocks = path.read_text(), []
    fences = list(_FENCE.finditer(text))
    for fence, after in zip(fences, [*fences[1:], None], strict=True):
        kind, _, rest = fence["info"].strip().partition(" ")
        if kind != "ts":
            continue
        wished = _MESSAGE.search(rest)
        says = None
        if wished and after is not None and after["info"].strip() == "text":
            says = after["text"].splitlines()
        blocks.append(
            Block(
                path.name,
                text.count("\n", 0, fence.start("text")) + 1,
                fence["text"],
                "no-run" not in rest.split(),
                wished["content"] if wished else None,
                says,
            )
        )
    return blocks


BLOCKS = [block for page in PAGES for block in script_blocks(page)]
