/** The site of the documentation: it is built as `npm run docs` builds it, its links are followed, and Chromium opens it. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPackageRoot } from '../src/job/package-root.ts';
import { hasBrowser, openBrowser, type Browser } from './screenshots/open-browser.ts';
import { makeTempDir } from './support/make-temp-dir.ts';

const root = findPackageRoot();
/** A build takes some 15 seconds of a processor, and tests share theirs with others. */
const BUILD_MILLISECONDS = 600_000;
const START = 'index.html';

let site: string;
const pages = new Map<string, Page>();

interface Link {
  readonly text: string;
  readonly target: string;
  readonly anchor: string;
}

interface Page {
  readonly links: readonly Link[];
  readonly files: readonly string[];
  readonly ids: ReadonlySet<string>;
  readonly headings: readonly { readonly id: string; readonly text: string }[];
}

beforeAll(async () => {
  site = makeTempDir('vocab-sync-site-');
  await build(site);
  const built = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
  for (const file of built) pages.set(file, parsePage(file, readFileSync(join(site, file), 'utf8')));
}, BUILD_MILLISECONDS);

afterAll(() => {
  rmSync(site, { recursive: true, force: true });
});

function build(folder: string): Promise<void> {
  const vitepress = join(root, 'node_modules', 'vitepress', 'bin', 'vitepress.js');
  return new Promise((resolve, reject) => {
    const words = [vitepress, 'build', 'docs', '--outDir', folder];
    execFile(process.execPath, words, { cwd: root, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`The site cannot be built:\n${stdout}\n${stderr}`));
    });
  });
}

function toText(html: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' };
  return html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:#(\d+)|(\w+));/g, (whole, code?: string, name = '') =>
      code === undefined ? (named[name as string] ?? whole) : String.fromCodePoint(Number(code)),
    )
    .replaceAll(/[\s\u200B]+/g, ' ')
    .trim();
}

/** The file of an address of the site, or undefined for an address elsewhere. */
function locate(href: string, page: string): { target: string; anchor: string } | undefined {
  const url = new URL(toText(href), `http://site.invalid/${page}`);
  if (url.host !== 'site.invalid') return undefined;
  const path = decodeURIComponent(url.pathname.slice(1));
  return {
    target: path === '' || path.endsWith('/') ? `${path}${START}` : path,
    anchor: decodeURIComponent(url.hash.slice(1)),
  };
}

function parsePage(page: string, html: string): Page {
  const links = [...html.matchAll(/<a\b[^>]*?\shref="([^"]*)"[^>]*>(.*?)<\/a>/gs)].flatMap(
    ([, href = '', content = '']) => {
      const place = locate(href, page);
      return place === undefined ? [] : [{ ...place, text: toText(content) }];
    },
  );
  const files = [...html.matchAll(/<(?:img|script|link)\b[^>]*?\s(?:src|href)="([^"]*)"/g)]
    .map(([, href = '']) => locate(href, page)?.target)
    .filter((file) => file !== undefined);
  const headings = [...html.matchAll(/<h\d id="([^"]*)"[^>]*>(.*?)<a class="header-anchor"/gs)];
  return {
    links,
    files,
    ids: new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = '']) => toText(id))),
    headings: headings.map(([, id = '', text = '']) => ({ id: toText(id), text: toText(text) })),
  };
}

function pageOf(file: string): Page {
  const page = pages.get(file);
  if (page === undefined) throw new Error(`The site has no page ${file}.`);
  return page;
}

function openFirst(text: string, from: string): Link {
  const link = pageOf(from).links.find((found) => found.text === text);
  if (link === undefined) throw new Error(`${from} has no link "${text}".`);
  return link;
}

