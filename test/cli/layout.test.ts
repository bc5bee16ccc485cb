/** What commands print fits the terminal: no line is longer, and nothing is lost without a sign. */
import { Writable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createProgressLine, renderProgress, type ProgressFacts } from '../../src/cli/follow/progress-line.ts';
import { fitCommand } from '../../src/cli/render/fit-command.ts';
import { clipColumns, fitText, paint, PLAIN, widthOf, type Page } from '../../src/cli/render/page.ts';
import { renderChanges } from '../../src/cli/render/render-changes.ts';
import { renderReport } from '../../src/cli/render/render-report.ts';
import { renderFields, renderTable, type TableColumn } from '../../src/cli/render/render-table.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { toTerminalSettings } from '../../src/settings/terminal-settings.ts';
import type { RunReport } from '../../src/records/run.ts';

const WIDTHS = [60, 80, 120];
const page = (width: number, colours = false): Page => ({ width, colours });

/** Addresses and digests are left whole, so that they can be copied. */
function tooLong(text: string, width: number): string[] {
  return stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => widthOf(line) > width && /\s/.test(line.trim()));
}

const COUNTS = { read: 1_234_567, filtered: 0, duplicates: 0, rejected: 0, staged: 1_234_567 };
const REPORT = {
  run: '01a227e6-fe98-78a9-b605-8294d785fd73',
  job: 'ror-affiliations',
  title: '研究機関の名前: Forschungseinrichtungen und ihre früheren, heutigen und künftigen Namen',
  mode: 'run',
  version: 3,
  outcome: 'success',
  phase: 'done',
  workflow_id: 'vocab-sync/ror-affiliations/20261129T152259Z',
  since: null,
  since_reason: 'no run of this job has succeeded on its own source yet: everything',
  started_at: '2026-11-29T15:22:59.000Z',
  finished_at: '2026-11-29T15:23:50.000Z',
  started_by: 'root',
  trigger: 'manual',
  decision: { by: 'Ada', reason: 'checked with the library, the registry and everybody else who has an opinion' },
  error: null,
  web_ui:
    'http://127.0.0.1:8233/namespaces/default/workflows/vocab-sync%2Fror-affiliations%2F20261129T152259Z/01a227e6',
  tasks: [
    {
      name: 'main',
      outcome: 'success',
      counts: COUNTS,
      source: {
        name: 'sample-v0.2-2026-06-23-ror-data.zip',
        version: '2',
        bytes: 20_500,
        digest: `sha256:${'a'.repeat(64)}`,
      },
      targets: [
        {
          name: 'postgres:affiliations',
          inserted: 5,
          updated: 10,
          restored: 0,
          withdrawn: 1,
          unchanged: 36,
          rejected: 0,
        },
      ],
      warnings: [
        {
          code: 'E_RECORD_SCHEMA',
          count: 3,
          samples: ['A long sample that says which record it was and why it was dropped from the list'],
        },
      ],
      trips: [],
    },
  ],
} as unknown as RunReport;

describe('a report', () => {
  it.each(WIDTHS)('fits %i columns', (width) => {
    const text = renderReport(REPORT, page(width));
    expect(tooLong(text, width)).toEqual([]);
    for (const whole of ['postgres:affiliations', REPORT.run, `sha256:${'a'.repeat(64)}`, '1,234,567', 'an opinion'])
      expect(text.replaceAll(/\s+/g, ' ')).toContain(whole);
  });

  it('leaves columns of zeros out only where there is no room', () => {
    expect(renderReport(REPORT, page(120))).toContain('restored');
    expect(renderReport(REPORT, page(80))).not.toContain('restored');
    expect(renderReport(REPORT, page(80))).toMatch(/postgres:affiliations +5 +10 +1 +36\n/);
  });

  it('colours the outcome where there are colours, and nothing else changes', () => {
    const painted = renderReport(REPORT, page(80, true));
    expect(painted).toContain('\u001b[32msuccess\u001b[39m');
    expect(stripVTControlCharacters(painted)).toBe(renderReport(REPORT, page(80)));
    expect(renderReport(REPORT, PLAIN)).not.toContain('\u001b');
  });

  it('says that the time includes the wait for a decision', () => {
    expect(renderReport(REPORT)).toContain('in 51 s, including the wait');
    expect(renderReport({ ...REPORT, decision: null })).not.toContain('including the wait');
  });
});

