/** What the readers of tables, YAML and RDF hold while they read something that is far larger. */
import { describe, expect, it } from 'vitest';
import { csv } from '../../readers/csv.ts';
import { rdf } from '../../readers/rdf.ts';
import { yaml } from '../../readers/yaml.ts';
import type { Reader } from '../../src/component/reader.ts';
import { isFailure } from '../../src/records/entry.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { asParser, testContext } from '../support/read-resource.ts';

const MIB = 1024 * 1024;
const CHUNKS = 24;

/** Yields `before`, the same mebibyte again and again, and `behind`. */
async function peakOf(reader: Reader, name: string, before: string, piece: string, behind: string, args: object = {}) {
  const chunk = Buffer.from(piece.repeat(Math.ceil(MIB / piece.length)));
  const held = (): number => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const idle = held();
  let peak = 0;
  // eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous by contract
  async function* stream(): AsyncGenerator<Buffer, void, undefined> {
    yield Buffer.from(before);
    for (let i = 0; i < CHUNKS; i++) {
      if (i % 8 === 7) peak = Math.max(peak, held() - idle);
      yield chunk;
    }
    yield Buffer.from(behind);
  }
  const counts = { records: 0, rejected: 0 };
  for await (const batch of asParser(reader).read({ name, stream }, reader.args.parse(args), testContext())) {
    for (const item of batch) counts[isFailure(item) ? 'rejected' : 'records'] += 1;
  }
  return { ...counts, mebibytes: peak / MIB };
}

const type = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>';
const CONCEPT = '<http://www.w3.org/2004/02/skos/core#Concept>';

describe('what is held', { timeout: 60_000 }, () => {
  it('of a table with a cell without end is no more than a row', async () => {
    const found = await peakOf(csv, 'a.csv', 'a,b\n1,2\n3,', 'x', '\n5,6\n');
    expect(found).toMatchObject({ records: 2, rejected: 1 });
    expect(found.mebibytes).toBeLessThan(20);
  });

  it('of a table with a quote that nothing closes is no more than the limit', async () => {
    const found = await peakOf(csv, 'a.csv', 'a,b\n1,"2\n', `${'x'.repeat(1000)},4\n`, '5,6\n');
    expect(found.rejected).toBe(1);
    expect(found.mebibytes).toBeLessThan(25);
  });

  it('of a list with an item without end is no more than an item', async () => {
    const found = await peakOf(yaml, 'a.yaml', '- a: 1\n- b:\n', `    - ${'x'.repeat(200)}\n`, '- c: 3\n', {
      max_record_bytes: MIB,
    });
    expect(found).toMatchObject({ records: 2, rejected: 1 });
    expect(found.mebibytes).toBeLessThan(12);
  });

  it.each(['a.nt', 'a.ttl'])('of triples that are of no concept is nothing: %s', async (name) => {
    const concept = `<http://a/1> ${type} ${CONCEPT} .\n`;
    const other = `<http://a/2> <http://a/says> "${'x'.repeat(2000)}" .\n`;
    const found = await peakOf(rdf, name, concept, other, concept);
    expect(found).toMatchObject({ records: 1, rejected: 0 });
    expect(found.mebibytes).toBeLessThan(15);
  });

  it('of elements that are of no concept is nothing', async () => {
    const before = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="http://a/">';
    const other = `<rdf:Description rdf:about="http://a/2"><a:says>${'x'.repeat(2000)}</a:says></rdf:Description>`;
    const found = await peakOf(rdf, 'a.rdf', before, other, '</rdf:RDF>');
    expect(found).toMatchObject({ records: 0, rejected: 0 });
    expect(found.mebibytes).toBeLessThan(15);
  });
});
