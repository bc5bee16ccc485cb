/** What the first transformer of a chain reads is all that the parser makes of a document. */
import { expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { assertJob } from '../../src/job/parse-job.ts';
import { parseChain } from '../../src/job/effective/parse-chain.ts';
import { readChain } from '../../src/pipeline/stage/read-chain.ts';
import { bytesResource, testServices } from '../support/read-resource.ts';

const RECORD =
  '<record><orcid-identifier><path>0000-0002-1825-0097</path></orcid-identifier><works><work/></works></record>';

async function readWith(transformerList: readonly unknown[], text: string): Promise<unknown[]> {
  const job = {
    id: 'names',
    title: 'Names',
    vocabulary: 'names',
    readers: [
      { type: 'file', args: { path: '/x.xml' } },
      { type: 'xml', args: { root_element: 'record' } },
    ],
    transformers: transformerList,
    writers: [{ type: 'postgres', args: { table: 'names' } }],
  };
  const [task] = (await assertJob(JSON.stringify(job), { catalog })).tasks;
  if (task === undefined) throw new Error('the job has no task');
  const { links } = await parseChain(task, catalog, () => '');
  const values: unknown[] = [];
  const batches = readChain({
    source: { type: 'file', resources: [bytesResource(text)] },
    links,
    signal: new AbortController().signal,
    services: testServices(),
    since: undefined,
    warn: () => undefined,
  });
  for await (const { items } of batches)
    values.push(...items.map((item) => ('value' in item ? item.value : item.error.code)));
  return values;
}

it('the rest of a record is left out', async () => {
  expect(await readWith([{ type: 'orcid' }], RECORD)).toEqual([
    { 'orcid-identifier': { path: '0000-0002-1825-0097' } },
  ]);
});

it('where the first transformer does not say what it reads, everything is there', async () => {
  const dropWhere = { type: 'drop-where', args: { expression: 'works.missing' } };
  expect(await readWith([dropWhere, { type: 'orcid' }], RECORD)).toEqual([
    { 'orcid-identifier': { path: '0000-0002-1825-0097' }, works: { work: null } },
  ]);
});

it('a root element that may stand in place of a record is handed on', async () => {
  const locked = '<error><error-code>9018</error-code></error>';
  expect(await readWith([{ type: 'orcid' }], locked)).toEqual([{ error: { 'error-code': '9018' } }]);
  expect(await readWith([{ type: 'ror' }], locked)).toEqual(['E_XML_NO_ELEMENT']);
});