describe('a table', () => {
  const columns: readonly TableColumn[] = [
    { title: 'run' },
    { title: 'job', wraps: true },
    { title: 'read', align: 'right' },
    { title: 'rejected', align: 'right', droppable: true },
    { title: 'source', below: true },
  ];
  const rows = [
    ['01a227e6-fe98', 'a-job-with-a-long-name-of-its-own', '1,234,567', '0', 'v2.9-2026-06-23-ror-data.zip'],
    ['01a227e6-fe99', '機関の語彙', '3', '0', 'é'],
  ];

  it.each(WIDTHS)('fits %i columns and keeps every text', (width) => {
    const text = renderTable(columns, rows, '', page(width));
    expect(tooLong(text, width)).toEqual([]);
    const letters = text.replaceAll(/\s/g, '');
    for (const cell of rows.flat().filter((each) => each !== '0'))
      expect(letters).toContain(cell.replaceAll(/\s/g, ''));
  });

  it('aligns wide characters and combining marks by what they show', () => {
    const text = renderTable(
      [{ title: 'name' }, { title: 'n' }],
      [
        ['日本', 'x'],
        ['é'.normalize('NFD'), 'x'],
        ['abcd', 'x'],
      ],
    );
    const places = text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => widthOf(line.slice(0, line.indexOf('x'))));
    expect(new Set(places)).toEqual(new Set([6]));
  });

  it('becomes lines where even its narrowest form has no room', () => {
    const text = renderTable([{ title: 'alpha' }, { title: 'beta' }], [['x'.repeat(30), 'y'.repeat(30)]], '', page(40));
    expect(text).toBe(`alpha  ${'x'.repeat(30)}\nbeta   ${'y'.repeat(30)}\n`);
  });

  it('puts a heading column on a line of its own', () => {
    const text = renderTable(
      [
        { title: 'target', heading: true },
        { title: 'inserted', align: 'right' },
        { title: 'updated', align: 'right' },
      ],
      [['postgres:a_rather_long', '1', '2']],
      '',
      page(30),
    );
    expect(text).toBe('target: postgres:a_rather_long\n  inserted  updated\n         1        2\n');
  });
});

describe('fields and texts', () => {
  it('wrap under their value, and give a digest a line of its own', () => {
    const text = renderFields(
      [
        ['name', 'word '.repeat(20).trim()],
        ['digest', 'd'.repeat(50)],
      ],
      '',
      page(52),
    );
    expect(tooLong(text, 52)).toEqual([]);
    expect(text).toContain(`digest\n  ${'d'.repeat(50)}\n`);
    expect(text).toMatch(/^name {4}word.*\n {8}word/);
  });

  it.each(WIDTHS)('changes fit %i columns', (width) => {
    const after = { name: 'Ein langer Name '.repeat(8), aliases: ['a'] };
    const text = renderChanges(
      [{ task: 'main', target: 'postgres:affiliations', op: 'update', id: '01ggx4157', before: { name: 'x' }, after }],
      'table',
      page(width),
    );
    expect(tooLong(text, width)).toEqual([]);
  });

  it('are cut between characters, with a sign', () => {
    expect(clipColumns('日本語の名前', 7)).toBe('日本語…');
    expect(clipColumns('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
    expect(clipColumns('short', 80)).toBe('short');
    expect(fitText('short\n', page(80))).toBe('short\n');
  });

  it('keep a command in backticks on one line', () => {
    const text = 'Correct the file, then run `vocab-sync schedule units resume` to start it again.';
    expect(fitText(text, page(50))).toBe(
      'Correct the file, then run\n  `vocab-sync schedule units resume` to start it\n  again.',
    );
  });

  it('continue a long command with the backslash of the shell', () => {
    const command = `temporal operator create --name "Vocab Job" --type Keyword`;
    const space = { first: '  ', others: '    ', width: 40 };
    expect(fitCommand(command, space)).toBe('  temporal operator create --name \\\n    "Vocab Job" --type Keyword');
    expect(fitCommand('vocab-sync runs', space)).toBe('  vocab-sync runs');
  });
});

describe('colours', () => {
  it('follow NO_COLOR and FORCE_COLOR, else the terminal', () => {
    expect(toTerminalSettings({ NO_COLOR: '1' }).colours).toBe(false);
    expect(toTerminalSettings({ NO_COLOR: '' }).colours).toBeUndefined();
    expect(toTerminalSettings({ FORCE_COLOR: '1' }).colours).toBe(true);
    expect(toTerminalSettings({ FORCE_COLOR: '0' }).colours).toBe(false);
    expect(toTerminalSettings({}).colours).toBeUndefined();
    expect(paint(PLAIN, 'red', 'x')).toBe('x');
  });
});

const FACTS: ProgressFacts = {
  phase: 'stage',
  source: 'v2.9-2026-06-23-ror-data.zip',
  records: 123_456,
  rejected: 12,
  bytes: 500_000_000,
  totalBytes: 1_000_000_000,
};

describe('the progress', () => {
  it.each([30, 40, 60, 79, 119])('fits %i columns and always has the percent', (width) => {
    for (const phase of ['fetch', 'stage'] as const) {
      const line = renderProgress({ ...FACTS, phase }, { records: 10_000, bytes: 1_000_000 }, width);
      expect(widthOf(line)).toBeLessThanOrEqual(width);
      expect(line).toContain('50 %');
    }
  });

  it('has a bar, a rate and the remaining time in 80 columns', () => {
    const line = renderProgress(FACTS, { records: 10_000, bytes: 1_000_000 }, 79);
    expect(line).toMatch(/^reading .*\[#+-+\] {2}50 % .*10,000\/s .*8 min 20 s left$/);
  });

  it('does not call the records that were read published', () => {
    expect(renderProgress({ ...FACTS, phase: 'apply' }, undefined)).not.toContain('123,456');
  });

  it('leaves nothing on a terminal that became narrower', () => {
    const written: string[] = [];
    const stderr = Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          written.push(chunk.toString());
          done();
        },
      }),
      { isTTY: true, columns: 120 },
    );
    const terminal = createTerminal({
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr,
      onInterrupt: () => () => undefined,
    });
    createProgressLine(terminal).show(FACTS);
    const before = widthOf(stripVTControlCharacters(written.join('')).trim());
    stderr.columns = 40;
    terminal.status('');
    expect(written.at(-1)).toBe(`\r\u001b[${String(Math.ceil(before / 40) - 1)}A\u001b[J`);
  });
});
