/** The effective config of a run, value by value, for `run --explain`. */
import { toDottedPath, type ExplainedValue } from '../../job/effective/explain-config.ts';
import { renderTable } from './render-table.ts';

export function renderExplained(values: readonly ExplainedValue[]): string {
  return renderTable(
    [{ title: 'value of' }, { title: 'is', most: 80 }, { title: 'from' }],
    values.map(({ pointer, value, origin, argument }) => [
      toDottedPath(pointer),
      JSON.stringify(value),
      argument === undefined ? origin : `${origin}, argument ${argument}`,
    ]),
  );
}
