/** Finds the module system of older Node.js scripts, to say so before V8 misses `require`. */

import ts from "typescript";

import { placeAt, Problem } from "./problem";

/** Whether a text may be CommonJS: cheap, and often wrong. */
export function looksLikeCommonJs(text: string): boolean {
  return /\brequire\s*\(|\bexports\b|\bexport\s*=/.test(text);
}

/**
 * Throws a Problem for `require("…")`, `module.exports = …` and `exports.x = …` at the top of a
 * file, and for TypeScript's own forms of these. Libraries that look for `module` first, in some
 * function, are left alone.
 */
export function refuseCommonJs(path: string, file: ts.SourceFile): void {
  const declared = new Set(file.statements.flatMap(topLevelNames));
  for (const statement of file.statements) {
    const [node, instead] = commonJsIn(statement, declared) ?? [];
    if (node !== undefined) {
      const place = placeAt(path, file.text, node.getStart(file));
      throw new Problem(`flora builds ES modules, not CommonJS: write ${instead}`, place);
    }
  }
}

function commonJsIn(statement: ts.Statement, declared: Set<string>): [ts.Node, string] | undefined {
  if (
    ts.isImportEqualsDeclaration(statement) &&
    ts.isExternalModuleReference(statement.moduleReference)
  ) {
    const { expression } = statement.moduleReference;
    return statement.isTypeOnly ? undefined : [statement, importOf(expression)];
  }
  if (ts.isExportAssignment(statement) && statement.isExportEquals) {
    return [statement, "export default …"];
  }
  if (ts.isVariableStatement(statement)) {
    const calls = statement.declarationList.declarations.map(({ initializer }) =>
      requireIn(initializer, declared),
    );
    return calls.find((call) => call !== undefined);
  }
  if (ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    if (
      ts.isBinaryExpression(expression) &&
      expression.operatorToken.kind === ts.SyntaxKind.EqualsToken
    ) {
      return isExports(expression.left, declared) ? [expression, "export …"] : undefined;
    }
    return requireIn(expression, declared);
  }
  return undefined;
}

/** `require("./x")`, `require("./x").y` and `require("./x")()`. */
function requireIn(
  node: ts.Expression | undefined,
  declared: Set<string>,
): [ts.Node, string] | undefined {
  let inner = node;
  while (inner !== undefined) {
    if (ts.isPropertyAccessExpression(inner)) {
      inner = inner.expression;
    } else if (ts.isCallExpression(inner)) {
      const { expression, arguments: given } = inner;
      if (ts.isIdentifier(expression)) {
        const isRequire = expression.text === "require" && !declared.has("require");
        return isRequire && given.length === 1 ? [inner, importOf(given[0])] : undefined;
      }
      inner = expression;
    } else {
      return undefined;
    }
  }
  return undefined;
}

/** `module.exports`, `module.exports.x`, `exports.x`. */
function isExports(node: ts.Expression, declared: Set<string>): boolean {
  if (!ts.isPropertyAccessExpression(node)) {
    return false;
  }
  const { expression, name } = node;
  if (ts.isIdentifier(expression)) {
    const { text } = expression;
    return (
      !declared.has(text) && (text === "exports" || (text === "module" && name.text === "exports"))
    );
  }
  return isExports(expression, declared);
}

function importOf(name: ts.Expression | undefined): string {
  const module =
    name !== undefined && ts.isStringLiteralLike(name) ? JSON.stringify(name.text) : "…";
  return `import … from ${module}`;
}

function topLevelNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  }
  return ts.isFunctionDeclaration(statement) && statement.name ? [statement.name.text] : [];
}
