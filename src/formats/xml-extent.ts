/** Where an element ends, whatever is in it: comments, CDATA sections, instructions. */
import { XmlFault } from './xml-fault.ts';
import type { XmlLimits } from './xml-scan.ts';
import { nextXmlToken, type XmlToken } from './xml-tokens.ts';

/** The index behind the element that begins at `at`, or `more`. Throws XmlFault where it is broken or beyond a limit. */
export function findElementEnd(text: string, at: number, limits: XmlLimits, offset: number): number | 'more' {
  const open: string[] = [];
  let elements = 0;
  for (let i = at; ;) {
    const found = nextXmlToken(text, i);
    if (found === 'more') return 'more';
    const place = `at byte ${String(offset + i)}`;
    if ('broken' in found) throw new XmlFault('E_RECORD_SYNTAX', `${found.broken} ${place}`);
    if (found.kind === 'doctype') throw new XmlFault('E_RECORD_SYNTAX', `a DOCTYPE stands inside it ${place}`);
    if (found.kind === 'start' || found.kind === 'empty') elements++;
    if (elements > limits.maxElements) {
      const reason = `it has more than max_elements, ${String(limits.maxElements)} elements`;
      throw new XmlFault('E_RECORD_TOO_LARGE', reason);
    }
    track(open, found, place, limits);
    if (found.kind === 'text' && found.end === text.length) return 'more';
    i = found.end;
    if (open.length === 0) return i;
  }
}

function track(open: string[], found: XmlToken, place: string, limits: XmlLimits): void {
  if (found.attributes > limits.maxAttributes) {
    const reason = `the tag <${shown(found.name)}> ${place} has more than max_attributes, ${String(limits.maxAttributes)} attributes`;
    throw new XmlFault('E_RECORD_TOO_LARGE', reason);
  }
  if (found.kind === 'start' || found.kind === 'empty') {
    if (open.length >= limits.maxDepth) {
      throw new XmlFault('E_RECORD_TOO_DEEP', `it is nested deeper than max_depth, ${String(limits.maxDepth)} levels`);
    }
    if (found.kind === 'start') open.push(found.name);
  } else if (found.kind === 'end') {
    const last = open.pop();
    if (last === found.name) return;
    const reason = `<${shown(last ?? '')}> is open, but </${shown(found.name)}> ${place} closes something else`;
    throw new XmlFault('E_RECORD_SYNTAX', reason);
  }
}

/** A name as it is in a view of bytes, for a sentence. */
export function shown(name: string): string {
  const text = Buffer.from(name.slice(0, 60), 'latin1').toString('utf8');
  return text.replace(/[\u0000-\u001f\u007f-\u009f\ufffd]+/g, '·');
}
