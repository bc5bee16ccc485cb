import { expect, it } from 'vitest';
import { describeNotes, toNotes } from '../../src/records/notes.ts';
import { nameOf } from '../../src/records/document.ts';

it('says how many more successors there are', () => {
  const successors = Array.from({ length: 30 }, (_, i) => ({ id: `id-${String(i)}`, name: `N${String(i)}` }));
  const notes = toNotes({ id: 'a', status: 'inactive', successors });
  expect(notes.successors).toHaveLength(20);
  expect(describeNotes(notes)).toMatch(/N0 \(id-0\), .*N3 \(id-3\) and 16 more$/);
});

it('keeps what a source wrote short, on one line and storable', () => {
  const notes = toNotes({
    id: 'a',
    status: 'in\nactive',
    successors: [{ id: 'b', name: `x\u0000\ud800${'y'.repeat(999)}` }],
  });
  expect(notes.status).toBe('in active');
  expect(JSON.stringify(notes)).not.toMatch(/\\u0000|\\ud800/);
  expect(notes.successors?.[0]?.name?.length).toBe(250);
});

it.each([
  { id: 'a', status: '' },
  { id: 'a', status: 'x', successors: [{ id: 'b\u0000' }] },
])('refuses %j', (notes) => {
  expect(() => toNotes(notes)).toThrow(TypeError);
});

it('names a record by its English title, whatever translation comes first', () => {
  expect(nameOf({ title: { de: 'Stiftung', en: 'Foundation' } })).toBe('Foundation');
  expect(nameOf({ subject: 'Physics' })).toBe('Physics');
  expect(nameOf(null)).toBe('');
});
