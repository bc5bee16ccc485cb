/** `job transfer FROM TO`: shows what would be handed over, and does it with --yes. */
import {
  listTransfers,
  planTransfer,
  transferRecords,
  type Transfer,
} from '../../../postgres/ledger/transfer-records.ts';
import { ConfigError } from '../../../errors.ts';
import { writeJson, type CommandContext, type JsonOption } from '../../command-context.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { countOf, formatTime } from '../../render/format-number.ts';
import { withLedger } from '../../servers/open-ledger.ts';
import { userName } from '../run/compose-request.ts';

export interface TransferOptions extends JsonOption {
  readonly target?: string;
  readonly reason?: string;
  readonly yes?: boolean;
}

export async function transferJob(
  context: CommandContext,
  from: string,
  to: string,
  { target, reason, yes, json }: TransferOptions,
): Promise<ExitCode> {
  if (from === to) throw new ConfigError('E_TRANSFER_REFUSED', `Expected two jobs, found "${from}" twice.`);
  const transfer: Transfer = { from, to, target, reason, by: userName() };
  const isDone = yes === true;
  const { targets, past } = await withLedger(context, async ({ pool }) => ({
    targets: isDone ? await transferRecords(pool, transfer) : await planTransfer(pool, transfer),
    past: await listTransfers(pool, from),
  }));
  const facts = targets.map(({ target: name, records }) => ({ target: name, records }));
  if (json === true) {
    await writeJson(context, { from, to, done: isDone, targets: facts, transfers: past });
    return EXIT.success;
  }
  const lines = [
    ...facts.map(({ target: name, records }) => `  ${name}: ${countOf(records, 'record')}`),
    ...(facts.length === 0 ? [`  nothing: ${from} owns no record`] : []),
    ...facts.filter(({ target: name }) => name.startsWith('file:')).map(({ target: name }) => fileHint(name, from, to)),
    ...(isDone || facts.length === 0 ? [] : ['', `Do it: vocab-sync job transfer ${from} ${to} --yes`]),
    ...(past.length === 0 ? [] : ['', 'Transfers so far']),
    ...past.map(
      (one) =>
        `  ${formatTime(one.at.toISOString())} ${one.from} to ${one.to}, ${one.target}: ${countOf(one.records, 'record')}, by ${one.by}${one.reason === null ? '' : ` (${one.reason})`}`,
    ),
  ];
  const title = isDone ? `Handed from ${from} to ${to}` : `Would be handed from ${from} to ${to}`;
  await context.terminal.write(`${title}\n${lines.join('\n')}\n`);
  return EXIT.success;
}

function fileHint(name: string, from: string, to: string): string {
  return `    the manifest of this file still names ${from}: remove both, and the next run of ${to} writes them again`;
}
