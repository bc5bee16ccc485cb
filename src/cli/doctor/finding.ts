/** One line of `doctor`. */

type FindingStatus = 'ok' | 'warn' | 'fail';

export interface DoctorFinding {
  readonly status: FindingStatus;
  /** What was looked at: `database`, `Temporal`. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it; none where all is well. */
  readonly remedy?: string;
  /** The command that does it. */
  readonly command?: string;
}

export function ok(subject: string, message: string): DoctorFinding {
  return { status: 'ok', subject, message };
}

export function warn(subject: string, message: string, remedy: string, command?: string): DoctorFinding {
  return { status: 'warn', subject, message, remedy, ...(command === undefined ? {} : { command }) };
}

export function fail(subject: string, message: string, remedy: string): DoctorFinding {
  return { status: 'fail', subject, message, remedy };
}
