/**
 * The readers of a task as a chain: one source, then containers, then exactly one parser. A record source is both ends
 * by itself; behind `file` it parses what it would have fetched, which is how `--input` stands in for it.
 */
import type { Catalog } from '../../component/catalog.ts';
import type { Reader } from '../../component/reader.ts';
import type { CheckedComponent } from './check-components.ts';
import type { Report } from './problem.ts';

type Link = CheckedComponent<Reader> | undefined;

/** `links` has a hole where a type is unknown: nothing is said about its neighbours then. */
export function checkChain(links: readonly Link[], catalog: Catalog, report: Report): void {
  links.forEach((link, index) => {
    if (link === undefined) return;
    const before = links.slice(0, index).findLast((other) => other?.component.emits === 'records');
    const problem = index === 0 ? firstProblem(link, catalog) : laterProblem(link, before, links[index - 1]);
    if (problem !== undefined) report({ severity: 'error', pointer: link.draft.pointer, message: problem });
  });
  const last = links.at(-1);
  if (last?.component.emits !== 'bytes') return;
  const parsers = typesOf(catalog, (reader) => reader.accepts === 'bytes' && reader.emits === 'records');
  report({
    severity: 'error',
    pointer: last.draft.pointer,
    message: `"${last.component.type}" emits bytes, but nothing turns them into records: add ${parsers} after it`,
    expected: 'a reader that emits records at the end of the chain',
    found: `"${last.component.type}", which emits bytes`,
  });
}

function firstProblem({ component }: CheckedComponent<Reader>, catalog: Catalog): string | undefined {
  if (component.accepts === 'nothing') return undefined;
  const sources = typesOf(catalog, (reader) => reader.accepts === 'nothing' && reader.emits === 'bytes');
  return `"${component.type}" needs bytes to read, but nothing stands before it: begin the chain with ${sources}`;
}

/** The source that `--input` puts into a chain. */
const STAND_IN = 'file';

function laterProblem({ component }: CheckedComponent<Reader>, before: Link, previous: Link): string | undefined {
  const readsStandIn = component.emits === 'records' && previous?.component.type === STAND_IN;
  if (component.accepts === 'nothing' && !readsStandIn) {
    return `"${component.type}" fetches a source by itself and takes nothing from a reader before it: it can only stand first`;
  }
  if (before === undefined) return undefined;
  return `"${component.type}" takes bytes, but "${before.component.type}" before it has made records of them already: remove one of the two`;
}

function typesOf(catalog: Catalog, fits: (reader: Reader) => boolean): string {
  const types = [...catalog.readers.values()].filter(fits).map((reader) => reader.type);
  return types.length < 2 ? types.join('') : `${types.slice(0, -1).join(', ')} or ${types.at(-1) ?? ''}`;
}
