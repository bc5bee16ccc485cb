/** A job after parsing and normalising: what the engine interprets. `config` in a file is the operator's dialect of it. */
import type { OnMissing } from '../../component/writer.ts';
import type { NotifyChannel } from './notify-schema.ts';
import type { Layer } from '../../records/layers.ts';
import type { Span } from '../effective/since.ts';

export interface ComponentConfig {
  readonly type: string;
  /** As written, `$secret` and `$arg` references included; the engine parses it with the component's own schema. */
  readonly args: Readonly<Record<string, unknown>>;
  /** For a writer: the parts of another job's records that it owns. Absent: it publishes whole records. */
  readonly layer?: Layer;
}

/** Rules that stop a suspicious run before it publishes. Absent = not checked. */
export interface Guards {
  /** Fewer staged records than this wait for approval. */
  readonly min_records?: number;
  /** Per cent of this job's published records that a run may withdraw or lose. */
  readonly max_shrink_percent?: number;
  /** Per cent of this job's published records that a run may add. Not checked while none is published. */
  readonly max_growth_percent?: number;
  /** Per cent of this job's published records that a run may update or withdraw. */
  readonly max_changed_percent?: number;
  /** Per cent of the records read that may be rejected. */
  readonly max_rejected_percent?: number;
  /** Top-level field of the published record → per cent of the staged records that must have it. */
  readonly min_fill_percent?: Readonly<Record<string, number>>;
  /** Records of a repository that may refer to what a run withdraws, renames or finds no longer in use. */
  readonly max_impact?: number;
  /** A source without any record is a failure unless this is true. */
  readonly allow_empty?: boolean;
}

/** One pipeline of a job. */
export interface Task {
  /** `main` where the job has one pipeline without a name. */
  readonly name: string;
  /** Names of tasks that must have ended well before. */
  readonly needs: readonly string[];
  /** The vocabulary of its records; names the record schema in config/records. */
  readonly vocabulary?: string;
  readonly readers: readonly ComponentConfig[];
  readonly transformers: readonly ComponentConfig[];
  readonly writers: readonly ComponentConfig[];
  readonly guards: Guards;
}

/** What a start that meets a running one of the same schedule does. Temporal's own words. */
type Overlap = 'skip' | 'buffer_one' | 'buffer_all' | 'cancel_other' | 'terminate_other' | 'allow_all';

interface ScheduleRules {
  /** Each start is late by up to this, at random. */
  readonly jitter_seconds: number;
  readonly overlap: Overlap;
  /** Starts that were missed for longer than this are left out. */
  readonly catchup_window_seconds: number;
  /** ISO 8601 in UTC: no start after it. */
  readonly end_at?: string;
}

/** When a job starts by itself. */
export type Schedule = ScheduleRules &
  (
    | { readonly type: 'interval'; readonly every_seconds: number; readonly offset_seconds: number }
    | {
        readonly type: 'crontab';
        readonly cron: string;
        readonly timezone: string;
        /** Where day of month and day of week both restrict: any day that fits one of them, or only one that fits both. */
        readonly days: 'either' | 'both';
      }
  );

export interface Job {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly active: boolean;
  /** The Temporal task queue. */
  readonly queue: string;
  /** Absent = only by hand. */
  readonly schedule?: Schedule;
  /** In an order in which `needs` come first. */
  readonly tasks: readonly Task[];
  /** Days that a plan waits for approval before it is discarded. */
  readonly approval_days: number;
  /** Days between two reminders while it waits. */
  readonly reminder_days: number;
  /** Its impact is measured before each approval. Absent = only where a guard needs it. */
  readonly impact?: { readonly most_records: number };
  /** A partial run moves the watermark too. */
  readonly accept_partial: boolean;
  /** How far before the watermark a run begins; a span as in `since`. */
  readonly since_overlap?: string | Span;
  /** So many failures in a row of runs that the schedule started pause it. Absent = never. */
  readonly pause_after_failures?: number;
  /** Who is notified of its runs. */
  readonly notify: readonly NotifyChannel[];
}

export type { OnMissing };
