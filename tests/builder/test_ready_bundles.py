"""Bundles that came ready: they run as they are, and their errors name their authors' lines."""

import base64
import json
from typing import Any

import pytest

from runtime.builder.client import Build, BuildError
from runtime.stack_traces import Place
from tests.builder.conftest import Bench, Refusal, refusal_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What rolldown 1.3.2 (minified, as the original's build service sets it) and esbuild 0.28.2 make of
#   src/main.ts        …, line 10: export const checked = check(options.name);
#   src/lib/check.ts   …, line 4:      throw new RangeError(`no ${name} today`);
ROLLDOWN = (
    'import{kv as e,prefix as t}from"@uwu/flora-sdk";function check(e){if(e!==`tulips`)throw '
    "RangeError(`no ${e} today`);return e}const n={name:`roses`};console.log(typeof t,"
    "e===globalThis.kv,import.meta.url);const r=check(n.name);export{r as checked,r as default};\n"
    "//# sourceMappingURL=main.js.map"
)
ROLLDOWN_MAP = {
    "version": 3,
    "file": "main.js",
    "names": ["store", "kv", "prefix", "name", "options", "checked"],
    "sources": ["../src/lib/check.ts", "../src/main.ts"],
    "sourcesContent": ["…", "…"],
    "mappings": "A,gDACA,SAAgB,MAAMG,EAAsB,CAC1C,GAAIA,IAAS,SACX,MAAU,WAAW,MAAMA,EAAK,OAAO,EAEzC,"
    "OAAOA,CACT,CCCA,MAAMC,EAAmB,CAAE,KAAM,OAAQ,EACzC,QAAQ,IAAI,OAAOF,EAAQF,IAAU,WAAW,GAAI,YAAY,GAAG,"
    "EACnE,MAAaK,EAAU,MAAMD,EAAQ,IAAI,E",
}
ESBUILD = """// src/main.ts
import { prefix, kv as store } from "@uwu/flora-sdk";

// src/lib/check.ts
function check(name) {
  if (name !== "tulips") {
    throw new RangeError(`no ${name} today`);
  }
  return name;
}

// src/main.ts
var options = { name: "roses" };
console.log(typeof prefix, store === globalThis.kv, import.meta.url);
var checked = check(options.name);
var main_default = checked;
export {
  checked,
  main_default as default
};
//# sourceMappingURL=es.js.map
"""
ESBUILD_MAP = {
    "version": 3,
    "sources": ["../src/main.ts", "../src/lib/check.ts"],
    "mappings": ";AAAA,SAAS,QAAQ,MAAM,aAAa;;;ACC7B,SAAS,MAAM,MAAsB;AAC1C,MAAI,SAAS,UAAU;"
    "AACrB,UAAM,IAAI,WAAW,MAAM,IAAI,QAAQ;AAAA,EACzC;AACA,SAAO;AACT;;;ADCA,IAAM,UAAmB,EAAE,MAAM,"
    "QAAQ;AACzC,QAAQ,IAAI,OAAO,QAAQ,UAAU,WAAW,IAAI,YAAY,GAAG;"
    "AAC5D,IAAM,UAAU,MAAM,QAAQ,IAAI;AACzC,IAAO,eAAQ;",
    "names": [],
}
# A map in which every line of the bundle is the same line of one source.
SAME_LINES = {
    "version": 3,
    "sources": ["a.ts"],
    "names": [],
    "mappings": ";".join(["AAAA"] + ["AACA"] * 9),
}


async def normalise(
    bench: Bench, bundle: str, source_map: Any = None, name: str = "dist/bundle.js.map"
) -> Build:
    text = (
        source_map if source_map is None or isinstance(source_map, str) else json.dumps(source_map)
    )
    return await bench.builder.normalise(bundle, text, name)


async def refusal(bench: Bench, bundle: str, source_map: Any = None) -> Refusal:
    with pytest.raises(BuildError) as caught:
        await normalise(bench, bundle, source_map)
    return refusal_of(caught.value)


@pytest.mark.parametrize(
    ("bundle", "source_map"),
    [(ROLLDOWN, ROLLDOWN_MAP), (ESBUILD, ESBUILD_MAP)],
    ids=["rolldown", "esbuild"],
)
async def test_what_bundlers_make_runs_and_throws_at_its_authors_lines(
    bench: Bench, bundle: str, source_map: dict[str, Any]
) -> None:
    built = await normalise(bench, bundle, source_map)
    trace = await bench.trace(built)
    assert trace.message == "RangeError: no roses today"
    assert trace.place is not None
    assert (trace.place.file, trace.place.line) == ("src/lib/check.ts", 4)
    assert "src/main.ts:10:24" in trace.stack
    assert "sourceMappingURL" not in built.bundle
    assert "sourcesContent" not in json.loads(built.source_map)
    fine = await normalise(bench, bundle.replace("roses", "tulips"))
    assert await bench.run(fine) == ["function true file:///bundle.js"]
    assert fine.source_map == ""


async def test_a_classic_script_passes_unchanged(bench: Bench) -> None:
    script = (
        "const a = await Promise.resolve('export { a }');\n"
        "// import x from 'y'\nconsole.log(a, `\n//# sourceMappingURL=not-this.map\n`);\n"
        "if (a) return;\nimport('nothing')\n"
    )
    built = await normalise(bench, script, SAME_LINES)
    assert built.bundle == script
    assert json.loads(built.source_map) == {**SAME_LINES, "sources": ["dist/a.ts"]}
    assert await bench.run(built) == ["export { a } \n//# sourceMappingURL=not-this.map\n"]


@pytest.mark.parametrize(
    ("bundle", "body"),
    [
        ("export const a = 1;", "       const a = 1;"),
        ("export default 1 + 1", "var default_ = 1 + 1"),
        ("export default default_", "var default0 = default_"),
        ("export default () => 1;", "var default_ = () => 1;"),
        ("export default function () {}", "var default_ = function () {}"),
        ("export default class {}", "var default_ = class {}"),
        ("export default async function f() {}", "               async function f() {}"),
        ("export\n default\n class A {}", "      \n        \n class A {}"),
        ("export async function f() {}", "       async function f() {}"),
        ("f\nexport { f as g };\n(1)", "f\n;                 \n(1)"),
        ("export {}", ";        "),
        ("f();export{f};g()", "f();;         g()"),
        ("import '@flora/sdk'\nf()", ";                  \nf()"),
        ("export * from '@flora/sdk'; export { on } from '@uwu/flora-sdk'", None),
        ("export let [a, { b }] = c;", "       let [a, { b }] = c;"),
        ("#!/usr/bin/env node\nf()", "                   \nf()"),
    ],
)
async def test_module_syntax_gives_way_to_as_many_characters(
    bench: Bench, bundle: str, body: str | None
) -> None:
    built = await normalise(bench, bundle)
    assert len(built.bundle) == len(bundle)
    if body is not None:
        assert built.bundle == body


async def test_imports_of_the_sdk_are_there_before_everything_else(bench: Bench) -> None:
    built = await normalise(
        bench,
        "console.log(early(), d === flora, n === flora, typeof rest);\n"
        "function early() { return s === kv }\n"
        "import d, { store, kv as s, default as again } from '@uwu/flora-sdk';\n"
        "import * as n from '@flora/sdk';\n"
        "console.log(store === flora.store, again === d)",
    )
    assert built.bundle.startswith(
        "const d = globalThis.flora, again = globalThis.flora, "
        "{ store, kv: s } = globalThis.flora, n = globalThis.flora;console.log(early()"
    )
    assert await bench.run(built) == ["true true true object", "true true"]


@pytest.mark.parametrize(
    "source",
    [
        "import * as flora from '@flora/sdk'; console.log(flora === globalThis.flora)",
        "import flora from '@flora/sdk'; console.log(flora === globalThis.flora)",
        "import { on } from '@flora/sdk'; const flora = 1; console.log(on === globalThis.on)",
    ],
)
async def test_a_bundle_may_have_a_flora_of_its_own(bench: Bench, source: str) -> None:
    assert await bench.run(await normalise(bench, source)) == ["true"]


async def test_import_meta_gets_a_name_that_is_free(bench: Bench) -> None:
    built = await normalise(
        bench,
        "const import_meta = 'mine'; const { url } = import /* here */ . meta;\n"
        "console.log(import_meta, url, typeof import.meta, 'import.meta')",
    )
    assert await bench.run(built) == ["mine file:///bundle.js object import.meta"]


# --- source maps ---------------------------------------------------------------------------------


def inline(source_map: object) -> str:
    text = base64.b64encode(json.dumps(source_map).encode()).decode()
    return f"//# sourceMappingURL=data:application/json;charset=utf-8;base64,{text}"


async def test_a_map_inside_the_bundle_counts_when_there_is_no_other(bench: Bench) -> None:
    script = "\nthrow new Error('x')\n"
    alone = await normalise(bench, f"{script}{inline(SAME_LINES)}\n// the end\n")
    assert alone.bundle == f"{script}// the end\n"
    trace = await bench.trace(alone)
    assert trace.place == Place("dist/a.ts", 2, 1)
    other = {**SAME_LINES, "sources": ["other.ts"]}
    both = await normalise(bench, f"{script}{inline(SAME_LINES)}", other)
    assert json.loads(both.source_map)["sources"] == ["dist/other.ts"]


@pytest.mark.parametrize(
    ("source", "root", "shown"),
    [
        ("main.ts", None, "dist/main.ts"),
        ("../src/main.ts", None, "src/main.ts"),
        ("../../../src/main.ts", "", "src/main.ts"),
        ("main.ts", "../src", "src/main.ts"),
        ("/home/me/bot/main.ts", None, "home/me/bot/main.ts"),
        ("webpack://bot/./src/main.ts", None, "src/main.ts"),
        ("file:///bot/src/main.ts", None, "bot/src/main.ts"),
        (None, None, "bundle.js"),
        ("src/__proto__", "..", "src/__proto__"),
    ],
)
async def test_sources_are_shown_as_paths_of_the_project(
    bench: Bench, source: str | None, root: str | None, shown: str
) -> None:
    source_map = {**SAME_LINES, "sources": [source], "sourceRoot": root}
    trace = await bench.trace(await normalise(bench, "throw new Error('x')", source_map))
    assert trace.place == Place(shown, 1, 1)


async def test_a_map_in_sections(bench: Bench) -> None:
    sections = [
        {"offset": {"line": 0, "column": 0}, "map": SAME_LINES},
        {"offset": {"line": 2, "column": 0}, "map": {**SAME_LINES, "sources": ["b.ts"]}},
    ]
    built = await normalise(
        bench, "\n\n\nthrow new Error('x')", {"version": 3, "sections": sections}
    )
    assert (await bench.trace(built)).place == Place("dist/b.ts", 2, 1)


@pytest.mark.parametrize(
    ("source_map", "why"),
    [
        ("{", "Expected property name or '}' in JSON at position 1 (line 1 column 2)"),
        ("", "Unexpected end of JSON input"),
        ("null", "expected an object"),
        ("[]", "expected version 3, found none"),
        ({"version": 2}, "expected version 3, found 2"),
        ({**SAME_LINES, "mappings": 1}, "`mappings` must be a string"),
        ({**SAME_LINES, "sources": "a"}, "`sources` must be a list of strings"),
        ({**SAME_LINES, "sources": [1]}, "`sources` must be a list of strings"),
        ({**SAME_LINES, "names": {}}, "`names` must be a list of strings"),
        ({**SAME_LINES, "sourceRoot": 1}, "`sourceRoot` must be a string"),
        (
            {"version": 3, "sections": [{"map": SAME_LINES}]},
            "each of `sections` needs an offset with line and column",
        ),
        (
            {
                "version": 3,
                "sections": [{"offset": {"line": 0, "column": 0}, "map": {"version": 1}}],
            },
            "expected version 3, found 1",
        ),
    ],
)
async def test_what_is_no_source_map(bench: Bench, source_map: object, why: str) -> None:
    said = Refusal(f"invalid source map JSON: {why}")
    assert await refusal(bench, "f()", source_map) == said
    if not isinstance(source_map, str):
        assert await refusal(bench, f"f()\n{inline(source_map)}") == said


async def test_a_map_that_maps_nothing_is_kept(bench: Bench) -> None:
    built = await normalise(bench, "throw new Error('x')", {**SAME_LINES, "mappings": "!?"})
    assert (await bench.trace(built)).place == Place("bundle.js", 1, 7)


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bundle", "message", "line", "column"),
    [
        (
            "f();\nimport { z } from 'zod'",
            'the bundle imports "zod": it must hold all that it needs but flora\'s SDK',
            2,
            19,
        ),
        (
            "export * from './other.js'",
            'the bundle imports "./other.js": it must hold all that it needs but flora\'s SDK',
            1,
            15,
        ),
        (
            "import { slach } from '@flora/sdk'",
            '"slach" is not exported by "@uwu/flora-sdk"',
            1,
            10,
        ),
        ("export const a = 1;\nlet = = 3", "Expression expected.", 2, 7),
    ],
)
async def test_a_bundle_is_refused_with_its_place(
    bench: Bench, bundle: str, message: str, line: int, column: int
) -> None:
    place = ("dist/bundle.js", line, column)
    assert await refusal(bench, bundle) == Refusal(message, *place)
    assert await refusal(bench, bundle, SAME_LINES) == Refusal(message, "dist/a.ts", line, 1)


async def test_a_classic_script_with_an_error_is_left_to_v8(bench: Bench) -> None:
    built = await normalise(bench, "f();\nlet y: = 3", SAME_LINES)
    trace = await bench.trace(built)
    assert trace.message == "SyntaxError: Unexpected token ':'"
    assert trace.place == Place("dist/a.ts", 2, 1)
