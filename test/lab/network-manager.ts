import { chmod, writeFile } from 'node:fs/promises';
import { uplinkError } from '../../src/errors.ts';
import type { SystemBus } from '../../src/host/owners/bus/system-bus.ts';
import type { HostDaemon, HostPlace } from './host-daemon.ts';
import type { Lab } from './lab.ts';
import { missingPrograms } from './needs.ts';
import { type PrivateHost, privateHostNeeds, startPrivateHost } from './private-host.ts';

/** A real NetworkManager that manages the links of a lab's host, with a private system bus and a real systemd-udevd. */
export interface LabNetworkManager extends HostPlace, Pick<HostDaemon, 'pause' | 'resume' | 'log'>, AsyncDisposable {
  /** Runs `nmcli` and returns what it prints; rejects with `DEFECT` when it fails. */
  nmcli(...args: readonly string[]): Promise<string>;
  /** Ends NetworkManager (SIGTERM; it leaves the links as they are) and resolves when it is gone. */
  stop(): Promise<void>;
  /** Starts it again; resolves when it has settled. */
  start(): Promise<void>;
  /** SIGSTOP for the bus. */
  pauseBus(): void;
  resumeBus(): void;
  /** Ends the bus for good: NetworkManager goes on without one. */
  stopBus(): Promise<void>;
}

/** What {@link startNetworkManager} configures. */
export interface NetworkManagerOptions {
  /** File name (`uplink.nmconnection`) to text, nm-settings-keyfile(5). */
  readonly profiles: Readonly<Record<string, string>>;
  /** Lines of NetworkManager.conf(5) beside the lab's own. */
  readonly configuration?: string;
  /** Systems that have them: .link files for udev, systemd.link(5). */
  readonly linkFiles?: Readonly<Record<string, string>>;
}

const START_TIMEOUT_MS = 120_000;
const NM = { destination: 'org.freedesktop.NetworkManager', path: '/org/freedesktop/NetworkManager' };
const PROFILES = '/etc/NetworkManager/system-connections';

/** What this machine lacks for {@link startNetworkManager}, with the apt package; beside `labNeeds()`. */
export function networkManagerNeeds(): string[] {
  const programs = missingPrograms({ NetworkManager: 'network-manager', nmcli: 'network-manager' });
  return [...programs, ...privateHostNeeds()];
}

/**
 * Starts a private system bus, systemd-udevd and NetworkManager in the host's namespace and in a mount namespace of their own, and
 * resolves when NetworkManager has settled. Rejects with `UNSUPPORTED` (see {@link networkManagerNeeds}) or `DEFECT` with the words of
 * what failed; nothing of it runs then.
 *
 * `/run`, `/var/lib/NetworkManager` and udev's rules of disks are covered by empty file systems there, `/etc` by a copy: it writes
 * resolv.conf.
 */
export async function startNetworkManager(lab: Lab, options: NetworkManagerOptions): Promise<LabNetworkManager> {
  const needs = networkManagerNeeds();
  if (needs.length > 0) throw uplinkError('UNSUPPORTED', { what: 'no NetworkManager here', got: needs.join('; ') });
  const own = await startPrivateHost(lab, {
    name: 'lab-nm',
    files: FILES,
    udevRules: ['84-nm-drivers.rules', '85-nm-unmanaged.rules'],
    covered: ['/usr/lib/NetworkManager', '/var/lib/NetworkManager'],
    limitMs: START_TIMEOUT_MS,
  });
  const { address, bus, host, root } = own;
  const manager = own.createDaemon({
    what: 'NetworkManager',
    argv: ['NetworkManager', '--debug', '--log-level=INFO'],
    logFile: '/run/nm.log',
    busName: NM.destination,
    isReady: hasSettled,
    hints: [{ path: NM.path, member: 'PropertiesChanged' }],
    limitMs: START_TIMEOUT_MS,
  });
  await own.complete(async () => {
    await configure(own, options);
    await manager.start();
  });
  return {
    ...manager,
    address,
    host,
    root,
    nmcli: async (...args) => (await host.run(lab.hostNs, ['nmcli', ...args], { check: true })).stdout.trimEnd(),
    pauseBus: bus.pause,
    resumeBus: bus.resume,
    stopBus: bus.kill,
    [Symbol.asyncDispose]: own[Symbol.asyncDispose],
  };
}

async function configure({ host, root }: PrivateHost, options: NetworkManagerOptions): Promise<void> {
  const { configuration = '', linkFiles, profiles } = options;
  // Nothing is asked of the outside world; a link that others made is managed as usual.
  const main = `[main]\nplugins=keyfile\ndhcp=internal\nauth-polkit=false\n[connectivity]\nenabled=false\n${configuration}\n`;
  await writeFile(`${root}/etc/NetworkManager/NetworkManager.conf`, main);
  for (const [name, text] of Object.entries(linkFiles ?? {})) {
    await writeFile(`${root}/run/systemd/network/${name}`, text);
  }
  for (const [name, text] of Object.entries(profiles)) {
    const file = `${root}${PROFILES}/${name}`;
    await writeFile(file, text);
    await chmod(file, 0o600); // it refuses what others could read
  }
  if (linkFiles !== undefined) {
    const uplink = `/sys/class/net/${host.uplinkName}`;
    await host.run(host.hostNs, ['udevadm', 'trigger', '--settle', '--action=add', uplink]);
  }
}

/** NetworkManager is on the bus and has brought up what comes up at its start (its property `Startup`). */
async function hasSettled(bus: SystemBus): Promise<boolean> {
  return (await bus.get({ ...NM, interface: NM.destination }, 'Startup').catch(() => true)) === false;
}

const FILES = `
mkdir -p /run/NetworkManager
rm -rf /etc/NetworkManager
mkdir -p ${PROFILES}
rm -f /etc/resolv.conf
: > /etc/resolv.conf
`;
