/**
 * Proves that a run was started by someone who can read the key of the worker. The signature covers the workflow id and
 * the whole request, so it is useless for another run. The key never leaves the two processes.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from './json-object.ts';
import type { RunRequest } from './run.ts';

/** Changes with the layout of the signed text, so that no two layouts can be confused. */
const LAYOUT = 'vocab-sync run 1';

/** Returns base64url. An existing signature of the request is not signed. */
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
  // Signs the request as JSON, because the worker receives it in this form, without undefined values.
  const sent: unknown = JSON.parse(JSON.stringify(content));
  return [LAYOUT, JSON.stringify(workflowId), canonicalJson(sent)].join('\n');
}
