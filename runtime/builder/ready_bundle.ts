/**
 * A bundle that somebody else's bundler made, as the body of an async function.
 *
 * A classic script is that already. Of an ES module only its module syntax is rewritten, each
 * piece by one of the same length, so that the source map that came with it stays true; Rollup
 * would take 10 s and 1.6 GB for the 8 MiB that a bundle may have (measured 2026-11-25, against
 * 2 s and 0.6 GB for this).
 */

import { fromBase64 } from "@exodus/bytes/base64.js";
import { utf8toString } from "@exodus/bytes/utf8.js";

import type { Built } from "./bundle";
import { asFunctionBody, blank, hasModuleSyntax } from "./module_syntax";
import { Problem } from "./problem";
import { SourceMap } from "./source_map";

/**
 * sourceMap: JSON text, or null for the one inside the bundle, if any. name: where the map lies,
 * or would lie, in the project. Throws a Problem.
 */
export function normalise(bundle: string, sourceMap: string | null, name: string): Built {
  const { text, inlineMap } = withoutMapComment(withoutHashbang(bundle));
  const mapText = sourceMap ?? inlineMap;
  const map = mapText === null ? null : new SourceMap(mapText, name);
  const { head, body } = hasModuleSyntax(text)
    ? asFunctionBody(text, name.replace(/\.map$/, ""), map)
    : { head: "", body: text };
  return { bundle: head + body, source_map: map?.toJson(head.length) ?? "" };
}

function withoutHashbang(text: string): string {
  return text.replace(/^\uFEFF?#!.*/, blank);
}

/** Bundlers write `//# sourceMappingURL=…` at the end, with nothing but comments after it. */
function withoutMapComment(bundle: string): { text: string; inlineMap: string | null } {
  let inlineMap: string | null = null;
  let tail = "";
  let end = bundle.length;
  while (end > 0) {
    const start = bundle.lastIndexOf("\n", end - 2) + 1;
    const line = bundle.slice(start, end);
    if (!/^\s*(?:\/\/.*)?$/.test(line.trimEnd())) {
      break;
    }
    const [, url] = /^\s*\/\/[#@]\s*sourceMappingURL=(\S*)/.exec(line) ?? [];
    if (url === undefined) {
      tail = line + tail;
    } else {
      inlineMap ??= inlineMapOf(url);
    }
    end = start;
  }
  return { text: bundle.slice(0, end) + tail, inlineMap };
}

function inlineMapOf(url: string): string | null {
  const [, base64] = /^data:application\/json[^,]*;base64,(.*)$/.exec(url) ?? [];
  return base64 === undefined ? null : decoded(base64);
}

function decoded(base64: string): string {
  try {
    return utf8toString(fromBase64(base64));
  } catch (error) {
    throw new Problem(`invalid source map JSON: ${(error as Error).message}`);
  }
}
