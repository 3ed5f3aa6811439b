import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { uplinkError } from '../../src/errors.ts';
import { openSystemBus } from '../../src/host/owners/bus/system-bus.ts';
import type { Lab } from './lab.ts';
import { missingPrograms } from './needs.ts';

/** A real NetworkManager that manages the links of a lab's host, with a private system bus and a real systemd-udevd. */
export interface LabNetworkManager extends AsyncDisposable {
  /** For `DBUS_SYSTEM_BUS_ADDRESS` of processes outside; inside {@link host} the bus is where every host has it. */
  readonly address: string;
  /** The same lab, whose commands on the host see this NetworkManager: its bus, `/run/NetworkManager`, `/etc`. */
  readonly host: Lab;
  /** The host's root directory as seen from outside: `/proc/<pid>/root`. */
  readonly root: string;
  /** Runs `nmcli` and returns what it prints; rejects with `DEFECT` when it fails. */
  nmcli(...args: readonly string[]): Promise<string>;
  /** Ends NetworkManager (SIGTERM; it leaves the links as they are) and resolves when it is gone. */
  stop(): Promise<void>;
  /** Starts it again; resolves when it has settled. */
  start(): Promise<void>;
  /** SIGSTOP for NetworkManager alone: the bus answers, it does not. */
  pause(): void;
  resume(): void;
  /** SIGSTOP for the bus. */
  pauseBus(): void;
  resumeBus(): void;
  /** Ends the bus for good: NetworkManager goes on without one. */
  stopBus(): Promise<void>;
  /** What NetworkManager has logged so far. */
  log(): Promise<string>;
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

const UDEVD = ['/usr/lib/systemd/systemd-udevd', '/lib/systemd/systemd-udevd'];
const START_TIMEOUT_MS = 120_000;
const NM = { destination: 'org.freedesktop.NetworkManager', path: '/org/freedesktop/NetworkManager' };
const PROFILES = '/etc/NetworkManager/system-connections';

/** What this machine lacks for {@link startNetworkManager}, with the apt package; beside `labNeeds()`. */
export function networkManagerNeeds(): string[] {
  const packages = {
    NetworkManager: 'network-manager',
    nmcli: 'network-manager',
    'dbus-daemon': 'dbus-daemon',
    udevadm: 'udev',
    unshare: 'util-linux',
    nsenter: 'util-linux',
    mount: 'mount',
  };
  const programs = missingPrograms(packages);
  return UDEVD.some(existsSync) ? programs : [...programs, 'systemd-udevd is missing: apt install udev'];
}

/**
 * Starts a private system bus, systemd-udevd and NetworkManager in the host's namespace and in a mount namespace of their own, and
 * resolves when NetworkManager has settled. Rejects with `UNSUPPORTED` (see {@link networkManagerNeeds}) or `DEFECT` with the words of
 * what failed.
 *
 * `/run`, `/var/lib/NetworkManager` and udev's rules of disks are covered by empty file systems there, `/etc` by a copy: it writes
 * resolv.conf.
 */
export async function startNetworkManager(lab: Lab, options: NetworkManagerOptions): Promise<LabNetworkManager> {
  const needs = networkManagerNeeds();
  if (needs.length > 0) throw uplinkError('UNSUPPORTED', { what: 'no NetworkManager here', got: needs.join('; ') });
  // A slave of the machine's mounts, as `ip netns exec` made it: the removal of namespaces elsewhere is not held up by it.
  const argv = ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', SCRIPT, 'lab-nm'];
  const keeper = await startChild(lab, argv, 'systemd-udevd', 'pipe');
  keeper.child.stdin?.on('error', () => {}); // it has ended already; close tells
  const root = `/proc/${keeper.child.pid}/root`;
  const address = `unix:path=${root}/run/dbus/system_bus_socket`;
  const inside = (command: readonly string[]) => ['nsenter', `--target=${keeper.child.pid}`, '--mount', ...command];
  const host: Lab = {
    ...lab,
    run: (netns, command, runOptions) => lab.run(netns, netns === lab.hostNs ? inside(command) : command, runOptions),
    spawn: (netns, command, spawnOptions) =>
      lab.spawn(netns, netns === lab.hostNs ? inside(command) : command, spawnOptions),
  };
  await writeFile(`${root}/etc/NetworkManager/NetworkManager.conf`, configure(options.configuration ?? ''));
  for (const [name, text] of Object.entries(options.linkFiles ?? {})) {
    await writeFile(`${root}/run/systemd/network/${name}`, text);
  }
  for (const [name, text] of Object.entries(options.profiles)) {
    const file = `${root}${PROFILES}/${name}`;
    await writeFile(file, text);
    await chmod(file, 0o600); // it refuses what others could read
  }
  if (options.linkFiles !== undefined) {
    await host.run(lab.hostNs, ['udevadm', 'trigger', '--settle', '--action=add', `/sys/class/net/${lab.uplinkName}`]);
  }
  const busArgv = ['dbus-daemon', '--system', '--nofork', '--nopidfile', '--nosyslog', '--print-address'];
  const bus = await startChild(host, busArgv, 'dbus-daemon', 'ignore');
  let manager: ChildProcess | undefined;

  const start = async () => {
    const argv = ['sh', '-c', 'exec NetworkManager --debug --log-level=INFO 2>>/run/nm.log'];
    const child = host.spawn(lab.hostNs, argv, { stdio: 'ignore' });
    manager = child;
    const died = once(child, 'close').then(() => Promise.reject(new Error('it ended')));
    try {
      await Promise.race([settled(address), died]);
    } catch (error) {
      child.kill('SIGKILL');
      const got = `${error}: ${(await readFile(`${root}/run/nm.log`, 'utf8')).slice(-2000)}`;
      throw uplinkError('DEFECT', { what: 'NetworkManager did not start', object: lab.hostNs, got }, error);
    } finally {
      died.catch(() => undefined);
    }
  };
  const stop = async () => {
    if (manager === undefined || manager.exitCode !== null || manager.signalCode !== null) return;
    const ended = once(manager, 'close');
    manager.kill('SIGTERM');
    manager.kill('SIGCONT');
    await ended;
  };
  const stopBus = async () => {
    bus.child.kill('SIGKILL');
    await bus.ended;
  };
  const dispose = async () => {
    await stop();
    await stopBus();
    keeper.child.stdin?.end();
    await keeper.ended;
  };
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    address,
    host,
    root,
    nmcli: async (...args) => (await host.run(lab.hostNs, ['nmcli', ...args], { check: true })).stdout.trimEnd(),
    stop,
    start,
    pause: () => manager?.kill('SIGSTOP'),
    resume: () => manager?.kill('SIGCONT'),
    pauseBus: () => bus.child.kill('SIGSTOP'),
    resumeBus: () => bus.child.kill('SIGCONT'),
    stopBus,
    log: () => readFile(`${root}/run/nm.log`, 'utf8'),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Resolves when NetworkManager is on the bus and has brought up what comes up at its start (its property `Startup`). */
async function settled(address: string): Promise<void> {
  await using bus = await openSystemBus({ address, limitMs: START_TIMEOUT_MS });
  if (bus === undefined) throw new Error('no bus');
  const end = Promise.withResolvers<void>();
  const timer = setTimeout(() => end.reject(new Error(`not settled in ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
  const look = async () => {
    const object = { ...NM, interface: NM.destination };
    if ((await bus.get(object, 'Startup').catch(() => true)) === false) end.resolve();
  };
  await bus.subscribe({ member: 'NameOwnerChanged', arg0: NM.destination }, look);
  await bus.subscribe({ path: NM.path, member: 'PropertiesChanged' }, look);
  try {
    await Promise.all([look(), end.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts a process on the lab's host and resolves with its first line of output. */
async function startChild(lab: Lab, argv: readonly string[], what: string, stdin: 'pipe' | 'ignore') {
  const child = lab.spawn(lab.hostNs, argv, { stdio: [stdin, 'pipe', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const ended = once(child, 'close').then(() => undefined);
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  const line = await Promise.race([once(createInterface({ input: child.stdout! }), 'line'), ended]);
  clearTimeout(timer);
  if (line !== undefined) return { child, ended };
  throw uplinkError('DEFECT', { what: `${what} did not start`, object: lab.hostNs, got: said.trim() });
}

/** Nothing is asked of the outside world; a link that others made is managed as usual. */
function configure(more: string): string {
  return `[main]\nplugins=keyfile\ndhcp=internal\nauth-polkit=false\n[connectivity]\nenabled=false\n${more}\n`;
}

// The mounts and udev live until standard input ends, so also when we die.
const SCRIPT = `
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/udev/rules.d /run/systemd/network /run/dbus /run/NetworkManager
for rule in 75-net-description.rules 80-net-setup-link.rules 84-nm-drivers.rules 85-nm-unmanaged.rules; do
  for dir in /usr/lib /lib; do [ ! -f "$dir/udev/rules.d/$rule" ] || cp "$dir/udev/rules.d/$rule" /run/udev/rules.d/; done
done
cp -a /etc /run/etc
mount --bind /run/etc /etc
rm -rf /etc/NetworkManager /etc/udev/rules.d/* /etc/systemd/network/*
mkdir -p /etc/NetworkManager/system-connections /etc/udev/rules.d
rm -f /etc/resolv.conf
: > /etc/resolv.conf
for dir in /usr/lib/udev/rules.d /lib/udev/rules.d /usr/lib/NetworkManager /var/lib/NetworkManager; do
  [ ! -d "$dir" ] || mount -t tmpfs tmpfs "$dir"
done
daemon=${UDEVD[0]}; [ -x "$daemon" ] || daemon=${UDEVD[1]}
"$daemon" --daemon --resolve-names=never >&2
trap 'udevadm control --exit' EXIT
udevadm trigger --settle --action=add --subsystem-match=net
echo ready
read -r _ || true
`;
