import { describe, expect, it } from 'vitest';
import { isSigned, signRun } from '../../src/records/run-signature.ts';
import type { RunRequest } from '../../src/records/run.ts';

const KEY = Buffer.from('a key of at least thirty-two characters');
const ID = 'vocab-sync/lines/20261129T120000Z';
const REQUEST: RunRequest = {
  job: 'lines',
  trigger: 'manual',
  mode: 'run',
  config: '{"id": "lines"}',
  customArgs: { guards: { min_records: 10, max_shrink_percent: 20 } },
  input: { path: '/data/dump.zip', name: 'dump.zip' },
};
const signed = (request: RunRequest = REQUEST, id = ID): RunRequest => ({
  ...request,
  signature: signRun(KEY, id, request),
});

describe('the signature of a run', () => {
  it('holds for the request as it arrives, whatever the order of its keys', () => {
    const sent = JSON.parse(JSON.stringify({ ...signed(), since: undefined })) as RunRequest;
    expect(isSigned(KEY, ID, sent)).toBe(true);
    const turned = Object.fromEntries(Object.entries(sent).reverse()) as unknown as RunRequest;
    expect(isSigned(KEY, ID, turned)).toBe(true);
  });

  it('is worthless for another workflow, another key or no signature', () => {
    expect(isSigned(KEY, `${ID}-2`, signed())).toBe(false);
    expect(isSigned(Buffer.from('another key of thirty-two characters'), ID, signed())).toBe(false);
    expect(isSigned(KEY, ID, REQUEST)).toBe(false);
    expect(isSigned(KEY, ID, { ...REQUEST, signature: '' })).toBe(false);
    expect(isSigned(KEY, ID, { ...REQUEST, signature: 7 as unknown as string })).toBe(false);
  });

  it.each<[string, Partial<RunRequest>]>([
    ['job', { job: 'other' }],
    ['mode', { mode: 'plan' }],
    ['config', { config: '{"id": "other"}' }],
    ['custom args', { customArgs: { guards: { min_records: 11, max_shrink_percent: 20 } } }],
    ['arguments', { args: { path: '/etc/shadow' } }],
    ['input', { input: { path: '/etc/shadow', name: 'dump.zip' } }],
    ['since', { since: 'none' }],
    ['a run that is read again', { retries: 'some-run' }],
  ])('is worthless with another %s', (_what, change) => {
    expect(isSigned(KEY, ID, { ...signed(), ...change })).toBe(false);
  });

  it('does not contain the key', () => {
    expect(JSON.stringify(signed())).not.toContain(KEY.toString());
  });
});
