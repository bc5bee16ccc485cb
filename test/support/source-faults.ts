/** What can go wrong with the local source, switched on per test. */
import type { IncomingMessage } from 'node:http';

/** Where a fault strikes: `doi` the first redirect, `landing` the page of the record, `file` the dump. */
export type SourcePlace = 'doi' | 'landing' | 'linkset' | 'json-ld' | 'file';

export type FaultKind =
  /** Answers with this status; an HTML page with status 200 is `{ status: 200, html: true }`. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly html?: boolean;
    }
  | { readonly kind: 'redirect'; readonly location: string }
  /** Sends the head and so many bytes, then cuts the connection. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Sends the head and so many bytes, then nothing more. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Sends in small pieces with pauses. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** Declares so many bytes more than there are. */
  | { readonly kind: 'declare-more'; readonly bytes: number }
  /** Answers a Range with the whole file and 200. */
  | { readonly kind: 'ignore-range' }
  /** Answers a Range with a 206 that begins elsewhere. */
  | { readonly kind: 'wrong-range' }
  /** Says of the answer to a Range that it is packed. */
  | { readonly kind: 'encoded-range' }
  /** Sends more after the end of a Range than there is. */
  | { readonly kind: 'longer-range' }
  /** The same length, other bytes; ETag and digest stay those of the true file. */
  | { readonly kind: 'corrupt' }
  /** No ETag and no Last-Modified. */
  | { readonly kind: 'no-validator' }
  /** This content type in place of the true one. */
  | { readonly kind: 'content-type'; readonly type: string };

export type Fault = FaultKind & {
  readonly at: SourcePlace;
  /** Default: any. */
  readonly method?: 'GET' | 'HEAD';
  /** Strikes so many times, then no more. Default: always. */
  readonly times?: number;
};

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** The faults of a request, each counted as struck. */
  strike(place: SourcePlace, request: IncomingMessage): readonly FaultKind[];
}

export function createFaults(initial: readonly Fault[]): Faults {
  let armed = initial.map((fault) => ({ fault, left: fault.times ?? Infinity }));
  return {
    add: (fault) => {
      armed.push({ fault, left: fault.times ?? Infinity });
    },
    clear: () => {
      armed = [];
    },
    strike: (place, request) => {
      const struck = armed.filter(
        ({ fault, left }) => left > 0 && fault.at === place && (fault.method ?? request.method) === request.method,
      );
      for (const entry of struck) entry.left -= 1;
      return struck.map(({ fault }) => fault);
    },
  };
}

export function faultOf<K extends FaultKind['kind']>(
  faults: readonly FaultKind[],
  kind: K,
): Extract<FaultKind, { kind: K }> | undefined {
  return faults.find((fault): fault is Extract<FaultKind, { kind: K }> => fault.kind === kind);
}
