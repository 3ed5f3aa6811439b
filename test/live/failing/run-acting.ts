import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunOutcome } from '../../../src/engine/run.ts';
import { describeFailure } from '../../../src/errors.ts';
import type { Lab } from '../../lab/lab.ts';
import { type CliObject, type CliOptions, guardArguments } from '../support/cli.ts';
import { INCIDENT_FAILED, INCIDENT_MARK, INCIDENTS_VARIABLE, type Incident } from './act.ts';

const SCRIPT = fileURLToPath(new URL('./acting-cli.ts', import.meta.url));
const CLI = fileURLToPath(new URL('../../../bin/ovs-uplink', import.meta.url));

/** What a command line left behind. */
export interface Ended {
  readonly code: number;
  readonly stderr: string;
  readonly durationMs: number;
  /** States in order, as `--json` tells them. */
  readonly states: readonly string[];
  readonly outcome: RunOutcome | undefined;
  /** Why, in the words for people: the outcome's failure, or the error that ended the command; empty where nothing failed. */
  readonly cause: string;
  /** Every incident took place. */
  readonly happened: boolean;
}

/** How to run a command line. */
export interface ActingOptions {
  /** The acting command line runs then, else `bin/ovs-uplink` itself. */
  readonly incidents?: readonly Incident[];
  /** Shell script that makes the place to run in, before it ends with `exec "$@"`; runs in a mount namespace of its own. */
  readonly within?: string;
  /** As {@link CliOptions.guard}. */
  readonly guard?: CliOptions['guard'];
}

/** The argument vector of a command with `--json` on the lab's database and state folder. */
export function cliArguments(lab: Lab, args: readonly string[], guard: CliOptions['guard'] = 'none'): string[] {
  return [
    CLI,
    ...args,
    ...guardArguments(args, guard),
    '--json',
    '--ovsdb',
    lab.ovsdbRemote,
    '--state-dir',
    lab.stateDir,
  ];
}

/** Runs a command line on the lab's host to its end. */
export async function runActing(lab: Lab, args: readonly string[], options: ActingOptions = {}): Promise<Ended> {
  const { incidents = [], within } = options;
  const [bin, ...rest] = cliArguments(lab, args, options.guard);
  const program = incidents.length === 0 ? [bin ?? CLI] : [process.execPath, '--no-warnings', SCRIPT];
  const place = within === undefined ? [] : ['unshare', '--mount', 'sh', '-ec', within, 'sh'];
  const startedAt = performance.now();
  const { code, stdout, stderr } = await lab.run(lab.hostNs, [...place, ...program, ...rest], {
    // Stripping the types of the engine takes longer than a migration; the cache goes with the lab.
    env: {
      NODE_COMPILE_CACHE: join(lab.dir, 'compile-cache'),
      [INCIDENTS_VARIABLE]: JSON.stringify(incidents),
    },
    timeoutMs: 90_000,
  });
  const objects = stdout.split('\n').filter(isObjectLine).map(parse);
  const outcome = objects.findLast(object => object.outcome !== undefined)?.outcome;
  const failure = outcome?.failure ?? objects.findLast(object => object.failure !== undefined)?.failure ?? null;
  const marks = stderr.split('\n').filter(line => line.startsWith(INCIDENT_MARK));
  return {
    code,
    stderr,
    durationMs: performance.now() - startedAt,
    states: objects.flatMap(({ event }) => (event?.type === 'state' ? [event.state] : [])),
    outcome,
    cause: failure === null ? '' : describeFailure(failure),
    happened: marks.length === incidents.length && !stderr.includes(INCIDENT_FAILED),
  };
}

/** What a failed expectation shows: how the command line went. */
export function storyOf(ended: Ended): string {
  const { code, durationMs, states, cause, stderr } = ended;
  return `exit ${code} after ${durationMs.toFixed(0)} ms; ${states.join(' → ')}; ${cause}; ${stderr}`;
}

function isObjectLine(line: string): boolean {
  return line.startsWith('{');
}

function parse(line: string): CliObject {
  return JSON.parse(line) as CliObject;
}
