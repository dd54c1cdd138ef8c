/**
 * The files of a project to one script, from the entry on: the body of an async function.
 *
 * Rollup does the work; this module tells it what the project's modules are, and says its
 * complaints in the words of the project's author. Modules keep their semantics: order, live
 * bindings, cycles, top-level await. Nothing is left out.
 */

import {
  type LoadResult,
  type Plugin,
  rollup,
  type RollupError,
  type SourceMapInput,
  type TransformResult,
} from "@rollup/browser";
import ts from "typescript";

import { looksLikeCommonJs, refuseCommonJs } from "./commonjs";
import { jsonModule } from "./json_module";
import { placeOfBrokenRegExp, placeOfComputedImport, placeOfImport } from "./places";
import { NOWHERE, Problem } from "./problem";
import type { Project } from "./project";
import {
  needsTypeScript,
  resolve,
  SDK_MODULE,
  SDK_PACKAGES,
  TYPESCRIPT,
  whyNotBuildable,
} from "./resolver";
import { sdkModule } from "./sdk_module";
import { transpile, type FindTypeScript } from "./transpile";

export interface Built {
  bundle: string;
  /** JSON text: version 3, the sources' paths as in the project, no contents. */
  source_map: string;
}

// A module that imports the real entry, so that nothing is left of the entry's own exports.
const ENTRY_MODULE = "\0flora:entry";

/** Throws a Problem for what does not build. */
export async function bundle(project: Project, entry: string): Promise<Built> {
  refuseEntry(project, entry);
  try {
    const build = await rollup({
      input: ENTRY_MODULE,
      plugins: [modulesOf(project, entry)],
      onLog: () => {},
      // What is deployed is what runs: Rollup would take an endless loop for nothing at all.
      treeshake: false,
    });
    const { output } = await build.generate({
      format: "es",
      file: "bundle.js",
      sourcemap: "hidden",
      sourcemapExcludeSources: true,
      inlineDynamicImports: true,
      generatedCode: { constBindings: true },
    });
    const { code, map } = output[0];
    const { sources, names, mappings } = map!;
    return { bundle: code, source_map: JSON.stringify({ version: 3, sources, names, mappings }) };
  } catch (error) {
    throw asProblem(error as RollupError, project);
  }
}

function refuseEntry(project: Project, entry: string): void {
  if (!project.has(entry)) {
    throw new Problem(`the entry ${entry} is not among the project's files`);
  }
  const problem =
    whyNotBuildable(entry) ?? (entry.endsWith(".json") ? "is JSON, not a script" : undefined);
  if (problem !== undefined) {
    throw new Problem(`the entry ${entry} ${problem}`);
  }
}

function modulesOf(project: Project, entry: string): Plugin {
  const find: FindTypeScript = (name, importer) => {
    const { id } = resolve(name, importer, project);
    return id !== undefined && TYPESCRIPT.test(id)
      ? { path: id, text: project.text(id) }
      : undefined;
  };
  return {
    name: "flora",

    resolveId(name, importer) {
      if (importer === undefined) {
        return ENTRY_MODULE;
      }
      if (importer === ENTRY_MODULE) {
        return entry;
      }
      const { id, whyNot } = resolve(name, importer, project);
      if (whyNot !== undefined) {
        const place = placeOfImport(importer, project.text(importer), name);
        throw new Problem(`${importer} imports ${JSON.stringify(name)}, ${whyNot}`, place);
      }
      return id;
    },

    resolveDynamicImport(name, importer) {
      if (typeof name !== "string") {
        throw new Problem(
          "import() needs the module's name as plain text, for the module to be built in",
          placeOfComputedImport(importer, project.text(importer)),
        );
      }
      return null;
    },

    resolveImportMeta(property, { moduleId }) {
      const url = JSON.stringify(`file:///${moduleId}`);
      return property === "url" ? url : property === null ? `({ url: ${url} })` : "undefined";
    },

    load(id): LoadResult {
      if (id === ENTRY_MODULE) {
        return { code: `import ${JSON.stringify(entry)};`, map: NO_MAP };
      }
      if (id === SDK_MODULE) {
        return { code: sdkModule(), map: NO_MAP };
      }
      return project.text(id);
    },

    transform(text, id): TransformResult {
      if (id.startsWith("\0")) {
        return null;
      }
      if (id.endsWith(".json")) {
        return { ...jsonModule(id, text), map: NO_MAP };
      }
      if (needsTypeScript(id)) {
        return transpile(id, text, find);
      }
      if (looksLikeCommonJs(text)) {
        refuseCommonJs(id, ts.createSourceFile(id, text, ts.ScriptTarget.ESNext));
      }
      return null;
    },
  };
}

const NO_MAP: SourceMapInput = { mappings: "" };

/** Rollup's errors about the project become Problems; its own failures stay what they are. */
function asProblem(error: RollupError, project: Project): unknown {
  const { cause, code, loc, id } = error;
  if (error instanceof SyntaxError && code === undefined) {
    // V8 has met a regular expression that it cannot take, as Rollup made one.
    return new Problem(error.message, placeOfBrokenRegExp(project) ?? NOWHERE);
  }
  if (error instanceof Problem || code === undefined || code === "PLUGIN_ERROR") {
    return error;
  }
  const file = loc?.file ?? id ?? null;
  const place = { file, line: loc?.line ?? null, column: loc ? loc.column + 1 : null };
  const prefix = loc ? `${file} (${loc.line}:${loc.column}): ` : `${file}: `;
  // A parse error's cause is what the parser said, without advice about plugins.
  const { message } = code === "PARSE_ERROR" && cause instanceof Error ? cause : error;
  const sentence = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return new Problem(sentence.replaceAll(SDK_MODULE, SDK_PACKAGES[0]!), place);
}
