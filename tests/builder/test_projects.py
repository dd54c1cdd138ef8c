"""Projects that build, and what they do when they run."""

import pytest

from tests.builder.conftest import ENTRY, Bench

pytestmark = pytest.mark.asyncio(loop_scope="session")

# name → (files, what the script logs)
PROJECTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "types are erased": (
        {
            ENTRY: "interface Greeting { text: string }\n"
            "const greeting = { text: 'hi' } satisfies Greeting;\n"
            "function say<T extends Greeting>(this: void, g: T, times?: number): string {\n"
            "  return g!.text.repeat(times ?? 1 as number) }\n"
            "console.log(say<Greeting>(greeting, 2))"
        },
        ["hihi"],
    ),
    "enums, namespaces, parameter properties, accessors": (
        {
            ENTRY: "enum Colour { Red = 1, Blue } const enum Size { S = 's' }\n"
            "namespace Shop { export const name = 'flowers';"
            " export namespace Till { export let n = 1 } }\n"
            "class Cat { constructor(readonly name: string, private lives = 9) {}\n"
            "  accessor mood = 'calm'; declare never: string; get left() { return this.lives } }\n"
            "const cat = new Cat('Mia');\n"
            "console.log(Colour[2], Size.S, Shop.name, Shop.Till.n, cat.name, cat.left, cat.mood)"
        },
        ["Blue s flowers 1 Mia 9 calm"],
    ),
    "decorators": (
        {
            ENTRY: "const seen: string[] = [];\n"
            "function note(target: any, key?: string) { seen.push(key ?? target.name) }\n"
            "@note class Bot { @note start() {} @note static stop() {} }\n"
            "console.log(seen.join())"
        },
        ["start,stop,Bot"],
    ),
    "using": (
        {
            ENTRY: "{ using file = { [Symbol.dispose]() { console.log('closed') } };"
            " console.log('open') }"
        },
        ["open", "closed"],
    ),
    "JSX with a function of the project's own": (
        {
            "src/main.tsx": "/** @jsx h */\nimport { h } from './h';\n"
            "console.log(JSON.stringify(<card title='a'>{1 + 1}</card>))",
            "src/h.ts": "export const h = (...all: unknown[]) => all",
        },
        ['["card",{"title":"a"},2]'],
    ),
    "plain JavaScript": (
        {
            "main.js": "import { twice } from './lib/twice.mjs'; console.log(twice(21))",
            "lib/twice.mjs": "export const twice = (n) => 2 * n;",
        },
        ["42"],
    ),
    "names without an extension, of folders, and as TypeScript writes them": (
        {
            ENTRY: "import a from './a'; import b from './b'; import c from './c.js';"
            " import d from '../shared'; import e from './e.mjs'; import f from '.';"
            " import g from './sub/'; import h from './b.ts'\n"
            "console.log([a, b, c, d, e, f, g, h].join())",
            "src/a.ts": "export default 'a.ts'",
            "src/a/index.ts": "export default 'a/index.ts'",
            "src/b/index.js": "export default 'b/index.js'",
            "src/b.ts": "export default 'b.ts'",
            "src/c.ts": "export default 'c.ts'",
            "src/e.mts": "export default 'e.mts'",
            "src/index.jsx": "export default 'index.jsx'",
            "src/sub/index.mts": "export default 'sub/index.mts'",
            "shared/index.ts": "export default 'shared'",
        },
        ["a.ts,b.ts,c.ts,shared,e.mts,index.jsx,sub/index.mts,b.ts"],
    ),
    "an existing .js comes before its .ts": (
        {
            ENTRY: "import a from './a.js'; console.log(a)",
            "src/a.js": "export default 'js'",
            "src/a.ts": "export default 'ts'",
        },
        ["js"],
    ),
    "JSON": (
        {
            ENTRY: "import data, { name, 'content-type' as type } from './x.json';\n"
            "import list from './list.json' with { type: 'json' };\n"
            "import * as all from './x.json'; import word from './word.json';\n"
            "import { class as kind } from '../src/x.json';\n"
            "console.log(name, type, kind, data.name === name, all.name, list.length, word);\n"
            "console.log(Object.keys(data).join(), data['__proto__'].x, data.default)",
            "src/x.json": '\ufeff{"name": "flora", "content-type": "t", "class": 1, "default": 2,'
            ' "__proto__": {"x": "\\"__proto__\\":"}, "\\u2028": -0}',
            "src/list.json": "[1, 2, 3]",
            "src/word.json": '"word"',
        },
        [
            "flora t 1 true flora 3 word",
            'name,content-type,class,default,__proto__,\u2028 "__proto__": 2',
        ],
    ),
    "the SDK's packages are its globals": (
        {
            ENTRY: "import { kv as store, on, prefix, type Context } from '@uwu/flora-sdk';\n"
            "import whole, { slash } from '@flora/sdk'; import * as sdk from '@uwu/flora-sdk';\n"
            "import type { Anything } from '@uwu/flora-sdk'; export { embed } from '@flora/sdk';\n"
            "const name = 'button';\n"
            "console.log(store === kv, on === globalThis.on, prefix === flora.prefix,\n"
            " slash === flora.slash, whole === flora, sdk.rest === rest, sdk[name] === button)"
        },
        ["true true true true true true true"],
    ),
    "a module's own names do not hide globals from others": (
        {
            ENTRY: "import './other'; const on = 'mine'; const flora = 1; console.log(on, flora)",
            "src/other.ts": "import { on as sdkOn } from '@uwu/flora-sdk';"
            " console.log(typeof on, sdkOn === on)",
        },
        ["function true", "mine 1"],
    ),
    "re-exports of every kind": (
        {
            ENTRY: "import * as all from './barrel'; import { default as other } from './barrel';\n"
            "console.log(Object.keys(all).sort().join(), all.inner.a, all.renamed, other)",
            "src/barrel.ts": "export * from './a'; export * as inner from './a';\n"
            "export { b as renamed, b as default } from './a'; import { a } from './a';\n"
            "export { a as again };",
            "src/a.ts": "export const a = 1; export let b = 2;",
        },
        ["a,again,b,default,inner,renamed 1 2 2"],
    ),
    "types that are passed on without saying `type`": (
        {
            ENTRY: "import * as all from './barrel'; import { Shape, make } from './barrel';\n"
            "const shape: Shape = make(); console.log(Object.keys(all).sort().join(), shape.n)",
            "src/barrel.ts": "export { Shape, make } from './shapes';\n"
            "export { Far } from './far';\n"
            "import { Mixed, value } from './far'; export { Mixed as Renamed, value };",
            "src/shapes.ts": "export interface Shape { n: number }\n"
            "export const make = (): Shape => ({ n: 1 })",
            "src/far.ts": "export * from './farther'; export const value = 2;",
            "src/farther.ts": "export type Far = 1; interface Mixed {} export { Mixed };\n"
            "export declare const ambient: number; export * from './types.d.ts';",
            "src/types.d.ts": "export interface Only {}",
        },
        ["make,value 1"],
    ),
    "cycles and live bindings": (
        {
            ENTRY: "import { count, up } from './counter'; import { even } from './even';\n"
            "up(); up(); console.log(count, even(10), even(7))",
            "src/counter.ts": "export let count = 0; export const up = () => { count += 1 }",
            "src/even.ts": "import { odd } from './odd';\n"
            "export function even(n: number): boolean { return n === 0 || odd(n - 1) }",
            "src/odd.ts": "import { even } from './even';\n"
            "export function odd(n: number): boolean { return n !== 0 && even(n - 1) }",
        },
        ["2 true false"],
    ),
    "modules run once, in order, and await": (
        {
            ENTRY: "import './b'; import './a'; import './b'; console.log('main')",
            "src/a.ts": "await null; console.log('a')",
            "src/b.ts": "console.log('b', await Promise.resolve(1));\n"
            "for await (const x of [2]) console.log(x)",
        },
        ["b 1", "2", "a", "main"],
    ),
    "import() of a module that is known": (
        {
            ENTRY: "const { one } = await import('./lazy'); console.log(one);\n"
            "console.log((await import('./lazy.js')).default)",
            "src/lazy.ts": "export const one = 1; export default 'lazy'",
        },
        ["1", "lazy"],
    ),
    "exports of the entry are dropped": (
        {
            ENTRY: "export const a = 1; export default a; export * from './b'; console.log('ran')",
            "src/b.ts": "export const b = 2",
        },
        ["ran"],
    ),
    "import.meta": (
        {ENTRY: "console.log(import.meta.url, import.meta.env, typeof import.meta)"},
        ["file:///src/main.ts undefined object"],
    ),
    "code is strict, `this` is nothing": (
        {
            "main.js": "console.log(this, (function () { return this })());\n"
            "try { undeclared = 1 } catch (error) { console.log(error.name) }"
        },
        ["undefined undefined", "ReferenceError"],
    ),
    "what has an effect stays, though nobody uses it": (
        {
            ENTRY: "import './effects'; import { used } from './mixed'; console.log(used)",
            "src/effects.ts": "const unused = { get x() { console.log('getter'); return 1 } }.x;",
            "src/mixed.ts": "export const used = 1; export const unused = console.log('called');\n"
            "try { missing } catch { console.log('missing') }",
        },
        ["getter", "called", "missing", "1"],
    ),
    "an empty entry": ({ENTRY: ""}, []),
    "a hashbang, a BOM, Windows' line ends": (
        {
            "main.js": "#!/usr/bin/env node\r\nimport './b.js';\r\nconsole.log('a')\r\n",
            "b.js": "\ufeffconsole.log(`b\r\nc`)",
        },
        ["b\nc", "a"],
    ),
    "libraries that look for CommonJS first": (
        {
            ENTRY: "import './umd.js'; console.log(globalThis.Lib)",
            "src/umd.js": "(function (root) { if (typeof module === 'object') module.exports = 1;"
            " else root.Lib = 'umd' })(globalThis)",
        },
        ["umd"],
    ),
    "names that are none in JavaScript": (
        {
            "__proto__.ts": "import a from './constructor'; import b from './src/a b?.ts';\n"
            "import c from './#c%20.js'; import d from './toString'; import './hasOwnProperty/';\n"
            "console.log(a, b, c, d)",
            "constructor.ts": "export default 'constructor'",
            "src/a b?.ts": "export default 'a b?'",
            "#c%20.js": "export default '#c%20'",
            "toString/index.ts": "export default 'toString'",
            "hasOwnProperty/index.ts": "console.log('hasOwnProperty')",
        },
        ["hasOwnProperty", "constructor a b? #c%20 toString"],
    ),
}


