"""Every script on the pages for script authors is right: its types, and that it loads and runs."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.builder.client import Builder, SourceFile
from tests.docs.pages import BLOCKS, PAGES, Block
from tests.sdk import discord
from tests.sdk.conftest import DIST, Script, load  # noqa: F401  (a fixture)
from tests.sdk.host import answer_of
from tests.sdk.test_types import OPTIONS, TSC

RUNNING = [block for block in BLOCKS if block.runs]
# What the host says where a script on a page goes on with the answer; null for all else.
ANSWERS: dict[str, Any] = {
    "rest.sendMessage": {"id": discord.MESSAGE, "channel_id": discord.CHANNEL},
    "tasks.schedule": {"key": "key", "scheduledAt": "2026-11-25T16:10:00.000Z"},
    "kv.list": {"keys": [], "listComplete": True},
    "kv.getWithMetadata": {"value": None},
    "kv.getMany": [],
    "kv.increment": 1,
    "kv.count": 0,
    "kv.compareAndSet": True,
}
MAX_OPERATIONS = 200


def test_each_page_is_listed_in_the_index() -> None:
    index = (PAGES[0].parent / "docs" / "scripts" / "README.md").read_text()
    linked = set(re.findall(r"\]\(([a-z_-]+\.md)[)#]", index))
    assert linked == {page.name for page in PAGES if page.name != "README.md"}


def test_types(tmp_path: Path) -> None:
    """One program for all; a complaint names the page and its line."""
    assert BLOCKS
    files = []
    for block in BLOCKS:
        # As far down in its file as on its page.
        file = tmp_path / f"{block.page}.{block.line}.ts"
        file.write_text("\n" * (block.line - 1) + block.code)
        files.append(file.name)
    project = {"compilerOptions": OPTIONS, "files": [str(DIST / "flora.d.ts"), *files]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(project))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node = shutil.which("node", path=path)
    assert node, "Node.js is missing: run `make setup`"
    checked = subprocess.run(
        [node, TSC, "--project", tmp_path, "--pretty", "false"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.stdout, checked.returncode) == ("", 0)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("block", RUNNING, ids=lambda block: block.name)
async def test_it_loads_and_says_what_the_page_says(
    block: Block,
    load: Callable[..., Script],  # noqa: F811
    builder: Builder,
) -> None:
    built = await builder.build([SourceFile("main.ts", block.code)], "main.ts")
    script = load(built.bundle)
    host = _Host(script)
    await host.answer_all()
    assert (script.said("load_failed"), script.said("error")) == ([], [])
    assert script.said("loaded") == [None]
    if block.message is not None:
        printed_before = len(script.logged)
        dispatch = script.event("MESSAGE_CREATE", discord.message(content=block.message))
        await host.answer_all()
        assert script.outcome(dispatch) == "done"
        said = "\n".join([*script.logged[printed_before:], *host.replies])
        assert said.splitlines() == block.says


class _Host:
    """Answers what a script asks. replies: the contents of what it has written."""

    def __init__(self, script: Script) -> None:
        self.replies: list[str] = []
        self._script = script
        self._answered = 0

    async def answer_all(self) -> None:
        while self._answered < len(self._script.operations):
            assert self._answered < MAX_OPERATIONS
            operation = self._script.operations[self._answered]
            self._answered += 1
            if operation.name == "rest.sendMessage":
                self.replies.append(operation.payload["body"].get("content", ""))
            answer = ANSWERS.get(operation.name)
            if operation.name.startswith("crypto."):
                answer = await asyncio.to_thread(answer_of, operation)
            self._script.answer(operation, answer)
