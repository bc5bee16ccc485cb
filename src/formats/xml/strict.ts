/** One element by fast-xml-parser: slow, for whatever the fast parser does not expect, and the measure of it. */
import { XMLParser } from 'fast-xml-parser';
import { messageOf } from '../../errors.ts';
import { XmlFault } from './fault.ts';
import {
  addAttribute,
  addChild,
  finishElement,
  isDeclaration,
  localName,
  type WantedElements,
  type XmlObject,
} from './object.ts';
import { decodeAttribute, decodeCdata, decodeText } from './text.ts';

const TEXT = '#text';
const CDATA = '#cdata';
const ATTRIBUTES = ':@';

/** In front of every name, so that none is one of those that the parser refuses or renames, such as `constructor`. */
const MARK = '.';

/** The parser asks twice about the name of an empty element. */
function mark(name: string): string {
  return name.startsWith(MARK) ? name : MARK + name;
}

/** References are left to xml-text.ts, numbers and white space to nobody: what is written is what arrives. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  cdataPropName: CDATA,
  textNodeName: TEXT,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Deeper ones were refused before.
  maxNestedTags: 100_000,
  jPath: false,
  transformTagName: mark,
  transformAttributeName: mark,
});

type Node = Readonly<Record<string, unknown>>;

/** The value of the one element that is the text. Throws XmlFault for what is not well-formed. */
export function parseXmlStrictly(text: string, wanted?: WantedElements): unknown {
  const roots = parse(text).filter((node) => nameOf(node)?.startsWith(MARK));
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw new XmlFault('E_RECORD_SYNTAX', 'it is not one element');
  return toValue(root, wanted);
}

function parse(text: string): readonly Node[] {
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the one way to validate without a further package
    return parser.parse(text, true) as readonly Node[];
  } catch (error) {
    throw new XmlFault('E_RECORD_SYNTAX', toReason(error), error);
  }
}

/** Its messages end in `.:line:column`, or in a full stop. */
function toReason(error: unknown): string {
  const message = messageOf(error);
  const place = /^(.*?)\.?:(\d+):(\d+)$/s.exec(message);
  if (place === null) return message.replace(/\.$/, '');
  const [, reason = '', line = '', column = ''] = place;
  return `${reason} (line ${line}, column ${column} of the record)`;
}

function nameOf(node: Node): string | undefined {
  return Object.keys(node).find((key) => key !== ATTRIBUTES);
}

function toValue(node: Node, wanted: WantedElements | undefined): unknown {
  const name = nameOf(node) ?? '';
  let object: XmlObject | undefined = wanted === undefined ? undefined : {};
  for (const [attribute, raw] of Object.entries((node[ATTRIBUTES] ?? {}) as Record<string, string>)) {
    const written = attribute.slice(MARK.length);
    if (isDeclaration(written)) continue;
    addAttribute((object ??= {}), written, decodeAttribute(raw));
  }
  let text: string | undefined;
  for (const child of node[name] as readonly Node[]) {
    const childName = nameOf(child) ?? '';
    const piece = textOf(child, childName);
    if (piece !== undefined) {
      text = (text ?? '') + piece;
      continue;
    }
    const key = localName(childName.slice(MARK.length));
    if (wanted !== undefined && !wanted.children.has(key)) continue;
    addChild((object ??= {}), key, toValue(child, wanted?.children.get(key)));
  }
  return finishElement(object, text);
}

function textOf(child: Node, name: string): string | undefined {
  if (name === TEXT) return decodeText(child[TEXT] as string);
  if (name !== CDATA) return undefined;
  const parts = child[CDATA] as readonly Node[];
  return parts.map((part) => decodeCdata(part[TEXT] as string)).join('');
}
