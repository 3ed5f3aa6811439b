import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { uplinkError } from '../../src/errors.ts';
import type { LabResources } from './cleanup.ts';
import { type CommandResult, runCommand } from './command.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { VSWITCH_SCHEMA } from './needs.ts';

/** The private Open vSwitch of a lab: database, sockets, pidfiles and logs lie in one directory. */
export interface LabOpenVswitch {
  /** `unix:<dir>/db.sock` */
  readonly ovsdbRemote: string;
  /** Control socket of ovs-vswitchd, a path. */
  readonly vswitchdCtl: string;
  /** Environment that keeps an OVS program off the machine's own `/run`, `/etc` and `/var`. */
  readonly ovsEnvironment: Readonly<Record<string, string>>;
  vswitchdPid(): number | null;
  ovsdbPid(): number | null;
  /** Makes the database. Once. */
  createDatabase(): Promise<void>;
  /** Starts ovsdb-server on the lab's database; resolves when it listens. */
  startOvsdb(): Promise<void>;
  /** Kills ovsdb-server with SIGKILL; resolves when it is gone. The database file stays. */
  killOvsdb(): Promise<void>;
  /** Ends ovsdb-server; default SIGTERM. */
  stopOvsdb(signal?: NodeJS.Signals): Promise<void>;
  /**
   * Starts ovs-vswitchd; resolves when it has applied the configuration once. `flowRestoreWait` first writes
   * `other_config:flow-restore-wait` (true) or removes it (false); absent leaves the database alone.
   */
  startVswitchd(options?: { readonly flowRestoreWait?: boolean; readonly signal?: AbortSignal }): Promise<void>;
  /** Ends ovs-vswitchd; default SIGTERM; resolves when it is gone. */
  stopVswitchd(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP: ovs-vswitchd answers nothing and forwards nothing that is new. */
  pauseVswitchd(): void;
  /** SIGCONT */
  resumeVswitchd(): void;
  /** Runs ovs-vsctl on the lab's database and returns what it prints; rejects with `DEFECT` when it fails. */
  vsctl(...args: readonly string[]): Promise<string>;
}

/** Makes the handle; starts nothing. `resources` learns the pids, for the exit hook. */
export function createOpenVswitch(netns: string, dir: string, resources: LabResources): LabOpenVswitch {
  const ovsdbRemote = `unix:${join(dir, 'db.sock')}`;
  const vswitchdCtl = join(dir, 'vswitchd.ctl');
  const database = join(dir, 'conf.db');
  // Bridges make sockets (<bridge>.mgmt, <bridge>.snoop) in OVS_RUNDIR: two labs with one bridge name would meet there.
  const ovsEnvironment = { OVS_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir, OVS_SYSCONFDIR: dir };
  const running = new Map<'ovsdb-server' | 'ovs-vswitchd', Daemon>();

  const current = (program: 'ovsdb-server' | 'ovs-vswitchd'): Daemon | null => {
    const daemon = running.get(program);
    return daemon?.isRunning() ? daemon : null;
  };
  const start = async (program: 'ovsdb-server' | 'ovs-vswitchd', args: readonly string[], signal?: AbortSignal) => {
    if (current(program) !== null) throw uplinkError('USAGE', { what: 'daemon runs already', object: program });
    const pidfile = join(dir, `${program}.pid`);
    const argv = [program, ...args, `--log-file=${join(dir, `${program}.log`)}`];
    const daemon = await startDaemon({ netns, argv, pidfile, env: ovsEnvironment, signal });
    running.set(program, daemon);
    resources.daemons.add(daemon);
  };
  const stop = async (program: 'ovsdb-server' | 'ovs-vswitchd', signal: NodeJS.Signals) => {
    const daemon = running.get(program);
    if (daemon === undefined) return;
    await daemon.stop(signal);
    running.delete(program);
    resources.daemons.delete(daemon);
  };
  const vsctl = async (...args: readonly string[]): Promise<string> => {
    const argv = ['ovs-vsctl', `--db=${ovsdbRemote}`, '--timeout=15', ...args];
    const result: CommandResult = await runCommand(argv, { env: ovsEnvironment, check: true });
    return result.stdout.trimEnd();
  };

  return {
    ovsdbRemote,
    vswitchdCtl,
    ovsEnvironment,
    vswitchdPid: () => current('ovs-vswitchd')?.pid ?? null,
    ovsdbPid: () => current('ovsdb-server')?.pid ?? null,
    createDatabase: async () => {
      await runCommand(['ovsdb-tool', 'create', database, VSWITCH_SCHEMA], { check: true });
    },
    startOvsdb: () => {
      const remote = `--remote=p${ovsdbRemote}`;
      return start('ovsdb-server', [database, remote, `--unixctl=${join(dir, 'ovsdb.ctl')}`]);
    },
    killOvsdb: () => stop('ovsdb-server', 'SIGKILL'),
    stopOvsdb: (signal = 'SIGTERM') => stop('ovsdb-server', signal),
    startVswitchd: async (options = {}) => {
      if (options.flowRestoreWait === true) {
        await vsctl('--no-wait', 'set', 'Open_vSwitch', '.', 'other_config:flow-restore-wait=true');
      } else if (options.flowRestoreWait === false) {
        await vsctl('--no-wait', 'remove', 'Open_vSwitch', '.', 'other_config', 'flow-restore-wait');
      }
      await start('ovs-vswitchd', [ovsdbRemote, `--unixctl=${vswitchdCtl}`], options.signal);
      // The name under which Open vSwitch's tools look for it.
      const pid = readFileSync(join(dir, 'ovs-vswitchd.pid'), 'utf8').trim();
      symlinkSync(vswitchdCtl, join(dir, `ovs-vswitchd.${pid}.ctl`));
    },
    stopVswitchd: (signal = 'SIGTERM') => stop('ovs-vswitchd', signal),
    pauseVswitchd: () => current('ovs-vswitchd')?.signal('SIGSTOP'),
    resumeVswitchd: () => current('ovs-vswitchd')?.signal('SIGCONT'),
    vsctl,
  };
}
