/**
 * Builds the package into dist/: index.js, its types, and the SDK as runtime/sdk/build.mjs made it.
 *
 * Run it with `node packages/testing/build.mjs`, from anywhere, after the SDK has been built.
 */

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const sdk = join(here, "..", "..", "runtime", "sdk", "dist");

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
emitTypes();
await build({
  entryPoints: [join(here, "src", "index.ts")],
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  outfile: join(dist, "index.js"),
  logLevel: "warning",
});
for (const name of ["sdk.js", "globals.json"]) {
  copyFileSync(join(sdk, name), join(dist, name));
}
// A package of ES modules may not say "export =" in its types, but in files of this name.
copyFileSync(join(sdk, "flora.d.ts"), join(dist, "flora.d.cts"));
console.log(`packages/testing/dist/index.js: ${readFileSync(join(dist, "index.js")).length} bytes`);

/** Ends the build when the sources do not type-check. */
function emitTypes() {
  const { config } = ts.readConfigFile(join(here, "tsconfig.json"), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, here);
  const program = ts.createProgram(fileNames, {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: dist,
  });
  const problems = ts.getPreEmitDiagnostics(program);
  if (problems.length > 0) {
    const host = {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => process.cwd(),
      getNewLine: () => "\n",
    };
    console.error(ts.formatDiagnostics(problems, host));
    process.exit(1);
  }
  program.emit(undefined, (name, text) => writeFileSync(name, text));
}
