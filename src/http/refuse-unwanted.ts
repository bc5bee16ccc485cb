/** Distinguishes an error page from a dump, first by its bytes and then by the header. */
import { clip } from '../clip.ts';
import { SourceError } from '../errors.ts';
import { toReason } from './answer-reason.ts';
import { redactUrl } from './url-policy.ts';

/** Bytes from the start that `refuseUnwanted` wants to see. */
export const SNIFF_BYTES = 1024;

export interface AnswerHead {
  readonly url: string;
  readonly status: number;
  readonly contentType: string | undefined;
  /** The first bytes, at most SNIFF_BYTES. */
  readonly start: Buffer;
}

/** Servers send these types for files of unknown type, or for files that a browser should not show (Zenodo does). */
const SAYS_NOTHING = new Set(['', 'application/octet-stream', 'binary/octet-stream', 'application/force-download']);

/** `accept` lists media types without parameters; absent or empty = anything but HTML. Throws SourceError. */
export function refuseUnwanted(head: AnswerHead, accept: readonly string[] | undefined): void {
  const type = mediaTypeOf(head.contentType);
  const isHtmlWanted = accept?.some((wanted) => /html/.test(wanted)) ?? false;
  const magic = magicOf(head.start);
  if (!isHtmlWanted && (isHtml(head.start) || (/html/.test(type) && magic === undefined)))
    throw unexpected(head, accept);
  if (accept === undefined || accept.length === 0 || accept.includes('*/*')) return;
  if (SAYS_NOTHING.has(type) || accept.includes(type)) return;
  if (magic !== undefined && accept.some((wanted) => wanted.includes(magic))) return;
  throw unexpected(head, accept);
}

export function mediaTypeOf(header: string | undefined): string {
  return (header ?? '').split(';', 1).join('').trim().toLowerCase();
}

/** Past a byte order mark, an XML declaration and comments, which XHTML pages begin with. */
function isHtml(start: Buffer): boolean {
  const text = start.toString('latin1').replace(/^(ï»¿)?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*/, '');
  return /^<(!doctype\s+html|html|head|body|title)\b/i.test(text);
}

function magicOf(start: Buffer): 'zip' | 'gzip' | undefined {
  if (start.length >= 4 && start.readUInt16BE(0) === 0x504b) return 'zip';
  if (start.length >= 2 && start.readUInt16BE(0) === 0x1f8b) return 'gzip';
  return undefined;
}

function unexpected(head: AnswerHead, accept: readonly string[] | undefined): SourceError {
  const expected = accept === undefined || accept.length === 0 ? 'a file' : accept.join(' or ');
  const words = toReason(head.start.toString('utf8'), 80);
  const said = words === '' ? 'without readable text' : `that begins with "${words}"`;
  return new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${redactUrl(head.url)} answered ${String(head.status)} with ${clip(head.contentType ?? 'no content type', 100)} ${said}; expected ${expected}. Open the address in a browser: it may be a login or an error page.`,
    {
      details: {
        url: redactUrl(head.url),
        status: head.status,
        content_type: head.contentType === undefined ? null : clip(head.contentType, 100),
      },
    },
  );
}
