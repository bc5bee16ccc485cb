/** Checks the layers of several jobs in one target: a place may have only one owner. */
import type { Catalog } from '../../component/catalog.ts';
import { whyMeeting, type Layer } from '../../records/layers.ts';
import { replaceReferences } from '../effective/references.ts';
import { toPointer } from '../pointer.ts';
import type { Job } from '../schema/job.ts';
import type { Finding } from './problem.ts';

export interface JobLayer extends Layer {
  readonly job: string;
  readonly target: string;
  /** Of its writer in the config. */
  readonly pointer: string;
}

/** The layers of a job that was checked. A task of a matrix has those of each combination. */
export async function layersOf(job: Job, { writers }: Pick<Catalog, 'writers'>): Promise<readonly JobLayer[]> {
  const layers: JobLayer[] = [];
  for (const task of job.tasks) {
    for (const [index, { type, args, layer }] of task.writers.entries()) {
      if (layer === undefined) continue;
      const writer = await writers.load(type);
      const parsed = writer?.args.safeParse(withStandIns(args));
      if (writer === undefined || parsed?.success !== true) continue;
      const base = job.tasks.length === 1 && task.name === 'main' ? [] : ['tasks', task.name];
      const pointer = toPointer([...base, 'writers', index, 'layer']);
      layers.push({ ...layer, job: job.id, target: writer.targetName(parsed.data), pointer });
    }
  }
  return layers;
}

/** Returns a finding for each layer that overlaps another one, for the file of that layer. */
export function findMeetings(layers: readonly JobLayer[], others: readonly JobLayer[]): readonly Finding[] {
  return layers.flatMap((layer) =>
    others.flatMap((other): Finding[] => {
      if (other.job === layer.job || other.target !== layer.target) return [];
      const why = whyMeeting(layer, other);
      if (why === undefined) return [];
      const message = `expected places of ${layer.target} that no other job owns, but job ${other.job} ${why}; choose other places or another name`;
      return [{ severity: 'error', pointer: layer.pointer, message }];
    }),
  );
}

function withStandIns(args: Job['tasks'][number]['writers'][number]['args']): unknown {
  const standIn = (): string => 'stand-in';
  return replaceReferences(replaceReferences(args, '$secret', standIn), '$arg', standIn);
}
