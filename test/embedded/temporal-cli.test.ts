import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { buildTemporalCli, downloadTemporalCli } from '../../src/embedded/install-temporal-cli.ts';
import { archiveFor } from '../../src/embedded/temporal-cli-release.ts';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

function writeProgram(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const prints = (version: string) => `echo "temporal version 9.9.9 (Server ${version}, UI 2.42.1)"`;

/** Nothing on PATH but what a test puts into `bin`, and the shell. */
function machine() {
  const directory = tempDir();
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`);
  const cacheDirectory = join(directory, 'cache');
  const find = (temporalCliPath?: string) =>
    findTemporalCli({ temporalCliPath, cacheDirectory, say: () => undefined, install: false });
  return { bin, cached: join(cacheDirectory, 'temporal-cli-1.5.1', 'temporal'), find };
}

describe('findTemporalCli', () => {
  it('takes TEMPORAL_CLI_PATH before anything else', async () => {
    const { bin, find } = machine();
    writeProgram(join(bin, 'temporal'), prints('1.29.1'));
    const path = writeProgram(join(bin, 'mine'), prints('1.30.0'));
    expect(await find(path)).toEqual({ path, serverVersion: '1.30.0', from: 'TEMPORAL_CLI_PATH' });
  });

  it.each([
    ['is not there', undefined, /TEMPORAL_CLI_PATH must name .* there is no program/],
    ['is too old', prints('1.22.4'), /holds server 1\.22\.4, and 1\.28\.0 or later is needed/],
    ['is another program', 'echo hello', /--version printed "hello"/],
  ])('does not look further when TEMPORAL_CLI_PATH %s', async (_, script, message) => {
    const { bin, find } = machine();
    writeProgram(join(bin, 'temporal'), prints('1.29.1'));
    const path = join(bin, 'mine');
    if (script !== undefined) writeProgram(path, script);
    await expect(find(path)).rejects.toThrow(message);
  });

  it('takes the one on PATH, then the one in our cache', async () => {
    const { bin, cached, find } = machine();
    writeProgram(cached, prints('1.29.1'));
    expect(await find()).toMatchObject({ from: 'cache', path: cached });
    writeProgram(join(bin, 'temporal'), prints('1.31.0'));
    expect(await find()).toMatchObject({ from: 'PATH', serverVersion: '1.31.0' });
  });

  it('passes over one on PATH that is too old', async () => {
    const { bin, cached, find } = machine();
    writeProgram(join(bin, 'temporal'), prints('1.9.0'));
    writeProgram(cached, prints('1.29.1'));
    expect(await find()).toMatchObject({ from: 'cache' });
  });

  it('tells what was tried and how to install it', async () => {
    const { find } = machine();
    await expect(find()).rejects.toMatchObject({ code: 'E_TEMPORAL_CLI_NOT_FOUND' });
    await expect(find()).rejects.toThrow(/PATH: there is no program temporal\n.*cache: .* does not exist\nInstall it/);
  });
});

async function serve(body: Buffer | undefined): Promise<string> {
  const server = createServer((_, answer) => {
    answer.statusCode = body === undefined ? 404 : 200;
    answer.end(body);
  });
  onTestFinished(() => {
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/temporal.tar.gz`;
}

function packArchive(directory: string): Buffer {
  writeProgram(join(directory, 'temporal'), prints('1.29.1'));
  execFileSync('tar', ['-czf', join(directory, 'a.tar.gz'), '-C', directory, 'temporal']);
  return readFileSync(join(directory, 'a.tar.gz'));
}

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const quietly = () => undefined;

describe('downloadTemporalCli', () => {
  it('unpacks an archive with the pinned digest', async () => {
    const directory = tempDir();
    const archive = packArchive(directory);
    const target = join(directory, 'cache', 'temporal');
    await downloadTemporalCli({ url: await serve(archive), sha256: sha256Of(archive) }, target, quietly);
    expect(execFileSync(target, { encoding: 'utf8' })).toContain('Server 1.29.1');
    expect(readdirSync(dirname(target))).toEqual(['temporal']);
  });

  it('refuses another digest and leaves nothing', async () => {
    const directory = tempDir();
    const target = join(directory, 'cache', 'temporal');
    const url = await serve(packArchive(directory));
    const download = downloadTemporalCli({ url, sha256: '0'.repeat(64) }, target, quietly);
    await expect(download).rejects.toThrow(/has SHA-256 [0-9a-f]{64}, but 0{64} was expected; it was refused/);
    expect(readdirSync(dirname(target))).toEqual([]);
  });

  it('says where it asked when there is no answer', async () => {
    const url = await serve(undefined);
    const download = downloadTemporalCli({ url, sha256: '' }, join(tempDir(), 'temporal'), quietly);
    await expect(download).rejects.toThrow(`${url} answered with status 404`);
  });

  it('has a pinned digest for the platforms of the release and for no other', () => {
    const named = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'].map((name) => name.split('-'));
    for (const [platform = '', arch = ''] of named) {
      expect(archiveFor(platform, arch)?.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(archiveFor('linux', 'ppc64')).toBeUndefined();
  });
});

describe('buildTemporalCli', () => {
  it('puts what `go install` built into place in one step', async () => {
    const { bin, cached } = machine();
    writeProgram(join(bin, 'go'), `[ "$1" = install ] && echo "$2" > "$GOBIN/temporal"`);
    await buildTemporalCli(cached, quietly);
    expect(readFileSync(cached, 'utf8')).toBe('github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
    expect(readdirSync(dirname(cached))).toEqual(['temporal']);
  });

  it('shows the end of what Go said when it fails, and leaves nothing', async () => {
    const { bin, cached } = machine();
    writeProgram(join(bin, 'go'), 'echo "proxy is away" >&2; exit 1');
    await expect(buildTemporalCli(cached, quietly)).rejects.toThrow(
      /`go install .*` ended with exit code 1:\n {2}proxy is away/,
    );
    expect(existsSync(cached)).toBe(false);
  });
});
