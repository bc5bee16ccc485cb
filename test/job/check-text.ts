/** `check` over a text or a value, with the catalog of fakes, and a job that has nothing wrong. */
import { parseJob } from '../../src/job/parse-job.ts';
import { fakeCatalog } from '../support/fake-components.ts';

const vocabularies = new Set(['affiliations', 'funders']);

export function check(text: string | object, file?: string) {
  const source = typeof text === 'string' ? text : JSON.stringify(text, null, 2);
  return parseJob(source, { catalog: fakeCatalog, vocabularies, ...(file === undefined ? {} : { file }) });
}

export const GOOD = {
  id: 'ror-affiliations',
  title: 'Load ROR affiliations',
  vocabulary: 'affiliations',
  readers: [{ type: 'ror-http' }, { type: 'zip', args: { regex: 'data' } }, { type: 'json' }],
  transformers: [{ type: 'ror-affiliations' }],
  writers: [{ type: 'postgres', args: { table: 'affiliations', on_missing: 'withdraw' } }],
};

/** `pointer: message` of every problem. */
export async function said(text: string | object, file?: string): Promise<string[]> {
  return (await check(text, file)).problems.map(({ pointer, message }) => `${pointer}: ${message}`);
}
