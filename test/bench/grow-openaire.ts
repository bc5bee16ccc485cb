/**
 * Makes a `project.tar` of the OpenAIRE Graph of any size out of the real small one: the projects again and again under
 * ids and numbers of their own, in gzipped parts as the Graph has them.
 */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { FUNDERS } from '../../transformers/openaire-award/funders.ts';
import { readTarLines } from '../support/read-tar-lines.ts';

interface GrowOptions {
  /** The real `project.tar`. */
  readonly from: string;
  readonly records: number;
  readonly out: string;
  /**
   * Of ten lines so many more have a summary than in the small one: 2 make a line as long as those of the whole Graph
   * are on average (a kilobyte); 0 leaves the mix that InvenioRDM was measured with.
   */
  readonly more: number;
}

type Project = Readonly<Record<string, unknown>>;

const LINES_IN_PART = 50_000;

/** Answers the bytes of all lines. */
export async function growOpenaire({ from, records, out, more }: GrowOptions): Promise<number> {
  const projects = (await readTarLines(from)).filter((project) => prefixOf(project) in FUNDERS);
  const long = projects.filter((project) => typeof project['summary'] === 'string');
  const tar = pack();
  const file = createWriteStream(out);
  tar.pipe(file);
  let bytes = 0;
  for (let start = 0, part = 0; start < records; start += LINES_IN_PART, part++) {
    const lines: string[] = [];
    for (let i = start; i < Math.min(records, start + LINES_IN_PART); i++) {
      const choice = i % 10 < more ? long : projects;
      lines.push(JSON.stringify(withNumber(choice[Math.floor(i / 10) % choice.length] ?? {}, i)));
    }
    const text = Buffer.from(`${lines.join('\n')}\n`);
    bytes += text.length;
    tar.entry({ name: `project/part-${String(part).padStart(5, '0')}.json.gz` }, gzipSync(text, { level: 6 }));
  }
  tar.finalize();
  await finished(file);
  return bytes;
}

function withNumber(project: Project, i: number): Project {
  const id = `${prefixOf(project)}::${i.toString(16).padStart(32, '0')}`;
  return { ...project, id, code: `G${String(i)}` };
}

function prefixOf(project: Project): string {
  return String(project['id']).slice(0, 12);
}
