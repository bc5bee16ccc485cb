/** The writers that a pasted config of InvenioRDM may name and that only work inside of it, with what to use in their place. */
import type { ComponentKind } from '../effective/draft-task.ts';

const SERVICES: Readonly<Record<string, string>> = {
  'affiliations-service': 'affiliations',
  'funders-service': 'funders',
  'awards-service': 'awards',
  'names-service': 'names',
  'subjects-service': 'subjects',
  // These two only add to what another job publishes, so they have tables of their own.
  'openaire-affiliations-service': 'openaire_affiliations',
  'cordis-awards-service': 'cordis_awards',
};

export interface InvenioAdvice {
  readonly message: string;
  readonly suggestion: string;
}

/** Undefined where the type is not one of InvenioRDM's either. */
export function adviseOnInvenio(kind: ComponentKind, type: string): InvenioAdvice | undefined {
  if (kind === 'writer' && type === 'yaml') {
    const suggestion = JSON.stringify({ type: 'file', args: { path: 'FILE.yaml' } });
    const message = `the writer "yaml" of InvenioRDM is called "file" here, and its "filepath" is "path": ${suggestion}`;
    return { message, suggestion };
  }
  if (kind !== 'writer' || (type !== 'service' && !Object.hasOwn(SERVICES, type))) return undefined;
  const suggestion = JSON.stringify({ type: 'postgres', args: { table: SERVICES[type] ?? 'NAME' } });
  const message = `the writer "${type}" works inside InvenioRDM and is not available here; write to a table: ${suggestion}`;
  return { message, suggestion };
}
