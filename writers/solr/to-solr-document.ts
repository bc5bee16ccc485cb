/** Converts a record to the fields of a Solr document. No field is a nested object, because Solr would read it as an atomic update. */
import { createHash } from 'node:crypto';
import { parsePointer, valueAt } from '../../src/job/pointer.ts';
import type { Document } from '../../src/records/document.ts';
import { canonicalJson, isJsonObject } from '../../src/records/json-object.ts';
import type { SolrArgs } from './solr-args.ts';

type Fields = Pick<SolrArgs, 'fields' | 'id_field' | 'digest_field' | 'withdrawn_field'>;

export interface SolrDocument {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly digest: string;
}

export function toSolrDocument(args: Fields, record: Document, isWithdrawn: boolean): SolrDocument {
  const values = new Map<string, unknown[]>();
  if (args.fields === undefined) {
    flatten(record, '', values);
  } else {
    for (const [field, pointer] of Object.entries(args.fields)) {
      flatten(valueAt(record, parsePointer(pointer)), field, values);
    }
  }
  values.delete('_version_');
  values.set(args.id_field, [record.id]);
  if (isWithdrawn && args.withdrawn_field !== undefined) values.set(args.withdrawn_field, [true]);
  const fields = Object.fromEntries([...values].map(([name, list]) => [name, list.length === 1 ? list[0] : list]));
  const digest = createHash('sha256').update(canonicalJson(fields)).digest('hex');
  return { fields: { ...fields, [args.digest_field]: digest }, digest };
}

/** Values of one field in a list of objects become the values of one field. */
function flatten(value: unknown, name: string, values: Map<string, unknown[]>): void {
  if (Array.isArray(value)) {
    for (const item of value) flatten(item, name, values);
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, name === '' ? key : `${name}_${key}`, values);
  } else if (value !== null && value !== undefined) {
    values.set(name, [...(values.get(name) ?? []), value]);
  }
}
