/** Where in a file something stands of which Rollup does not say where: looked up only then. */

import ts from "typescript";

import { type Place, placeAt } from "./problem";
import type { Project } from "./project";
import { SCRIPT } from "./resolver";

type Matches = (node: ts.Node) => boolean;

/** The place of the module name `name` in an import or export, `import()` included. */
export function placeOfImport(path: string, text: string, name: string): Place {
  const found = placeOf(path, text, (node) => isText(node, name) && isModuleName(node));
  return found ?? { file: path, line: null, column: null };
}

/** The place of an `import()` whose argument is not a plain string. */
export function placeOfComputedImport(path: string, text: string): Place {
  const isComputed: Matches = (node) => isModuleName(node) && !isText(node);
  return placeOf(path, text, isComputed) ?? { file: path, line: null, column: null };
}

/** The place of the first regular expression that V8 does not take. */
export function placeOfBrokenRegExp(project: Project): Place | undefined {
  for (const path of project.paths().filter((path) => SCRIPT.test(path))) {
    const place = placeOf(path, project.text(path), isBrokenRegExp);
    if (place !== undefined) {
      return place;
    }
  }
  return undefined;
}

function placeOf(path: string, text: string, matches: Matches): Place | undefined {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const search = (node: ts.Node): ts.Node | undefined =>
    matches(node) ? node : ts.forEachChild(node, search);
  const found = search(file);
  return found && placeAt(path, text, found.getStart(file));
}

function isText(node: ts.Node, text?: string): boolean {
  return ts.isStringLiteralLike(node) && (text === undefined || node.text === text);
}

function isModuleName(node: ts.Node): boolean {
  const { parent } = node;
  if (parent === undefined) {
    return false; // the file itself
  }
  if (ts.isCallExpression(parent)) {
    const isImport = parent.expression.kind === ts.SyntaxKind.ImportKeyword;
    return isImport && parent.arguments[0] === node;
  }
  const isDeclaration = ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent);
  return isDeclaration && parent.moduleSpecifier === node;
}

function isBrokenRegExp(node: ts.Node): boolean {
  if (!ts.isRegularExpressionLiteral(node)) {
    return false;
  }
  const end = node.text.lastIndexOf("/");
  try {
    new RegExp(node.text.slice(1, end), node.text.slice(end + 1));
    return false;
  } catch {
    return true;
  }
}
