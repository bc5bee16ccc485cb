/**
 * A local server in place of the source of a shipped job: it speaks the protocol of the real one, and misbehaves on
 * demand.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from './make-temp-dir.ts';
import type { PackedFile } from './pack-input.ts';
import { packForJob } from './run-job-folder.ts';
import type { SourceFileOptions } from './source-file.ts';
import { startSparqlServer } from './sparql-server.ts';
import { startSourceServer, type SourceDump, type SourceServer } from './source-server.ts';

export interface ServedJob {
  /** Laid over the args of the source reader of the shipped job. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Laid over the shipped job itself, where more of it asks a server. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Serves these files, which are not packed yet, from now on. */
  deliver(files: readonly PackedFile[]): void;
  /** Asks to come back later, then cuts a connection. Once. */
  misbehave(): void;
  /** Stops answering in the middle of what it sends. */
  stall(): void;
  heal(): void;
  /** Whether something was asked that it does not answer any more. */
  hasStalled(): boolean;
  /** How often it was asked for anything. */
  asked(): number;
  close(): Promise<void>;
}

/** `files` are the first that it serves. */
export type ServeJob = (job: string, files: readonly PackedFile[]) => Promise<ServedJob>;

/** As Zenodo: the concept DOI of the job leads to a record with one file for each that the job reads. */
export function fromZenodo(doi: string, fileName: string): ServeJob {
  return async (job, files) => {
    let version = 1;
    const dump = (unpacked: readonly PackedFile[]): SourceDump => ({
      name: fileName,
      bytes: only(packForJob(job, unpacked)).content,
      date: `2026-01-0${String(version)}`,
      type: fileName.endsWith('.zip') ? 'application/zip' : 'application/x-tar',
    });
    const server = await startSourceServer({ doi, dumps: [dump(files)] });
    return serve(server, { base_url: server.url }, (changed) => {
      version += 1;
      server.publish(dump(changed));
    });
  };
}

/** A plain file at a path of its own. `toArgs` returns the arguments that make the job request it. */
export function fromFile(path: string, toArgs: (url: string) => Readonly<Record<string, unknown>>): ServeJob {
  return async (job, files) => {
    const file = (unpacked: readonly PackedFile[], day: number): SourceFileOptions => ({
      name: path.slice(path.lastIndexOf('/') + 1),
      bytes: only(packForJob(job, unpacked)).content,
      lastModified: new Date(Date.UTC(2026, 0, day)),
    });
    const server = await startSourceServer({ dumps: [], files: { [path]: file(files, 1) } });
    let day = 1;
    return serve(server, toArgs(server.url), (changed) => {
      day += 1;
      server.put(path, file(changed, day));
    });
  };
}

/** The results that the job would get, as triples behind a SPARQL service: `toTurtle` turns the one into the other. */
export function fromSparql(toTurtle: (results: string) => string): ServeJob {
  return async (_job, files) => {
    const turtle = (given: readonly PackedFile[]): string => toTurtle(only(given).content.toString());
    const server = await startSparqlServer(turtle(files));
    let before = Infinity;
    return {
      args: { origin: server.url },
      deliver: (changed) => {
        server.load(turtle(changed));
      },
      misbehave: () => {
        server.faults.push({ kind: 'status', status: 429, retryAfter: 1 }, { kind: 'cut', afterBytes: 100 });
      },
      stall: () => {
        before = server.requests.length;
        server.faults.push({ kind: 'hang' });
      },
      heal: () => {
        server.faults.length = 0;
      },
      hasStalled: () => server.requests.length > before,
      asked: () => server.requests.length,
      close: () => server.close(),
    };
  };
}

/** A file on the machine of the worker: there is no server that could misbehave. */
export function fromDisk(): ServeJob {
  return (job, files) => {
    const directory = makeTempDir();
    const path = join(directory, 'source');
    const deliver = (unpacked: readonly PackedFile[]): void => {
      writeFileSync(path, only(packForJob(job, unpacked)).content);
    };
    deliver(files);
    const nothing = (): void => undefined;
    return Promise.resolve({
      args: { path },
      deliver,
      misbehave: nothing,
      stall: nothing,
      heal: nothing,
      hasStalled: () => true,
      asked: () => 0,
      close: () => {
        rmSync(directory, { recursive: true, force: true });
        return Promise.resolve();
      },
    });
  };
}

function serve(server: SourceServer, args: ServedJob['args'], deliver: ServedJob['deliver']): ServedJob {
  const gets = (): number => server.requests.filter(({ place, method }) => place === 'file' && method === 'GET').length;
  let before = Infinity;
  return {
    args,
    deliver,
    misbehave: () => {
      server.addFault({
        kind: 'status',
        status: 429,
        headers: { 'retry-after': '1' },
        at: 'file',
        method: 'GET',
        times: 1,
      });
      server.addFault({ kind: 'cut', afterBytes: 100, at: 'file', method: 'GET', times: 2 });
    },
    stall: () => {
      before = gets();
      server.addFault({ kind: 'stall', afterBytes: 100, at: 'file', method: 'GET' });
    },
    heal: () => {
      server.clearFaults();
    },
    hasStalled: () => gets() > before,
    asked: () => server.requests.length,
    close: () => server.close(),
  };
}

function only(files: readonly PackedFile[]): PackedFile {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) throw new Error('a source of one file was expected');
  return file;
}
