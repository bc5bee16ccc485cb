/** The version of a worker, for Temporal's Worker Versioning: a run ends on workers of the version that it started on. */
import { z } from 'zod';

export interface Deployment {
  readonly name: string;
  readonly buildId: string;
}

/** Temporal reserves the dot and the colon in names of deployments, and joins name and build id with one of them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const BUILD_ID = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/;

export const deploymentShape = {
  VOCAB_SYNC_DEPLOYMENT: z
    .string()
    .regex(NAME, { error: 'expected a name of letters, digits, hyphens and underscores, such as vocab-sync' })
    .optional(),
  VOCAB_SYNC_BUILD_ID: z
    .string()
    .regex(BUILD_ID, { error: 'expected letters, digits, dots, hyphens, underscores and plus signs, such as 1.4.0' })
    .optional(),
};

interface Values {
  readonly VOCAB_SYNC_DEPLOYMENT?: string | undefined;
  readonly VOCAB_SYNC_BUILD_ID?: string | undefined;
}

export function toDeployment({
  VOCAB_SYNC_DEPLOYMENT: name,
  VOCAB_SYNC_BUILD_ID: buildId,
}: Values): Deployment | undefined {
  return name === undefined || buildId === undefined ? undefined : { name, buildId };
}

export function deploymentProblems({ VOCAB_SYNC_DEPLOYMENT: name, VOCAB_SYNC_BUILD_ID: buildId }: Values): string[] {
  if ((name === undefined) === (buildId === undefined)) return [];
  const [given, missing] =
    name === undefined
      ? ['VOCAB_SYNC_BUILD_ID', 'VOCAB_SYNC_DEPLOYMENT']
      : ['VOCAB_SYNC_DEPLOYMENT', 'VOCAB_SYNC_BUILD_ID'];
  return [`${given}: expected ${missing} as well, found nothing. Set both or neither.`];
}
