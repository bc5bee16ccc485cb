/** Continues after a broken record, so that only that record is lost. */
import { XmlFault } from './fault.ts';
import { shown } from './element-end.ts';
import type { XmlRecordReading } from './record.ts';
import { textOf } from './scan.ts';

/**
 * Goes to the end of the broken record that begins at `scan.at`, by the letters of its end tag alone. False where there is
 * none. Nothing of what is passed over is held. Where its tags cannot be trusted, it throws an XmlFault that ends the
 * document if another record begins before that end tag: the other one must not vanish with the broken one.
 */
export async function skipBrokenRecord(
  { scan, view }: XmlRecordReading,
  name: string,
  areTagsTrusted: boolean,
): Promise<boolean> {
  const longest = name.length + 3;
  // Its own start tag is no other record.
  scan.at = Math.min(scan.at + 1, scan.bytes.length);
  for (;;) {
    const text = textOf(scan);
    const closing = endTagIn(text, name, scan.at);
    const until = closing?.at ?? text.length;
    const opening = areTagsTrusted ? -1 : startTagIn(text, name, scan.at, until);
    if (opening >= 0) throw beginsAgain(name, view.offsetOf(opening));
    if (closing?.end !== undefined) {
      scan.at = closing.end;
      return true;
    }
    scan.at = Math.max(scan.at, Math.min(until, text.length - longest));
    if (!(await view.more())) return false;
  }
}

interface EndTag {
  readonly at: number;
  /** Undefined if the tag continues after the view. */
  readonly end: number | undefined;
}

function endTagIn(text: string, name: string, from: number): EndTag | undefined {
  const letters = `</${name}`;
  for (let at = text.indexOf(letters, from); at >= 0; at = text.indexOf(letters, at + 1)) {
    let end = at + letters.length;
    while (end < text.length && SPACE.includes(text.charAt(end))) end++;
    if (end === text.length) return { at, end: undefined };
    if (text[end] === '>') return { at, end: end + 1 };
  }
  return undefined;
}

/** -1 where none begins before `until`. */
function startTagIn(text: string, name: string, from: number, until: number): number {
  const letters = `<${name}`;
  for (let at = text.indexOf(letters, from); at >= 0 && at < until; at = text.indexOf(letters, at + 1)) {
    const next = text.charAt(at + letters.length);
    if (next !== '' && `${SPACE}/>`.includes(next)) return at;
  }
  return -1;
}

const SPACE = ' \t\r\n';

function beginsAgain(name: string, byte: number): XmlFault {
  const reason = `<${shown(name)}> begins again at byte ${String(byte)}, before the damaged one ends`;
  const fault = new XmlFault('E_RECORD_SYNTAX', reason);
  fault.endsDocument = true;
  return fault;
}
