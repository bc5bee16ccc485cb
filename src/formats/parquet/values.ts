/**
 * The values of Parquet as JSON, without losing a digit: integers beyond 2^53 and decimals are text, dates and times are
 * text of ISO 8601, lists, maps and structures are lists and objects.
 */
import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import { parseJsonExactly } from '../json/exact-numbers.ts';

/** Why a value cannot be read, as half a sentence. */
export class ValueFault extends Error {}

export type ToJson = (value: unknown) => unknown;

/** Makes the library leave values as they are stored: its own dates lose microseconds, and its decimals are doubles. */
export const RAW_PARSERS = {
  timestampFromMilliseconds: (value: bigint): unknown => value,
  timestampFromMicroseconds: (value: bigint): unknown => value,
  timestampFromNanoseconds: (value: bigint): unknown => value,
  dateFromDays: (days: number): unknown => days,
  stringFromBytes: toText,
  jsonFromBytes: toText,
};

/** Bytes that are not UTF-8 stay bytes, so that they cost one record and not the file. */
function toText(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The metadata as the library is given it: decimals as the integers that are stored, and lists by their older name too. */
export function withoutConversions(metadata: FileMetaData): FileMetaData {
  const schema = metadata.schema.map((element): SchemaElement => {
    const { converted_type: converted, logical_type: logical, ...rest } = element;
    if (isDecimal(element)) return rest;
    if (converted !== undefined || (logical?.type !== 'LIST' && logical?.type !== 'MAP')) return element;
    return { ...element, converted_type: logical.type };
  });
  return { ...metadata, schema };
}

function isDecimal({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === 'DECIMAL' || logical?.type === 'DECIMAL';
}

/** Throws ValueFault for a type that JSON cannot hold. */
export function toJsonOf(tree: SchemaTree): ToJson {
  const one = ofPresent(tree);
  const orNull: ToJson = (value) => (value === undefined || value === null ? null : one(value));
  const isBareList = tree.element.repetition_type === 'REPEATED';
  return isBareList ? (value) => (Array.isArray(value) ? value.map(orNull) : orNull(value)) : orNull;
}

function ofPresent(tree: SchemaTree): ToJson {
  const { element, children } = tree;
  if (element.logical_type?.type === 'VARIANT') return anyToJson;
  if (children.length === 0) return leafToJson(element);
  const kind = element.converted_type ?? element.logical_type?.type;
  if (kind === 'LIST') return listToJson(tree);
  if (kind === 'MAP' || kind === 'MAP_KEY_VALUE') return mapToJson(tree);
  const members = children.map((child) => [child.element.name, toJsonOf(child)] as const);
  return (value) => {
    const object = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(members.map(([name, toJson]) => [name, toJson(object[name])]));
  };
}

function listToJson({ children }: SchemaTree): ToJson {
  const [repeated] = children;
  const item = repeated?.children.length === 1 ? repeated.children[0] : repeated;
  if (item === undefined) throw new ValueFault('is a list without a type');
  const toJson = toJsonOf({ ...item, element: { ...item.element, repetition_type: 'OPTIONAL' } });
  return (value) => (Array.isArray(value) ? value.map(toJson) : toJson(value));
}

/** The keys of a map become the names of an object. */
function mapToJson({ children }: SchemaTree): ToJson {
  const value = children[0]?.children.find(({ element }) => element.name === 'value');
  const toJson = value === undefined ? anyToJson : toJsonOf(value);
  return (map) =>
    Object.fromEntries(Object.entries(map as object).map(([key, inner]: [string, unknown]) => [key, toJson(inner)]));
}

function leafToJson(element: SchemaElement): ToJson {
  const { type, converted_type: converted, logical_type: logical, type_length: length } = element;
  if (isDecimal(element)) {
    const scale = (logical?.type === 'DECIMAL' ? logical.scale : element.scale) ?? 0;
    return (value) => decimalText(value, scale);
  }
  const kind = logical?.type ?? converted;
  if (kind === 'INTERVAL' || kind === 'BSON') throw new ValueFault(`is of the type ${kind}, which cannot be read`);
  if (kind === 'JSON') return jsonValue;
  if (kind === 'DATE') return (days) => dateText(days as number);
  if (logical?.type === 'TIMESTAMP') return timestampText(logical.unit, logical.isAdjustedToUTC);
  if (converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS') {
    return timestampText(converted === 'TIMESTAMP_MILLIS' ? 'MILLIS' : 'MICROS', true);
  }
  if (type === 'INT96') return timestampText('NANOS', false);
  if (logical?.type === 'TIME') return timeText(logical.unit);
  if (converted === 'TIME_MILLIS' || converted === 'TIME_MICROS') {
    return timeText(converted === 'TIME_MILLIS' ? 'MILLIS' : 'MICROS');
  }
  if (type === 'FLOAT') return (value) => shortest(value as number);
  if (type === 'FIXED_LEN_BYTE_ARRAY' && kind === undefined) return (value) => bytesText(value, length ?? 0);
  return anyToJson;
}

function bytesText(value: unknown, length: number): unknown {
  return value instanceof Uint8Array && value.length === length
    ? Buffer.from(value).toString('base64')
    : anyToJson(value);
}

/** Values without a type of their own: those of VARIANT, and plain numbers and texts. */
function anyToJson(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return integer(value);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new ValueFault(`holds ${String(value)}, which is no number of JSON`);
  if (value instanceof Uint8Array) throw new ValueFault('holds bytes that are not UTF-8');
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(anyToJson);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]: [string, unknown]) => [key, anyToJson(inner)]));
}

