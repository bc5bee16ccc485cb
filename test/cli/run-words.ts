/** Runs a command line in this process, as if typed in a directory of its own. */
import { PassThrough, Readable, Writable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { loadSettings } from '../../src/settings.ts';
import type { EnvFileOptions } from '../../src/settings/env-files.ts';

export interface RunWordsOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer;
  /** Where the settings file of the service is. Default: nowhere. */
  readonly files?: EnvFileOptions;
  /** Sends SIGINT, as often as it is called. */
  readonly onInterruptible?: (interrupt: () => void) => void;
  /** Looks at stderr as it is written. */
  readonly onStderr?: (text: string) => void;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runWords(words: readonly string[], options: RunWordsOptions): Promise<RunResult> {
  const { cwd, env = {} } = options;
  const stdout = collector();
  const stderr = collector(options.onStderr);
  const terminal = createTerminal({
    stdin: options.stdin === undefined ? new PassThrough().end() : Readable.from([options.stdin]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    onInterrupt: (listener) => {
      let count = 0;
      options.onInterruptible?.(() => {
        count += 1;
        listener(count);
      });
      return () => undefined;
    },
  });
  const code = await runCli(words, {
    terminal,
    cwd,
    loadSettings: (files) => loadSettings(env, cwd, { serviceFile: '/nonexistent', ...options.files, ...files }),
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(onText?: (text: string) => void): { readonly stream: Writable; readonly text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      onText?.(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}
