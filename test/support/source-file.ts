/** Serves a file as object stores do: ETag, Last-Modified, Range, If-Range, If-None-Match; and with faults. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf, type FaultKind } from './source-faults.ts';

export interface SourceFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** As InvenioRDM writes it: `"md5:…"`. */
  readonly etag: string;
  readonly lastModified: string;
}

export interface SourceFileOptions {
  readonly name: string;
  readonly path?: string;
  readonly bytes?: Buffer;
  readonly type?: string;
  readonly lastModified?: Date;
}

export function toSourceFile(options: SourceFileOptions): SourceFile {
  const bytes = options.bytes ?? readFileSync(options.path ?? '');
  return {
    name: options.name,
    type: options.type ?? typeOf(options.name),
    bytes,
    etag: `"md5:${createHash('md5').update(bytes).digest('hex')}"`,
    lastModified: (options.lastModified ?? new Date('2026-01-02T03:04:05Z')).toUTCString(),
  };
}

function typeOf(name: string): string {
  if (name.endsWith('.zip')) return 'application/zip';
  return name.endsWith('.tar') ? 'application/x-tar' : 'text/csv';
}

export async function sendFile(
  file: SourceFile,
  request: IncomingMessage,
  response: ServerResponse,
  faults: readonly FaultKind[],
): Promise<void> {
  const hasValidator = faultOf(faults, 'no-validator') === undefined;
  response.setHeader('content-type', faultOf(faults, 'content-type')?.type ?? 'application/octet-stream');
  response.setHeader('accept-ranges', 'bytes');
  if (hasValidator) {
    response.setHeader('etag', file.etag);
    response.setHeader('last-modified', file.lastModified);
  }
  if (hasValidator && request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  const start = startOf(file, request, response, faults);
  if (start === undefined) return;
  const body = faultOf(faults, 'corrupt') === undefined ? file.bytes : Buffer.from(file.bytes.map((byte) => byte ^ 1));
  const isLonger = start > 0 && faultOf(faults, 'longer-range') !== undefined;
  if (start > 0 && faultOf(faults, 'encoded-range') !== undefined) response.setHeader('content-encoding', 'gzip');
  const rest = isLonger ? Buffer.concat([body.subarray(start), Buffer.from('more')]) : body.subarray(start);
  response.setHeader('content-length', String(rest.length + (faultOf(faults, 'declare-more')?.bytes ?? 0)));
  if (request.method === 'HEAD') response.end();
  else await sendBody(rest, response, faults);
}

/** Where to begin, with the status set; undefined when the answer is already complete. */
function startOf(
  file: SourceFile,
  request: IncomingMessage,
  response: ServerResponse,
  faults: readonly FaultKind[],
): number | undefined {
  response.statusCode = 200;
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const condition = request.headers['if-range'];
  const isSame = condition === undefined || condition === file.etag || condition === file.lastModified;
  if (range === null || !isSame || faultOf(faults, 'ignore-range') !== undefined) return 0;
  const asked = Number(range[1]);
  const total = String(file.bytes.length);
  if (asked >= file.bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${total}` }).end();
    return undefined;
  }
  const start = faultOf(faults, 'wrong-range') === undefined ? asked : Math.max(0, asked - 7);
  response.statusCode = 206;
  response.setHeader('content-range', `bytes ${String(start)}-${String(file.bytes.length - 1)}/${total}`);
  return start;
}

async function sendBody(rest: Buffer, response: ServerResponse, faults: readonly FaultKind[]): Promise<void> {
  const cut = faultOf(faults, 'cut');
  const stall = faultOf(faults, 'stall');
  const drip = faultOf(faults, 'drip');
  const more = faultOf(faults, 'declare-more');
  if (cut !== undefined || stall !== undefined) {
    await write(response, rest.subarray(0, (cut ?? stall)?.afterBytes ?? 0));
    if (cut !== undefined) cutOff(response);
    return;
  }
  if (drip !== undefined) {
    for (let at = 0; at < rest.length && !response.destroyed; at += drip.bytes) {
      await write(response, rest.subarray(at, at + drip.bytes));
      await sleep(drip.everyMs);
    }
    response.end();
    return;
  }
  await write(response, rest);
  if (more === undefined) response.end();
  else cutOff(response);
}

/** With a FIN, so that all bytes before it arrive; a reset could overtake them. */
function cutOff(response: ServerResponse): void {
  response.socket?.end();
}

function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) {
    response.flushHeaders();
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    response.write(bytes, () => {
      resolve();
    });
  });
}