@pytest.mark.parametrize("name", PROJECTS)
async def test_a_project_does_what_it_says(bench: Bench, name: str) -> None:
    files, logged = PROJECTS[name]
    entry = ENTRY if ENTRY in files else next(iter(files))
    assert await bench.logged(files, entry) == logged


async def test_the_bundle_is_the_body_of_a_function_and_readable(bench: Bench) -> None:
    built = await bench.build(
        {
            ENTRY: "import { greet } from './greet';\n"
            "import { prefix } from '@uwu/flora-sdk';\n\n"
            "// Says hello.\n"
            "export const hello: string = greet('you');\n"
            "prefix({ name: 'hi', run: (ctx) => ctx.reply(hello) });\n",
            "src/greet.ts": "export const greet = (name: string) => `hello ${name}`;\n"
            "export const unused = () => 1;\n",
        }
    )
    sdk = next(line for line in built.bundle.splitlines() if line.endswith("} = sdk;"))
    assert built.bundle.replace(sdk, "const { … } = sdk;") == (
        "const greet = (name) => `hello ${name}`;\n"
        "const unused = () => 1;\n"
        "\n"
        "const sdk = flora;\n"
        "const { … } = sdk;\n"
        "\n"
        "// Says hello.\n"
        "const hello = greet('you');\n"
        "prefix({ name: 'hi', run: (ctx) => ctx.reply(hello) });\n"
    )


async def test_the_same_files_give_the_same_bundle_in_any_order(bench: Bench) -> None:
    files, _ = PROJECTS["re-exports of every kind"]
    one = await bench.build(files)
    assert await bench.build(dict(reversed(files.items()))) == one
    assert one.bundle != ""


async def test_two_hundred_files(bench: Bench) -> None:
    files = {
        f"src/m{n}.ts": f"import {{ sum as rest }} from './m{n - 1}';\n"
        f"export const sum: number = rest + {n};"
        for n in range(1, 199)
    }
    files["src/m0.ts"] = "export const sum = 0;"
    files[ENTRY] = "import { sum } from './m198'; console.log(sum)"
    assert await bench.logged(files) == [str(sum(range(199)))]


async def test_halves_of_surrogate_pairs_do_not_stop_a_build(bench: Bench) -> None:
    assert await bench.logged({ENTRY: "console.log('a\ud800b', '\\ud83d\\udc90', '💐')"}) == [
        "a?b 💐 💐"
    ]
