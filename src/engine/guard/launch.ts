import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { uplinkError } from '../../errors.ts';
import type { GuardOrder } from './guards.ts';

/** A guard process that was started, whether it is ready or not. */
export interface Launched {
  /** Its pid, where we are its parent; else it says it in its hello. */
  readonly pid: number | undefined;
  /** Resolves with how it ended, for people; for a unit only when it ended before it came to us. */
  readonly ended: Promise<string>;
  kill(): void;
}

/** How a guard is started. */
export type Launch = (order: GuardOrder, args: readonly string[]) => Launched;

/** `bin/start.mjs` of this copy: three folders up from the sources, four from the build. */
export function findProgram(): string | undefined {
  return ['../../../bin/start.mjs', '../../../../bin/start.mjs']
    .map(path => fileURLToPath(new URL(path, import.meta.url)))
    .find(path => existsSync(path));
}

function commandLine(args: readonly string[]): readonly string[] {
  const program = findProgram();
  if (program === undefined) {
    throw uplinkError('GUARD_FAILED', {
      what: 'cannot find the program of the guard',
      expected: 'bin/start.mjs in the package of ovs-uplink',
      got: `none beside ${fileURLToPath(import.meta.url)}`,
      advice: 'do not bundle ovs-uplink, or go without a guard (`guard: "none"`)',
    });
  }
  return [process.execPath, '--disable-warning=ExperimentalWarning', program, ...args];
}

/** What our own debugger, loader or coverage asks of node must not hold up the guard. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...rest } = process.env;
  return rest;
}

/**
 * Starts the guard in a session of its own, so that neither the terminal's SIGHUP nor a signal to our process group reaches it (F-126). It inherits
 * `/dev/null` and this network namespace; what our own parents left open in us it closes itself.
 */
export const launchProcess: Launch = (_order, args) => {
  const [file = '', ...rest] = commandLine(args);
  const child = spawn(file, rest, { detached: true, stdio: 'ignore', cwd: '/', env: environment() });
  // It must not keep a run's process from ending.
  child.unref();
  return { pid: child.pid, ended: whenEnded(child), kill: () => void child.kill('SIGKILL') };
};

/** Where systemd shows that it is the init system: sd_booted(3). */
const BOOTED = '/run/systemd/system';

/** Starts the guard as a transient unit: unlike a process of ours it also outlives the end of our own unit's control group. */
export const launchUnit: Launch = (order, args) => {
  if (!existsSync(BOOTED)) {
    throw uplinkError('UNSUPPORTED', {
      what: 'cannot make a systemd unit for the guard',
      expected: 'a host that runs systemd',
      got: `no ${BOOTED}`,
      advice: 'use `--guard process`',
    });
  }
  const unit = `ovs-uplink-guard-${order.id}-${order.generation}`;
  const properties = [
    'Type=exec',
    'UMask=0077',
    'WorkingDirectory=/',
    // The manager's namespace need not be ours.
    `NetworkNamespacePath=/proc/${process.pid}/ns/net`,
  ].map(property => `--property=${property}`);
  const argv = ['--collect', '--quiet', `--unit=${unit}`, ...properties, '--', ...commandLine(args)];
  const child = spawn('systemd-run', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-1000);
  });
  return {
    pid: undefined,
    // systemd-run ends at once when all is well; the unit's own end shows on its connection.
    ended: new Promise(resolve => {
      child.once('error', error => resolve(`systemd-run: ${error.message}`));
      child.once('close', code => {
        if (code !== 0) resolve(`systemd-run ended with ${code}: ${said.trim()}`);
      });
    }),
    kill() {
      const killer = spawn('systemctl', ['kill', '--signal=KILL', `${unit}.service`], { stdio: 'ignore' });
      killer.on('error', () => undefined);
    },
  };
};

function whenEnded(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(`cannot start: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit ${code}` : `killed by ${signal}`));
  });
}
