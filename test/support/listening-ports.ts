/** The TCP ports that a process listens on, from /proc (Linux). */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

export function listeningPorts(pid: number): readonly number[] {
  const directory = `/proc/${String(pid)}/fd`;
  const sockets = new Set(
    readdirSync(directory).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`${directory}/${fd}`))?.[1] ?? []),
  );
  const rows = ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/${String(pid)}/net/${name}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)),
  );
  return rows.flatMap((fields) => {
    const [, local = '', , state] = fields;
    const isOurs = state === LISTEN && sockets.has(fields[9] ?? '');
    return isOurs ? [Number.parseInt(local.split(':').at(-1) ?? '', 16)] : [];
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed between the listing and this.
    return '';
  }
}
