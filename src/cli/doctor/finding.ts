/** One line of `doctor`. */

export type FindingStatus = 'ok' | 'warn' | 'fail';

export interface DoctorFinding {
  readonly status: FindingStatus;
  /** What was looked at: `database`, `Temporal`. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it; none where all is well. */
  readonly remedy?: string;
}

export function ok(subject: string, message: string): DoctorFinding {
  return { status: 'ok', subject, message };
}

export function warn(subject: string, message: string, remedy: string): DoctorFinding {
  return { status: 'warn', subject, message, remedy };
}

export function fail(subject: string, message: string, remedy: string): DoctorFinding {
  return { status: 'fail', subject, message, remedy };
}
