/** Saves pages of the Web UI as images of the documentation. */
import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { webUiLink } from '../../src/temporal/web-ui.ts';
import type { DevServers, RunFacts } from './dev-servers.ts';
import type { Browser } from './open-browser.ts';

const IMAGES = join(findPackageRoot(), 'docs', 'images');
/** Pages of the documentation load on telephones, too. */
const MOST_BYTES = 200_000;
const WIDTH = 1400;
/** Summary, details and current details are frames, and each is filled some time after it is there. */
const ARE_SHOWN =
  '[...document.querySelectorAll("iframe")].filter((e) => (e.contentDocument?.body?.innerText ?? "").trim() !== "").length === 3';
const LOOK_WIDTHS = [400, 800, 1400];

export interface Camera {
  save(browser: Browser, name: string, height: number, width?: number): Promise<void>;
  photographDetails(browser: Browser, servers: DevServers, run: RunFacts, name: string): Promise<void>;
}

/** With `look`, a folder, each page is also taken at other widths. */
export async function openCamera(look: string | undefined): Promise<Camera> {
  await mkdir(IMAGES, { recursive: true });
  if (look !== undefined) await mkdir(look, { recursive: true });
  const save: Camera['save'] = async (browser, name, height, width = WIDTH) => {
    for (const other of look === undefined ? [] : LOOK_WIDTHS)
      await browser.picture(join(look ?? '', `${String(other)}-${name}`), { width: other, height: 2400 });
    const path = join(IMAGES, name);
    await browser.picture(path, { width, height });
    const { size } = statSync(path);
    if (size > MOST_BYTES) throw new Error(`${name} has ${String(size)} bytes, more than ${String(MOST_BYTES)}`);
    process.stdout.write(`${name}  ${String(Math.round(size / 1000))} kB\n`);
  };
  return {
    save,
    async photographDetails(browser, servers, run, name) {
      await browser.visit(pageOf(servers, run, 'user-metadata'));
      await browser.until(ARE_SHOWN);
      await save(browser, name, 900);
    },
  };
}

export function pageOf({ webUi }: DevServers, run: RunFacts, page: string): string {
  return webUiLink(webUi, 'default', run.workflow_id, run.run).replace(/history$/, page);
}
