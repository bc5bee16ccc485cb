import { describe, expect, it } from 'vitest';
import { renderDetails, summaryLine } from '../../workflows/details-text.ts';
import type { RunProgress, TaskProgress } from '../../workflows/run-state.ts';

const PLACE = { namespace: 'default', workflowId: 'vocab-sync/ror/20261121T113355Z', runId: 'run-1' };

function task(changes: Partial<TaskProgress> = {}): TaskProgress {
  return {
    name: 'main',
    chain: 'ror-http > zip > json → ror → postgres:affiliations',
    phase: 'compare',
    source: { name: 'v2.9-ror-data.zip', version: 'v2.9', digest: `sha256:${'5'.repeat(64)}`, bytes: 11_910_544 },
    unchanged: null,
    partitions: { total: 1, staged: 1 },
    round: 1,
    counts: { read: 121_000, filtered: 5, duplicates: 1, rejected: 2, staged: 120_992 },
    targets: {
      'postgres:affiliations': {
        inserted: 214,
        updated: 308,
        unchanged: 120_470,
        withdrawn: 3,
        restored: 0,
        rejected: 0,
      },
    },
    trips: [],
    rejections: [{ code: 'E_RECORD_ID', count: 2, sample: 'Expected an id. (json:7)' }],
    published: false,
    ...changes,
  };
}

function progress(changes: Partial<RunProgress> = {}): RunProgress {
  return {
    run: 'run-1',
    mode: 'run',
    job: 'ror',
    title: 'Load ROR',
    phase: 'compare',
    since: '2026-01-01T00:00:00Z',
    sinceReason: 'the start of the last successful run',
    configDigest: 'sha256:c0ffee',
    tasks: [task()],
    waiting: null,
    decision: null,
    cancelledBy: null,
    heldBy: null,
    outcome: null,
    error: null,
    schedulePaused: null,
    ...changes,
  };
}

