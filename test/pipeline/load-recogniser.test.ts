import { describe, expect, it } from 'vitest';
import { withRecogniser } from '../../src/pipeline/stage/load-recogniser.ts';
import type { Recognise } from '../../src/records/entry.ts';

const recognise: Recognise = () => ({ digest: '', isKnown: false });

describe('a recogniser', () => {
  it('is loaded once for those who work at once, and again for those who come later', async () => {
    const owner = {};
    let loads = 0;
    const load = (): Promise<Recognise> => {
      loads += 1;
      return Promise.resolve(recognise);
    };
    const work = (key: string): Promise<Recognise> => withRecogniser(owner, key, load, (lent) => Promise.resolve(lent));
    expect(await Promise.all([work('a'), work('a'), work('a')])).toEqual([recognise, recognise, recognise]);
    expect(loads).toBe(1);
    await Promise.all([work('a'), work('b')]);
    expect(loads).toBe(3);
  });

  it('that could not be loaded is asked for again', async () => {
    const owner = {};
    const fail = (): Promise<Recognise> => Promise.reject(new Error('away'));
    const use = (): Promise<string> => Promise.resolve('used');
    await expect(withRecogniser(owner, 'a', fail, use)).rejects.toThrow('away');
    expect(await withRecogniser(owner, 'a', () => Promise.resolve(recognise), use)).toBe('used');
  });
});
