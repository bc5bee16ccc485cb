/** Decides whether a run may bring what it brings. Anyone who reaches Temporal can start a workflow with any input. */
import { ConfigError } from '../../errors.ts';
import { isWorkflowKnown } from '../../postgres/ledger/run-rows.ts';
import type { Pool } from '../../postgres/pool.ts';
import { isSigned } from '../../records/run-signature.ts';
import type { ResolveInput, RunRequest } from '../run-steps.ts';

/** What a run may bring in addition to the name of a stored job. `signed` requires a signature made with this key. */
export type Admission =
  | { readonly mayBring: 'anything' }
  | { readonly mayBring: 'nothing' }
  | { readonly mayBring: 'signed'; readonly key: Buffer };

/** Throws ConfigError E_RUN_NOT_ALLOWED. A run that names a stored job and brings nothing is always admitted. */
export async function admitRun(pool: Pool, admission: Admission, input: ResolveInput): Promise<void> {
  const brought = broughtBy(input.request);
  if (brought.length === 0 || admission.mayBring === 'anything') return;
  const subject = `The run brings ${brought.join(', ')}`;
  const details = { brings: brought };
  if (admission.mayBring === 'nothing') {
    const message = `${subject}, but this worker runs stored jobs as they are (VOCAB_SYNC_RUNS_MAY_BRING=nothing). Store the job with \`vocab-sync apply\` and start it by its name.`;
    throw new ConfigError('E_RUN_NOT_ALLOWED', message, { details });
  }
  if (!isSigned(admission.key, input.workflowId, input.request)) {
    const found = input.request.signature === undefined ? 'is not signed' : 'has a signature of another run or key';
    const message = `${subject}, but it ${found}. Start it with \`vocab-sync run\` and the key of this worker, or store the job and start it by its name alone.`;
    throw new ConfigError('E_RUN_NOT_ALLOWED', message, { details });
  }
  if (await isWorkflowKnown(pool, input.workflowId, input.run)) {
    const message = `${subject} with the signature of an earlier run of the workflow ${input.workflowId}. A signature is valid for one run. Start a new one with \`vocab-sync run\`.`;
    throw new ConfigError('E_RUN_NOT_ALLOWED', message, { details });
  }
}

/** In words, for messages. Values of declared arguments count: an address or a path may be among them. */
function broughtBy({ config, customArgs, args, input }: RunRequest): readonly string[] {
  return [
    ...(config === undefined ? [] : ['a job config']),
    ...(customArgs === undefined ? [] : ['custom args']),
    ...(args === undefined ? [] : ['arguments']),
    ...(input === undefined ? [] : ['an input file']),
  ];
}
