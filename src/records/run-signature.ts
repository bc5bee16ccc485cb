/**
 * Proves that a run was started by somebody who can read the key of the worker. The signature covers the workflow id and
 * the whole request, so it is worthless for another run. The key itself never leaves the two processes.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from './json-object.ts';
import type { RunRequest } from './run.ts';

/** Changes with the layout of the signed text, so that no two layouts can be confused. */
const LAYOUT = 'vocab-sync run 1';

/** Returns base64url. A signature that the request already has is not part of what is signed. */
export function signRun(key: Buffer, workflowId: string, request: RunRequest): string {
  return createHmac('sha256', key).update(signedText(workflowId, request)).digest('base64url');
}

export function isSigned(key: Buffer, workflowId: string, request: RunRequest): boolean {
  const expected = Buffer.from(signRun(key, workflowId, request));
  const found = Buffer.from(typeof request.signature === 'string' ? request.signature : '');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

function signedText(workflowId: string, request: RunRequest): string {
  const { signature: _signature, ...content } = request;
  // As JSON, because that is how the request arrives at the worker: without what is undefined.
  const sent: unknown = JSON.parse(JSON.stringify(content));
  return [LAYOUT, JSON.stringify(workflowId), canonicalJson(sent)].join('\n');
}
