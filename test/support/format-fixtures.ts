import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

export interface FormatFixture {
  readonly name: string;
  readonly path: string;
  /** The code that a bad file is named by. */
  readonly code: string;
}

/** The files of test/fixtures/<format>/<kind>, which make-format-fixtures.ts wrote. */
export function formatFixtures(format: string, kind: 'ok' | 'bad'): FormatFixture[] {
  const directory = fileURLToPath(new URL(`../fixtures/${format}/${kind}`, import.meta.url));
  return readdirSync(directory).map((name) => ({ name, path: join(directory, name), code: name.split('.')[0] ?? '' }));
}

/** The three records that every good fixture holds. */
export const fixtureRecords: readonly unknown[] = [
  { id: 'https://ror.org/05dxps055', name: 'California Institute of Technology', since: 1891 },
  { id: 'https://ror.org/01ggx4157', name: 'Organisation Européenne pour la Recherche Nucléaire', since: 1954 },
  {
    id: 'https://ror.org/03yrm5c26',
    name: '日本語 "quoted" \\ back\u2028slash',
    nested: [{ a: [[]] }, {}, 'x', null, 1e-7],
  },
];
