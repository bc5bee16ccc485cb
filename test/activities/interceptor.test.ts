import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { activityEnding } from '../../activities/interceptor.ts';
import { SourceError } from '../../src/errors.ts';
import { redact, rememberSecret } from '../../src/logging/redact.ts';

function run<T>(activity: () => Promise<T>): Promise<T> {
  const env = new MockActivityEnvironment(
    { attempt: 1 },
    { interceptors: [activityEnding(redact)], logger: new DefaultLogger('ERROR') },
  );
  return env.run(activity);
}

describe('what leaves an activity', () => {
  it('holds no secret that the activity resolved, and the names by which steps find each other', async () => {
    const result = await run(() => {
      rememberSecret('Bearer TOPsecret-things');
      return Promise.resolve({
        planDigest: 'sha256:1',
        targets: { 'postgres:things': { inserted: 1 } },
        rejections: [{ code: 'E_RECORD_TYPE', count: 1, sample: 'found "Bearer TOPsecret-things"' }],
        tasks: [{ name: 'things', chain: 'a → b' }],
        trips: [{ guard: 'min_records', message: 'token TOPsecret-things' }],
      });
    });
    expect(result).toEqual({
      planDigest: 'sha256:1',
      targets: { 'postgres:things': { inserted: 1 } },
      rejections: [{ code: 'E_RECORD_TYPE', count: 1, sample: 'found "***"' }],
      tasks: [{ name: 'things', chain: 'a → b' }],
      trips: [{ guard: 'min_records', message: 'token ***' }],
    });
  });

  it('holds no secret where it fails', async () => {
    const failing = run(() => {
      rememberSecret('Bearer TOPsecret-things');
      return Promise.reject(new SourceError('E_SOURCE_UNEXPECTED', 'said: invalid token TOPsecret-things'));
    });
    await expect(failing).rejects.toMatchObject({ message: 'said: invalid token ***' });
  });

  it('is not masked by what another activity resolved', async () => {
    await run(() => {
      rememberSecret('https://feeds.example.org/T0KEN-of-one-job');
      return Promise.resolve();
    });
    const message = 'https://feeds.example.org/T0KEN-of-one-job answered 404';
    expect(await run(() => Promise.resolve({ message }))).toEqual({ message });
  });
});
