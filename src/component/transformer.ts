/** The contract of a transformer: synchronous, one value in, one value out, no I/O and no memory between records. */
import type { z } from 'zod';
import type { RecordNotes } from '../records/notes.ts';
import type { FetchedFile } from '../records/source.ts';
import type { ComponentExample, Warning } from './reader.ts';
import type { Logger } from './services.ts';

/** A value that is left out on purpose: counted as filtered under its code, not as an error. */
export class Skip {
  /** Counted by this code: a word or two in kebab-case, such as `no-english`. */
  readonly code: string;
  /** Why, as the end of a sentence about the record: "it has no English title". */
  readonly message: string;
  /** The id of a record that the source no longer shows; the published record is withdrawn. */
  readonly deletes: string | undefined;

  constructor(code: string, message: string, deletes?: string) {
    this.code = code;
    this.message = message;
    this.deletes = deletes;
  }
}

/** Returns the value of a transformer that leaves a record out: `return skip('status', 'its status is withdrawn')`. */
export function skip(code: string, message: string, deletes?: string): Skip {
  return new Skip(code, message, deletes);
}

/** What the engine passes to a transformer with each value. */
export interface TransformContext {
  /** Returns the origin of the entry; it is created only on request. */
  readonly origin: () => string;
  /** The source deleted this record, and the value may hold little more than its id: an object with `id` is all that is needed. */
  readonly isDeleted?: boolean;
  /** Reports a warning. The run counts them by code and keeps some samples. */
  warn(warning: Warning): void;
  /**
   * Keeps what the source reports about this record in addition to the record: that it is no longer in use, and who
   * continues it. Notes are not part of the record or its hash, and no target receives them. The last call counts. Absent if no notes are kept.
   */
  note?(notes: RecordNotes): void;
}

/**
 * Converts one value into another. Must not modify its input. Returns a `Skip` to leave the record out.
 * Throws RecordError for a value that cannot be mapped (details may contain `id`), and ConfigError if the chain is
 * wrong.
 */
export type Transform = (value: unknown, context: TransformContext) => unknown;

/** An example of a transformer with a value. */
export interface TransformerExample<Args> extends ComponentExample<Args> {
  /** A value as the component before it yields it. */
  readonly input: unknown;
  /** The value that the transformer returns for it. */
  readonly output: unknown;
}

/** Converts records, one at a time. */
export interface Transformer<Args = unknown> {
  /** The name in a job file, kebab-case. */
  readonly type: string;
  /** Raised whenever the same value would give other output. */
  readonly version: number;
  /** One line for lists. */
  readonly summary: string;
  /** A paragraph or two of Markdown for the reference. */
  readonly description?: string;
  /** The schema of the arguments: a `z.strictObject` in which each key has a description. */
  readonly args: z.ZodType<Args>;
  /**
   * The paths of the elements below the record that the transformer uses, such as `person/name`. A parser may omit all
   * others, but not the attributes of elements on these paths. A path that begins with a slash (`/error`) names a root
   * element that may occur instead of a record; the value is then `{ error: content }`. Absent means everything. It has
   * an effect only for the first transformer of a chain.
   */
  readonly reads?: readonly string[];
  /** The local files that its output depends on. If one of them changes, an unchanged source is read again. */
  files?(args: Args): readonly string[];
  /** At least one. They run as tests. */
  readonly examples: readonly TransformerExample<unknown>[];
  /**
   * The lookup files on the web. The engine fetches them with the source and uses the same versions for the whole run.
   * A changed file counts as a change of the source. `create` gets them in `fetched`, in this order.
   */
  lookups?(args: Args): readonly LookupFile[];
  /** Returns the function that is called with each value. Called whenever a process begins to run the chain. */
  create(args: Args, services: TransformerServices): Transform;
}

/** A file at an address, or the one of this name in the newest record of a concept DOI. */
export type LookupFile =
  | {
      /** `http` or `https`. */
      readonly url: string;
      /** A larger file is refused. */
      readonly maxBytes: number;
    }
  | {
      /** The concept DOI, such as `10.5281/zenodo.6347574`. */
      readonly doi: string;
      /** The address that resolves DOIs, such as `https://doi.org`. */
      readonly resolver: string;
      /** The name of the file in the record. */
      readonly name: string;
      /** A larger file is refused. */
      readonly maxBytes: number;
    };

/** What the engine passes to `create` of a transformer. */
export interface TransformerServices {
  /** The log of the worker. */
  readonly logger: Logger;
  /**
   * The local copies of `lookups`; empty if there are none, or if they could not be fetched (a warning reports this).
   */
  readonly fetched?: readonly FetchedFile[];
  /** Whether blank texts of the chain's parser mean absent values; see ParserReader.blanks. */
  readonly blankIsAbsent?: boolean;
  /**
   * Declares a selector, such as a pointer or a pattern, that should select something in at least one record. Returns
   * the function to call, any number of times, when it did. The run ends with a warning for each selector that never did.
   * Call this when the first record arrives, because a selector that sees no record cannot select anything.
   */
  readonly watch?: (selector: string) => () => void;
}

/** Declares a transformer. The spec feeds parsing, `check`, the JSON schema, editor completion and the reference docs. */
export function defineTransformer<Args>(spec: Transformer<Args>): Transformer {
  return spec;
}
