/** Names that InvenioRDM had before, and sources whose coverage their args decide. */
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { parseJob } from '../../src/job/parse-job.ts';

const job = (reader: object, onMissing: string): string =>
  JSON.stringify({
    id: 'openaire',
    title: 'Load projects',
    vocabulary: 'awards',
    readers: [reader, { type: 'gzip' }, { type: 'jsonl' }],
    transformers: [{ type: 'openaire-award' }],
    writers: [{ type: 'postgres', args: { table: 'awards', on_missing: onMissing } }],
  });
const problemsOf = async (reader: object, onMissing: string): Promise<string[]> =>
  (await parseJob(job(reader, onMissing), { catalog, vocabularies: new Set(['awards']) })).problems.map(
    ({ severity, pointer, message }) => `${severity} ${pointer}: ${message}`,
  );

describe('a config that only adds to another', () => {
  const pasted = {
    'affiliations:openaire': {
      readers: [
        { type: 'openaire-http', args: { tar_hrefs: ['/organization.tar'] } },
        { type: 'tar', args: { regex: '\\.json.gz$', mode: 'r' } },
        { type: 'gzip' },
        { type: 'jsonl' },
      ],
      transformers: [{ type: 'openaire-organization' }],
      writers: [{ type: 'async', args: { writer: { type: 'openaire-affiliations-service' } } }],
    },
  };

  it('is checked as what it adds, and is a layer over the vocabulary', async () => {
    const { job, problems } = await parseJob(JSON.stringify(pasted), {
      catalog,
      vocabularies: new Set(['affiliation-identifiers']),
    });
    expect(job?.tasks[0]?.writers).toEqual([
      {
        type: 'postgres',
        args: { table: 'affiliations' },
        layer: { name: 'pic', owns: ['/identifiers[scheme=pic]'] },
      },
    ]);
    expect(problems.map(({ message }) => message).join()).toContain('"vocabulary": "affiliation-identifiers"');
  });
});

describe('an older name', () => {
  it('is taken, with a warning that says what to write', async () => {
    expect(await problemsOf({ type: 'openaire-project-http', args: { origin: 'diff' } }, 'keep')).toEqual([
      'warning /readers/0/type: "openaire-project-http" is an older name: use "openaire-http" with "tar_hrefs": ["/project.tar", "/projects.tar"]',
    ]);
  });
});

describe('a source that its args make incremental', () => {
  it('may not withdraw what is missing from it', async () => {
    expect(await problemsOf({ type: 'openaire-http', args: { origin: 'full' } }, 'withdraw')).toEqual([]);
    expect(await problemsOf({ type: 'openaire-http', args: { origin: 'diff' } }, 'withdraw')).toEqual([
      expect.stringContaining('error /writers/0/args/on_missing: "openaire-http" delivers only what changed') as string,
    ]);
  });
});
