/**
 * The reference of what a plug-in imports, one page for each export of the package, made by TypeDoc from the
 * declarations and their docstrings. An exported name, member or parameter type without a docstring is an error.
 */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Application,
  Converter,
  DeclarationReflection,
  LogLevel,
  Logger,
  ParameterReflection,
  ReferenceType,
  UnionType,
  type Context,
  type ProjectReflection,
  type SomeType,
} from 'typedoc';
import { GENERATED } from '../job/reference/generated.ts';

const EXPORTS = ['component', 'errors', 'testing'] as const;

/** Returns the pages by their path in the package. */
export async function apiPages(root: string): Promise<Readonly<Record<string, string>>> {
  const app = await Application.bootstrapWithPlugins({
    entryPoints: EXPORTS.map((name) => join(root, 'src', 'plug-in', `${name}.ts`)),
    tsconfig: join(root, 'tsconfig.types.json'),
    basePath: root,
    plugin: ['typedoc-plugin-markdown'],
    router: 'module',
    readme: 'none',
    disableGit: true,
    disableSources: true,
    excludeInternal: true,
    excludeExternals: true,
    // The compiler has checked them, in another step of `npm run check`.
    skipErrorChecking: true,
    intentionallyNotExported: ['CodeOf', 'BY_KIND'],
    requiredToBeDocumented: [
      'Variable',
      'Function',
      'Class',
      'Interface',
      'Property',
      'Method',
      'TypeAlias',
      'Accessor',
    ],
    ...MARKDOWN,
  });
  const problems = new CollectingLogger();
  app.logger = problems;
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, nameModules);
  const project = await app.convert();
  if (project === undefined) throw new Error(`TypeDoc cannot read src/plug-in: ${problems.texts.join('\n')}`);
  app.validate(project);
  shortenCodes(project);
  const folder = await mkdtemp(join(tmpdir(), 'vocab-sync-api-'));
  try {
    app.options.setValue('out', folder);
    await app.generateOutputs(project);
    if (problems.texts.length > 0) throw new Error(`The API reference has gaps:\n${problems.texts.join('\n')}`);
    const pages = (await readdir(folder)).filter((file) => file.startsWith('api-'));
    const texts = pages.map(async (file) => [
      `docs/reference/${file}`,
      toPage(file, await readFile(join(folder, file), 'utf8')),
    ]);
    return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const MARKDOWN = {
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  tableColumnSettings: { hideModifiers: true, hideInherited: true, hideOverrides: true, hideSources: true },
};

/** Keeps warnings and errors. */
class CollectingLogger extends Logger {
  readonly texts: string[] = [];

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.texts.push(message);
  }
}

/** A page is named for its module. */
function nameModules({ project }: Context): void {
  for (const module of project.children ?? []) {
    const name = EXPORTS.find((one) => module.name.endsWith(one));
    if (name !== undefined) module.name = `api-${name}`;
  }
}

/** A union of all error codes is given by its name: errors.md lists the codes. */
function shortenCodes(project: ProjectReflection): void {
  for (const reflection of Object.values(project.reflections)) {
    if (!(reflection instanceof ParameterReflection || reflection instanceof DeclarationReflection)) continue;
    if (reflection.type instanceof UnionType && reflection.name !== 'ErrorKind')
      reflection.type = shorten(reflection.type, project);
  }
}

function shorten(union: UnionType, project: ProjectReflection): SomeType {
  const isCode = (type: SomeType): boolean => /^"E_/.test(type.toString());
  if (!union.types.some(isCode)) return union;
  return new UnionType([
    ReferenceType.createBrokenReference('`E_…`', project, undefined),
    ...union.types.filter((type) => !isCode(type)),
  ]);
}

/** Leaves out what readers of a page do not need: anchors of properties, and where a member was first declared. */
function toPage(file: string, text: string): string {
  const name = file.slice('api-'.length, -'.md'.length);
  return text
    .replace(/^# .*\n/, `${GENERATED}\n\n# \`vocab-sync/${name}\`\n`)
    .replaceAll(/<a id="[^"]*"><\/a> /g, '')
    .replaceAll(/\n#+ (?:Inherited from|Overrides|Implementation of)\n\n.*\n/g, '')
    .replaceAll(/\n#+ Extends\n\n- `\w+Common`.*\n(?:- .*\n)*/g, '')
    .replaceAll('\n***\n', '');
}
