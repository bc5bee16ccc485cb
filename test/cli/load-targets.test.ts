/** The file of VOCAB_SYNC_TARGETS: each problem names its target. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../src/cli/catalog.ts';
import { describeTargets } from '../../src/cli/load-targets.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { runWords } from './run-words.ts';

const folder = makeTempDir('vocab-sync-targets-');
const load = (content: unknown) => {
  const targetsFile = join(folder, 'targets.json');
  writeFileSync(targetsFile, typeof content === 'string' ? content : JSON.stringify(content));
  return loadCatalog({ plugins: [], targetsFile });
};
const rdm = {
  type: 'invenio-rdm',
  args: { url: 'https://rdm.example.org/api', vocabulary: 'funders', token: { $secret: 'env:INVENIO_TOKEN' } },
};

describe('bindings of targets', () => {
  it('are read, and named as reports name them', async () => {
    const catalog = await load({ funders: rdm, files: { type: 'file', args: { path: 'out/x.jsonl' } } });
    expect(catalog.targets.get('funders')).toEqual(rdm);
    expect(await describeTargets(catalog)).toEqual([
      { name: 'funders', target: 'invenio-rdm:rdm.example.org/api/funders' },
      { name: 'files', target: 'file:out/x.jsonl' },
    ]);
  });

  it.each([
    ['no JSON', '{"funders": ', 'line 1'],
    ['no object', [rdm], 'an object such as'],
    ['a name that names nothing', { funders: null }, '"funders": expected a writer'],
    ['a bad name', { 'The funders': rdm }, '"The funders": expected a name'],
    ['an unknown writer', { funders: { ...rdm, type: 'invenio' } }, '"funders": expected a writer (elasticsearch'],
    ['another logical name', { funders: { type: 'target', args: { name: 'x' } } }, '"funders": expected a writer ('],
    ['unknown args', { funders: { ...rdm, args: { ...rdm.args, tokn: 'x' } } }, '"funders"/args/tokn: unknown'],
    ['missing args', { funders: { type: 'invenio-rdm' } }, '"funders"/args/url'],
    [
      'an argument of a job',
      { funders: { ...rdm, args: { ...rdm.args, url: { $arg: 'url' } } } },
      '"funders"/args/url',
    ],
  ])('refuse %s', async (_, content, says) => {
    const loading = load(content);
    await expect(loading).rejects.toMatchObject({ code: 'E_SETTINGS_INVALID' });
    await expect(loading).rejects.toThrow(says);
  });

  it('take credentials by $secret alone, and quote none', async () => {
    const loading = load({ funders: { ...rdm, args: { ...rdm.args, token: 'the-token-itself' } } });
    await expect(loading).rejects.toThrow('$secret');
    await expect(loading).rejects.not.toThrow('the-token-itself');
  });

  it('are missed where the file is not there', async () => {
    const targetsFile = join(folder, 'none.json');
    await expect(loadCatalog({ plugins: [], targetsFile })).rejects.toThrow(targetsFile);
  });
});

describe('commands name the bound target', () => {
  const job = {
    ...{ id: 'ror', title: 'ROR', vocabulary: 'funders' },
    readers: [{ type: 'file', args: { path: 'x.json' } }, { type: 'json' }],
    writers: [{ type: 'funders-service', args: { update: true } }],
  };
  const run = async (...words: string[]) => {
    writeFileSync(join(folder, 'ror.json'), JSON.stringify(job));
    writeFileSync(join(folder, 'targets.json'), JSON.stringify({ funders: rdm }));
    return runWords(words, { cwd: folder, env: { VOCAB_SYNC_TARGETS: 'targets.json' } });
  };

  it('check, also as JSON', { timeout: 60_000 }, async () => {
    const bound = { name: 'funders', target: 'invenio-rdm:rdm.example.org/api/funders' };
    const { code, stdout } = await run('check', './ror.json');
    expect([code, stdout]).toEqual([0, expect.stringContaining(bound.target)]);
    expect(JSON.parse((await run('check', './ror.json', '--json')).stdout)).toMatchObject({
      files: [{ bound: [bound] }],
    });
  });

  it('doctor', { timeout: 60_000 }, async () => {
    expect((await run('doctor')).stdout).toMatch(
      /targets: funders is bound to invenio-rdm:rdm\.example\.org\/api\/funders/,
    );
  });
});
