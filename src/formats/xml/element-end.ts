/** Finds the end of an element, whatever it contains: comments, CDATA sections, instructions. */
import { XmlFault } from './fault.ts';
import type { XmlLimits } from './scan.ts';
import { nextXmlToken, type XmlToken } from './tokens.ts';

/**
 * Returns the index after the element that begins at `at`, or `more`. Throws XmlFault if the element is broken, too
 * deep, or has more elements or attributes than the limits allow. In the last case its end is known and included in the
 * fault.
 */
export function findElementEnd(text: string, at: number, limits: XmlLimits, offset: number): number | 'more' {
  const open: string[] = [];
  let elements = 0;
  let excess: XmlFault | undefined;
  for (let i = at; ;) {
    const found = nextXmlToken(text, i);
    if (found === 'more') return 'more';
    const place = `at byte ${String(offset + i)}`;
    if ('broken' in found) {
      const fault = new XmlFault('E_RECORD_SYNTAX', `${found.broken} ${place}`);
      if (i === at) fault.behind = found.emptyEnd;
      throw fault;
    }
    if (found.kind === 'doctype') throw new XmlFault('E_RECORD_SYNTAX', `a DOCTYPE stands inside it ${place}`);
    if (found.kind === 'start' || found.kind === 'empty') elements++;
    track(open, found, place, limits);
    excess ??= excessOf(elements, found, limits, place);
    if (found.kind === 'text' && found.end === text.length) return 'more';
    i = found.end;
    if (open.length > 0) continue;
    if (excess === undefined) return i;
    excess.behind = i;
    throw excess;
  }
}

function track(open: string[], found: XmlToken, place: string, limits: XmlLimits): void {
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

function excessOf(elements: number, found: XmlToken, limits: XmlLimits, place: string): XmlFault | undefined {
  const { maxElements, maxAttributes } = limits;
  if (elements > maxElements) {
    return new XmlFault('E_RECORD_TOO_LARGE', `it has more than max_elements, ${String(maxElements)} elements`);
  }
  if (found.attributes.length <= maxAttributes) return undefined;
  const reason = `the tag <${shown(found.name)}> ${place} has more than max_attributes, ${String(maxAttributes)} attributes`;
  return new XmlFault('E_RECORD_TOO_LARGE', reason);
}

/** A name as it is in a view of bytes, for a sentence. */
export function shown(name: string): string {
  const text = Buffer.from(name.slice(0, 60), 'latin1').toString('utf8');
  return text.replace(/[\u0000-\u001f\u007f-\u009f\ufffd]+/g, '·');
}
