/** The examples of docs/destinations, each run against a server of its kind: what a page shows is what happens. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiService } from '../../src/http/create-api-service.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { startDspaceServer } from '../support/dspace-server.ts';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../support/engine.ts';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { describeWithPostgres, testDatabase } from '../support/postgres.ts';
import { startSolrServer } from '../support/solr-server.ts';
import { PROJECT_ROOT } from '../support/source-files.ts';
import { until } from '../support/until.ts';

const page = (name: string): string => readFileSync(join(PROJECT_ROOT, 'docs', 'destinations', name), 'utf8');

/** The first fenced block of a language. */
function blockOf(text: string, language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(text)?.[1];
  if (found === undefined) throw new Error(`the page has no block of ${language}`);
  return found;
}

interface WriterConfig {
  readonly type: string;
  readonly args: Readonly<Record<string, unknown>>;
}

function writerOf(text: string): WriterConfig {
  const [writer] = (JSON.parse(blockOf(text, 'json')) as { readonly writers: readonly WriterConfig[] }).writers;
  if (writer === undefined) throw new Error('the page shows no writer');
  return writer;
}

/** The names of the secrets of a writer, as `env:NAME`. */
function secretsOf(value: unknown): string[] {
  if (!isJsonObject(value)) return [];
  const secret = value['$secret'];
  return typeof secret === 'string' ? [secret] : Object.values(value).flatMap(secretsOf);
}

const ORGANISATIONS = [
  { id: '00892tw58', name: 'University of Adelaide', title: { en: 'University of Adelaide' }, country: 'AU' },
  { id: '01ggx4157', name: 'CERN', acronym: 'CERN', title: { en: 'CERN' }, country: 'CH' },
  { id: '05dxps055', name: 'California Institute of Technology', title: { en: 'Caltech' }, country: 'US' },
];

describeWithPostgres('the example of the page', () => {
  let engine: TestEngine;
  const secrets = new Map<string, string>();
  beforeAll(async () => {
    const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
    engine = await openTestEngine(undefined, { api, resolveSecret: (name) => secrets.get(name) ?? '' });
  });
  afterAll(() => engine.close());

  const run = async (writer: WriterConfig, more: object, records: readonly object[] = ORGANISATIONS) => {
    const path = engine.file('organisations.jsonl', records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const id = `docs-${writer.type}`;
    const job = linesJob(path, { id, writers: [{ ...writer, args: { ...writer.args, ...more } }] });
    const report = await runJobOnce(engine.steps, job, { run: randomUUID(), request: { force: true }, approve: true });
    return report.tasks[0]?.targets[0];
  };

  it('postgres.md writes the rows that it shows', async () => {
    const text = page('postgres.md');
    const database = await testDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      const writer = writerOf(text);
      for (const name of secretsOf(writer.args)) secrets.set(name, database.url);
      await client.query(blockOf(text, 'sql'));
      expect(await run(writer, {})).toMatchObject({ inserted: 3 });
      expect(await run(writer, {}, ORGANISATIONS.slice(1))).toMatchObject({ withdrawn: 1, unchanged: 2 });
      const query = /^portal=> (SELECT .*);$/m.exec(text)?.[1] ?? '';
      const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
      const shown = [...text.matchAll(/^ (\S.*\|.*)$/gm)].map(([, line = '']) =>
        line.split('|').map((cell) => cell.trim()),
      );
      const printed = rows.map((row) =>
        row.map((cell) =>
          typeof cell === 'boolean' ? String(cell).slice(0, 1) : typeof cell === 'string' ? cell : '',
        ),
      );
      expect(printed).toEqual(shown);
    } finally {
      await client.end();
      await database.drop();
    }
  });

  it('webhook.md prints the changes that it shows', async () => {
    const text = page('webhook.md');
    const writer = writerOf(text);
    const secret = `whsec_${Buffer.from('the secret of a page in a test!!').toString('base64')}`;
    for (const name of secretsOf(writer.args)) secrets.set(name, secret);
    const path = engine.file('receiver.mjs', blockOf(text, 'js'));
    const port = await findFreePort();
    const receiver = spawn(process.execPath, [path], {
      env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    receiver.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    try {
      const url = `http://127.0.0.1:${String(port)}/hooks/affiliations`;
      await until('the receiver', () => fetch(url).catch(() => undefined));
      expect(await run(writer, { url })).toMatchObject({ inserted: 3 });
      const changed = [
        { ...ORGANISATIONS[1], name: 'European Organization for Nuclear Research' },
        ORGANISATIONS[2] ?? {},
      ];
      expect(await run(writer, { url }, changed)).toMatchObject({ updated: 1, withdrawn: 1 });
      const shown = blockOf(text, 'console')
        .split('\n')
        .filter((line) => !line.startsWith('$'));
      await until('all lines', () => Promise.resolve(printed.split('\n').length >= shown.length));
      expect(printed.split('\n')).toEqual(shown);
    } finally {
      receiver.kill();
    }
  });

  it('rest.md creates, updates and deletes items of DSpace', async () => {
    const writer = writerOf(page('rest.md'));
    const dspace = await startDspaceServer();
    try {
      const named = Object.entries(writer.args['headers'] as Readonly<Record<string, unknown>>);
      for (const [name, reference] of named) {
        for (const secret of secretsOf(reference)) secrets.set(secret, dspace.headers[name.toLowerCase()] ?? '');
      }
      expect(await run(writer, { url: dspace.url })).toMatchObject({ inserted: 3, rejected: 0 });
      const changed = [{ ...ORGANISATIONS[1], title: { en: 'European Organization' } }, ORGANISATIONS[2] ?? {}];
      expect(await run(writer, { url: dspace.url }, changed)).toMatchObject({ updated: 1, withdrawn: 1 });
      const titles = [...dspace.items.values()].map(({ name, metadata }) => [
        metadata['dc.identifier.other']?.[0]?.value,
        metadata['dc.title']?.[0]?.value,
        name,
      ]);
      expect(titles.toSorted()).toEqual([
        ['01ggx4157', 'European Organization', 'European Organization'],
        ['05dxps055', 'Caltech', 'Caltech'],
      ]);
      const methods = dspace.requests.map((request) => request.split(' ')[0]);
      expect(methods.toSorted()).toEqual(['DELETE', 'POST', 'POST', 'POST', 'PUT']);
    } finally {
      await dspace.close();
    }
  });

  it('solr.md writes the fields that it names', async () => {
    const writer = writerOf(page('solr.md'));
    const solr = await startSolrServer();
    try {
      for (const name of secretsOf(writer.args)) secrets.set(name, 'a-password');
      expect(await run(writer, { url: solr.url })).toMatchObject({ inserted: 3 });
      expect(await run(writer, { url: solr.url }, ORGANISATIONS.slice(1))).toMatchObject({ withdrawn: 1 });
      expect(solr.documents.get('01ggx4157')?.fields).toMatchObject({ name_s: 'CERN', title_txt_en: 'CERN' });
      expect(solr.documents.has('00892tw58')).toBe(false);
    } finally {
      await solr.close();
    }
  });
});
