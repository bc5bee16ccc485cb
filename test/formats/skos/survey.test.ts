/** What the first reading of an RDF document keeps in memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createSurvey } from '../../../src/formats/skos/survey.ts';

const TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const CONCEPT = 'http://www.w3.org/2004/02/skos/core#Concept';

it('keeps the names of concepts, and not the text that they were cut out of', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const survey = createSurvey(new Set([CONCEPT]));
  const named = (value: string) => ({ termType: 'NamedNode' as const, value });
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1000; i += 1) {
    const document = Buffer.from(`<http://example.org/concept/${String(i)}>${' '.repeat(64 * 1024)}`).toString(
      'latin1',
    );
    const subject = named(document.slice(1, document.indexOf('>')));
    survey.add({ subject, predicate: named(TYPE), object: named(CONCEPT) });
  }
  collect();
  expect(survey.concepts.size).toBe(1000);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 1024 ** 2);
});