describe('the site', () => {
  it('has a page for each page of docs', () => {
    const sources = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
    const expected = sources
      .filter((file) => file.endsWith('.md') && file !== 'README.md')
      .map((file) => file.replace(/\.md$/, '.html'));
    expect(expected.filter((file) => !pages.has(file))).toEqual([]);
    expect(expected.length).toBeGreaterThan(50);
  });

  it('has no link to a page, an anchor or a file that is not there', () => {
    const broken = [...pages].flatMap(([file, { links, files }]) => [
      ...files.filter((target) => !existsSync(join(site, target))).map((target) => `${file}: ${target}`),
      ...links
        .filter(({ target, anchor }) =>
          pages.has(target) ? anchor !== '' && !pageOf(target).ids.has(anchor) : !existsSync(join(site, target)),
        )
        .map(({ target, anchor }) => `${file}: ${target}#${anchor}`),
    ]);
    expect(broken).toEqual([]);
    expect(pageOf('operate.html').links.length).toBeGreaterThan(50);
    expect(pageOf('operate.html').files.length).toBeGreaterThan(5);
  });

  it('leads from the start page to each other page with at most two clicks', () => {
    const first = new Set(pageOf(START).links.map(({ target }) => target));
    const second = [...first].filter((file) => pages.has(file)).flatMap((file) => pageOf(file).links);
    const reached = new Set([...first, ...second.map(({ target }) => target)]);
    expect([...pages.keys()].filter((file) => file !== '404.html' && !reached.has(file))).toEqual([]);
  });

  it('has the diagrams, with texts for readers who do not see them', () => {
    const html = ['concepts.html', 'jobs-under-control.html', 'write-a-job.html'].map((file) =>
      readFileSync(join(site, file), 'utf8'),
    );
    const diagrams = html.flatMap((text) => [...text.matchAll(/<img src="[^"]+\.svg" alt="([^"]+)"/g)]);
    expect(diagrams).toHaveLength(3);
    for (const [, alt = ''] of diagrams) expect(alt.length).toBeGreaterThan(40);
  });
});

/** The clicks are texts of links, the first one on the start page. The answer is below the heading. */
const QUESTIONS: readonly { question: string; clicks: readonly string[]; heading: string }[] = [
  // A new operator of a repository
  {
    question: 'We load ROR with an InvenioRDM job today. How do we change over?',
    clicks: ["Switch from InvenioRDM's jobs"],
    heading: '2. Bring the jobs',
  },
  {
    question: 'A run waits for me. How do I publish it, or not?',
    clicks: ['Operate', 'Approve or discard'],
    heading: 'Approve or discard',
  },
  {
    question: 'A colleague corrected a record by hand in InvenioRDM. Is it overwritten?',
    clicks: ['edits in InvenioRDM'],
    heading: 'Edits in InvenioRDM',
  },
  {
    question: 'A wrong dump was published. How do I undo it?',
    clicks: ['Undo a run'],
    heading: 'Undoing a run',
  },
  // A new maintainer of a vocabulary
  {
    question: 'Can I try a job before any server is there?',
    clicks: ['test the job'],
    heading: 'Test it',
  },
  {
    question: 'From which moment does a run read the changes of its source?',
    clicks: ['since'],
    heading: 'Where a run starts: since',
  },
  {
    question: 'Which arguments does the reader csv have?',
    clicks: ['readers', 'csv'],
    heading: 'csv',
  },
  // Someone new who runs the servers
  {
    question: 'How do I install a new release while runs are active?',
    clicks: ['Operate', 'upgrades'],
    heading: 'Upgrade',
  },
  {
    question: 'The database was down last night. What do I have to do?',
    clicks: ['Operate', 'Recovery'],
    heading: 'Recovery',
  },
  {
    question: 'What does E_LEASE_LOST in the log mean?',
    clicks: ['errors'],
    heading: 'Away for now',
  },
];

describe('a question of a newcomer', () => {
  it.each(QUESTIONS)('is answered in two clicks: $question', ({ clicks, heading }) => {
    expect(clicks.length).toBeLessThanOrEqual(2);
    const last = clicks.reduce<Link>((at, text) => openFirst(text, at.target), { text: '', target: START, anchor: '' });
    const found = pageOf(last.target).headings.find(({ text }) => text === heading);
    expect(found, `${last.target} has no heading "${heading}"`).toBeDefined();
    if (last.anchor !== '') expect(last.anchor).toBe(found?.id);
  });
});

const isThere = hasBrowser();
if (!isThere)
  console.warn('SKIPPED: Chromium is not installed, so nobody looks at the site (Debian: apt install chromium)');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const { target = START } = locate(request.url ?? '', START) ?? {};
    const file = join(site, target);
    if (!existsSync(file)) return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' }).end(readFileSync(file));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

describe.skipIf(!isThere)('the site in Chromium', () => {
  let server: Server;
  let address: string;
  let browser: Browser;

  beforeAll(async () => {
    server = await serve();
    address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    server.close();
  });

  const LOOKED_AT = ['', 'concepts.html', 'deploy.html', 'reference/transformers.html'];

  it.each(LOOKED_AT)(
    '/%s has no error in the console and fits a telephone, a tablet and a desk',
    async (path) => {
      await browser.visit(`${address}${path}`);
      await browser.until('document.querySelector("#app")?.__vue_app__ !== undefined');
      for (const width of [400, 800, 1400]) {
        await browser.resize({ width, height: 900 });
        expect(await browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      }
      expect(browser.faults()).toEqual([]);
    },
    180_000,
  );

  it('finds a word and opens its place', async () => {
    await browser.visit(address);
    await browser.click('.VPNavBarSearch button', 'Search');
    await browser.until('document.activeElement?.id === "localsearch-input"');
    await browser.type('since_overlap');
    const first = 'document.querySelector(".VPLocalSearchBox .result")';
    await browser.until(`${first} !== null`);
    await browser.evaluate(`${first}.click()`);
    await browser.until('location.pathname !== "/"');
    await browser.until('document.querySelector("main").innerText.includes("since_overlap")');
    expect(browser.faults()).toEqual([]);
  }, 180_000);
});
