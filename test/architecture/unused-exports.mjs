// Exports of libs and apps that nobody imports, specs included, and that their own file does not use. Types count, and
// so do the names at a door: it shows what someone walks through. Our own, because the analysers on offer either do not
// follow package.json `imports` or do not install on every platform from one lockfile.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT, sourcesOf } from './boundaries.mjs';

/**
 * @typedef {{ name: string, from: string }} Reference a name in another file; `*` is all of them
 * @typedef {{ declared: Set<string>, passedOn: Map<string, Reference>, allFrom: string[], imported: Reference[],
 *   mentions: Map<string, number> }} Source
 */

/** @returns {{ file: string, names: string[] }[]} */
export function findUnusedExports(root = ROOT) {
  const sources = new Map(readSources(root));
  const used = new Set();
  for (const { imported } of sources.values()) for (const reference of imported) use(reference);

  /** Follows a name through every door to where it is declared. */
  function use({ from, name }) {
    const source = sources.get(from);
    if (!source || used.has(`${from}#${name}`)) return;
    used.add(`${from}#${name}`);
    if (name === '*') {
      for (const own of [...source.declared, ...source.passedOn.keys()]) use({ from, name: own });
    }
    const next = source.passedOn.get(name);
    if (next) use(next);
    else if (!source.declared.has(name)) for (const further of source.allFrom) use({ from: further, name });
  }

  return [...sources]
    .filter(([file]) => !file.startsWith('test/'))
    .map(([file, { declared, passedOn, mentions }]) => ({
      file,
      names: [
        // A declaration mentions its name once.
        ...[...declared].filter((name) => !used.has(`${file}#${name}`) && (mentions.get(name) ?? 0) < 2),
        ...[...passedOn.keys()].filter((name) => !used.has(`${file}#${name}`)),
      ],
    }))
    .filter(({ names }) => names.length > 0);
}

function readSources(root) {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const cache = ts.createModuleResolutionCache(root, (name) => name, options);
  return sourcesOf(root).map((file) => {
    const path = join(root, file);
    const tree = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    const mode = ts.ModuleKind.ESNext;
    const resolve = ({ text }) => {
      const found = ts.resolveModuleName(text, path, options, ts.sys, cache, undefined, mode).resolvedModule;
      return found ? relative(root, found.resolvedFileName.replace(/\.d\.mts$/, '.mjs')) : '';
    };
    return [file, readSource(tree, resolve)];
  });
}

/** @returns {Source} */
function readSource(tree, resolve) {
  const source = {
    declared: new Set(),
    passedOn: new Map(),
    allFrom: [],
    imported: [],
    mentions: new Map(),
  };
  const visit = (node) => {
    if (ts.isIdentifier(node)) source.mentions.set(node.text, (source.mentions.get(node.text) ?? 0) + 1);
    if (ts.isImportDeclaration(node)) source.imported.push(...importedBy(node, resolve));
    else if (ts.isExportDeclaration(node)) readExport(node, resolve, source);
    else if (isImportCall(node)) source.imported.push({ from: resolve(node.arguments[0]), name: '*' });
    else if (ts.isImportTypeNode(node)) {
      source.imported.push({ from: resolve(node.argument.literal), name: node.qualifier?.getText() ?? '*' });
    } else for (const name of namesDeclared(node)) source.declared.add(name);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return source;
}

function importedBy({ importClause, moduleSpecifier }, resolve) {
  const from = resolve(moduleSpecifier);
  const bindings = importClause?.namedBindings;
  return [
    ...(importClause?.name ? [{ from, name: 'default' }] : []),
    ...(bindings && ts.isNamespaceImport(bindings) ? [{ from, name: '*' }] : []),
    ...(bindings && ts.isNamedImports(bindings)
      ? bindings.elements.map(({ name, propertyName }) => ({ from, name: (propertyName ?? name).text }))
      : []),
  ];
}

/** `export { a } from`, `export * from`; `export { a }` of an own or imported name is a declaration of it. */
function readExport({ exportClause, moduleSpecifier }, resolve, source) {
  const from = moduleSpecifier && resolve(moduleSpecifier);
  if (!exportClause) source.allFrom.push(from);
  else if (ts.isNamespaceExport(exportClause))
    source.passedOn.set(exportClause.name.text, { from, name: '*' });
  else {
    for (const { name, propertyName } of exportClause.elements) {
      if (from) source.passedOn.set(name.text, { from, name: (propertyName ?? name).text });
      else {
        source.declared.add(name.text);
        // Being named here is no use of it.
        source.mentions.set(name.text, (source.mentions.get(name.text) ?? 0) - 1);
      }
    }
  }
}

function isImportCall(node) {
  return (
    ts.isCallExpression(node) &&
    node.expression.kind === ts.SyntaxKind.ImportKeyword &&
    ts.isStringLiteralLike(node.arguments[0])
  );
}

function namesDeclared(node) {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return ['default'];
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.flatMap(({ name }) => namesIn(name));
  return node.name ? [node.name.text] : [];
}

function namesIn(binding) {
  if (ts.isIdentifier(binding)) return [binding.text];
  return binding.elements.flatMap((element) =>
    ts.isOmittedExpression(element) ? [] : namesIn(element.name),
  );
}
