"""Property: whatever modules a project has, they run as ES modules do."""

import posixpath
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builder.conftest import Bench
from tests.examples import examples

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOLDERS = ["", "src", "src/lib", "commands/admin"]
EXTENSIONS = [".ts", ".js", ".mts", ".mjs", ".tsx"]
STYLES = ["named", "renamed", "namespace", "default", "re-exported", "effect", "dynamic namespace"]


@dataclass
class Module:
    """uses: (number of a module, how it is imported), needed at once; the numbers are lower.
    later: numbers of any modules, called only when all have run."""

    number: int
    folder: str
    extension: str
    is_index: bool
    uses: list[tuple[int, str]]
    later: list[int] = field(default_factory=list)

    @property
    def path(self) -> str:
        name = f"m{self.number}/index" if self.is_index else f"m{self.number}"
        return posixpath.join(self.folder, name + self.extension)

    @property
    def typed(self) -> bool:
        return "ts" in self.extension

    def name_of(self, other: "Module") -> str:
        """How this module names the other, as people write it."""
        path = other.path
        if other.is_index and other.extension in (".ts", ".js"):
            path = posixpath.dirname(path)
        elif other.extension == ".ts":
            path = path.removesuffix(".ts") + (".js" if self.number % 2 else "")
        name = posixpath.relpath(path, posixpath.dirname(self.path) or ".")
        return name if name.startswith(".") else f"./{name}"


@st.composite
def projects(draw: st.DrawFn) -> list[Module]:
    modules: list[Module] = []
    for number in range(draw(st.integers(1, 8))):
        used = st.tuples(st.integers(0, max(0, number - 1)), st.sampled_from(STYLES))
        modules.append(
            Module(
                number,
                draw(st.sampled_from(FOLDERS)),
                draw(st.sampled_from(EXTENSIONS)),
                draw(st.booleans()),
                draw(st.lists(used, max_size=4)) if number else [],
            )
        )
    for module in modules:
        module.later = draw(st.lists(st.integers(0, len(modules) - 1), max_size=2))
    return modules


def source_of(module: Module, modules: list[Module]) -> str:
    """Its value is 1 and the values of what it uses; `total` walks a graph with cycles."""
    number = ": number" if module.typed else ""
    lines, terms = [], ["1"]
    if module.typed:
        lines.append(f"export interface Shape{module.number} {{ n: number }}")
    for position, (other, style) in enumerate(module.uses):
        name = module.name_of(modules[other])
        local = f"v{position}"
        match style:
            case "named":
                lines.append(f"import {{ value{other} }} from '{name}';")
                terms.append(f"value{other}")
            case "renamed":
                lines.append(f"import {{ value{other} as {local} }} from '{name}';")
                terms.append(local)
            case "namespace":
                lines.append(f"import * as {local} from '{name}';")
                terms.append(f"{local}.value{other}")
            case "dynamic namespace":
                lines.append(f"import * as {local} from '{name}';")
                terms.append(f"{local}['val' + 'ue{other}']")
            case "default":
                lines.append(f"import {local} from '{name}';")
                terms.append(f"{local}()")
            case "re-exported":
                lines.append(f"export {{ value{other} as from{position} }} from '{name}';")
                lines.append(f"import {{ value{other} as {local} }} from '{name}';")
                terms.append(local)
            case "effect":
                lines.append(f"import '{name}';")
    for position, other in enumerate(module.later):
        name = module.name_of(modules[other])
        lines.append(f"import {{ total as later{position} }} from '{name}';")
    lines = list(dict.fromkeys(lines))
    calls = "".join(f" + later{position}(seen)" for position in range(len(module.later)))
    return "\n".join(
        [
            *lines,
            f"export const value{module.number}{number} = {' + '.join(terms)};",
            f"export default () => value{module.number};",
            f"export function total(seen){number} {{".replace(
                "seen", "seen: Set<number>" if module.typed else "seen"
            ),
            f"  if (seen.has({module.number})) return 0; seen.add({module.number});",
            f"  return value{module.number}{calls}; }}",
            f"console.log('ran', {module.number}, value{module.number});",
        ]
    )


def expected(modules: list[Module]) -> tuple[list[str], list[str]]:
    """What the last module logs when it is the entry, and the name of the error that ends it.

    Each module runs once, what it imports before it. In a cycle one of them runs first, and a
    value of the other that it needs at once is not there yet.
    """
    logged: list[str] = []
    started: set[int] = set()
    values: dict[int, int] = {}

    def run(number: int) -> None:
        if number in started:
            return
        started.add(number)
        module = modules[number]
        for other in [*(other for other, _ in module.uses), *module.later]:
            run(other)
        values[number] = 1 + sum(values[other] for other, style in module.uses if style != "effect")
        logged.append(f"ran {number} {values[number]}")

    seen: set[int] = set()

    def total(number: int) -> int:
        if number in seen:
            return 0
        seen.add(number)
        return values[number] + sum(total(other) for other in modules[number].later)

    try:
        run(len(modules) - 1)
    except KeyError:
        return logged, ["ReferenceError"]
    return [*logged, f"total {total(len(modules) - 1)}"], []


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(modules=projects())
async def test_modules_run_as_es_modules_do(bench: Bench, modules: list[Module]) -> None:
    files = {module.path: source_of(module, modules) for module in modules}
    entry = modules[-1]
    files[entry.path] += "\nconsole.log('total', total(new Set()));"
    logged, errors = await bench.outcome(await bench.build(files, entry.path))
    assert (logged, [error["name"] for error in errors]) == expected(modules)
