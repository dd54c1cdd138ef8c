"""What the harness for Node promises is true: its tables, in a real isolate and on a real database.

packages/testing/test/cases.test.mjs reads the same tables.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from runtime.operations.call import OpCall
from runtime.operations.errors import as_answer
from runtime.operations.kv import OPERATIONS
from tests.kv.conftest import GUILD, Kv, guilds, kv, make_kv  # noqa: F401  (fixtures)
from tests.sdk.conftest import Script, load  # noqa: F401  (a fixture)

PACKAGE = Path(__file__).resolve().parents[2] / "packages" / "testing"
TABLES = PACKAGE / "test"
SCRIPTS = json.loads((TABLES / "script_cases.json").read_text())
KV = json.loads((TABLES / "kv_cases.json").read_text())


@pytest.mark.parametrize("case", SCRIPTS, ids=lambda case: case["name"])
def test_a_script_asks_the_same_here(
    case: dict[str, Any],
    load: Callable[..., Script],  # noqa: F811
) -> None:
    script = load(case["script"], guild="3")
    answered = _answer(script, case, 0)
    dispatch = script.event(*case["event"])
    _answer(script, case, answered)
    assert [[name, payload] for _, name, payload in script.operations] == case["asks"]
    assert script.said("log") == case.get("prints", [])
    outcome = script.outcome(dispatch)
    if throws := case.get("throws"):
        assert {name: outcome[name] for name in throws} == throws
    else:
        assert outcome == "done"


def _answer(script: Script, case: dict[str, Any], answered: int) -> int:
    """Answers what has not been answered yet; how many have been afterwards."""
    while answered < len(script.operations):
        operation = script.operations[answered]
        answered += 1
        if refusal := case.get("refusals", {}).get(operation.name):
            script.refuse(operation, **refusal)
        else:
            script.answer(operation, case.get("answers", {}).get(operation.name))
    return answered


@pytest.mark.parametrize("case", KV, ids=lambda case: case["name"])
def test_key_value_data_has_the_same_rules_here(
    case: dict[str, Any],
    kv: Kv,  # noqa: F811
) -> None:
    services: Any = SimpleNamespace(kv=kv.engine)
    isolate: Any = None
    for step in case["steps"]:
        name, payload = step["ask"]
        operation = OPERATIONS[name]
        text = msgspec.json.encode(payload)
        arguments = msgspec.json.decode(text, type=operation.arguments)
        call = OpCall(GUILD, isolate, services)
        assert _outcome(kv, partial(operation.perform, call, arguments)) == {
            kind: step[kind] for kind in ("gives", "fails") if kind in step
        }, step


def _outcome(kv: Kv, work: Callable[[], Any]) -> dict[str, Any]:  # noqa: F811
    try:
        return {"gives": json.loads(msgspec.json.encode(kv.run(work)))}
    except Exception as error:
        return {"fails": as_answer(error)}


def test_the_package_passes_its_own_tests() -> None:
    _run_node_tests(PACKAGE)


def test_the_example_of_its_page_passes(tmp_path: Path) -> None:
    """As somebody has it who has installed the package."""
    (tmp_path / "node_modules" / "@flora").mkdir(parents=True)
    (tmp_path / "node_modules" / "@flora" / "testing").symlink_to(PACKAGE)
    (tmp_path / "test").mkdir()
    example = re.search(r"```js\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "test" / "bot.test.mjs").write_text(example[1])
    _run_node_tests(tmp_path)


def _run_node_tests(folder: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node = shutil.which("node", path=path)
    assert node, "Node.js is missing: run `make setup`"
    if not (PACKAGE / "dist" / "index.js").exists():
        pytest.fail("the package is not built: run `make setup`")
    tested = subprocess.run(
        [node, "--test", "test/"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "# pass 0" not in tested.stdout
