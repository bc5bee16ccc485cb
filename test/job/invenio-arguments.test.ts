/** Args that jobs of InvenioRDM put into every component are accepted, and writers have a translation. */
import { expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { adviseOnInvenio } from '../../src/job/check/check-components.ts';

const PARSERS = ['json', 'jsonl', 'yaml', 'csv', 'rdf', 'xml', 'gzip', 'tar', 'zip'];

it.each(PARSERS)('%s ignores origin, mode and since', async (type) => {
  const reader = await catalog.readers.load(type);
  const given = { origin: 'app_data/x', mode: 'r', since: '2026-01-02 03:04:05.123456' };
  expect(reader?.args.safeParse(given).success).toBe(true);
  expect(reader?.args.safeParse({ ...given, origin: null, unknown: 1 }).success).toBe(false);
});

it('names the file writer for the writer "yaml"', () => {
  const advice = adviseOnInvenio('writer', 'yaml');
  expect(advice?.message).toMatch(/"file".*"filepath".*"path"/);
  expect(JSON.parse(advice?.suggestion ?? '')).toEqual({ type: 'file', args: { path: 'FILE.yaml' } });
  expect(adviseOnInvenio('reader', 'yaml')).toBeUndefined();
});
