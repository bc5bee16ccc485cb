/** A Chromium without a window, driven over a pipe with the DevTools protocol: no package and no open port. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { packPng } from './pack-png.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Browser {
  visit(url: string): Promise<void>;
  /** The value of a JavaScript expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** Polls an expression until it is true. Throws after a minute, with the text of the page. */
  until(expression: string): Promise<void>;
  /** Clicks the first visible element of the selector whose label or text holds this one. */
  click(selector: string, text: string): Promise<void>;
  type(text: string): Promise<void>;
  press(key: 'Tab'): Promise<void>;
  resize(size: Size): Promise<void>;
  picture(path: string, size: Size): Promise<void>;
  /** The errors that pages wrote to the console or did not catch, and the files that they did not get, since the last call. */
  faults(): readonly string[];
  close(): Promise<void>;
}

const PATIENCE_MILLISECONDS = 60_000;
const INTERVAL_MILLISECONDS = 100;
/** Fonts, and transitions of the page. */
const SETTLE_MILLISECONDS = 700;
/** Of a desktop: narrow pages hide parts of the Web UI. */
const FIRST_SIZE = { width: 1440, height: 900 };
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

export async function openBrowser(): Promise<Browser> {
  const profile = makeTempDir('vocab-sync-browser-');
  const child = await startChromium(profile);
  let faults: string[] = [];
  const call = speak(child, (method, event) => {
    const fault = toFault(method, event);
    if (fault !== undefined) faults.push(fault);
  });
  const { targetId } = await call('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
  const page = (method: string, params: object = {}) => call(method, params, String(sessionId));
  for (const domain of ['Page', 'Runtime', 'Log']) await page(`${domain}.enable`);
  const resize = async (size: Size): Promise<void> => {
    await page('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
  };
  await resize(FIRST_SIZE);
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await page('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value?: unknown }).value;
  };
  const until = async (expression: string): Promise<void> => {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    while ((await evaluate(expression).catch(() => false)) !== true) {
      if (Date.now() > deadline) {
        throw new Error(
          `${expression} did not come true. The page:\n${String(await evaluate('document.body.innerText'))}`,
        );
      }
      await delay(INTERVAL_MILLISECONDS);
    }
  };
  return {
    evaluate,
    until,
    async visit(url) {
      await page('Page.navigate', { url });
      await until('document.readyState === "complete"');
    },
    async click(selector, text) {
      const find = `[...document.querySelectorAll(${JSON.stringify(selector)})].find((e) => e.offsetParent !== null && (e.ariaLabel ?? e.innerText).includes(${JSON.stringify(text)}))`;
      await until(`${find} !== undefined`);
      // Menus slide into their place.
      await delay(SETTLE_MILLISECONDS);
      const { x, y } = (await evaluate(
        `(() => { const e = ${find}; e.scrollIntoView({ block: 'nearest' }); const r = e.getBoundingClientRect(); return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; })()`,
      )) as { x: number; y: number };
      for (const type of ['mousePressed', 'mouseReleased']) {
        await page('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
      }
    },
    async type(text) {
      await page('Input.insertText', { text });
    },
    async press(key) {
      for (const type of ['keyDown', 'keyUp']) await page('Input.dispatchKeyEvent', { type, key, code: key });
    },
    resize,
    faults() {
      const found = faults;
      faults = [];
      return found;
    },
    async picture(path, size) {
      await resize(size);
      await delay(SETTLE_MILLISECONDS);
      const { data } = await page('Page.captureScreenshot', { format: 'png' });
      await writeFile(path, packPng(Buffer.from(String(data), 'base64')));
    },
    async close() {
      const ended = once(child, 'exit');
      await call('Browser.close').catch(() => undefined);
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function startChromium(profile: string): Promise<ChildProcess> {
  for (const name of NAMES) {
    const args = ['--headless=new', '--no-sandbox', '--remote-debugging-pipe', '--hide-scrollbars', '--disable-gpu'];
    const child = spawn(name, [...args, `--user-data-dir=${join(profile, 'profile')}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const isThere = await Promise.race([once(child, 'spawn').then(() => true), once(child, 'error').then(() => false)]);
    if (isThere) return child;
  }
  throw new Error(`Expected a browser on PATH (${NAMES.join(', ')}), found none. On Debian: apt-get install chromium`);
}

export function hasBrowser(): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => NAMES.some((name) => existsSync(join(folder, name))));
}

/** What an event of the page reports as an error, in one line. */
function toFault(method: string, event: Answer): string | undefined {
  if (method === 'Runtime.exceptionThrown') return JSON.stringify(event['exceptionDetails']);
  if (method === 'Runtime.consoleAPICalled' && event['type'] === 'error') return JSON.stringify(event['args']);
  const { level, text, url } = (event['entry'] ?? {}) as { level?: string; text?: string; url?: string };
  return method === 'Log.entryAdded' && level === 'error' ? `${text ?? ''} ${url ?? ''}` : undefined;
}

type Answer = Readonly<Record<string, unknown>>;
type Call = (method: string, params?: object, sessionId?: string) => Promise<Answer>;

/** Messages are JSON, each ended by a NUL; answers come by the id of their call. */
function speak(child: ChildProcess, onEvent: (method: string, event: Answer) => void): Call {
  const [, , , input, output] = child.stdio as readonly unknown[] as readonly [
    unknown,
    unknown,
    unknown,
    Writable,
    Readable,
  ];
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  let rest = '';
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const messages = (rest + chunk).split('\0');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const { id, result, error, method, params } = JSON.parse(message) as {
        id?: number;
        result?: Answer;
        error?: { message: string };
        method?: string;
        params?: Answer;
      };
      if (method !== undefined) onEvent(method, params ?? {});
      const call = id === undefined ? undefined : waiting.get(id);
      if (id !== undefined) waiting.delete(id);
      if (error === undefined) call?.resolve(result ?? {});
      else call?.reject(new Error(error.message));
    }
  });
  output.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser has ended'));
  });
  let last = 0;
  return (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      input.write(
        `${JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
      );
    });
}
