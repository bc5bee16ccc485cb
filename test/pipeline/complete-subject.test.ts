/** What a vocabulary derives from other fields of a record. */
import { expect, it } from 'vitest';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { transformItem } from '../../src/pipeline/stage/transform-items.ts';

const stage = (value: unknown) =>
  transformItem(
    { position: 0, value },
    { transforms: [], check: loadRecordSchema('subjects') },
    () => 'here',
    () => undefined,
  );
const subject = { id: 'x:1', scheme: 'GND', title: { de: 'Darknet', en: 'Dark Web' } };

it('fills a missing subject from the English title', () => {
  expect(stage(subject)).toMatchObject({ kind: 'staged', document: { value: { ...subject, subject: 'Dark Web' } } });
  expect(stage({ ...subject, subject: 'Deep Web' })).toMatchObject({ document: { value: { subject: 'Deep Web' } } });
});

it.each([{ de: 'Darknet' }, { en: ' ' }, { en: 1 }, undefined])(
  'rejects a subject with the title %j and no subject',
  (title) => {
    expect(stage({ ...subject, title })).toMatchObject({ kind: 'rejected', rejection: { code: 'E_RECORD_SCHEMA' } });
  },
);
