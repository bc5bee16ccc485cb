/**
 * The fast XML parser against fast-xml-parser: on every document of the shared data, with an option set of its own that
 * has nothing to do with ours, and on mutated documents.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { tar } from '../../../readers/tar.ts';
import { zip } from '../../../readers/zip.ts';
import { wantedElements } from '../../../src/formats/xml/object.ts';
import { createXmlScan, viewBytes } from '../../../src/formats/xml/scan.ts';
import { parseXmlFast } from '../../../src/formats/xml/fast-parser.ts';
import type { Resource } from '../../../src/component/resource.ts';
import { compareXmlParsers, fuzzXml } from '../../bench/xml-fuzz.ts';
import { asContainer, contentOf, pathResource, testContext, singly } from '../../support/read-resource.ts';
import { sharedData } from '../../support/shared-data.ts';

/** The options that give what InvenioRDM's operators are used to. */
const plain = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  transformTagName: (name) => name.toLowerCase(),
  transformAttributeName: (name) => name.toLowerCase(),
});

/** What it makes of the document, without the element that holds everything. */
function plainValue(text: string): unknown {
  return Object.values(plain.parse(text) as Record<string, unknown>)[0];
}

/** The prefixes that a document declares: the other parser keeps declarations as attributes of their names. */
function declaredIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/\sxmlns:([\w-]+)=/g)].map(([, prefix = '']) => `@${prefix.toLowerCase()}`));
}

/** What both can tell: the other parser has no null and trims attributes. */
function common(value: unknown, declared: ReadonlySet<string>): unknown {
  if (value === null) return '';
  if (typeof value === 'string') return value.trim();
  if (Array.isArray(value)) return value.map((item) => common(item, declared));
  const entries = Object.entries(value as Record<string, unknown>).filter(
    ([key, inner]) => key !== '@xmlns' && !(declared.has(key) && /^https?:/.test(String(inner))),
  );
  if (entries.length === 0) return '';
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === '#text') return common(only[1], declared);
  return Object.fromEntries(entries.map(([key, inner]) => [key, common(inner, declared)]));
}

function parseFast(bytes: Buffer): unknown {
  const scan = createXmlScan({ maxDepth: 64, maxAttributes: 100, maxElements: 500_000 });
  viewBytes(scan, bytes);
  scan.at = startOf(bytes);
  const value = parseXmlFast(scan, undefined);
  return scan.stop === 'no' ? value : undefined;
}

function startOf(bytes: Buffer): number {
  return /<[A-Za-z]/.exec(bytes.toString('latin1'))?.index ?? 0;
}

async function* membersOf(path: string): AsyncGenerator<Resource> {
  const reader = path.endsWith('.zip') ? zip : tar;
  const args = reader.args.parse({ regex: '\\.xml$' });
  for await (const { resource } of singly(asContainer(reader).read(pathResource(path), args, testContext())))
    yield resource;
}

async function* filesIn(directory: string): AsyncGenerator<Resource> {
  for (const name of readdirSync(directory)) yield await Promise.resolve(pathResource(join(directory, name)));
}

const wanted = wantedElements(['person/name', 'activities-summary/employments', 'relations/associations']);

/** Counts of documents by how they were read. */
async function compare(documents: AsyncIterable<Resource>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const document of documents) {
    const bytes = await contentOf(document);
    const outcome = compareXmlParsers(bytes, startOf(bytes));
    expect(compareXmlParsers(bytes, startOf(bytes), wanted)).toBe(outcome);
    const key = typeof outcome === 'string' ? outcome : outcome.difference;
    counts[key] = (counts[key] ?? 0) + 1;
    if (outcome !== 'equal') continue;
    const text = bytes.toString('utf8');
    const declared = declaredIn(text);
    const isSame = isDeepStrictEqual(common(parseFast(bytes), declared), common(plainValue(text), declared));
    expect([document.name, isSame]).toEqual([document.name, true]);
  }
  return counts;
}

const data = (...path: string[]): string => sharedData(...path) ?? '';

describe.skipIf(sharedData('orcid', 'odd') === undefined)(
  'on the documents of the shared data the two are equal',
  () => {
    it.each([
      ['the sample of ORCID', () => membersOf(data('orcid', 'orcid_summaries_sample.tar.gz')), { equal: 21 }],
      // Three have comments; three are not in the encoding that they declare.
      ['the odd records of ORCID', () => filesIn(data('orcid', 'odd')), { equal: 10, strict: 3, refused: 3 }],
      ['the older record of ORCID', () => filesIn(data('orcid', 'older_version')), { equal: 1 }],
      ['CORDIS: HORIZON', () => membersOf(data('cordis', 'cordis-HORIZONprojects-xml.zip')), { equal: 1 }],
      ['CORDIS: H2020', () => membersOf(data('cordis', 'cordis-h2020projects-xml.zip')), { equal: 1 }],
      [
        'CORDIS: H2020, derived',
        () => membersOf(data('cordis', 'cordis-h2020projects-xml_derived.zip')),
        { equal: 11 },
      ],
    ])(
      '%s',
      async (_name, documents, counts) => {
        expect(await compare(documents())).toEqual(counts);
      },
      60_000,
    );

    it('the records with real names', async () => {
      const all = membersOf(data('orcid', 'orcid_summaries_names_derived.tar.gz'));
      // Every 25th: fast-xml-parser takes minutes for all on a busy machine.
      const some = (async function* () {
        let i = 0;
        for await (const member of all) if (i++ % 25 === 0) yield member;
      })();
      expect(await compare(some)).toEqual({ equal: 803 });
    }, 120_000);
  },
);

describe('on mutated documents', () => {
  it('the fast parser gives what the strict one gives, or declines', () => {
    const { documents, equal, strict, refused, differences } = fuzzXml(5000, 42);
    expect(differences).toEqual([]);
    expect(equal + strict + refused).toBe(documents);
    // Mutations that break everything would prove nothing.
    expect(equal).toBeGreaterThan(1000);
    expect(strict).toBeGreaterThan(200);
  }, 60_000);

  it.skipIf(sharedData('orcid', 'odd') === undefined)(
    'of real ones too',
    () => {
      const names = ['deactivated_record30.xml', 'public_record21.xml', 'record-3.0.xml'];
      const documents = names.map((name) => readFileSync(data('orcid', 'odd', name)));
      const { equal, differences } = fuzzXml(400, 7, documents);
      expect(differences).toEqual([]);
      expect(equal).toBeGreaterThan(50);
    },
    60_000,
  );
});
