import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uplinkError } from '../../src/errors.ts';
import { killProcess, type LabResources, labPrefix, pidsInNamespace, registerLab, unregisterLab } from './cleanup.ts';
import { type CommandOptions, type CommandResult, labEnvironment, runCommand, spawnInNetns } from './command.ts';
import { labNeeds } from './needs.ts';
import { createOpenVswitch, type LabOpenVswitch } from './open-vswitch.ts';
import { buildTopology } from './topology.ts';

export { sweepStaleLabs } from './cleanup.ts';
export type { CommandResult } from './command.ts';
export { labNeeds } from './needs.ts';
export { LAB_ADDRESSES } from './topology.ts';

/** What {@link createLab} makes. */
export interface LabOptions {
  /** A short word in the names of the namespaces, for people. */
  readonly name?: string;
  /** `running` (default): database and ovs-vswitchd; `no-vswitchd`: the database alone; `none`: no Open vSwitch. */
  readonly ovs?: 'running' | 'no-vswitchd' | 'none';
  /** Name of the host's uplink; default `eth0`. */
  readonly uplinkName?: string;
  /** MTU of both ends of the uplink; default the kernel's 1500. */
  readonly mtu?: number;
  /** Stops the making: what was made is removed again, and the promise rejects with `ABORTED`. */
  readonly signal?: AbortSignal;
}

/** A host, its gateway and a host behind the gateway, in network namespaces of their own, with a private Open vSwitch. */
export interface Lab extends AsyncDisposable, Omit<LabOpenVswitch, 'createDatabase'> {
  /** `ovsu-<pid>-<name>-<random>`; the namespaces' names begin with it. */
  readonly id: string;
  readonly hostNs: string;
  readonly gatewayNs: string;
  readonly farNs: string;
  readonly uplinkName: string;
  /** Private directory (0700) of this lab: database, sockets, logs. */
  readonly dir: string;
  /** An empty directory in {@link dir} for journals. */
  readonly stateDir: string;
  /** Runs `ip` in the host's namespace and returns what it prints; rejects with `DEFECT` when it fails. */
  hostIp(...args: readonly string[]): Promise<string>;
  /** Runs a command in a namespace to its end; an exit code is a result unless `check` is set. */
  run(netns: string, argv: readonly string[], options?: Omit<CommandOptions, 'netns'>): Promise<CommandResult>;
  /** Starts a process in a namespace; it is killed by {@link destroy} at the latest. */
  spawn(netns: string, argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Stops everything and removes every trace; more calls wait for the same end. */
  destroy(): Promise<void>;
}

/**
 * Makes a lab; takes about a third of a second. Rejects with `UNSUPPORTED` when this machine lacks something (ask
 * {@link labNeeds} first to skip), `ABORTED`, or `DEFECT` with the words of the command that failed; nothing is left
 * behind then. Labs of several processes don't meet.
 */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  const ovs = options.ovs ?? 'running';
  const needs = labNeeds({ ovs });
  if (needs.length > 0) {
    throw uplinkError('UNSUPPORTED', { what: 'cannot make a namespace lab here', got: needs.join('; ') });
  }
  const resources: LabResources = { namespaces: [], daemons: new Set(), children: new Set(), dir: null };
  registerLab(resources);
  try {
    return await buildLab(options, ovs, resources);
  } catch (error) {
    await destroyLab(resources);
    if (options.signal?.aborted) throw uplinkError('ABORTED', { what: 'lab not made' }, error);
    throw error;
  }
}

async function buildLab(
  options: LabOptions,
  ovs: 'running' | 'no-vswitchd' | 'none',
  resources: LabResources,
): Promise<Lab> {
  const { signal } = options;
  const uplinkName = options.uplinkName ?? 'eth0';
  const id = `${labPrefix()}${options.name === undefined ? '' : `${options.name}-`}${randomBytes(3).toString('hex')}`;
  // Short on purpose: a unix socket's path has at most 107 bytes.
  const dir = await mkdtemp(join(tmpdir(), labPrefix()));
  resources.dir = dir;
  const stateDir = join(dir, 'state');
  await mkdir(stateDir, { mode: 0o700 });

  const [hostNs, gatewayNs, farNs] = [`${id}-host`, `${id}-gw`, `${id}-far`];
  const openVswitch = createOpenVswitch(hostNs, dir, resources);
  const makeNetwork = async () => {
    for (const name of [hostNs, gatewayNs, farNs]) {
      resources.namespaces.push(name);
      await runCommand(['ip', 'netns', 'add', name], { check: true, signal });
    }
    await buildTopology({ hostNs, gatewayNs, farNs, uplinkName, mtu: options.mtu, signal });
  };
  await makeNetwork();
  if (ovs !== 'none') {
    await openVswitch.createDatabase();
    await openVswitch.startOvsdb();
    await openVswitch.vsctl('--no-wait', 'init');
    if (ovs === 'running') await openVswitch.startVswitchd(signal === undefined ? {} : { signal });
  }
  signal?.throwIfAborted();

  let destroyed: Promise<void> | undefined;
  const destroy = () => {
    destroyed ??= destroyLab(resources);
    return destroyed;
  };
  return {
    ...openVswitch,
    id,
    hostNs,
    gatewayNs,
    farNs,
    uplinkName,
    dir,
    stateDir,
    hostIp: async (...args) => (await runCommand(['ip', '-n', hostNs, ...args], { check: true })).stdout.trimEnd(),
    run: (netns, argv, runOptions = {}) => {
      const env = { ...openVswitch.ovsEnvironment, ...runOptions.env };
      return runCommand(argv, { ...runOptions, env, netns });
    },
    spawn: (netns, argv, spawnOptions = {}) => {
      const env = labEnvironment({ ...openVswitch.ovsEnvironment });
      const child = spawnInNetns(netns, argv, { ...spawnOptions, env: { ...env, ...spawnOptions.env } });
      resources.children.add(child);
      child.once('exit', () => resources.children.delete(child));
      child.once('error', () => resources.children.delete(child));
      return child;
    },
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}

async function destroyLab(resources: LabResources): Promise<void> {
  const children = [...resources.children].filter(isRunning);
  const ended = children.map(child => new Promise<void>(resolve => child.once('exit', () => resolve())));
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(ended);
  await Promise.all([...resources.daemons].map(daemon => daemon.stop('SIGKILL')));
  for (const name of resources.namespaces) {
    for (const pid of await pidsInNamespace(name)) killProcess(pid);
    await runCommand(['ip', 'netns', 'del', name]);
  }
  if (resources.dir !== null) await rm(resources.dir, { recursive: true, force: true });
  unregisterLab(resources);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
