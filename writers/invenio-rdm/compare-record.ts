/** Whether InvenioRDM holds what was published: its own clean-up of texts and identifiers is not a difference. */
import type { Expected } from '../../src/component/writer.ts';
import type { Held } from '../../src/records/change.ts';
import { compareFields, type FieldChange } from '../../src/records/field-changes.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { withoutReferences } from './check-references.ts';
import { formOf, withTag, type Sender } from './make-wish.ts';

export async function compareRecord(
  sender: Sender,
  { document, withdrawn }: Expected,
  held: Held,
): Promise<readonly FieldChange[]> {
  const { tag, onMissingReference, references } = sender;
  if (withdrawn && tag === undefined) return [{ pointer: '', before: 'withdrawn', after: 'there' }];
  const wanted = withdrawn ? withTag(document, tag ?? '') : document;
  const theirs = formOf(sender, held.document ?? { id: held.id });
  let ours = formOf(sender, wanted);
  if (ours !== theirs && onMissingReference === 'drop') {
    // It was published without the references that InvenioRDM does not hold.
    const missing = await references.missing(wanted, true);
    if (missing.length > 0) ours = formOf(sender, withoutReferences(wanted, missing));
  }
  return ours === theirs ? [] : compareFields(withoutStyle(ours), withoutStyle(theirs));
}

/**
 * InvenioRDM's own jobs write an ISNI with spaces, and aliases in an order that changes from process to process. Neither is
 * a real difference, so no approval is needed and the record is not sent.
 */
function withoutStyle(form: string): JsonObject {
  const record = JSON.parse(form) as JsonObject;
  const { aliases, identifiers } = record;
  return {
    ...record,
    ...(Array.isArray(aliases) ? { aliases: aliases.map(String).toSorted() } : {}),
    ...(Array.isArray(identifiers) ? { identifiers: identifiers.map(withCompactIsni) } : {}),
  };
}

function withCompactIsni(one: unknown): unknown {
  if (!isJsonObject(one) || one['scheme'] !== 'isni' || typeof one['identifier'] !== 'string') return one;
  return { ...one, identifier: one['identifier'].replaceAll(/[\s-]/g, '') };
}
