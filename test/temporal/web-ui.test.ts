import { expect, it } from 'vitest';
import { webUiLink } from '../../src/temporal/web-ui.ts';

it('leads to the page of the run, whatever its id holds', () => {
  expect(webUiLink('http://127.0.0.1:8233/', 'default', 'vocab-sync/ror/20261121T113355Z', 'run-1')).toBe(
    'http://127.0.0.1:8233/namespaces/default/workflows/vocab-sync%2Fror%2F20261121T113355Z/run-1/history',
  );
});