/** As in JSON: a number where a double holds it, else its digits. */
function integer(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** Returns a float of 32 bits as the shortest number that equals it: 0.1 and not 0.10000000149011612. */
function shortest(value: number): unknown {
  if (!Number.isFinite(value)) return anyToJson(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function jsonValue(value: unknown): unknown {
  if (typeof value !== 'string') return anyToJson(value);
  try {
    return parseJsonExactly(value);
  } catch {
    throw new ValueFault('holds text that is not JSON');
  }
}

/** With as many digits after the point as the type says: `12.50`. */
function decimalText(value: unknown, scale: number): string {
  const unscaled = value instanceof Uint8Array ? signedInteger(value) : BigInt(value as number | bigint);
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}

function signedInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

const PER_SECOND = { MILLIS: 1_000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n };
type Unit = keyof typeof PER_SECOND;

function timestampText(unit: Unit, isUtc: boolean): ToJson {
  const perSecond = PER_SECOND[unit];
  return (value) => {
    const ticks = BigInt(value as number | bigint);
    const inSecond = ((ticks % perSecond) + perSecond) % perSecond;
    const seconds = (ticks - inSecond) / perSecond;
    return `${isoSeconds(Number(seconds) * 1000)}${fraction(inSecond, perSecond)}${isUtc ? 'Z' : ''}`;
  };
}

function timeText(unit: Unit): ToJson {
  const perSecond = PER_SECOND[unit];
  return (value) => {
    const ticks = BigInt(value as number | bigint);
    return `${isoSeconds(Number(ticks / perSecond) * 1000).slice(11)}${fraction(ticks % perSecond, perSecond)}`;
  };
}

function dateText(days: number): string {
  return isoSeconds(days * 86_400_000).slice(0, -'T00:00:00'.length);
}

function isoSeconds(milliseconds: number): string {
  const time = new Date(milliseconds);
  if (Number.isNaN(time.getTime())) throw new ValueFault('holds a date that does not exist');
  return time.toISOString().slice(0, -'.000Z'.length);
}

function fraction(inSecond: bigint, perSecond: bigint): string {
  if (inSecond === 0n) return '';
  return `.${inSecond
    .toString()
    .padStart(perSecond.toString().length - 1, '0')
    .replace(/0+$/, '')}`;
}
