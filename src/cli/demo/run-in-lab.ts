import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lab } from '../../../test/lab/lab.ts';
import type { PlanReport, RunEvent, RunOutcome } from '../../engine/run.ts';
import type { Failure } from '../../errors.ts';
import { uplinkError } from '../../errors.ts';

/** One line that `ovs-uplink --json` prints. */
export interface CommandMessage {
  readonly event?: RunEvent;
  readonly outcome?: RunOutcome;
  readonly plan?: PlanReport;
  readonly failure?: Failure;
}

/**
 * Runs `bin/ovs-uplink` inside the lab's host and resolves with everything that it said. Aborting asks it to stop, which is a rollback.
 * Rejects with the
 * failure that it told of, else with `DEFECT` and its last words.
 */
export async function runInLab(
  lab: Lab,
  args: readonly string[],
  signal: AbortSignal,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<readonly CommandMessage[]> {
  signal.throwIfAborted();
  const common = ['--json', '--ovsdb', lab.ovsdbRemote, '--unixctl', lab.vswitchdCtl, '--state-dir', lab.stateDir];
  const child = lab.spawn(lab.hostNs, [programPath(), ...args, ...common], { stdio: ['ignore', 'pipe', 'pipe'] });
  const messages: CommandMessage[] = [];
  let words = '';
  createInterface({ input: child.stdout! }).on('line', line => {
    const message = JSON.parse(line) as CommandMessage;
    messages.push(message);
    if (message.event !== undefined) onEvent(message.event);
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-2000);
  });
  const onAbort = () => child.kill('SIGTERM');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (messages.some(({ outcome, plan }) => outcome !== undefined || plan !== undefined)) return messages;
    signal.throwIfAborted();
    const failure = messages.find(message => message.failure !== undefined)?.failure;
    if (failure !== undefined) throw uplinkError(failure.code, failure);
    throw uplinkError('DEFECT', { what: 'no answer', object: args.join(' '), got: `exit ${code}: ${words.trim()}` });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** `bin/ovs-uplink` of this copy: beside the `bin/start.mjs` that runs us. */
function programPath(): string {
  const started = process.argv[1] ?? '';
  if (basename(started) === 'start.mjs') return join(dirname(started), 'ovs-uplink');
  return new URL('../../../bin/ovs-uplink', import.meta.url).pathname;
}
