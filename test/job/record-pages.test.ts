/** The pages of the record schemas: complete, and with examples that a run accepts. */
import { describe, expect, it } from 'vitest';
import { RECORD_FACTS } from '../../src/job/reference/record-examples.ts';
import { toRecordPages } from '../../src/job/reference/record-pages.ts';
import { recordSchemas } from '../../src/job/schema/record-fields.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';

const schemas = recordSchemas();
const pages = toRecordPages();

describe('the page of a record schema', () => {
  it.each(schemas)('names every field of %s, and is in the list', (name, { properties }) => {
    const page = pages[`docs/reference/records/${name}.md`] ?? '';
    for (const field of Object.keys(properties as object)) expect(page).toContain(`| \`${field}\` |`);
    expect(pages['docs/reference/records.md']).toContain(`(records/${name}.md)`);
  });

  it.each(schemas)('has an example of %s that fits, and that lacks nothing required', (name, { required }) => {
    const example = RECORD_FACTS[name]?.example ?? {};
    const check = loadRecordSchema(name);
    expect(check?.(example)).toBeUndefined();
    for (const field of required as readonly string[]) {
      const rest = Object.fromEntries(Object.entries(example).filter(([key]) => key !== field));
      expect(check?.(rest)).toContain(field);
    }
  });
});
