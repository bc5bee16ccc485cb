/** Finds what the records of a source have in common, and drafts the fields of `map` from it. */
import { basename } from 'node:path';
import { toPointer } from '../../../job/pointer.ts';
import { isJsonObject } from '../../../records/json-object.ts';

export interface Survey {
  add(record: unknown): void;
  readonly records: number;
  draft(): Draft;
}

export interface Draft {
  /** The fields of `map`, by their place in the result. */
  readonly fields: Readonly<Record<string, object>>;
  /** Places in the result that every record had a value for. */
  readonly filled: readonly string[];
  readonly notes: readonly string[];
}

interface Column {
  filled: number;
  /** Undefined once two records had the same, or one had no text or number. */
  distinct: Set<string> | undefined;
  readonly conversions: Map<string, boolean>;
}

/** More columns than this are data, not fields. */
const MOST_COLUMNS = 200;
const IDS = ['id', '@id', 'identifier', 'uuid', 'uri', 'iri', 'url', 'doi', 'code', 'key', 'notation', 'number'];
const NAMES = [
  'title',
  'name',
  'label',
  'preflabel',
  'display_name',
  'displayname',
  'preferred_label',
  'term',
  'titel',
  'bezeichnung',
  'nom',
  'nombre',
];

/** The pattern of one kind of text, and the conversion for it. */
const CONVERSIONS: readonly (readonly [name: string, shape: RegExp, convert: object])[] = [
  ['comma', /^-?\d{1,3}(?:\.\d{3})*,\d+$|^-?\d+,\d+$/, { type: 'number', decimal: ',', grouping: '.' }],
  ['day first', /^\d{2}\.\d{2}\.\d{4}$/, { type: 'date', from: ['DD.MM.YYYY'] }],
];

export function createSurvey(): Survey {
  const columns = new Map<string, Column>();
  let records = 0;
  return {
    add(record) {
      if (!isJsonObject(record)) return;
      records += 1;
      for (const [key, value] of Object.entries(record)) {
        if (!columns.has(key) && columns.size >= MOST_COLUMNS) continue;
        const column = columns.get(key) ?? { filled: 0, distinct: new Set(), conversions: new Map() };
        columns.set(key, column);
        look(column, value);
      }
    },
    get records() {
      return records;
    },
    draft: () => draft(columns, records),
  };
}

function look(column: Column, value: unknown): void {
  if (value === null || value === undefined || (typeof value === 'string' && value.trim() === '')) return;
  column.filled += 1;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  if (text === undefined || column.distinct?.has(text) === true) column.distinct = undefined;
  else column.distinct?.add(text);
  for (const [name, shape] of CONVERSIONS)
    column.conversions.set(
      name,
      (column.conversions.get(name) ?? true) && typeof value === 'string' && shape.test(value),
    );
}

function draft(columns: ReadonlyMap<string, Column>, records: number): Draft {
  if (columns.size === 0) return { fields: {}, filled: [], notes: [] };
  const unique = [...columns].filter(([, { filled, distinct }]) => filled === records && distinct !== undefined);
  const keys = unique.map(([key]) => key);
  const id = byName(keys, IDS) ?? keys.find((key) => !key.startsWith('@')) ?? keys[0];
  const others = [...columns.keys()].filter((key) => key !== id);
  const title = byName(others, NAMES);
  const notes: string[] = [];
  const fields: Record<string, object> = {};
  if (id === undefined) {
    const [first = 'id'] = columns.keys();
    fields['/id'] = { from: toPointer([first]) };
    notes.push(
      `No field has a value of its own in each record. "/id" is taken from "${first}", which is a guess: correct it.`,
    );
  } else fields['/id'] = { from: toPointer([id]) };
  const filled = ['id'];
  for (const key of title === undefined ? others : [title, ...others.filter((one) => one !== title)]) {
    const target = freeName(key === title ? 'title' : toName(key), fields);
    const column = columns.get(key);
    const isFull = column?.filled === records;
    fields[`/${target}`] = { from: toPointer([key]), ...conversionOf(column), ...(isFull ? {} : { required: false }) };
    if (isFull) filled.push(target);
  }
  return { fields, filled, notes };
}

function conversionOf(column: Column | undefined): object {
  const found = CONVERSIONS.find(([name]) => column?.conversions.get(name) === true);
  return found === undefined ? {} : { convert: [found[2]] };
}

/** The first name of the list that a key has, or begins or ends with. */
function byName(keys: readonly string[], names: readonly string[]): string | undefined {
  const fits: readonly ((key: string, name: string) => boolean)[] = [
    (key, name) => key === name,
    (key, name) => key.startsWith(`${name}_`),
    (key, name) => key.endsWith(`_${name}`),
  ];
  for (const isFit of fits) {
    for (const name of names) {
      const found = keys.find((key) => isFit(key === '@id' ? key : toName(key), name));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** `Bezeichnung (de)` → `bezeichnung_de` */
function toName(key: string): string {
  const plain = key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return plain === '' ? 'field' : plain;
}

function freeName(name: string, fields: Readonly<Record<string, object>>): string {
  if (!Object.hasOwn(fields, `/${name}`)) return name;
  for (let count = 2; ; count++)
    if (!Object.hasOwn(fields, `/${name}_${String(count)}`)) return `${name}_${String(count)}`;
}

/** The fixtures of InvenioRDM are called so: `affiliations_ror.yaml`, `subjects_mesh.jsonl`. */
const FIXTURE = /^(affiliations|awards|funders|names|subjects)(?:[_.-]|$)/;
/** A field that the records of a vocabulary have. */
const TELLING: Readonly<Partial<Record<string, string>>> = {
  affiliations: '/name',
  awards: '/number',
  funders: '/name',
  names: '/family_name',
  subjects: '/subject',
};

/** The vocabulary of a fixture of InvenioRDM, whose records need no mapping. */
export function vocabularyOf(from: string, { fields }: Draft): string | undefined {
  const vocabulary = FIXTURE.exec(basename(from))?.[1];
  const telling = vocabulary === undefined ? undefined : TELLING[vocabulary];
  if (telling === undefined || !Object.hasOwn(fields, telling)) return undefined;
  const isSame = ([target, rule]: [string, object]): boolean => {
    const { from: source, convert } = rule as { readonly from?: unknown; readonly convert?: unknown };
    return source === target && convert === undefined;
  };
  return Object.entries(fields).every(isSame) ? vocabulary : undefined;
}
