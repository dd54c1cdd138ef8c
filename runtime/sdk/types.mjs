/**
 * The ambient types of the SDK, made from its own TypeScript.
 *
 * The compiler's declarations of the modules that scripts see are put into one namespace, `flora`;
 * every type and global of it is also known by its bare name, and by import from the package.
 */

import { join } from "node:path";

import ts from "typescript";

// Modules whose exports are the `flora` object and the package, and those that are globals only.
const PACKAGE_MODULES = [
  "event_types",
  "message_types",
  "rest_types",
  "rest_methods",
  "command_types",
  "constants",
  "interaction_options",
  "interaction_context",
  "context",
  "event_map",
  "events",
  "permissions",
  "modals",
  "builder_base",
  "components",
  "layout",
  "embed",
  "commands",
  "kv",
  "cron",
  "tasks",
  "secrets",
  "rest",
  "discord",
];
const GLOBAL_MODULES = ["scope", "console", "timers", ...webModules()];
function webModules() {
  const families = {
    events: ["dom_exception", "event", "abort"],
    encoding: ["text_encoder", "text_decoder", "base64"],
    url: ["url", "url_search_params"],
    streams: ["queue", "readable", "readable_stream"],
    blobs: ["blob", "form_data"],
    http: ["headers", "body", "request", "response", "fetch"],
    clone: ["structured_clone"],
    crypto: ["key", "subtle", "crypto"],
    performance: ["performance"],
  };
  return Object.entries(families).flatMap(([family, modules]) =>
    modules.map((module) => `web/${family}/${module}`),
  );
}

const PACKAGES = ["@uwu/flora-sdk", "@flora/sdk"];

const HEAD = `/**
 * What a flora script finds in its global scope. No import is needed; types and values may also
 * be imported from "@uwu/flora-sdk". Generated from the SDK's source by runtime/sdk/build.mjs.
 */
`;

/** Ends the build when the SDK's sources do not type-check. */
export function check(directory) {
  const program = programOf(directory);
  report(ts.getPreEmitDiagnostics(program));
}

/** The text of flora.d.ts. globals: the names that the SDK adds to a global scope. */
export function ambientTypes(directory, globals) {
  const program = programOf(directory);
  const packaged = PACKAGE_MODULES.flatMap((name) => declarations(program, directory, name));
  const global = GLOBAL_MODULES.flatMap((name) => declarations(program, directory, name));
  refuseDuplicates([...packaged, ...global]);
  const exported = new Set(packaged.filter(({ isExported }) => isExported).map(({ name }) => name));
  const text = [
    HEAD,
    "declare namespace flora {",
    ...packaged.map(({ text }) => indented(text)),
    "}\n",
    ...[...exported].map((name) => `import ${name} = flora.${name};`),
    "",
    ...global.map(({ text }) => declared(text)),
    ...PACKAGES.map((name) => `declare module ${JSON.stringify(name)} {\n  export = flora;\n}\n`),
  ].join("\n");
  const values = [...packaged, ...global].filter(({ isValue, isExported }) => isValue && isExported);
  compareNames(globals, [...values.map(({ name }) => name), "flora"]);
  typeCheck(text);
  return text;
}

/** What exists and what the types say must be the same names. */
function compareNames(existing, typed) {
  const untyped = existing.filter((name) => !typed.includes(name));
  const absent = typed.filter((name) => !existing.includes(name));
  if (untyped.length + absent.length > 0) {
    throw new Error(`globals without a type: ${untyped}; types without a global: ${absent}`);
  }
}

function programOf(directory) {
  const path = join(directory, "tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, directory);
  return ts.createProgram(fileNames, { ...options, noEmit: false, declaration: true });
}

/** Each declaration of a module, its text without `export` and `declare`. */
function declarations(program, directory, module) {
  const source = program.getSourceFile(join(directory, `${module}.ts`));
  let emitted;
  program.emit(source, (_name, text) => (emitted = text), undefined, true);
  const file = ts.createSourceFile(`${module}.d.ts`, emitted, ts.ScriptTarget.ESNext, true);
  return file.statements
    .filter((statement) => !ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement))
    .map((statement) => ({
      name: nameOf(statement),
      isExported: has(statement, "ExportKeyword") && !has(statement, "AbstractKeyword"),
      isValue: !ts.isInterfaceDeclaration(statement) && !ts.isTypeAliasDeclaration(statement),
      text: `${commentOf(statement, emitted)}${withoutModifiers(statement, emitted)}`,
    }));
}

function has(statement, modifier) {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind[modifier]) ?? false;
}

function nameOf(statement) {
  return ts.isVariableStatement(statement)
    ? statement.declarationList.declarations[0].name.text
    : statement.name.text;
}

/** The comment right above a declaration; one that opens the file is the file's own. */
function commentOf(statement, text) {
  const comment = ts.getLeadingCommentRanges(text, statement.pos)?.at(-1);
  return comment && comment.pos > 0 ? `${text.slice(comment.pos, comment.end)}\n` : "";
}

function withoutModifiers(statement, text) {
  const dropped = [ts.SyntaxKind.ExportKeyword, ts.SyntaxKind.DeclareKeyword];
  const last = statement.modifiers?.findLast(({ kind }) => dropped.includes(kind));
  const kept = statement.modifiers?.filter(({ kind }) => !dropped.includes(kind)) ?? [];
  if (kept.length > 0 && kept[0].pos < (last?.end ?? 0)) {
    throw new Error(`${nameOf(statement)}: modifiers in an unexpected order`);
  }
  // Private fields are nobody's business, and not every target of a script's author has them.
  return text
    .slice(last?.end ?? statement.getStart(), statement.end)
    .trimStart()
    .replaceAll(/^ *#private;\n/gm, "");
}

function indented(text) {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

function declared(text) {
  const comment = /^\/\*\*[\s\S]*?\*\/\n/.exec(text)?.[0] ?? "";
  const rest = text.slice(comment.length);
  return `${comment}${/^(interface|type)\b/.test(rest) ? "" : "declare "}${rest}`;
}

function refuseDuplicates(all) {
  // Overloads, and a constant with the type of the same name, share theirs.
  const kinds = new Map();
  for (const { name, text } of all) {
    const kind = /^(?:\/\*\*[\s\S]*?\*\/\n)?(\w+)/.exec(text)[1];
    const key = `${kind === "function" ? "" : kind} ${name}`;
    if (kind !== "function" && kinds.has(key)) {
      throw new Error(`two modules of the SDK declare ${name}`);
    }
    kinds.set(key, true);
  }
}

function typeCheck(text) {
  const target = ts.ScriptTarget.ESNext;
  const options = { strict: true, noEmit: true, target, lib: ["lib.es2023.d.ts"], types: [] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === "flora.d.ts" || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === "flora.d.ts"
      ? ts.createSourceFile(name, text, target)
      : getSourceFile(name, ...rest);
  report(ts.getPreEmitDiagnostics(ts.createProgram(["flora.d.ts"], options, host)));
}

function report(diagnostics) {
  if (diagnostics.length > 0) {
    const host = {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => process.cwd(),
      getNewLine: () => "\n",
    };
    console.error(ts.formatDiagnostics(diagnostics, host));
    process.exit(1);
  }
}
