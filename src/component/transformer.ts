/** The contract of a transformer: synchronous, one value in, one value out, no I/O and no memory between records. */
import type { z } from 'zod';
import type { FetchedFile } from '../records/source.ts';
import type { ComponentExample, Warning } from './reader.ts';
import type { Logger } from './services.ts';

/** A value that is left out on purpose: counted as filtered under its code, not as an error. */
export class Skip {
  readonly code: string;
  readonly message: string;
  /** The id of a record that the source no longer shows: what was published of it is withdrawn. */
  readonly deletes: string | undefined;

  constructor(code: string, message: string, deletes?: string) {
    this.code = code;
    this.message = message;
    this.deletes = deletes;
  }
}

/** `return skip('status', 'its status is withdrawn')` */
export function skip(code: string, message: string, deletes?: string): Skip {
  return new Skip(code, message, deletes);
}

export interface TransformContext {
  /** Where the entry came from, made only when asked for. */
  readonly origin: () => string;
  /** The source deleted this record, and the value may hold little more than its id: an object with `id` is all that is needed. */
  readonly isDeleted?: boolean;
  warn(warning: Warning): void;
}

/** Throws RecordError for a value that cannot be mapped (details may hold `id`), ConfigError where the chain is wrong. */
export type Transform = (value: unknown, context: TransformContext) => unknown;

export interface TransformerExample<Args> extends ComponentExample<Args> {
  readonly input: unknown;
  readonly output: unknown;
}

export interface Transformer<Args = unknown> {
  readonly type: string;
  /** Raised whenever the same value would give other output. */
  readonly version: number;
  readonly summary: string;
  readonly description?: string;
  readonly args: z.ZodType<Args>;
  /**
   * The paths of the elements below the record that it looks at, such as `person/name`; a parser may leave out all others,
   * but not the attributes of those on the way.
   * One that begins with a slash names a root element that may stand in place of a record (`/error`): then the value is
   * `{ error: content }`. Absent = everything. Counts only for the first transformer of a chain.
   */
  readonly reads?: readonly string[];
  /** The files beside the job that its output depends on: a change to one of them reads an unchanged source again. */
  files?(args: Args): readonly string[];
  /** Run as tests. */
  readonly examples: readonly TransformerExample<unknown>[];
  /**
   * The files on the web that it looks things up in. The engine fetches them with the source, keeps the run to what it
   * fetched, and takes a change of one for a change of the source. `create` finds them in `fetched`, in this order.
   */
  lookups?(args: Args): readonly LookupFile[];
  create(args: Args, services: TransformerServices): Transform;
}

/** A file at an address, or the one of this name in the newest record of a concept DOI. */
export type LookupFile =
  | { readonly url: string; readonly maxBytes: number }
  | { readonly doi: string; readonly resolver: string; readonly name: string; readonly maxBytes: number };

export interface TransformerServices {
  readonly logger: Logger;
  /** Files of `lookups` on this machine; none where there are none, or where they could not be had (then that was said). */
  readonly fetched?: readonly FetchedFile[];
}

export function defineTransformer<Args>(spec: Transformer<Args>): Transformer {
  return spec;
}
