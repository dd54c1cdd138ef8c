/**
 * Bundles small programs that use packages of this folder, as their authors would for flora.
 *
 * Standard input: a JSON object of programs by name. Standard output: their bundles by name. Each
 * is one script for no platform in particular, whose `result` is what its program exports.
 */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const programs = Object.entries(JSON.parse(readFileSync(0, "utf8")));

const bundles = await Promise.all(
  programs.map(async ([name, contents]) => {
    const result = await build({
      stdin: { contents, resolveDir: here },
      bundle: true,
      write: false,
      format: "iife",
      globalName: "result",
      platform: "browser",
      target: "esnext",
      legalComments: "none",
    });
    return [name, result.outputFiles[0].text];
  }),
);
process.stdout.write(JSON.stringify(Object.fromEntries(bundles)));
