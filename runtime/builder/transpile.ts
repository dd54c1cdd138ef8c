/**
 * One TypeScript file to JavaScript: types go, enums, namespaces and decorators become code.
 *
 * Files are compiled one by one, without type checks, and kept for the next build. What one file
 * cannot know is whether `export { Name } from "./x"` passes on a value or only a type; here it
 * is looked up in ./x, so that such a line needs no `type`.
 */

import ts from "typescript";

import { refuseCommonJs } from "./commonjs";
import { dropExports, type Exports, exportsOf } from "./module_exports";
import { placeAt, Problem } from "./problem";

export interface Transpiled {
  code: string;
  map: { version: number; sources: string[]; names: string[]; mappings: string };
}

interface Compiled extends Transpiled {
  /** Names that are exported as types only. */
  types: Set<string>;
  /** What the code exports. */
  exports: Exports;
}

/** The TypeScript file that `module` means in `importer`, or undefined if it means another. */
export type FindTypeScript = (
  module: string,
  importer: string,
) => { path: string; text: string } | undefined;

const OPTIONS: ts.CompilerOptions = {
  // Not ESNext: V8 14.4 has neither decorators nor `accessor`, and TypeScript writes them out.
  target: ts.ScriptTarget.ES2024,
  module: ts.ModuleKind.ESNext,
  jsx: ts.JsxEmit.React,
  isolatedModules: true,
  experimentalDecorators: true,
  sourceMap: true,
};

const DECLARATIONS = /\.d\.[cm]?ts$/;

const MAX_KEPT_CHARACTERS = 8 << 20;
const kept = new Map<string, Compiled>();
let keptCharacters = 0;

/** Throws a Problem for what is no TypeScript. */
export function transpile(path: string, text: string, find: FindTypeScript): Transpiled {
  const compiled = compile(path, text);
  const types = [...compiled.exports.passedOn.keys()].filter((name) =>
    isType(compiled, path, name, find),
  );
  const { code, map } = types.length === 0 ? compiled : compile(path, text, types);
  return { code, map };
}

/** Whether a name that the module at `path` exports is a type, here or where it comes from. */
function isType(
  compiled: Compiled,
  path: string,
  name: string,
  find: FindTypeScript,
  seen = new Set<string>(),
): boolean {
  if (compiled.types.has(name)) {
    return true;
  }
  const visit = `${path}\0${name}`;
  if (seen.has(visit)) {
    return false;
  }
  seen.add(visit);
  const { passedOn, stars } = compiled.exports;
  const origin = passedOn.get(name);
  const origins = origin ? [origin] : stars.map((module) => ({ module, name }));
  return origins.some(({ module, name }) => {
    const found = find(module, path);
    return found && isType(compile(found.path, found.text), found.path, name, find, seen);
  });
}

/** withoutExports: names that the module must not export after all. */
function compile(path: string, text: string, withoutExports: string[] = []): Compiled {
  const key = [path, JSON.stringify(withoutExports), text].join("\0");
  let compiled = kept.get(key);
  if (compiled === undefined) {
    compiled = compileAnew(path, text, withoutExports);
    keptCharacters += key.length + compiled.code.length + compiled.map.mappings.length;
  }
  kept.delete(key);
  kept.set(key, compiled);
  for (const [oldest, { code, map }] of kept) {
    if (keptCharacters <= MAX_KEPT_CHARACTERS) {
      break;
    }
    kept.delete(oldest);
    keptCharacters -= oldest.length + code.length + map.mappings.length;
  }
  return compiled;
}

function compileAnew(path: string, text: string, withoutExports: string[]): Compiled {
  if (DECLARATIONS.test(path)) {
    return declarationsOnly(path, text);
  }
  let before: Exports | undefined;
  let after: Exports | undefined;
  const result = ts.transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: OPTIONS,
    transformers: {
      before: [
        (context) => (file) => {
          refuseCommonJs(path, file);
          before = exportsOf(file);
          return withoutExports.length === 0 ? file : dropExports(file, withoutExports, context);
        },
      ],
      after: [
        () => (file) => {
          after = exportsOf(file);
          return file;
        },
      ],
    },
  });
  const [diagnostic] = result.diagnostics ?? [];
  if (diagnostic !== undefined) {
    const sentence = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ");
    throw new Problem(sentence, placeAt(path, text, diagnostic.start ?? 0));
  }
  const { mappings, names } = JSON.parse(result.sourceMapText!);
  const types = new Set(before!.names);
  for (const name of after!.names) {
    types.delete(name);
  }
  const { outputText } = result;
  return {
    code: outputText.slice(0, outputText.lastIndexOf("//# sourceMappingURL=")),
    map: { version: 3, sources: [path], names, mappings },
    types,
    exports: after!,
  };
}

/** A .d.ts file has nothing to run; TypeScript does not even compile it. */
function declarationsOnly(path: string, text: string): Compiled {
  const { names } = exportsOf(ts.createSourceFile(path, text, ts.ScriptTarget.ESNext));
  return {
    code: "export {};\n",
    map: { version: 3, sources: [path], names: [], mappings: "" },
    types: names,
    exports: { names: new Set(), passedOn: new Map(), stars: [] },
  };
}
