/** The effective config of a run, value by value, for `run --explain`. */
import { toDottedPath, type ExplainedValue } from '../../job/effective/explain-config.ts';
import { PLAIN, type Page } from './page.ts';
import { renderTable } from './render-table.ts';

export function renderExplained(values: readonly ExplainedValue[], page: Page = PLAIN): string {
  return renderTable(
    [
      { title: 'value of', wraps: true },
      { title: 'is', most: 80, wraps: true },
      { title: 'from', wraps: true },
    ],
    values.map(({ pointer, value, origin, argument }) => [
      toDottedPath(pointer),
      JSON.stringify(value),
      argument === undefined ? origin : `${origin}, argument ${argument}`,
    ]),
    '',
    page,
  );
}
