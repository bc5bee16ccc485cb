/** Whether Solr holds what was published, as far as it returns what it stores. */
import type { Expected } from '../../src/component/writer.ts';
import type { Held } from '../../src/records/change.ts';
import type { FieldChange } from '../../src/records/field-changes.ts';
import type { SolrArgs } from './solr-args.ts';
import { toSolrDocument } from './to-solr-document.ts';

/**
 * The digest alone is not enough: an atomic update changes a field and leaves the digest as it was. A field that Solr does
 * not return, because it only indexes it, is covered by the digest.
 */
export function compareStored(
  args: SolrArgs,
  { document, withdrawn, remote }: Expected,
  held: Held,
): readonly FieldChange[] {
  if (withdrawn) return [{ pointer: '', before: 'withdrawn', after: 'there' }];
  const wanted = toSolrDocument(args, document, false);
  const digest = held.remote?.['digest'];
  if (digest === wanted.digest && held.remote?.['version'] === remote?.['version']) return [];
  const fields = Object.entries(wanted.fields).filter(([name]) => name !== args.digest_field);
  const changes = fields.flatMap(([name, before]): FieldChange[] => {
    const after = held.document?.[name];
    const isSame = after === undefined ? digest === wanted.digest : textOf(before) === textOf(after);
    return isSame ? [] : [{ pointer: `/${name}`, before, after }];
  });
  // A document that another program made has no digest.
  const isOther = changes.length === 0 && digest !== undefined && digest !== wanted.digest;
  return isOther ? [{ pointer: `/${args.digest_field}`, before: wanted.digest, after: digest }] : changes;
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** A list of one value is that value, numbers are read by their types, and times lose zeros. */
function textOf(value: unknown): string {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return JSON.stringify(
    list.map((item) => {
      const text = String(item);
      return TIME.test(text) && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : text;
    }),
  );
}
