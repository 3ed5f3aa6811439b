import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DhcpClient } from '../../../domain/owners.ts';
import { type UplinkError, uplinkError } from '../../../errors.ts';

/** What a process that is to be started again was started with. */
export interface Origin {
  /** Path of the program; null where only its name is known. */
  readonly program: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Path of `cgroup.procs` that holds it; null where there is none. */
  readonly controlGroup: string | null;
}

/** Where control groups are mounted: version 2, and systemd's own of version 1 and of both at once. */
const CONTROL_GROUPS = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

/** What a daemon of the host has where nothing is known of the one before. */
const DEFAULT_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** How a process was started; `other-root` where it sees other files than we do. Null stands for a process that has ended. */
export function originOf(pid: number | null): Origin | 'other-root' {
  const unknown: Origin = { program: null, environment: DEFAULT_ENVIRONMENT, controlGroup: null };
  if (pid === null) return unknown;
  const folder = `/proc/${pid}`;
  try {
    const [theirs, ours] = [statSync(join(folder, 'root/')), statSync('/')];
    if (theirs.dev !== ours.dev || theirs.ino !== ours.ino) return 'other-root';
    // An upgrade may have put another file in its place: its name goes on.
    const program = readlinkSync(join(folder, 'exe')).replace(/ \(deleted\)$/, '');
    const pairs = readFileSync(join(folder, 'environ'), 'utf8').split('\0').filter(Boolean);
    const environment = Object.fromEntries(
      pairs.map(pair => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]),
    );
    const lines = readFileSync(join(folder, 'cgroup'), 'utf8').split('\n');
    const groups = lines
      .filter(line => /^(0::|\d+:name=systemd:)\/./.test(line))
      .map(line => line.replace(/^\d+:[^:]*:/, ''));
    const controlGroup = groups
      .flatMap(group => CONTROL_GROUPS.map(mount => join(mount, group, 'cgroup.procs')))
      .find(path => existsSync(path));
    return { program, environment: { ...DEFAULT_ENVIRONMENT, ...environment }, controlGroup: controlGroup ?? null };
  } catch {
    return unknown;
  }
}

/** Kills a client: it has no time to release its lease, nor to take its address away. Nothing happens when it has ended already. */
export function killClient({ pid }: Pick<DhcpClient, 'pid'>): void {
  send(pid, 'SIGKILL');
}

/**
 * Makes a client stand still, so that another one can be tried in its place, also one with the same pid file: dhclient takes what that names for alive.
 * Nothing of it is lost: {@link resumeClient} lets it go on.
 */
export function pauseClient({ pid, pidFile }: Pick<DhcpClient, 'pid' | 'pidFile'>): void {
  send(pid, 'SIGSTOP');
  if (pidFile !== null && namesProcess(pidFile, pid)) rmSync(pidFile, { force: true });
}

/** Lets a client go on; its pid file comes back where none is. */
export function resumeClient({ pid, pidFile }: Pick<DhcpClient, 'pid' | 'pidFile'>): void {
  if (!send(pid, 'SIGCONT') || pidFile === null) return;
  try {
    writeFileSync(pidFile, `${pid}\n`, { flag: 'wx', mode: 0o644 });
  } catch {
    // There is one, or it cannot be made: the client does not need it.
  }
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function namesProcess(pidFile: string, pid: number): boolean {
  try {
    return readFileSync(pidFile, 'utf8').trim() === String(pid);
  } catch {
    return false;
  }
}

/**
 * Starts a daemon in a session of its own. Resolves when it has gone to the background, or has begun where it is to stay in the foreground. Rejects with
 * `DEFECT`, and with the signal's reason: what is not in the background by then is killed.
 */
export function startProgram(argv: readonly string[], origin: Origin, signal: AbortSignal): Promise<void> {
  const [name = '', ...args] = argv;
  const staysInForeground = args.includes('-d');
  return new Promise((resolve, reject) => {
    const child = spawn(origin.program ?? name, args, {
      argv0: name,
      detached: true,
      stdio: 'ignore',
      cwd: '/',
      env: origin.environment,
    });
    const onAbort = () => {
      // dhclient (4.4) waits in one process for the other; both are in the group that begins with the session.
      if (child.pid !== undefined) send(-child.pid, 'SIGKILL');
      finish(() => reject(signal.reason));
    };
    const finish = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort);
      // It must not keep us from ending.
      child.unref();
      settle();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (staysInForeground) child.once('spawn', () => finish(resolve));
    child.once('error', error => finish(() => reject(notStarted(argv, error.message))));
    child.once('exit', code => finish(code === 0 ? resolve : () => reject(notStarted(argv, `exit ${code}`))));
  });
}

/** Puts a process among those of a systemd unit, so that it does not end with our own. What the kernel refuses is left as it is. */
export function joinControlGroup(controlGroup: string | null, pid: number): void {
  if (controlGroup === null) return;
  try {
    writeFileSync(controlGroup, String(pid));
  } catch {
    // The unit may have gone with its last process.
  }
}

/** A client that cannot be started again. */
export function notStarted(argv: readonly string[], got: string): UplinkError {
  return uplinkError('DEFECT', {
    what: 'a DHCP client did not start',
    object: argv.join(' '),
    expected: 'a client in the background',
    got,
    advice: 'see what it says when it is started by hand',
  });
}
