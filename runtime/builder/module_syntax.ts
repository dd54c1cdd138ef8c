/**
 * Takes the module syntax out of one ES module: what it imports from the SDK becomes variables in
 * a head that goes before its first line, what it exports becomes plain declarations.
 *
 * The body keeps the length of every line, so positions in it stay what they were.
 */

import { parse } from "es-module-lexer/js";
import ts from "typescript";

import { type Place, placeAt, Problem } from "./problem";
import { SDK_PACKAGES } from "./resolver";
import { SDK_NAMES } from "./sdk_module";
import type { SourceMap } from "./source_map";

// The bundle may well have a `flora` of its own.
const SDK = "globalThis.flora";

interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Throws a Problem for a syntax error and for an import of anything but the SDK. */
export function asFunctionBody(
  text: string,
  name: string,
  map: SourceMap | null,
): { head: string; body: string } {
  const placeOf = (offset: number): Place => {
    const place = placeAt(name, text, offset);
    return map?.original(place) ?? place;
  };
  const file = parsed(text, placeOf);
  const bindings: string[] = [];
  const edits: Edit[] = [];
  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement)) {
      refuseForeign(statement, file, placeOf);
      bindings.push(...bindingsOf(statement, file, placeOf));
      edits.push(without(statement, file));
    } else if (ts.isExportDeclaration(statement)) {
      refuseForeign(statement, file, placeOf);
      edits.push(without(statement, file));
    } else if (ts.isExportAssignment(statement)) {
      edits.push(asVariable(statement.getStart(file), statement.expression.pos, text));
    } else {
      edits.push(...withoutExport(statement, file));
    }
  }
  const meta = metaEdits(text);
  const head = [
    ...(bindings.length > 0 ? [`const ${bindings.join(", ")};`] : []),
    ...(meta.length > 0
      ? [`const ${meta[0]!.text.trimEnd()} = { url: "file:///bundle.js" };`]
      : []),
  ];
  return { head: head.join(" "), body: edited(text, [...edits, ...meta]) };
}

/** `import()` alone makes no module. What the lexer cannot tell is taken for one, to be parsed. */
export function hasModuleSyntax(text: string): boolean {
  const [, , , has] = lexed(text) ?? [];
  return has ?? true;
}

/** Spaces in place of everything but line breaks. */
export function blank(text: string): string {
  return text.replaceAll(/[^\n\r\u2028\u2029]/g, " ");
}

function lexed(text: string): ReturnType<typeof parse> | null {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

function parsed(text: string, placeOf: (offset: number) => Place): ts.SourceFile {
  const file = ts.createSourceFile(
    "bundle.js",
    text,
    { languageVersion: ts.ScriptTarget.ESNext, jsDocParsingMode: ts.JSDocParsingMode.ParseNone },
    false,
    ts.ScriptKind.JS,
  );
  // Not in the public types of 5.9, and what every tool reads that does not need a whole program.
  const { parseDiagnostics } = file as unknown as { parseDiagnostics: ts.DiagnosticWithLocation[] };
  if (parseDiagnostics[0] !== undefined) {
    const { messageText, start } = parseDiagnostics[0];
    throw new Problem(ts.flattenDiagnosticMessageText(messageText, " "), placeOf(start));
  }
  return file;
}

function refuseForeign(
  { moduleSpecifier }: ts.ImportDeclaration | ts.ExportDeclaration,
  file: ts.SourceFile,
  placeOf: (offset: number) => Place,
): void {
  if (moduleSpecifier === undefined) {
    return;
  }
  const { text } = moduleSpecifier as ts.StringLiteral;
  if (!SDK_PACKAGES.includes(text)) {
    throw new Problem(
      `the bundle imports ${JSON.stringify(text)}: it must hold all that it needs but flora's SDK`,
      placeOf(moduleSpecifier.getStart(file)),
    );
  }
}

/** What an import of the SDK declares, as declarations of a `const`. */
function bindingsOf(
  { importClause }: ts.ImportDeclaration,
  file: ts.SourceFile,
  placeOf: (offset: number) => Place,
): string[] {
  const whole = importClause?.name ? [importClause.name] : [];
  const named: string[] = [];
  const { namedBindings } = importClause ?? {};
  if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings)) {
    whole.push(namedBindings.name);
  }
  for (const { name, propertyName } of namedBindings && ts.isNamedImports(namedBindings)
    ? namedBindings.elements
    : []) {
    const imported = propertyName ?? name;
    if (imported.text === "default") {
      whole.push(name);
    } else if (SDK_NAMES.has(imported.text)) {
      named.push(imported === name ? name.text : `${imported.text}: ${name.text}`);
    } else {
      throw new Problem(
        `${JSON.stringify(imported.text)} is not exported by ${JSON.stringify(SDK_PACKAGES[0])}`,
        placeOf(imported.getStart(file)),
      );
    }
  }
  return [
    ...whole.map(({ text }) => `${text} = ${SDK}`),
    ...(named.length > 0 ? [`{ ${named.join(", ")} } = ${SDK}`] : []),
  ];
}

/** The semicolon keeps the lines before and after from becoming one expression. */
function without(statement: ts.Statement, file: ts.SourceFile): Edit {
  const start = statement.getStart(file);
  const { end } = statement;
  return { start, end, text: `;${blank(file.text.slice(start + 1, end))}` };
}

/** `export default` before an expression has exactly the room for `var default_ =`. */
function asVariable(start: number, end: number, text: string): Edit {
  const declaration = `var ${freshName("default_", text)} =`;
  return { start, end, text: declaration + blank(text.slice(start + declaration.length, end)) };
}

function withoutExport(statement: ts.Statement, file: ts.SourceFile): Edit[] {
  const modifiers = (ts.canHaveModifiers(statement) && ts.getModifiers(statement)) || [];
  const [first, second] = modifiers;
  if (first?.kind !== ts.SyntaxKind.ExportKeyword) {
    return [];
  }
  const start = first.getStart(file);
  const isDefault = second?.kind === ts.SyntaxKind.DefaultKeyword;
  const end = isDefault ? second.end : first.end;
  const isAnonymous =
    (statement as ts.FunctionDeclaration | ts.ClassDeclaration).name === undefined;
  return isDefault && isAnonymous
    ? [asVariable(start, end, file.text)]
    : [{ start, end, text: blank(file.text.slice(start, end)) }];
}

/** `import.meta` may stand anywhere; a name of eleven characters takes its place. */
function metaEdits(text: string): Edit[] {
  const places = lexed(text)?.[0].filter(({ type }) => type === "import-meta") ?? [];
  if (places.length === 0) {
    return [];
  }
  const name = freshName("import_meta", text);
  return places.map(({ start, end }) => ({
    start,
    end,
    text: name + blank(text.slice(start + name.length, end)),
  }));
}

/** `name`, or one of the same length that the text does not hold. */
function freshName(name: string, text: string): string {
  for (let number = 0; text.includes(name); number += 1) {
    const digits = String(number);
    name = name.slice(0, -digits.length) + digits;
  }
  return name;
}

function edited(text: string, edits: Edit[]): string {
  const pieces: string[] = [];
  let position = 0;
  for (const { start, end, text: replacement } of edits.sort((a, b) => a.start - b.start)) {
    pieces.push(text.slice(position, start), replacement);
    position = end;
  }
  return pieces.join("") + text.slice(position);
}
