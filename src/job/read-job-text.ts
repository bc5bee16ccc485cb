import { isUtf8 } from 'node:buffer';
import { ConfigError, messageOf } from '../errors.ts';
import { SmallFileError, readSmallFile } from '../read-small-file.ts';

/** A file with more bytes than this has more characters than a job may have (json-text.ts). */
const MAX_BYTES = 4 * 1024 * 1024;

/** Throws ConfigError E_FILE_NOT_FOUND, or E_JOB_INVALID for what cannot be the text of a job: a dump, or another encoding. */
export async function readJobText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const found = isUtf16(bytes) ? 'it is UTF-16' : 'some of its bytes are not (it may be Latin-1)';
    throw invalid(path, `expected UTF-8, but ${found}: save it as UTF-8`, cause, placeOfFirstOtherByte(bytes));
  }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readSmallFile(path, MAX_BYTES);
  } catch (cause) {
    if (cause instanceof SmallFileError) {
      const question = cause.code === 'EFBIG' ? '; is this a data file?' : '';
      throw invalid(path, `expected at most 1 MiB of JSON, but ${cause.message}${question}`, cause);
    }
    const message = `The job file ${path} cannot be read: ${messageOf(cause)}. Check its permissions.`;
    throw new ConfigError('E_FILE_NOT_FOUND', message, { cause, details: { path } });
  }
}

function isUtf16(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes.readUInt16BE(0) === 0xfeff || bytes.readUInt16LE(0) === 0xfeff);
}

interface BytePlace {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

function placeOfFirstOtherByte(bytes: Buffer): BytePlace {
  let line = 1;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    const text = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (end < 0 || !isUtf8(text)) {
      const [before = ''] = text.toString('utf8').split('\ufffd', 1);
      return { line, column: before.length + 1 };
    }
    start = end + 1;
  }
}

function invalid(path: string, what: string, cause?: unknown, place?: BytePlace): ConfigError {
  return new ConfigError('E_JOB_INVALID', `The job file ${path} cannot be a job: ${what}.`, {
    details: { path, file: path, ...place, reason: what },
    ...(cause === undefined ? {} : { cause }),
  });
}
