/** The source files of the project and what they import, for the architecture test. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

export const PROJECT_ROOT = join(import.meta.dirname, '..', '..');

export interface ImportStatement {
  /** As written. */
  readonly specifier: string;
  /** From the project root, for a relative import. */
  readonly file: string | undefined;
  readonly names: readonly string[];
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** From the project root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly ImportStatement[];
  readonly tree: ts.SourceFile;
}

export function readSourceFiles(folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) =>
    existsSync(join(PROJECT_ROOT, folder))
      ? filesBelow(folder)
          .filter((path) => path.endsWith('.ts'))
          .map(readSource)
      : [],
  );
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(PROJECT_ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(PROJECT_ROOT, path), 'utf8');
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return { path, lines, imports: findImports(tree), tree };
}

/** `import … from`, `export … from` and `import('…')` with a literal. */
function findImports(tree: ts.SourceFile): readonly ImportStatement[] {
  const found: ImportStatement[] = [];
  const add = (at: ts.Node, specifier: ts.Expression | undefined, names: readonly string[], typeOnly: boolean) => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const file = specifier.text.startsWith('.') ? resolveFrom(tree.fileName, specifier.text) : undefined;
    found.push({ specifier: specifier.text, file, names, typeOnly, line: lineOf(tree, at) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const names = importedNames(clause);
      add(node, node.moduleSpecifier, names, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || onlyTypes(clause));
    } else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, [], node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], [], false);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function importedNames(clause: ts.ImportClause | undefined): readonly string[] {
  const bindings = clause?.namedBindings;
  const named = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
  const values = named
    .filter((element) => !element.isTypeOnly)
    .map(({ name, propertyName }) => (propertyName ?? name).text);
  return clause?.name === undefined ? values : ['default', ...values];
}

function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  const bindings = clause?.namedBindings;
  if (clause?.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

function resolveFrom(path: string, specifier: string): string {
  return relative(PROJECT_ROOT, join(PROJECT_ROOT, dirname(path), specifier)).replaceAll('\\', '/');
}

export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}
