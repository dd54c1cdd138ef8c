"""Who may import whom: the arrows of the house run in one direction."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("deployments", "gateway", "runtime", "flora_site")
# A room may import itself, what stands here, and libraries.
MAY_IMPORT = {
    "deployments": set(),
    "gateway": set(),
    "runtime": {"deployments", "gateway"},
    "flora_site": {"deployments", "gateway", "runtime"},
}
WORKER_LIBRARIES = {"py_mini_racer", "msgspec", "orjson"}
STANDARD = __import__("sys").stdlib_module_names


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    forbidden = set(ROOMS) - MAY_IMPORT[room] - {room}
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in modules(room)
        for name in imported(path)
        if name.partition(".")[0] in forbidden
    }
    assert found == set()


def test_the_worker_imports_nothing_of_the_project_but_itself() -> None:
    found = {
        (path.name, name)
        for path in modules("runtime/worker")
        for name in imported(path)
        if not name.startswith("runtime.worker")
        and name.partition(".")[0] not in STANDARD | WORKER_LIBRARIES
    }
    assert found == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in modules(room)
        if path.name not in ("__init__.py", "apps.py")
        and not ast.get_docstring(ast.parse(path.read_text()))
    }
    assert silent == set()
