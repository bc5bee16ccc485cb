/** The contract of a transformer: synchronous, one value in, one value out, no I/O and no memory between records. */
import type { z } from 'zod';
import type { ComponentExample, Warning } from './reader.ts';
import type { Logger } from './services.ts';

/** A value that is left out on purpose: counted as filtered under its code, not as an error. */
export class Skip {
  readonly code: string;
  readonly message: string;

  constructor(code: string, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** `return skip('status', 'its status is withdrawn')` */
export function skip(code: string, message: string): Skip {
  return new Skip(code, message);
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
   * The paths of the elements below the record that it looks at, such as `person/name`; a parser may leave out all others.
   * One that begins with a slash names a root element that may stand in place of a record (`/error`): then the value is
   * `{ error: content }`. Absent = everything. Counts only for the first transformer of a chain.
   */
  readonly reads?: readonly string[];
  /** The files beside the job that its output depends on: a change to one of them reads an unchanged source again. */
  files?(args: Args): readonly string[];
  /** Run as tests. */
  readonly examples: readonly TransformerExample<unknown>[];
  create(args: Args, services: { readonly logger: Logger }): Transform;
}

export function defineTransformer<Args>(spec: Transformer<Args>): Transformer {
  return spec;
}
