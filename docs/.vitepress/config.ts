/**
 * The documentation as a site. Its pages are the Markdown files of `docs/` and some of the top level, as a code host shows
 * them: links are relative, anchors are made as GitHub makes them, and titles come from the first heading. The sidebar
 * lists every page, so that a page that no path names is still found.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type DefaultTheme, type MarkdownRenderer } from 'vitepress';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const START = 'docs/README.md';
const TOP_PAGES = ['SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'config/samples/README.md'];

const pages = [...markdownIn('docs'), ...TOP_PAGES];

/** The address of the files on a code host, such as `https://github.com/OWNER/NAME/blob/main`, for links to code. */
const source = process.env['DOCS_SOURCE'];

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(folder, file.replaceAll('\\', '/')))
    .filter((file) => file.endsWith('.md'))
    .sort();
}

/** Where the site has a page: `docs/operate.md` is `operate.md`, and the start page is `index.md`. */
function placeOf(page: string): string {
  if (page === START) return 'index.md';
  if (page.startsWith('docs/')) return page.slice('docs/'.length);
  return page.toLowerCase().replace(/\/readme\.md$/, '.md');
}

function titleOf(page: string): string {
  const title = /^# (.+)$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1];
  if (title === undefined) throw new Error(`${page} has no heading of the first level, from which its title is made.`);
  return title.replaceAll('`', '');
}

function toItem(page: string): DefaultTheme.SidebarItem {
  if (!pages.includes(page)) throw new Error(`The sidebar names ${page}, which does not exist.`);
  return { text: titleOf(page), link: `/${placeOf(page).replace(/(^index)?\.md$/, '')}` };
}

function inDocs(...names: readonly string[]): string[] {
  return names.map((name) => `docs/${name}.md`);
}

const reference = ['commands', 'errors', 'job', 'readers', 'transformers', 'writers', 'custom-args', 'records'];

/** The three readers of the documentation, then what all of them look up. */
const PATHS: readonly (readonly [title: string, pages: readonly string[], collapsed?: boolean])[] = [
  ['Start here', [START, ...inDocs('concepts', 'delivery')]],
  [
    'Operate a repository',
    inDocs(
      ...['switch-from-inveniordm', 'destinations/invenio-rdm', 'compatibility', 'impact', 'drift'],
      ...['sources', 'orcid'],
    ),
  ],
  [
    'Maintain a vocabulary',
    inDocs(
      'write-a-job',
      'jobs-under-control',
      'history-and-repair',
      'paged-apis',
      'layers',
      'write-a-component',
      'write-a-plug-in',
    ),
  ],
  [
    'Run the servers',
    [...inDocs('deploy', 'operate', 'versions', 'look-at-the-data', 'benchmark'), 'SECURITY.md', 'CHANGELOG.md'],
  ],
  ['Destinations', pagesBelow('docs/destinations/'), true],
  ['Reference', [...inDocs(...reference.map((name) => `reference/${name}`)), ...pagesBelow('docs/reference/')], true],
  ['Contribute', ['CONTRIBUTING.md', ...inDocs('fuzzing'), 'config/samples/README.md'], true],
  ['Decisions', pagesBelow('docs/decisions/'), true],
];

function pagesBelow(folder: string): string[] {
  return pages.filter((page) => page.startsWith(folder));
}

/** A page is in the first group that names it. Pages that none names form the last group. */
function createSidebar(): DefaultTheme.SidebarItem[] {
  const placed = new Set<string>();
  return [...PATHS, ['More', pages, true] as const]
    .map(([text, names, collapsed]) => {
      const fresh = [...new Set(names)].filter((page) => !placed.has(page));
      for (const page of fresh) placed.add(page);
      return { text, items: fresh.map(toItem), ...(collapsed === undefined ? {} : { collapsed }) };
    })
    .filter(({ items }) => items.length > 0);
}

/** As GitHub makes the anchor of a heading. */
function slugify(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/**
 * Relative links are those of the files, which are elsewhere on the site. A link to a page leads to the page, and a link
 * to any other file leads to the code host. Where no code host is set, its text stays without a link.
 */
function placeLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('place_links', ({ tokens, env }) => {
    const { realPath, path } = env as { readonly realPath?: string; readonly path: string };
    const from = (realPath ?? path).slice(root.length + 1).replaceAll('\\', '/');
    const links = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type.startsWith('link_'));
    for (const [index, link] of links.entries()) {
      const href = link.attrGet('href');
      if (href === null || /^([a-z][a-z+.-]*:|#|\/)/i.test(href)) continue;
      const [, name = '', anchor = ''] = /^([^#]*)(#.*)?$/.exec(href) ?? [];
      const target = posix.join(posix.dirname(from), decodeURIComponent(name));
      if (pages.includes(target)) link.attrSet('href', `/${placeOf(target)}${anchor}`);
      else if (source !== undefined) link.attrSet('href', `${source}/${target}${anchor}`);
      else {
        link.attrs = [['title', `In the repository: ${target}`]];
        for (const end of [link, links[index + 1]]) if (end !== undefined) end.tag = 'span';
      }
    }
  });
}

/** Braces are text here, and not expressions of Vue. */
function keepBraces({ renderer }: MarkdownRenderer): void {
  for (const type of ['text', 'code_inline']) {
    const render = renderer.rules[type];
    if (render === undefined) throw new Error(`The Markdown renderer has no rule for ${type}.`);
    renderer.rules[type] = (...token) => render(...token).replaceAll('{{', '&#123;&#123;');
  }
}

function extendMarkdown(markdown: MarkdownRenderer): void {
  placeLinks(markdown);
  keepBraces(markdown);
}

export default defineConfig({
  title: 'vocab-sync',
  description: "Keeps a repository's controlled vocabularies in step with their public sources.",
  lang: 'en',
  // Without one, browsers request /favicon.ico.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcDir: root,
  srcExclude: ['!(docs|config)/**/*', 'README.md', 'config/!(samples)/**', 'config/samples/*/**'],
  rewrites: Object.fromEntries(pages.map((page) => [page, placeOf(page)])),
  outDir: join(root, 'dist', 'site'),
  cacheDir: join(root, 'node_modules', '.cache', 'vitepress'),
  metaChunk: true,
  markdown: { anchor: { slugify }, config: extendMarkdown },
  vite: {
    // The .env of the repository is for vocab-sync.
    envDir: false,
    build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 },
  },
  themeConfig: {
    sidebar: createSidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