/** What a reader of the rendered text sees of backslash escapes and entities that stand for themselves. */
function read(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

describe('the details text', () => {
  it.each(['cancelled', 'failed', 'discarded', 'success'] as const)('asks nobody about a run that is %s', (outcome) => {
    const waiting = { task: 'main', planDigest: 'plan-1', deadline: '2026-01-15T00:00:00Z' };
    expect(renderDetails(progress({ phase: 'waiting', waiting }), PLACE)).toContain('approve');
    const text = renderDetails(progress({ phase: 'done', outcome, waiting }), PLACE);
    expect(text).not.toContain('approve');
    expect(text).not.toContain('Nothing is published yet');
  });

  it('tells a stranger which source, since when and why, how far, what changes, what was rejected and why', () => {
    const text = read(renderDetails(progress(), PLACE));
    expect(text).toContain('since: 2026-01-01 00:00 UTC (the start of the last successful run)');
    expect(text).toContain('config: sha256:c0ffee');
    expect(text).toContain('source: **v2.9-ror-data.zip**, v2.9, 11.9 MB, sha256:555555555555…');
    expect(text).toContain('resolve ✓ → fetch ✓ → stage ✓ → **compare** → apply → finish');
    expect(text).toContain('read 121,000 · filtered 5 · duplicates 1 · rejected 2 · staged 120,992');
    expect(text).toContain('- 2 × **E_RECORD_ID**, such as: Expected an id. (json:7)');
    expect(text).toContain('**postgres:affiliations**, would be');
    expect(text).toContain('- inserted: **214**\n- updated: **308**\n- withdrawn: **3**\n- unchanged: **120,470**');
    expect(text).not.toContain('restored');
    expect(text).toContain(
      '/namespaces/default/workflows/vocab-sync%2Fror%2F20261121T113355Z/run-1/pending-activities',
    );
  });

  it('names the commands that tell more, of the run that holds the job where this one was skipped', () => {
    const done = read(renderDetails(progress({ phase: 'done', outcome: 'success' }), PLACE));
    expect(done).toContain('/history) · in a terminal: `vocab-sync show run-1`, or `logs`, `changes`');
    const heldBy = { run: 'run-0', workflowId: 'vocab-sync/ror/1', phase: 'waiting' } as const;
    const skipped = read(renderDetails(progress({ phase: 'done', outcome: 'skipped', tasks: [], heldBy }), PLACE));
    expect(skipped).toContain('/history) · `vocab-sync show run-0`');
  });

  it('says what a run is that is no ordinary one, and that its end paused the schedule', () => {
    const note = 'paused by vocab-sync after 3 failures in a row — then: vocab-sync schedule ror resume';
    const text = read(renderDetails(progress({ mode: 'retry', outcome: 'failed', schedulePaused: note }), PLACE));
    expect(text).toContain('**Load ROR** — failed (retry of rejections)');
    expect(text).toContain(`- **schedule** ${note}`);
  });

  it('names what is no longer in use, who continues it, and how many records refer to it', () => {
    const line = 'The University of Adelaide (00892tw58): inactive, continued by Adelaide University (028g18b61)';
    const ended = { total: 7, lines: [line] };
    const plan = read(renderDetails(progress({ tasks: [task({ ended })] }), PLACE));
    expect(plan).toContain(`- ${line}\n- and 6 more`);
    const impacts = [
      {
        target: 'invenio-rdm:rdm.example.org/api/affiliations',
        text: '300 records refer to 5 of the 18 records.',
        lines: ['The University of <b>Adelaide (00892tw58): 60 records; inactive'],
      },
    ];
    const text = renderDetails(progress({ tasks: [task({ ended, impacts })] }), PLACE);
    expect(text).toContain('300 records refer to 5');
    expect(text).toContain('&#60;b&#62;');
    expect(text).not.toContain('6 more');
  });

  it('shows the first changes of each kind, escaped and bounded', () => {
    const changes = [
      { target: 'postgres:affiliations', op: 'update' as const, records: ['01a /title/en: "A" → "B"', '<script>'] },
      { target: 'postgres:affiliations', op: 'insert' as const, records: ['x'.repeat(500)] },
      { target: 'postgres:other', op: 'withdraw' as const, records: ['of another target'] },
    ];
    const text = renderDetails(progress({ tasks: [task({ changes })] }), PLACE);
    expect(text).toContain('- update\n  - 01a /title/en: "A" → "B"\n  - &#60;script&#62;');
    expect(text).toMatch(/- insert\n {2}- x{89}…\n/);
    expect(text).not.toContain('of another target');
    const many = Array.from({ length: 40 }, () => changes).flat();
    expect(
      encodeURIComponent(renderDetails(progress({ tasks: [task({ changes: many })] }), PLACE)).length,
    ).toBeLessThan(4001);
  });

  it('says who cancelled, what to do about an error, and links a skipped start to the run that holds the job', () => {
    expect(renderDetails(progress({ outcome: 'cancelled', cancelledBy: 'Ada' }), PLACE)).toContain(
      '- cancelled by Ada',
    );
    expect(renderDetails(progress({ outcome: 'cancelled' }), PLACE)).toContain('- cancelled in Temporal');
    const error = { code: 'E_SOURCE_EMPTY', message: 'm'.repeat(400), details: { remedy: 'Look at the source.' } };
    const failed = renderDetails(progress({ outcome: 'failed', error }), PLACE);
    expect(failed).toContain('m'.repeat(400));
    expect(failed).toContain('- what to do: Look at the source.');
    const heldBy = { run: 'run-0', workflowId: 'vocab-sync/ror/x', phase: 'waiting' as const };
    const skipped = renderDetails(progress({ outcome: 'skipped', heldBy, tasks: [] }), PLACE);
    expect(skipped).toContain('[run run-0](/namespaces/default/workflows/vocab-sync%2Fror%2Fx/run-0/history)');
    expect(skipped).not.toContain('since:');
  });

  it('shows a plan that is being published as such, and where the reasons of kept records are', () => {
    const text = (changes: Partial<TaskProgress>): string => {
      const targets = {
        'invenio-rdm:rdm/api/funders': {
          ...{ inserted: 1363, updated: 2, unchanged: 0, withdrawn: 0, restored: 0, rejected: 0 },
          ...(changes.published === true ? { kept: 1 } : {}),
        },
      };
      return read(renderDetails(progress({ tasks: [task({ phase: 'apply', targets, ...changes })] }), PLACE));
    };
    const during = text({});
    expect(during).toContain('**invenio-rdm:rdm/api/funders**, is being published');
    expect(during).not.toContain('would be');
    const after = text({ published: true, counts: { read: 1, filtered: 0, duplicates: 0, rejected: 0, staged: 1 } });
    expect(after).toMatch(/- kept: \*\*1\*\*\n- kept and rejected.*`vocab-sync rejections run-1`/);
    expect(text({ published: false })).not.toContain('kept and rejected');
  });

  it('does not show as published what was not', () => {
    const shown = (outcome: RunProgress['outcome'], published: boolean) =>
      renderDetails(progress({ outcome, tasks: [task({ published })] }), PLACE);
    expect(shown('success', true)).toContain('**postgres:affiliations**, published');
    expect(shown('discarded', false)).toContain('**postgres:affiliations**, was not published');
  });

  it('says what it waits for, until when, why, and what to do', () => {
    const waiting = { task: 'main', planDigest: 'plan-7', deadline: '2026-12-05T12:00:00.000Z' };
    const trips = [{ guard: 'max_shrink_percent', message: '66 % of the records would go' }];
    const text = read(renderDetails(progress({ phase: 'waiting', waiting, tasks: [task({ trips })] }), PLACE));
    expect(text).toContain('Nothing is published yet.** The plan waits until 2026-12-05 12:00 UTC');
    expect(text).toContain('compare ✓ → **waiting** → apply → finish');
    expect(text).toContain('`vocab-sync approve run-1`');
    expect(text).toContain('guard **max_shrink_percent**: 66 % of the records would go');
  });

  it('lets nothing from outside become HTML or Markdown', () => {
    const title = '<img src=x onerror=alert(1)> [a](javascript:x) `code` | **b** {workflowId}\n# head';
    const text = renderDetails(progress({ title }), PLACE);
    expect(text).not.toContain('<img');
    expect(text).toContain('\\[a\\]\\(javascript:x\\) \\`code\\` \\| \\*\\*b\\*\\* &#123;workflowId&#125; # head');
  });

  it('stays below 4 kB in a URL, leaving out what matters least', () => {
    const trips = Array.from({ length: 40 }, () => ({ guard: 'min_fill_percent', message: 'ü'.repeat(500) }));
    const error = { code: 'E_INTERNAL', message: 'ü'.repeat(5000) };
    const tasks = Array.from({ length: 20 }, (_, index) => task({ name: `task-${String(index)}`, trips }));
    const text = renderDetails(progress({ tasks, error }), PLACE);
    expect(encodeURIComponent(text).length).toBeLessThanOrEqual(4000);
    expect(text).toContain('E\\_INTERNAL');
  });

  it('takes half a character for what it is', () => {
    expect(renderDetails(progress({ title: `a\uD83D b${'😀'.repeat(200)}` }), PLACE)).toContain('a\uFFFD b😀');
  });

  it('ends with an empty line, because the frame of the Web UI hides the last one', () => {
    expect(renderDetails(progress(), PLACE)).toMatch(/\n\n&#160;\n$/);
  });
});

describe('the summary in the memo', () => {
  it('is one line with outcome, version, changes and rejections', () => {
    expect(summaryLine(progress({ outcome: 'partial', tasks: [task({ published: true })] }))).toBe(
      'partial · v2.9-ror-data.zip postgres:affiliations +214 ~308 −3, 2 rejected',
    );
    expect(summaryLine(progress({ outcome: 'discarded' }))).toBe(
      'discarded · v2.9-ror-data.zip nothing published, 2 rejected',
    );
    const heldBy = { run: 'run-0', workflowId: 'w', phase: 'waiting' as const };
    expect(summaryLine(progress({ outcome: 'skipped', heldBy }))).toBe('skipped: run run-0 holds the job (waiting)');
    expect(summaryLine(progress({ outcome: 'failed', error: { code: 'E_X', message: 'why' } }))).toBe(
      'failed: E_X why',
    );
  });
});
