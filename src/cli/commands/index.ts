/** Every command, in the order of the help. Each is loaded when it is asked for: a worker's parts cost a second. */
import type { AddCommand } from '../command-context.ts';

export const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map<string, () => Promise<AddCommand>>([
  ['demo', async () => (await import('./demo-command.ts')).addDemoCommand],
  ['dev', async () => (await import('./dev-command.ts')).addDevCommand],
  ['worker', async () => (await import('./worker-command.ts')).addWorkerCommand],
  ['check', async () => (await import('./check-command.ts')).addCheckCommand],
  ['preview', async () => (await import('./preview-command.ts')).addPreviewCommand],
  ['apply', async () => (await import('./apply-command.ts')).addApplyCommand],
  ['job', async () => (await import('./job-command.ts')).addJobCommand],
  ['schedule', async () => (await import('./schedule-command.ts')).addScheduleCommand],
  ['run', async () => (await import('./run-command.ts')).addRunCommand],
  ['plan', async () => (await import('./plan-command.ts')).addPlanCommand],
  ['approve', async () => (await import('./approve-command.ts')).addApproveCommand],
  ['discard', async () => (await import('./discard-command.ts')).addDiscardCommand],
  ['cancel', async () => (await import('./cancel-command.ts')).addCancelCommand],
  ['runs', async () => (await import('./runs-command.ts')).addRunsCommand],
  ['show', async () => (await import('./show-command.ts')).addShowCommand],
  ['changes', async () => (await import('./changes-command.ts')).addChangesCommand],
  ['rejections', async () => (await import('./rejections-command.ts')).addRejectionsCommand],
  ['watermark', async () => (await import('./watermark-command.ts')).addWatermarkCommand],
  ['history', async () => (await import('./history-command.ts')).addHistoryCommand],
  ['trace', async () => (await import('./trace-command.ts')).addTraceCommand],
  ['rollback', async () => (await import('./rollback-command.ts')).addRollbackCommand],
  ['components', async () => (await import('./components-command.ts')).addComponentsCommand],
  ['migrate', async () => (await import('./migrate-command.ts')).addMigrateCommand],
  ['doctor', async () => (await import('./doctor-command.ts')).addDoctorCommand],
]);
