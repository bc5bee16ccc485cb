/** The date of a record, from the schema.org JSON-LD that its linkset names. */
import { z } from 'zod';
import type { Hop } from '../component/download.ts';
import type { HttpService } from '../component/services.ts';
import { SourceError } from '../errors.ts';
import type { Linkset } from './resolve-linkset.ts';

export interface RecordDate {
  /** As the source wrote it. */
  readonly text: string;
  /** The time that it means; a date alone is UTC midnight. */
  readonly time: Date;
  /** The latest time that it may mean; a date alone does not contain the time of day. */
  readonly until: Date;
}

const JSON_LD = 'application/ld+json';
const DAY_MS = 24 * 60 * 60 * 1000;

const documentSchema = z.object({ dateCreated: z.unknown().optional(), datePublished: z.unknown().optional() });

/** Undefined when the record has no such description, or no usable date in it. Throws UnavailableError. */
export async function findRecordDate(
  http: HttpService,
  linkset: Linkset,
  signal: AbortSignal,
): Promise<RecordDate | undefined> {
  const link = linkset.describedBy.find(({ type }) => type === JSON_LD);
  if (link === undefined) return undefined;
  const body = await readBody(http, link.href, linkset.from, signal);
  const found = documentSchema.safeParse(parseJson(body));
  if (!found.success) return undefined;
  return parseRecordDate(found.data.dateCreated) ?? parseRecordDate(found.data.datePublished);
}

/** ISO 8601; without a zone = UTC. */
export function parseRecordDate(value: unknown): RecordDate | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const hasZone = isDay || /(Z|[+-]\d{2}:?\d{2})$/i.test(text);
  // Python writes microseconds, which Date.parse is not bound to understand.
  const normal = text.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1');
  const time = new Date(hasZone ? normal : `${normal}Z`);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime())) return undefined;
  return { text, time, until: isDay ? new Date(time.getTime() + DAY_MS - 1) : time };
}

async function readBody(http: HttpService, url: string, from: Hop, signal: AbortSignal): Promise<string> {
  try {
    const answer = await http.get(url, { signal, from, headers: { accept: JSON_LD } });
    return answer.body;
  } catch (error) {
    // The date is optional; a record without it is read too.
    if (error instanceof SourceError) return '';
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: no date.
    return undefined;
  }
}
