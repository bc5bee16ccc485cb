/** Every command, in the order of the help. */
import type { AddCommand } from '../command-context.ts';
import { addApproveCommand } from './approve-command.ts';
import { addCancelCommand } from './cancel-command.ts';
import { addChangesCommand } from './changes-command.ts';
import { addCheckCommand } from './check-command.ts';
import { addComponentsCommand } from './components-command.ts';
import { addDemoCommand } from './demo-command.ts';
import { addDevCommand } from './dev-command.ts';
import { addDiscardCommand } from './discard-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addMigrateCommand } from './migrate-command.ts';
import { addPlanCommand } from './plan-command.ts';
import { addPreviewCommand } from './preview-command.ts';
import { addRejectionsCommand } from './rejections-command.ts';
import { addRunCommand } from './run-command.ts';
import { addRunsCommand } from './runs-command.ts';
import { addShowCommand } from './show-command.ts';
import { addWorkerCommand } from './worker-command.ts';

export const COMMANDS: readonly AddCommand[] = [
  addDemoCommand,
  addDevCommand,
  addWorkerCommand,
  addCheckCommand,
  addPreviewCommand,
  addRunCommand,
  addPlanCommand,
  addApproveCommand,
  addDiscardCommand,
  addCancelCommand,
  addRunsCommand,
  addShowCommand,
  addChangesCommand,
  addRejectionsCommand,
  addComponentsCommand,
  addMigrateCommand,
  addDoctorCommand,
];
