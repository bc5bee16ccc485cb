import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { withHomeLock } from '../../src/embedded/home-lock.ts';
import { identifySelf } from '../../src/embedded/process-identity.ts';
import { shareServer, type ServerRole, type SharedServer } from '../../src/embedded/share-server.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Details {
  readonly port: number;
}

/** A program that runs until it is killed, in place of a server. */
async function startProgram() {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'spawn');
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, stop };
}

function inHome(directory: string) {
  const said: string[] = [];
  const starts: (Details | undefined)[] = [];
  const stopped: number[] = [];
  const share = (role: ServerRole = 'command'): Promise<SharedServer<Details>> =>
    shareServer<Details>({
      directory,
      name: 'database',
      role,
      say: (line) => said.push(line),
      start: async (previous) => {
        starts.push(previous);
        const port = 5000 + starts.length;
        const program = await startProgram();
        const stop = async () => {
          await program.stop();
          stopped.push(port);
        };
        return { details: { port }, pid: program.pid, stop };
      },
    });
  return { share, said, starts, stopped };
}

/** A process that has ended, as a file names it. */
async function deadProcess() {
  const child = spawn('true');
  await once(child, 'exit');
  return { pid: child.pid ?? 0, started: '1' };
}

describe('shareServer', () => {
  it('starts one server for all commands and stops it after the last has left', async () => {
    const home = inHome(tempDir());
    const first = await home.share('dev');
    const second = await home.share();
    expect([second.details, second.owned, second.ownerRole]).toEqual([first.details, false, 'dev']);

    const firstReleased = first.release();
    await vi.waitFor(() => {
      expect(home.said).toEqual([expect.stringMatching(/^Waiting for other .* database server: \d+\.$/)]);
    });
    expect(home.stopped).toEqual([]);
    await second.release();
    await firstReleased;
    expect(home.stopped).toEqual([5001]);
  });

  it('hands the next server what the last one said of itself', async () => {
    const home = inHome(tempDir());
    await (await home.share()).release();
    const next = await home.share();
    expect([next.owned, home.starts]).toEqual([true, [undefined, { port: 5001 }]]);
    await next.release();
  });

  it('starts only one when two commands come at once', async () => {
    const home = inHome(tempDir());
    const shared = await Promise.all([home.share(), home.share()]);
    expect(home.starts).toHaveLength(1);
    expect(shared.map(({ owned }) => owned).sort()).toEqual([false, true]);
  });

  it('does not believe the record of a dead owner, and ends the server that it left', async () => {
    const directory = tempDir();
    const left = await startProgram();
    const server = { pid: left.pid, started: '1' };
    writeFileSync(
      join(directory, 'database.json'),
      JSON.stringify({ owner: await deadProcess(), server, role: 'dev', details: { port: 1 }, stopped: false }),
    );
    const shared = await inHome(directory).share();
    expect([shared.owned, shared.details.port]).toEqual([true, 5001]);
  });

  it('does not wait for clients that died', async () => {
    const directory = tempDir();
    const home = inHome(directory);
    const owner = await home.share();
    mkdirSync(join(directory, 'database.clients'), { recursive: true });
    writeFileSync(join(directory, 'database.clients', 'dead.json'), JSON.stringify(await deadProcess()));
    await owner.release();
    expect([home.said, home.stopped]).toEqual([[], [5001]]);
  });

  it('says whose server has ended when a command attaches to one that crashed', async () => {
    const directory = tempDir();
    writeFileSync(
      join(directory, 'database.json'),
      JSON.stringify({
        owner: identifySelf(),
        server: await deadProcess(),
        role: 'dev',
        details: { port: 1 },
        stopped: false,
      }),
    );
    await expect(inHome(directory).share()).rejects.toThrow(
      `The database server of the vocab-sync command with pid ${String(process.pid)} has ended`,
    );
  });
});

describe('withHomeLock', () => {
  it('lets one in at a time', async () => {
    const path = join(tempDir(), 'lock');
    let inside = 0;
    const most: number[] = [];
    const work = async () => {
      inside += 1;
      most.push(inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all([1, 2, 3, 4].map(() => withHomeLock(path, () => undefined, work)));
    expect(most).toEqual([1, 1, 1, 1]);
  });

  it('takes over the lock of a dead process', async () => {
    const path = join(tempDir(), 'lock');
    writeFileSync(path, JSON.stringify(await deadProcess()));
    await expect(
      withHomeLock(
        path,
        () => undefined,
        () => Promise.resolve('done'),
      ),
    ).resolves.toBe('done');
  });

  it('is free again after an error', async () => {
    const path = join(tempDir(), 'lock');
    const failing = withHomeLock(
      path,
      () => undefined,
      () => Promise.reject(new Error('broken')),
    );
    await expect(failing).rejects.toThrow('broken');
    await expect(
      withHomeLock(
        path,
        () => undefined,
        () => Promise.resolve('done'),
      ),
    ).resolves.toBe('done');
  });
});

it.each(['', 'null', '{"owner":', '{}', '{"owner":{"pid":1,"started":"x"}}'])(
  'starts anew over a record that a power loss left as %j',
  async (left) => {
    const directory = tempDir();
    mkdirSync(join(directory, 'database.clients'));
    writeFileSync(join(directory, 'database.json'), left);
    writeFileSync(join(directory, 'database.clients', '1-1.json'), left);
    const home = inHome(directory);
    const server = await home.share();
    expect(server.owned).toBe(true);
    await server.release();
  },
);
