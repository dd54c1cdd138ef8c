/**
 * Which module an import means. It knows paths only, not what the files hold.
 *
 * Three kinds of names: relative ones are files of the project, flora's own packages are the
 * SDK, and everything else would be an npm package or a module of Node.js. A tree of vendored
 * packages is one more rule in `resolve`, before the last.
 */

import type { Project } from "./project";

export const SDK_PACKAGES = ["@uwu/flora-sdk", "@flora/sdk"];
/** The id of the module that stands for the SDK; no path starts with NUL. */
export const SDK_MODULE = "\0flora:sdk";

export const TYPESCRIPT = /\.(?:m?ts|tsx)$/;
export const SCRIPT = /\.(?:m?[jt]s|[jt]sx)$/;
const JSX = /\.jsx$/;
const COMMONJS = /\.c[jt]s$/;
/** What may be left out at the end of a name, in the order in which it is tried. */
const EXTENSIONS = [".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".json"];
/** TypeScript's own habit: `./x.js` names the file that ./x.ts is compiled to. */
const WRITTEN_AS: Record<string, string[]> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
};

/** Modules of Node.js, and what a script uses in their place. */
const INSTEAD_OF_NODE: Record<string, string> = {
  fs: "to keep data use kv.store(name)",
  "fs/promises": "to keep data use kv.store(name)",
  timers: "setTimeout and setInterval are there without an import",
  "timers/promises": "setTimeout and setInterval are there without an import",
  console: "console is there without an import",
};
const NODE_MODULES = new Set(
  (
    "assert async_hooks buffer child_process cluster console constants crypto dgram dns domain " +
    "events fs http http2 https inspector module net os path perf_hooks process punycode " +
    "querystring readline repl stream string_decoder sys timers tls trace_events tty url util " +
    "v8 vm wasi worker_threads zlib"
  ).split(" "),
);

/**
 * id: a path of the project or SDK_MODULE. whyNot: half a sentence that goes on after
 * `imports "…", `.
 */
export type Resolution = { id: string; whyNot?: undefined } | { id?: undefined; whyNot: string };

/** What `importer` means by `name`. */
export function resolve(name: string, importer: string, project: Project): Resolution {
  if (/^\.\.?(?:\/|$)/.test(name)) {
    return fileOf(name, importer, project);
  }
  if (SDK_PACKAGES.includes(name)) {
    return { id: SDK_MODULE };
  }
  return { whyNot: notThere(name) };
}

/** Why a file cannot be built, or nothing. */
export function whyNotBuildable(path: string): string | undefined {
  if (COMMONJS.test(path)) {
    return "is CommonJS by its name: rename it, and use import and export";
  }
  if (!SCRIPT.test(path) && !path.endsWith(".json")) {
    return "is no file that flora builds: these are TypeScript, JavaScript and JSON";
  }
  return undefined;
}

export function needsTypeScript(path: string): boolean {
  return TYPESCRIPT.test(path) || JSX.test(path);
}

function fileOf(name: string, importer: string, project: Project): Resolution {
  const path = joined(importer, name);
  if (path === null) {
    return { whyNot: "which lies outside of the project" };
  }
  const candidates = [...candidatesOf(path, /(?:^|\/)\.{0,2}$/.test(name))];
  const found = candidates.find((candidate) => project.has(candidate));
  if (found === undefined) {
    return { whyNot: `which is not among the project's files${twinOf(candidates, project)}` };
  }
  const problem = whyNotBuildable(found);
  return problem === undefined ? { id: found } : { whyNot: `which ${problem}` };
}

/** The path that a relative name leads to, or null when it leads out of the project. */
function joined(importer: string, name: string): string | null {
  const segments = importer.split("/").slice(0, -1);
  for (const segment of name.split("/")) {
    if (segment === "..") {
      if (segments.pop() === undefined) {
        return null;
      }
    } else if (segment !== "." && segment !== "") {
      segments.push(segment);
    }
  }
  return segments.join("/");
}

function* candidatesOf(path: string, isFolder: boolean): Generator<string> {
  if (!isFolder) {
    yield path;
    const extension = /\.[^./]+$/.exec(path)?.[0] ?? "";
    for (const other of WRITTEN_AS[extension] ?? []) {
      yield path.slice(0, -extension.length) + other;
    }
    for (const extension of EXTENSIONS) {
      yield path + extension;
    }
  }
  const folder = path === "" ? "" : `${path}/`;
  for (const extension of EXTENSIONS) {
    yield `${folder}index${extension}`;
  }
}

/** A hint for names that differ in case only: other systems would not have minded. */
function twinOf(candidates: string[], project: Project): string {
  const wanted = new Set(candidates.map((path) => path.toLowerCase()));
  const twin = project.paths().find((path) => wanted.has(path.toLowerCase()));
  return twin === undefined ? "" : `; there is ${twin}, and case counts`;
}

function notThere(name: string): string {
  const node = name.replace(/^node:/, "");
  if (name.startsWith("node:") || NODE_MODULES.has(node.split("/")[0]!)) {
    const instead = Object.hasOwn(INSTEAD_OF_NODE, node) ? `: ${INSTEAD_OF_NODE[node]}` : "";
    return `a module of Node.js: scripts have JavaScript and flora's SDK only${instead}`;
  }
  if (/^(?:\/|[\w+.-]+:)/.test(name)) {
    return "which is no file of the project: name it by a relative path, such as ./commands";
  }
  if (/^(?:[@~]\/|#)/.test(name)) {
    return "which would need path aliases, and flora has none: write a relative path";
  }
  return "an npm package: these are not supported yet, only relative paths and @uwu/flora-sdk";
}
