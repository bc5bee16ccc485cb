/** Every descriptor of MeSH 2021 against what InvenioRDM made of it: from the fixture, and from RDF. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rdf } from '../../readers/rdf.ts';
import { yaml } from '../../readers/yaml.ts';
import { meshSubjects } from '../../transformers/mesh-subjects.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { isFailure } from '../../src/records/entry.ts';
import { bytesResource, readRecords } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';
import { silentLogger } from '../support/silent-logger.ts';

const GOLDEN = sharedData('goldens', 'mesh.yaml.jsonl.gz');

describe.each([
  ['subjects_mesh_2021.yaml.gz', yaml],
  ['mesh2021_descriptors_derived.nt.gz', rdf],
] as const)('%s', (name, reader) => {
  const path = sharedData('mesh', name);

  it.skipIf(path === undefined || GOLDEN === undefined)(
    'gives what InvenioRDM gives',
    async () => {
      const resource = bytesResource(gunzipSync(readFileSync(path ?? '')), [65_536], name.replace('.gz', ''));
      const items = await readRecords(reader, resource);
      const transform = meshSubjects.create({}, { logger: silentLogger() });
      const context = { origin: () => '', warn: () => undefined };
      const made = items.map((item) => (isFailure(item) ? item.error.message : transform(item.value, context)));
      const lines = gunzipSync(readFileSync(GOLDEN ?? ''))
        .toString('utf8')
        .trimEnd()
        .split('\n');
      const expected = lines.map((line) => (JSON.parse(line) as { out: unknown }).out);
      expect([made.length, expected.length]).toEqual([25_667, 25_667]);
      expect(made.filter((record, i) => !isDeepStrictEqual(record, expected[i])).slice(0, 3)).toEqual([]);
      const check = loadRecordSchema('subjects');
      expect(made.flatMap((record) => check?.(record) ?? [])).toEqual([]);
    },
    60_000,
  );
});

const SAMPLES = sharedData('mesh', 'mesh_samples.nt');

it.skipIf(SAMPLES === undefined)("reads MeSH's own RDF", async () => {
  const resource = bytesResource(readFileSync(SAMPLES ?? ''), [65_536], 'mesh_samples.nt');
  const items = await readRecords(rdf, resource, { other_properties: false });
  expect(items).toHaveLength(34);
  expect(items[1]).toEqual({
    position: 1,
    value: {
      id: 'http://id.nlm.nih.gov/mesh/D000005',
      types: ['http://id.nlm.nih.gov/mesh/vocab#TopicalDescriptor'],
      label: [{ value: 'Abdomen', lang: 'en' }],
      ancestors: [],
    },
  });
});
