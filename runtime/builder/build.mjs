/**
 * Builds the compiler that runs in the builder's process into runtime/builder/dist/compiler.js:
 * one classic script whose completion value is the bridge {receive, drain}, for a bare isolate.
 *
 * Run it with `node runtime/builder/build.mjs`, after the SDK's build, from anywhere.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");

const compiler = await bundle();
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
writeFileSync(join(dist, "compiler.js"), compiler);
console.log(`runtime/builder/dist/compiler.js: ${Buffer.byteLength(compiler)} bytes`);

async function bundle() {
  const result = await build({
    entryPoints: [join(here, "main.ts")],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "esnext",
    platform: "neutral",
    mainFields: ["module", "main"],
    // TypeScript asks for these only where there is a `process`.
    external: ["fs", "os", "path", "inspector", "perf_hooks", "crypto", "source-map-support"],
    loader: { ".wasm": "binary" },
    define: { FLORA_SDK_NAMES: JSON.stringify(sdkNames()) },
    plugins: [{ name: "rollup-wasm", setup: embedRollupsParser }],
    legalComments: "none",
    logLevel: "warning",
  });
  const code = result.outputFiles[0].text.trim();
  const name = "//# sourceURL=flora:compiler";
  return `${name}\n(()=>{"use strict";let floraBridge;${code}return floraBridge})()\n`;
}

/** What a script may import from the SDK: the keys of the `flora` object, seen by making one. */
function sdkNames() {
  const context = createContext({});
  const sdk = readFileSync(join(here, "../sdk/dist/sdk.js"), "utf8");
  const { receive } = new Script(sdk).runInContext(context);
  receive.call('S{"guild":"1"}');
  return new Script("Object.keys(flora)").runInContext(context).sort();
}

/** Rollup's browser build fetches its parser; an isolate has no network, so it is put in. */
function embedRollupsParser(esbuild) {
  esbuild.onLoad({ filter: /rollup\.browser\.js$/ }, ({ path }) => {
    const [before, after, ...more] = readFileSync(path, "utf8").split(
      'new URL("bindings_wasm_bg.wasm",import.meta.url)',
    );
    if (after === undefined || more.length > 0) {
      throw new Error(
        `${path} does not load its parser where it did: see runtime/builder/build.mjs`,
      );
    }
    const parser = 'import parser from "./bindings_wasm_bg.wasm";';
    return { contents: `${parser}${before}new WebAssembly.Module(parser)${after}`, loader: "js" };
  });
}
