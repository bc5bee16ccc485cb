/**
 * Output for people: no text of a source may move the cursor, and a change is shown by the added and the removed text.
 */
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatNumber } from '../../src/cli/render/format-number.ts';
import { renderReleaseNote } from '../../src/cli/render/render-changes.ts';
import type { RunReport } from '../../src/records/run.ts';
import { printable } from '../../src/cli/render/printable.ts';
import { createProgressLine, type ProgressFacts } from '../../src/cli/follow/progress-line.ts';
import { describeField, renderChanges } from '../../src/cli/render/render-changes.ts';
import { renderTable } from '../../src/cli/render/render-table.ts';
import { createTerminal, OutputClosed, type Terminal } from '../../src/cli/terminal.ts';
import type { RecordChange } from '../../src/postgres/ledger/change-history.ts';

describe('numbers', () => {
  it.each([
    [formatNumber(35990), '35,990'],
    [formatBytes(999), '999 bytes'],
    [formatBytes(11_910_544), '11.9 MB'],
    [formatDuration(640), '0.6 s'],
    [formatDuration(64_000), '1 min 4 s'],
    [formatDuration(3_660_000), '1 h 1 min'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

it('takes control characters and direction marks out of what a source says', () => {
  expect(printable('a\u001b[2Jb\nc\u202ed')).toBe('a\\u001b[2Jb c\\u202ed');
  expect(printable('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`);
});

it('aligns numbers to the right', () => {
  const text = renderTable(
    [{ title: 'name' }, { title: 'n', align: 'right' }],
    [
      ['a', '1'],
      ['bcdef', '1,000'],
    ],
  );
  expect(text).toBe('name       n\na          1\nbcdef  1,000\n');
});

describe('changes', () => {
  const change: RecordChange = {
    task: 'main',
    target: 'postgres:affiliations',
    op: 'update',
    id: '01ggx4157',
    before: { name: 'CERN', aliases: ['a', 'b'] },
    after: { name: 'CERN *new*', aliases: ['b', 'c'] },
  };

  const LONG = 'word '.repeat(40).trim();
  it.each([
    [{ pointer: '/a', before: undefined, after: 1 }, 'added 1'],
    [{ pointer: '/a', before: 'x', after: undefined }, 'removed "x"'],
    [{ pointer: '/a', before: ['x', 'y'], after: ['y', 'z'] }, '−"x" +"z"'],
    [{ pointer: '/a', before: ['x', 'y'], after: ['y', 'x'] }, 'in another order'],
    [
      { pointer: '/a', before: `${LONG} its end`, after: `${LONG} another end` },
      '"…word word word word word its end" → "…word word word word word another end"',
    ],
    [
      { pointer: '/a', before: `a ${LONG}`, after: `b ${LONG}` },
      expect.stringMatching(/^"a word.*… → "b word.*…$/) as string,
    ],
  ])('tells %j', (field, expected) => {
    expect(describeField(field)).toEqual(expected);
  });

  it('as a table', () => {
    const text = renderChanges([change], 'table');
    expect(text).toContain('update    01ggx4157');
    expect(text).toContain('  /name  "CERN" → "CERN *new*"');
    expect(text).toContain('  /aliases  −"a" +"c"');
  });

  it('as Markdown that the text of a source cannot break', () => {
    expect(renderChanges([change], 'markdown')).toContain('**CERN \\*new\\***');
  });

  it('as JSON lines with the fields', () => {
    const line = JSON.parse(renderChanges([change], 'jsonl')) as { fields: unknown[] };
    expect(line.fields).toContainEqual({ pointer: '/name', before: 'CERN', after: 'CERN *new*' });
  });
});

describe('progress', () => {
  const facts: ProgressFacts = {
    phase: 'stage',
    source: 'dump.zip',
    records: 0,
    rejected: 0,
    bytes: 0,
    totalBytes: 1000,
  };

  function terminalOf(isTTY: boolean): { terminal: Terminal; text: () => string } {
    const written: string[] = [];
    const stderr = Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          written.push(chunk.toString());
          done();
        },
      }),
      { isTTY, columns: 100 },
    );
    const terminal = createTerminal({
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr,
      onInterrupt: () => () => undefined,
    });
    return { terminal, text: () => written.join('') };
  }

  it('tells rate and time to go, in one line that is rewritten', () => {
    const { terminal, text } = terminalOf(true);
    let now = 0;
    const line = createProgressLine(terminal, () => now);
    line.show(facts);
    now = 2000;
    line.show({ ...facts, records: 2000, bytes: 500 });
    expect(text()).not.toContain('\n');
    expect(text()).toMatch(/\[#{9}-{9}\]  50 %  2,000 records  1,000\/s  2\.0 s left$/);
    line.end();
    expect(text().endsWith('\r\u001b[J')).toBe(true);
  });

  it('prints a line for each phase and every few seconds where nobody watches', () => {
    const { terminal, text } = terminalOf(false);
    let now = 0;
    const line = createProgressLine(terminal, () => now);
    for (; now < 12_000; now += 300) line.show({ ...facts, records: now });
    line.show({ ...facts, phase: 'apply', records: now });
    expect(text().trimEnd().split('\n')).toHaveLength(4);
    expect(text()).not.toContain('\u001b');
  });
});

it('a reader who left ends the output, whatever is still written', async () => {
  const stdout = new PassThrough();
  const terminal = createTerminal({
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    onInterrupt: () => () => undefined,
  });
  await terminal.write('a');
  const error: NodeJS.ErrnoException = new Error('write EPIPE');
  error.code = 'EPIPE';
  stdout.destroy(error);
  await new Promise((resolve) => stdout.once('close', resolve));
  await expect(terminal.write('b')).rejects.toBeInstanceOf(OutputClosed);
});

it('a disk that is full is told, also when it shows only after the last line', async () => {
  const fault: NodeJS.ErrnoException = new Error('ENOSPC: no space left on device, write');
  fault.code = 'ENOSPC';
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => {
      setImmediate(() => {
        done(fault);
      });
    },
  });
  const terminal = createTerminal({
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    onInterrupt: () => () => undefined,
  });
  await terminal.write('a');
  const told = {
    code: 'E_DISK_FULL',
    message:
      'What this command prints could not be written whole: ENOSPC: no space left on device, write. Fix that, then repeat the command.',
  };
  await expect(terminal.settle()).rejects.toMatchObject(told);
  await expect(terminal.write('b')).rejects.toMatchObject(told);
});

it('a release note shows what a source sent as text, whatever it holds', () => {
  const report = {
    run: 'r',
    title: 'T',
    outcome: 'success',
    started_at: '2026-01-01T00:00:00Z',
    finished_at: null,
    tasks: [],
  };
  const id = '\u202e<b>[x](y)';
  const change = { task: 'main', target: 'postgres:units', op: 'insert', id, before: null, after: { id, name: 'N' } };
  const note = renderReleaseNote(report as unknown as RunReport, [change as unknown as RecordChange], false);
  expect(note).toContain('- **N** (\\\\u202e\\<b\\>\\[x\\](y))\n');
});
