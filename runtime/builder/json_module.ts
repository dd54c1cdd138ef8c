/** A JSON file as an ES module: its value is the default export, its members are named ones. */

import { parse, type ParseError } from "jsonc-parser";

import { placeAt, Problem } from "./problem";

/**
 * The module has one export; Rollup looks up other names in it where `syntheticNamedExports` says
 * so. A variable for each of 50,000 words would make the bundle four times as large.
 */
export function jsonModule(
  path: string,
  text: string,
): { code: string; syntheticNamedExports: boolean } {
  const value = read(path, text.replace(/^\uFEFF/, ""));
  const hasMembers = typeof value === "object" && value !== null && !Array.isArray(value);
  return { code: `export default ${literal(value)};\n`, syntheticNamedExports: hasMembers };
}

function read(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 does not always say where; its message is the better one.
    const message = (error as Error).message.replace(
      /, (?:\.\.\.)?".*| in JSON at position .*/s,
      "",
    );
    const errors: ParseError[] = [];
    parse(text, errors, { disallowComments: true });
    throw new Problem(
      `${path} is not valid JSON: ${message}`,
      placeAt(path, text, errors[0]?.offset ?? 0),
    );
  }
}

/** The value as an expression. In a literal `"__proto__": x` is no member but the prototype. */
function literal(value: unknown): string {
  return JSON.stringify(value).replaceAll(/(?<!\\)"__proto__":/g, '["__proto__"]:');
}
