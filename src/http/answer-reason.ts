/**
 * Extracts the message in the body of an error, in one line that is safe to show: without markup, secrets and control
 * characters.
 */
import { redact } from '../logging/redact.ts';
import { errorOfStatus } from './answer-errors.ts';
import type { OpenAnswer } from './open-answer.ts';

const LONGEST_REASON = 300;
/** HTML error pages begin with styles; some servers write 10 KB of them. */
const MOST_BYTES = 16 * 1024;
/** A server may send the body of an error byte by byte. */
const LONGEST_WAIT_MS = 5000;

/** Reads the start of the body, and returns the error of the answer with it. Closes the answer. */
export async function errorOfAnswer(answer: OpenAnswer): Promise<ReturnType<typeof errorOfStatus>> {
  return errorOfStatus(answer, await readReason(answer));
}

/** Returns an empty text if the body has no readable text. Closes the answer; never throws. */
export async function readReason(answer: OpenAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  const clock = setTimeout(() => {
    answer.close();
  }, LONGEST_WAIT_MS);
  try {
    let bytes = 0;
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MOST_BYTES) break;
    }
  } catch {
    // The body of an error may break off: its start is enough, and the status is the error.
  } finally {
    clearTimeout(clock);
    answer.close();
  }
  return toReason(Buffer.concat(chunks).subarray(0, MOST_BYTES).toString('utf8'));
}

/** The first words of a text that may be HTML, XML, JSON or plain. Secrets are masked before anything is clipped. */
export function toReason(body: string, most = LONGEST_REASON): string {
  const text = redact(body)
    .replaceAll(/<(style|script)\b[\s\S]*?(<\/\1>|$)/gi, ' ')
    .replaceAll(/<[^<>]*(>|$)/g, ' ')
    .replaceAll(/[\s\p{C}\uFFFD"]+/gu, ' ')
    .trim();
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;
}
