import type { MigrateOptions } from '../../../src/engine/engine.ts';
import type { RunOutcome, StatusReport } from '../../../src/engine/run.ts';

/**
 * Where a mortal process is to die: the name of a point, with `#2` for its second time. Names, not numbers: how many neighbours the kernel
 * knows just then decides how many points a run has. `none`: nowhere.
 */
export type Death = string;

/** What a mortal process is asked for: one line of JSON on its standard input. */
export type Command =
  | { readonly do: 'migrate'; readonly options: MigrateOptions; readonly die?: Death }
  | { readonly do: 'restore'; readonly uplink: string; readonly die?: Death }
  | {
      readonly do: 'recover';
      readonly deadlines?: MigrateOptions['deadlines'];
      readonly die?: Death;
    }
  | { readonly do: 'status' };

/** One line of JSON on its standard output; after `killed` there is no more. */
export type Reply =
  | { readonly type: 'ready' }
  /** A confirm window is open; the run goes on. */
  | { readonly type: 'window'; readonly remainingMs: number }
  | { readonly type: 'killed'; readonly point: string }
  | { readonly type: 'ended'; readonly outcomes: readonly RunOutcome[]; readonly points: readonly string[] }
  | { readonly type: 'status'; readonly reports: readonly StatusReport[]; readonly lockHolder: string | null }
  | { readonly type: 'failed'; readonly error: string };
