/** What a module exports and passes on, read from TypeScript's tree of it. */

import ts from "typescript";

/** Where a name that a module passes on comes from. */
export interface Origin {
  module: string;
  name: string;
}

export interface Exports {
  names: Set<string>;
  passedOn: Map<string, Origin>;
  /** Modules of `export * from "…"`. */
  stars: string[];
}

/** What a module exports, types included as long as they are in the tree. */
export function exportsOf(file: ts.SourceFile): Exports {
  const names = new Set<string>();
  const passedOn = new Map<string, Origin>();
  const stars: string[] = [];
  const imported = new Map<string, Origin>();
  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement)) {
      const module = specifierOf(statement);
      for (const { name, propertyName } of namedImports(statement)) {
        imported.set(name.text, { module, name: (propertyName ?? name).text });
      }
    } else if (ts.isExportDeclaration(statement)) {
      const { exportClause, moduleSpecifier } = statement;
      if (exportClause === undefined) {
        stars.push(specifierOf(statement));
      } else if (ts.isNamespaceExport(exportClause)) {
        names.add(exportClause.name.text);
      } else {
        for (const { name, propertyName } of exportClause.elements) {
          names.add(name.text);
          const original = (propertyName ?? name).text;
          const origin = moduleSpecifier
            ? { module: specifierOf(statement), name: original }
            : imported.get(original);
          if (origin !== undefined) {
            passedOn.set(name.text, origin);
          }
        }
      }
    } else if (isExported(statement)) {
      for (const name of declaredNames(statement)) {
        names.add(name);
      }
    }
  }
  return { names, passedOn, stars };
}

function namedImports({ importClause }: ts.ImportDeclaration): Iterable<ts.ImportSpecifier> {
  const bindings = importClause?.namedBindings;
  return bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
}

function specifierOf({ moduleSpecifier }: ts.ImportDeclaration | ts.ExportDeclaration): string {
  return (moduleSpecifier as ts.StringLiteral).text;
}

function modifiersOf(statement: ts.Statement): readonly ts.ModifierLike[] {
  return (ts.canHaveModifiers(statement) && ts.getModifiers(statement)) || [];
}

function isExported(statement: ts.Statement): boolean {
  return modifiersOf(statement).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function declaredNames(statement: ts.Statement): string[] {
  if (modifiersOf(statement).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) {
    return ["default"];
  }
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  const { name } = statement as ts.Statement & { name?: ts.DeclarationName };
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

function boundNames(name: ts.BindingName): string[] {
  return ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) =>
        ts.isOmittedExpression(element) ? [] : boundNames(element.name),
      );
}

/** The module without these names in its `export { … }`. */
export function dropExports(
  file: ts.SourceFile,
  dropped: string[],
  { factory }: ts.TransformationContext,
): ts.SourceFile {
  const statements = file.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) ? exportWithout(statement, dropped, factory) : [statement],
  );
  return factory.updateSourceFile(file, statements);
}

/** What is left of the statement: itself, a shorter one, or nothing. */
function exportWithout(
  statement: ts.ExportDeclaration,
  dropped: string[],
  factory: ts.NodeFactory,
): ts.ExportDeclaration[] {
  const { modifiers, isTypeOnly, exportClause, moduleSpecifier, attributes } = statement;
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) {
    return [statement];
  }
  const kept = exportClause.elements.filter(({ name }) => !dropped.includes(name.text));
  if (kept.length === exportClause.elements.length) {
    return [statement];
  }
  const clause = factory.updateNamedExports(exportClause, kept);
  const shorter = factory.updateExportDeclaration(
    statement,
    modifiers,
    isTypeOnly,
    clause,
    moduleSpecifier,
    attributes,
  );
  return kept.length === 0 ? [] : [shorter];
}
