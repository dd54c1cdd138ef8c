"""Projects that do not build: what is said about them, and which line is named."""

import pytest

from tests.builder.conftest import ENTRY, Bench, Refusal

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOT_AMONG = "which is not among the project's files"
NPM = "an npm package: these are not supported yet, only relative paths and @uwu/flora-sdk"
NODE = "a module of Node.js: scripts have JavaScript and flora's SDK only"
KINDS = "is no file that flora builds: these are TypeScript, JavaScript and JSON"
COMMONJS = "flora builds ES modules, not CommonJS: write "
SAMPLE_URL = "https://example.org/x.js"

# name → (files, what is said, file, line, column)
REFUSALS: dict[str, tuple[dict[str, str], str, str | None, int | None, int | None]] = {
    # Syntax.
    "TypeScript": ({ENTRY: "const a = 1;\n  let x: = 3;"}, "Type expected.", ENTRY, 2, 10),
    "TypeScript, of another file": (
        {ENTRY: "import './b'", "src/b.ts": "\r\n\r\nfunction ( {}"},
        "Identifier expected.",
        "src/b.ts",
        3,
        10,
    ),
    "TSX": (
        {"main.tsx": "const x = <a>"},
        "JSX element 'a' has no corresponding closing tag.",
        "main.tsx",
        1,
        12,
    ),
    "JavaScript": ({"a.js": "f()\n  let y: = 3"}, "Expected a semicolon", "a.js", 2, 8),
    "what TypeScript lets pass, at the line that its author wrote": (
        {ENTRY: "interface A {\n}\nconst a = 1;\n  let a = 2"},
        'Identifier "a" has already been declared',
        ENTRY,
        4,
        7,
    ),
    "await in a plain function": (
        {ENTRY: "type A = 1;\nfunction f() {\n  await 1 }"},
        "await isn't allowed in non-async function",
        ENTRY,
        3,
        3,
    ),
    "return at the top": ({ENTRY: "return"}, "Return statement is not allowed here", ENTRY, 1, 1),
    "a regular expression": (
        {
            ENTRY: "import './fine'; import './broken'",
            "src/fine.ts": "/a/u",
            "src/broken.ts": "\n/(/",
        },
        "Invalid regular expression: /(/: Unterminated group",
        "src/broken.ts",
        2,
        1,
    ),
    # JSON.
    "JSON without quotes": (
        {ENTRY: "import './a.json'", "src/a.json": '{\n  "a": 1,\n  b: 2\n}'},
        "src/a.json is not valid JSON: Expected double-quoted property name",
        "src/a.json",
        3,
        3,
    ),
    "JSON with words": (
        {ENTRY: "import './a.json'", "src/a.json": '{"a": x,\n"b": 1}'},
        "src/a.json is not valid JSON: Unexpected token 'x'",
        "src/a.json",
        1,
        7,
    ),
    "JSON with comments": (
        {ENTRY: "import './a.json'", "src/a.json": '{"a":\n // no\n 1}'},
        "src/a.json is not valid JSON: Unexpected token '/'",
        "src/a.json",
        2,
        2,
    ),
    "JSON without anything": (
        {ENTRY: "import './a.json'", "src/a.json": ""},
        "src/a.json is not valid JSON: Unexpected end of JSON input",
        "src/a.json",
        1,
        1,
    ),
    # What is imported.
    "a missing file": (
        {ENTRY: "import './a';\n\nimport { y } from './missing'; y()", "src/a.ts": ""},
        f'src/main.ts imports "./missing", {NOT_AMONG}',
        ENTRY,
        3,
        19,
    ),
    "a missing file, passed on": (
        {ENTRY: "import './a'", "src/a.js": "export * from './missing.js'"},
        f'src/a.js imports "./missing.js", {NOT_AMONG}',
        "src/a.js",
        1,
        15,
    ),
    "a missing file, later": (
        {ENTRY: "const f = async (x: any) => x;\nawait f(import('./missing'))"},
        f'src/main.ts imports "./missing", {NOT_AMONG}',
        ENTRY,
        2,
        16,
    ),
    "a name in another case": (
        {ENTRY: "import './Commands'", "src/commands.ts": ""},
        f'src/main.ts imports "./Commands", {NOT_AMONG}; there is src/commands.ts, and case counts',
        ENTRY,
        1,
        8,
    ),
    "import() of who knows what": (
        {ENTRY: "const n: string = './a';\nawait import(n)", "src/a.ts": ""},
        "import() needs the module's name as plain text, for the module to be built in",
        ENTRY,
        2,
        14,
    ),
    "out of the project": (
        {ENTRY: "import '../../etc/passwd'"},
        'src/main.ts imports "../../etc/passwd", which lies outside of the project',
        ENTRY,
        1,
        8,
    ),
    "an absolute path": (
        {ENTRY: "import '/src/main'"},
        'src/main.ts imports "/src/main", which is no file of the project: '
        "name it by a relative path, such as ./commands",
        ENTRY,
        1,
        8,
    ),
    "an address": (
        {ENTRY: f"import '{SAMPLE_URL}'"},
        f'src/main.ts imports "{SAMPLE_URL}", which is no file of the project: '
        "name it by a relative path, such as ./commands",
        ENTRY,
        1,
        8,
    ),
    "an alias": (
        {ENTRY: "import x from '@/lib'; x()"},
        'src/main.ts imports "@/lib", which would need path aliases, and flora has none: '
        "write a relative path",
        ENTRY,
        1,
        15,
    ),
    "an npm package": (
        {ENTRY: "import { type A, z } from 'zod';\nz()"},
        f'src/main.ts imports "zod", {NPM}',
        ENTRY,
        1,
        27,
    ),
    "a package whose name is every object's": (
        {ENTRY: "import 'constructor'"},
        f'src/main.ts imports "constructor", {NPM}',
        ENTRY,
        1,
        8,
    ),
    "Node.js": (
        {ENTRY: "import path from 'path'; path.join()"},
        f'src/main.ts imports "path", {NODE}',
        ENTRY,
        1,
        18,
    ),
    "Node.js, where there is something instead": (
        {ENTRY: "import { readFile } from 'node:fs/promises'; readFile()"},
        f'src/main.ts imports "node:fs/promises", {NODE}: to keep data use kv.store(name)',
        ENTRY,
        1,
        26,
    ),
    "a file of another kind": (
        {ENTRY: "import './a.css'", "src/a.css": ""},
        f'src/main.ts imports "./a.css", which {KINDS}',
        ENTRY,
        1,
        8,
    ),
    "CommonJS by its name": (
        {ENTRY: "import './a.cjs'", "src/a.cjs": ""},
        'src/main.ts imports "./a.cjs", which is CommonJS by its name: rename it, and use import '
        "and export",
        ENTRY,
        1,
        8,
    ),
    # Names.
    "a name that a module does not have": (
        {ENTRY: "import { a, b } from './b';\nconsole.log(a, b)", "src/b.ts": "export const a = 1"},
        '"b" is not exported by "src/b.ts", imported by "src/main.ts".',
        ENTRY,
        1,
        13,
    ),
    "a name that the SDK does not have": (
        {ENTRY: "import type { X } from './x';\nimport { slach } from '@flora/sdk';\nslach({})"},
        '"slach" is not exported by "@uwu/flora-sdk", imported by "src/main.ts".',
        ENTRY,
        2,
        10,
    ),
    "an import that is assigned to": (
        {ENTRY: "import { a } from './a';\ntype T = 1; a = 2", "src/a.ts": "export let a = 1"},
        'Illegal reassignment of import "a" in "src/main.ts".',
        ENTRY,
        2,
        13,
    ),
    # CommonJS.
    "require": (
        {"a.js": "'use strict';\nconst { x } = require('./b').c"},
        f'{COMMONJS}import … from "./b"',
        "a.js",
        2,
        15,
    ),
    "module.exports": ({"a.js": "module.exports = {}"}, f"{COMMONJS}export …", "a.js", 1, 1),
    "exports": ({ENTRY: "f();\nexports.a = 1"}, f"{COMMONJS}export …", ENTRY, 2, 1),
    "import =": ({ENTRY: "import a = require('b')"}, f'{COMMONJS}import … from "b"', ENTRY, 1, 1),
    "export =": ({ENTRY: "export = 1"}, f"{COMMONJS}export default …", ENTRY, 1, 1),
    # The entry.
    "an entry that is not there": (
        {"b.ts": ""},
        "the entry src/main.ts is not among the project's files",
        None,
        None,
        None,
    ),
    "JSON as the entry": (
        {"a.json": "{}"},
        "the entry a.json is JSON, not a script",
        None,
        None,
        None,
    ),
    "no script as the entry": ({"README.md": ""}, f"the entry README.md {KINDS}", None, None, None),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_project_is_refused_with_its_place(bench: Bench, name: str) -> None:
    files, message, *place = REFUSALS[name]
    entry = ENTRY if ENTRY in files or "b.ts" in files else next(iter(files))
    pid = bench.builder.pid
    assert await bench.refusal(files, entry) == Refusal(message, *place)
    # People's errors are no reason to start another process.
    assert bench.builder.pid == pid


@pytest.mark.parametrize(
    "source",
    [
        "const n: number = 'text'; interface A { a: Missing }",
        "import { Client, type Role } from 'discord.js'; let client: Client; type B = Role",
        "import type { Stats } from 'node:fs'; const s: Stats | null = null",
        "function require(x: string) { return x } const a = require('./b')",
        "let module: any = {}; module.exports = 1",
        "class A { b() { require('./c') } }",
    ],
)
async def test_what_is_no_error(bench: Bench, source: str) -> None:
    assert await bench.logged({ENTRY: f"{source}; console.log('ran')"}) == ["ran"]
