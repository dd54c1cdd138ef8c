/**
 * Makes each folder of this directory, a family of the web platform, one function of `core` that
 * gives what the folder's main.ts exports: an esbuild plugin for imports of "family:<folder>". Its
 * text is not even parsed before it is called.
 *
 * What all families need of text.ts they are handed, so that it is there once. What a family needs
 * of npm is bundled into it. Of whatwg-url that is its state machine; the parts below it, made for
 * more than an isolate needs, are replaced by ours.
 */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

// Of a default export this is what esbuild ends an ES module with.
const DEFAULT_EXPORT = /export\{([\w$]+) as default\};?\s*$/;

export const families = {
  name: "families of the web platform",
  setup(esbuild) {
    esbuild.onResolve({ filter: /^family:/ }, ({ path }) => ({ path, namespace: "family" }));
    esbuild.onLoad({ filter: /.*/, namespace: "family" }, async ({ path }) => ({
      contents: await family(path.slice("family:".length)),
      loader: "js",
    }));
  },
};

async function family(folder) {
  const result = await build({
    entryPoints: [join(here, folder, "main.ts")],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "esnext",
    plugins: [replacements],
    ...(folder === "url" && { mangleProps: MANGLED }),
    legalComments: "none",
    logLevel: "warning",
  });
  const code = result.outputFiles[0].text;
  const [, exported] = DEFAULT_EXPORT.exec(code) ?? [];
  if (!exported) {
    throw new Error(`the family ${folder} has no default export`);
  }
  const body = code.replace(DEFAULT_EXPORT, `return ${exported}`).trim();
  const text = `(handedIn)=>{"use strict";${body}}\n//# sourceURL=flora:sdk`;
  // A text, for V8 to pass over: as a function all of it would be parsed at each isolate's start
  // (2 of 6 ms; November 2026). By another name eval sees the global scope alone.
  return `const evaluate = eval;export default (core) => evaluate(${JSON.stringify(text)})(core)`;
}

// What text.ts exports.
const TEXT = "usvString, byteString, requireArguments, dictionary, bytesOf";

// What whatwg-url's modules ask for, and what they get.
const REPLACED = {
  tr46: "url/domain.ts",
  "./encoding": "url/percent.ts",
  "@exodus/bytes/whatwg.js": "url/percent.ts",
};

// Its state machine's own fields and those of its records: no name of them is seen outside.
const FIELDS = "pointer|state|stateOverride|failure|atSignSeen|insideBrackets|passwordTokenSeen";
const RECORD = "scheme|path|query|fragment|baseURL";
const MANGLED = new RegExp(`^(${FIELDS}|${RECORD})$`);

// Of the same meaning and less text. As ES modules they lose what nobody imports.
const SHORTER = [
  [/^require\("[^"]+"\);.*$/gm, ""],
  [/^const (\{[^}]*\}) = require\(("[^"]+")\);$/gm, "import $1 from $2;"],
  [/^const (\w+) = require\(("[^"]+")\);$/gm, "import * as $1 from $2;"],
  [/^module\.exports = \{/gm, "export {"],
  [/^module\.exports\.(\w+) = \1;$/gm, "export { $1 };"],
  [/^module\.exports\.(\w+) = function/gm, "export const $1 = function"],
  [/\bmodule\.exports\.(\w+)\(/g, "$1("],
  // The number of a character.
  [/\bp\(("\\?.")\)/g, (_, text) => String(JSON.parse(text).codePointAt(0))],
  // What a validator would warn of; nobody asks.
  [/^ *this\.parseError = (true|false);$/gm, ""],
];

const replacements = {
  name: "replacements",
  setup(esbuild) {
    esbuild.onLoad({ filter: /whatwg-url\/lib\/.*\.js$/ }, ({ path }) => ({
      contents: SHORTER.reduce(
        (text, [found, shorter]) => text.replace(found, shorter),
        readFileSync(path, "utf8"),
      ),
    }));
    esbuild.onResolve({ filter: /^\.\.\/text$/ }, ({ path }) => ({ path, namespace: "handed in" }));
    esbuild.onLoad({ filter: /.*/, namespace: "handed in" }, () => ({
      contents: `export const {${TEXT}} = handedIn.text`,
    }));
    esbuild.onResolve({ filter: /.*/ }, ({ path, importer }) =>
      /node_modules\/whatwg-url\//.test(importer) && REPLACED[path]
        ? { path: join(here, REPLACED[path]) }
        : undefined,
    );
  },
};
