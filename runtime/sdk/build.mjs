/**
 * Builds what the rest of flora takes from the SDK into runtime/sdk/dist/:
 *
 *   sdk.js        one classic script; its completion value is the bridge {receive, drain}
 *   globals.json  the names that it adds to a script's global scope, sorted
 *   flora.d.ts    the types of these globals and of the package "@uwu/flora-sdk"
 *
 * Run it with `node runtime/sdk/build.mjs`, from anywhere.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";

import { build } from "esbuild";

import { ambientTypes, check } from "./types.mjs";
import { families } from "./web/build.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");

const sdk = await bundle();
const globals = globalsOf(sdk);
check(here);
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
write("sdk.js", sdk);
write("globals.json", `${JSON.stringify(globals, null, 1)}\n`);
write("flora.d.ts", ambientTypes(here, globals));

async function bundle() {
  const result = await build({
    entryPoints: [join(here, "main.ts")],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "esnext",
    plugins: [families],
    legalComments: "none",
    logLevel: "warning",
  });
  const code = result.outputFiles[0].text.trim();
  if (/[^\0-\x7f]/.test(code)) {
    // esbuild leaves regular expressions as they are written.
    throw new Error("the SDK is not ASCII: V8 would keep two bytes of each of its characters");
  }
  // One expression, so that it can also stand as an argument. The name lets the host tell the
  // SDK's own frames in a stack from the script's.
  return `//# sourceURL=flora:sdk\n(()=>{"use strict";let floraBridge;${code}return floraBridge})()\n`;
}

/** The names that the SDK really adds to a global scope, seen by running it in a fresh one. */
function globalsOf(code) {
  const context = createContext({});
  const names = () => new Script("Object.getOwnPropertyNames(globalThis)").runInContext(context);
  const before = new Set(names());
  const { receive } = new Script(code).runInContext(context);
  receive.call('S{"guild":"1"}');
  const added = names().filter((name) => !before.has(name) && name !== "__floraMain");
  // Node's contexts have a console already, V8's own.
  return [...added, "console"].sort();
}

function write(name, text) {
  writeFileSync(join(dist, name), text);
  console.log(`runtime/sdk/dist/${name}: ${Buffer.byteLength(text)} bytes`);
}
