/** Every project of the real zips of CORDIS, through the readers of its job, against what InvenioRDM made of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { xml } from '../../readers/xml.ts';
import { zip } from '../../readers/zip.ts';
import { cordisAward } from '../../transformers/cordis-award.ts';
import type { Warning } from '../../src/component/reader.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { isFailure } from '../../src/records/entry.ts';
import { readGolden } from '../support/read-golden.ts';
import { pathResource, readMembers, readRecords, testContext } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { rules, type Output } from './cordis-differences.ts';

const cases = [
  {
    golden: 'cordis.horizon',
    zip: 'cordis-HORIZONprojects-xml.zip',
    records: 1,
    changed: { 'a short description is cut at a word': 1 },
  },
  { golden: 'cordis.h2020', zip: 'cordis-h2020projects-xml.zip', records: 1, changed: {} },
  {
    golden: 'cordis.h2020_derived',
    zip: 'cordis-h2020projects-xml_derived.zip',
    records: 11,
    changed: { 'empty lists are left out': 11 },
  },
];

/** `wanted`: the elements that a parser keeps. */
async function readProjects(path: string, wanted: readonly string[] | undefined): Promise<readonly unknown[]> {
  const projects: unknown[] = [];
  for (const { resource } of await readMembers(zip, pathResource(path), { regex: '\\.xml$' })) {
    const context = testContext(wanted === undefined ? {} : { wanted });
    for (const item of await readRecords(xml, resource, { root_element: 'project' }, context)) {
      if (isFailure(item)) throw item.error;
      projects.push(item.value);
    }
  }
  return projects;
}

describe.each(cases)('$golden', ({ golden, zip: name, records, changed }) => {
  const file = sharedData('cordis', name);
  const reference = sharedData('goldens', `${golden}.jsonl.gz`);

  it.skipIf(file === undefined || reference === undefined).each([
    ['of whole documents', undefined],
    ['of the elements that it asks for', cordisAward.reads],
  ])('differs from InvenioRDM by the decided rules alone, and fits its record schema: %s', async (_, wanted) => {
    const projects = await readProjects(file ?? '', wanted);
    const lines = readGolden(reference ?? '');
    expect([projects.length, lines.length]).toEqual([records, records]);
    const transform = cordisAward.create(cordisAward.args.parse({ pic_mapping: {} }), { logger: silentLogger() });
    const check = loadRecordSchema('awards');
    const warnings: Warning[] = [];
    const counts: Record<string, number> = {};
    for (const [i, project] of projects.entries()) {
      const line = lines[i];
      let expected = line?.out ?? {};
      for (const rule of rules) {
        const next = rule.apply(expected);
        if (!isDeepStrictEqual(next, expected)) counts[rule.name] = (counts[rule.name] ?? 0) + 1;
        expected = next;
      }
      const found = transform(project, { origin: () => '', warn: (warning) => warnings.push(warning) }) as Output;
      expect(found).toEqual(expected);
      expect(found['number']).toBe(line?.in_id);
      expect(check?.(found)).toBeUndefined();
    }
    expect(counts).toEqual(changed);
    expect(warnings).toEqual([]);
  });
});

it('each rule is on the page of differences', () => {
  const page = readFileSync(join(findPackageRoot(), 'docs/compatibility.md'), 'utf8');
  expect(rules.filter(({ name }) => !page.includes(`"${name}"`))).toEqual([]);
});
