/** Something that happens to the host in the middle of a run; carried out synchronously, before the run goes on. */
export type Act =
  /** A signal to a process; `SIGKILL` waits until the process is dead. */
  | { readonly kind: 'signal'; readonly pid: number; readonly signal: NodeJS.Signals }
  /** A signal to the command line itself, as Ctrl-C or systemd would send it. */
  | { readonly kind: 'stop'; readonly signal: NodeJS.Signals }
  /** A command, run to its end in the host's namespace. It must succeed. */
  | { readonly kind: 'run'; readonly argv: readonly string[] };

/** What happens on entering a state of the chart for the first time. */
export interface Incident {
  readonly state: string;
  readonly acts: readonly Act[];
}

/** Environment variable that carries incidents as JSON to the acting command line. */
export const INCIDENTS_VARIABLE = 'OVS_UPLINK_TEST_INCIDENTS';

/** Begins the line on stderr that tells that an incident happened. */
export const INCIDENT_MARK = 'incident happened in';

/** Begins the line on stderr that tells that a command of an incident failed. */
export const INCIDENT_FAILED = 'incident failed:';
