/** Source maps as they come with a ready bundle: read, cleaned, asked and moved. */

import { decode, encode } from "@jridgewell/sourcemap-codec";
import {
  encodedMappings,
  FlattenMap,
  originalPositionFor,
  TraceMap,
} from "@jridgewell/trace-mapping";

import { type Place, Problem } from "./problem";

export class SourceMap {
  readonly #map: TraceMap;
  /** By their number in the map, as paths of the project. */
  readonly #sources: string[];

  /**
   * text: JSON, version 3, plain or in sections. path: where in the project it lies; sources are
   * relative to it. Throws a Problem for what is no source map.
   */
  constructor(text: string, path: string) {
    const map = new FlattenMap(read(text) as ConstructorParameters<typeof FlattenMap>[0], path);
    this.#map = map;
    this.#sources = map.sources.map((source, number) =>
      source === null ? "bundle.js" : insideProject(map.resolvedSources[number]!),
    );
  }

  /** The author's place of a position in the bundle, or null where the map has none. */
  original({ line, column }: { line: number; column: number }): Place | null {
    const found = originalPositionFor(this.#map, { line, column: column - 1 });
    if (found.source === null) {
      return null;
    }
    const file = this.#sources[this.#map.resolvedSources.indexOf(found.source)] ?? null;
    return { file, line: found.line, column: found.column + 1 };
  }

  /**
   * JSON text without the sources' contents: a revision keeps its files anyway. shift: how many
   * characters stand before what was the bundle's first line.
   */
  toJson(shift: number): string {
    const mappings = withFirstLineShifted(encodedMappings(this.#map), shift);
    return JSON.stringify({ version: 3, sources: this.#sources, names: this.#map.names, mappings });
  }
}

function read(text: string): object {
  let map: unknown;
  try {
    map = JSON.parse(text);
  } catch (error) {
    throw new Problem(`invalid source map JSON: ${(error as Error).message}`);
  }
  const wrong = whatIsWrong(map);
  if (wrong !== "") {
    throw new Problem(`invalid source map JSON: ${wrong}`);
  }
  return { names: [], ...(map as object) };
}

function whatIsWrong(map: any, depth = 0): string {
  if (typeof map !== "object" || map === null) {
    return "expected an object";
  }
  if (map.version !== 3) {
    return `expected version 3, found ${JSON.stringify(map.version) ?? "none"}`;
  }
  if (Array.isArray(map.sections)) {
    return whatIsWrongWithSections(map.sections, depth);
  }
  if (typeof map.mappings !== "string") {
    return "`mappings` must be a string";
  }
  if (!isListOf(map.sources, (source) => source === null || typeof source === "string")) {
    return "`sources` must be a list of strings";
  }
  if (map.names !== undefined && !isListOf(map.names, (name) => typeof name === "string")) {
    return "`names` must be a list of strings";
  }
  if (![undefined, null].includes(map.sourceRoot) && typeof map.sourceRoot !== "string") {
    return "`sourceRoot` must be a string";
  }
  return "";
}

function whatIsWrongWithSections(sections: any[], depth: number): string {
  if (depth > 0) {
    return "`sections` must not hold sections";
  }
  for (const section of sections) {
    if (!Number.isInteger(section?.offset?.line) || !Number.isInteger(section?.offset?.column)) {
      return "each of `sections` needs an offset with line and column";
    }
    const wrong = whatIsWrong(section.map, depth + 1);
    if (wrong !== "") {
      return wrong;
    }
  }
  return "";
}

function isListOf(value: unknown, holds: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(holds);
}

/** `../../src/main.ts` and `webpack://bot/./src/main.ts` are `src/main.ts` to their author. */
function insideProject(source: string): string {
  return source.replace(/^[A-Za-z][\w+.-]*:\/\/[^/]*/, "").replace(/^(?:\.{0,2}\/)+/, "");
}

/** Only the first segment of a line says an absolute column, and only lines count theirs anew. */
function withFirstLineShifted(mappings: string, shift: number): string {
  if (shift === 0) {
    return mappings;
  }
  const end = mappings.indexOf(";");
  const first = decode(end < 0 ? mappings : mappings.slice(0, end));
  for (const segment of first[0] ?? []) {
    segment[0] += shift;
  }
  return encode(first) + (end < 0 ? "" : mappings.slice(end));
}
