/**
 * One element by fast-xml-parser, for every record that the fast parser declines, and the measure of that parser.
 * Whether the element is well-formed is decided before, by prove-element.ts: fast-xml-parser accepts much that is not XML.
 */
import { XMLParser } from 'fast-xml-parser';
import { XmlFault } from './fault.ts';
import { addChild, attributeKeys, finishElement, localName, type WantedElements, type XmlObject } from './object.ts';
import { proveElement, sourceName, type ProvenPart } from './prove-element.ts';
import { decodeAttribute, decodeText } from './text.ts';

const TEXT = '#text';
const CDATA = '#cdata';
const ATTRIBUTES = ':@';

/** It resolves no references, which text.ts does, and changes neither numbers nor white space. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  textNodeName: TEXT,
  cdataPropName: CDATA,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  // The limit is that of the reader, max_depth, which was applied before.
  maxNestedTags: 100_000,
  jPath: false,
});

/** An element is its name with a list of nodes, and its attributes. A text is a node too. */
type Node = Readonly<Record<string, unknown>>;

/** The parts of an element that are known before its end. */
interface Building {
  readonly wanted: WantedElements | undefined;
  object: XmlObject | undefined;
  text: string | undefined;
}

/** One part, and the elements that cross its beginning and its end, from the root inwards. */
interface Crossing {
  readonly part: ProvenPart;
  readonly before: readonly Building[];
  readonly after: Building[];
}

/**
 * The value of the one element that `bytes` is: UTF-8, one character each. Throws XmlFault if it is not well-formed.
 */
export function parseXmlStrictly(bytes: string, wanted?: WantedElements): unknown {
  let before: readonly Building[] = [];
  let root: Building = { wanted, object: undefined, text: undefined };
  for (const part of proveElement(bytes, wanted)) {
    const node = parse(part.document);
    const crossing: Crossing = { part, before, after: [] };
    root = before[0] ?? begin(node, wanted);
    takeNodes(node, root, crossing, { depth: 0, isContinued: part.continued > 0, isUnfinished: part.unfinished > 0 });
    before = crossing.after;
  }
  return valueOf(root);
}

function parse(document: string): Node {
  const reason = 'fast-xml-parser cannot read it, although it is well-formed';
  try {
    const [root] = parser.parse(document) as readonly Node[];
    if (root !== undefined) return root;
  } catch (error) {
    throw new XmlFault('E_RECORD_SYNTAX', reason, error);
  }
  throw new XmlFault('E_RECORD_SYNTAX', reason);
}

function begin(node: Node, wanted: WantedElements | undefined): Building {
  const attributes = attributesOf(node);
  return { wanted, object: wanted === undefined ? attributes : (attributes ?? {}), text: undefined };
}

function valueOf({ object, text }: Building): unknown {
  return finishElement(object, text);
}

interface Place {
  readonly depth: number;
  /** The element began in an earlier part. */
  readonly isContinued: boolean;
  /** The element ends in a later part. */
  readonly isUnfinished: boolean;
}

function takeNodes(node: Node, building: Building, crossing: Crossing, place: Place): void {
  const { part, before, after } = crossing;
  const depth = place.depth + 1;
  const nodes = node[nameOf(node)] as readonly Node[];
  if (place.isUnfinished) after[place.depth] = building;
  for (const [i, child] of nodes.entries()) {
    const name = nameOf(child);
    const written = textOf(child, name);
    if (written !== undefined) {
      building.text = (building.text ?? '') + decodeText(written);
      continue;
    }
    const isContinued = place.isContinued && i === 0 && depth < part.continued;
    const isUnfinished = place.isUnfinished && i === nodes.length - 1 && depth < part.unfinished;
    const key = localName(sourceName(name));
    const inner = (isContinued ? before[depth] : undefined) ?? begin(child, building.wanted?.children.get(key));
    takeNodes(child, inner, crossing, { depth, isContinued, isUnfinished });
    if (!isUnfinished) addChild((building.object ??= {}), key, valueOf(inner));
  }
}

function nameOf(node: Node): string {
  for (const key in node) if (key !== ATTRIBUTES) return key;
  return '';
}

function attributesOf(node: Node): XmlObject | undefined {
  const found = node[ATTRIBUTES] as Readonly<Record<string, string>> | undefined;
  if (found === undefined) return undefined;
  const names = Object.keys(found);
  const keys = attributeKeys(names.map(sourceName));
  return Object.fromEntries(names.map((name, i) => [keys[i] ?? '', decodeAttribute(found[name] ?? '')]));
}

/** Undefined for an element. */
function textOf(node: Node, name: string): string | undefined {
  if (name === TEXT) return node[TEXT] as string;
  if (name !== CDATA) return undefined;
  const [part] = node[CDATA] as readonly Node[];
  return part?.[TEXT] as string;
}
