/** Something real that happens to the lab's host in the middle of a run. All but `start` is over before the run goes on. */
export type Act =
  /** A command in the host's namespace; it must succeed. */
  | { readonly kind: 'run'; readonly argv: readonly string[] }
  /** A command that nobody waits for. */
  | { readonly kind: 'start'; readonly argv: readonly string[] }
  /** A signal to a daemon; `SIGKILL` waits until it is dead. */
  | { readonly kind: 'signal'; readonly pid: number; readonly signal: NodeJS.Signals }
  /** A signal to the command line itself. */
  | { readonly kind: 'stop'; readonly signal: NodeJS.Signals };

/** Acts at a state of the chart. */
export interface TimedActs {
  /** Which happening of the scenario it is. */
  readonly id: number;
  readonly state: string;
  readonly nth: number;
  readonly afterMs: number;
  readonly acts: readonly Act[];
}

/** What the acting command line is given, as JSON in {@link ACTS_VARIABLE}. */
export interface ActingOrders {
  readonly timed: readonly TimedActs[];
  /** How often each state was entered in earlier runs. */
  readonly entered: Readonly<Record<string, number>>;
}

/** One line of JSON on {@link REPORT_FD}, written before anything else happens: a killed process has told all it did. */
export type ActingReport =
  | { readonly state: string; readonly previous: string | null }
  | { readonly happened: number }
  /** A command of an act failed. */
  | { readonly failed: string };

/** Environment variable that carries {@link ActingOrders}. */
export const ACTS_VARIABLE = 'OVS_UPLINK_LAB_ACTS';

/** Where the acting command line reports. */
export const REPORT_FD = 3;
