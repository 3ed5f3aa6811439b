import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from '../../../src/engine/run.ts';
import type { Lab } from '../../lab/lab.ts';
import type { CliObject } from '../support/cli.ts';

const BIN = fileURLToPath(new URL('../../../bin/ovs-uplink', import.meta.url));

/** A command line in a terminal session of its own, as over SSH. */
export interface TerminalSession {
  /** Leader of the session: the command itself. */
  readonly leader: number;
  /** Resolves when the chart has entered a state whose path begins with this. */
  state(path: string): Promise<void>;
  /** The terminal goes away: the kernel sends SIGHUP to the session (tty_vhangup_session). */
  hangUp(): Promise<void>;
  /** SIGHUP to the whole session, then at once SIGKILL to each process in it, as what ends a user's session does. */
  killSession(): Promise<void>;
}

/** Starts the program in a pseudo terminal (script(1)); it is the leader of the session and has that as its controlling terminal. */
export async function startInTerminal(lab: Lab, args: readonly string[]): Promise<TerminalSession> {
  const command = [BIN, ...args, '--json', '--ovsdb', lab.ovsdbRemote, '--state-dir', lab.stateDir].join(' ');
  const script = lab.spawn(lab.hostNs, ['script', '--quiet', '--flush', '--command', `exec ${command}`, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const events: RunEvent[] = [];
  const wakers = new Set<() => void>();
  createInterface({ input: script.stdout! }).on('line', line => {
    if (!line.startsWith('{')) return;
    const { event } = JSON.parse(line) as CliObject;
    if (event !== undefined) events.push(event);
    for (const wake of [...wakers]) wake();
  });
  const ended = new Promise<void>(resolve => script.once('exit', () => resolve()));
  const state = async (path: string): Promise<void> => {
    const isThere = () => events.some(event => event.type === 'state' && event.state.startsWith(path));
    while (!isThere()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wakers.add(resolve);
      await promise;
      wakers.delete(resolve);
    }
  };
  await state('assessing');
  const [leader = 0] = childrenOf(script.pid ?? 0);
  return {
    leader,
    state,
    async hangUp() {
      // It holds the other end of the terminal.
      script.kill('SIGKILL');
      await ended;
    },
    async killSession() {
      process.kill(-leader, 'SIGHUP');
      for (const pid of processesOf(leader)) process.kill(pid, 'SIGKILL');
      script.kill('SIGKILL');
      await ended;
    },
  };
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Processes of a session: field 6 of `/proc/PID/stat`. */
function processesOf(session: number): readonly number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return pids.map(Number).filter(pid => sessionOf(pid) === session);
}

/** Session of a process; undefined where there is none. */
export function sessionOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return undefined;
  }
}
