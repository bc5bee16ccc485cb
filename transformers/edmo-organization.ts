import { quote } from '../src/clip.ts';
import { z } from 'zod';
import type { Warning } from '../src/component/reader.ts';
import { RecordError } from '../src/errors.ts';
import { defineTransformer, skip, type Transform } from '../src/component/transformer.ts';
import { isJsonObject, type JsonObject } from '../src/records/json-object.ts';
import { createFieldReader, describeValue } from '../src/records/field-reader.ts';
import { countryCodeOf } from './edmo/country-codes.ts';

const argsSchema = z.strictObject({
  country_aliases: z
    .record(z.string(), z.string().regex(/^[A-Z]{2}$/, 'expected a country code of two letters, such as "CV"'))
    .default({})
    .describe(
      'Codes (ISO 3166-1 alpha-2) for names of countries that are not recognised. They win over the names that are.',
    ),
});

export const edmoOrganization = defineTransformer<z.infer<typeof argsSchema>>({
  type: 'edmo-organization',
  version: 1,
  summary: 'Maps organisations of EDMO (SeaDataNet) to affiliations as InvenioRDM keeps them.',
  description: `Takes the bindings of the SPARQL query of the job \`edmo-affiliations\`: \`org\` and \`name\`, and where there are any \`altName\`,
\`countryName\`, \`locality\` and \`deprecated\`. The name of the country gives its code by the names of the CLDR and by common aliases; an unknown name is kept as text, with the warning W_COUNTRY_UNKNOWN. Deprecated organisations are filtered.`,
  args: argsSchema,
  examples: [
    {
      title: 'A binding with all variables',
      args: {},
      input: {
        org: { type: 'uri', value: 'https://edmo.seadatanet.org/report/486' },
        name: { type: 'literal', value: 'IFREMER / IDM / SISMER' },
        altName: { type: 'literal', value: 'SISMER' },
        countryName: { type: 'literal', value: 'France' },
        locality: { type: 'literal', value: 'Plouzané' },
        deprecated: { type: 'literal', value: 'false', datatype: 'http://www.w3.org/2001/XMLSchema#boolean' },
      },
      output: {
        id: 'edmo:486',
        name: 'IFREMER / IDM / SISMER',
        acronym: 'SISMER',
        title: { en: 'IFREMER / IDM / SISMER' },
        country: 'FR',
        country_name: 'France',
        location_name: 'Plouzané',
        identifiers: [{ scheme: 'edmo', identifier: 'https://edmo.seadatanet.org/report/486' }],
      },
    },
  ],
  create: (args) => createMapping(args.country_aliases),
});

const { readText, readObject } = createFieldReader('EDMO organisation');

function createMapping(aliases: Readonly<Record<string, string>>): Transform {
  return (value, { warn, isDeleted }) => {
    const binding = requireBinding(value);
    const number = requireNumber(binding);
    const id = `edmo:${number}`;
    if (isDeleted === true) return { id };
    if (/^(true|1)$/i.test(textOf(binding, 'deprecated', id) ?? '')) return skip('deprecated', 'it is deprecated');
    const name = textOf(binding, 'name', id);
    if (name === undefined) throw noName(id);
    const acronym = textOf(binding, 'altName', id);
    const found = textOf(binding, 'countryName', id);
    const country = found === undefined ? undefined : (aliases[found] ?? countryCodeOf(found));
    const countryName = renamed(found);
    if (countryName !== undefined && country === undefined) warn(unknownCountry(countryName, id));
    const locality = textOf(binding, 'locality', id);
    return {
      id,
      name,
      ...(acronym === undefined ? {} : { acronym }),
      title: { en: name },
      ...(country === undefined ? {} : { country }),
      ...(countryName === undefined ? {} : { country_name: countryName }),
      ...(locality === undefined ? {} : { location_name: locality }),
      identifiers: [{ scheme: 'edmo', identifier: `https://edmo.seadatanet.org/report/${number}` }],
    };
  };
}

function requireBinding(value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  throw new RecordError(
    'E_RECORD_TYPE',
    `Expected a binding of SPARQL results (a JSON object), found ${describeValue(value)}.`,
  );
}

const REPORT = /^https?:\/\/edmo\.seadatanet\.org\/report\/(\d+)\/?$/;

function requireNumber(binding: JsonObject): string {
  const { org } = binding;
  const found = isJsonObject(org) ? org['value'] : org;
  const number = typeof found === 'string' ? REPORT.exec(found.trim())?.[1] : undefined;
  if (number !== undefined) return number;
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the address of an EDMO report, such as "https://edmo.seadatanet.org/report/486", at /org/value, found ${describeValue(found)}.`,
  );
}

/** The value of a variable; undefined where it is not bound. */
function textOf(binding: JsonObject, variable: string, id: string): string | undefined {
  const bound = binding[variable];
  if (bound === undefined || bound === null) return undefined;
  return readText(readObject(bound, id, variable)['value'], id, variable, 'value');
}

/** As ROR and InvenioRDM write it. */
function renamed(country: string | undefined): string | undefined {
  return country === 'Cape Verde' ? 'Cabo Verde' : country;
}

function noName(id: string): RecordError {
  return new RecordError('E_RECORD_NO_NAME', `Expected a text at /name/value of ${id}, found none.`, {
    details: { id },
  });
}

function unknownCountry(name: string, id: string): Warning {
  return {
    code: 'W_COUNTRY_UNKNOWN',
    message: `Expected the name of a country in ${id}, found ${quote(name)}: it is kept as text, without a code. "country_aliases" can give it one.`,
  };
}
