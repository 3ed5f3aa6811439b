import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { uplinkError } from '../../src/errors.ts';
import { openSystemBus } from '../../src/host/owners/bus/system-bus.ts';
import type { Lab } from './lab.ts';
import { missingPrograms } from './needs.ts';

/** A real systemd-networkd that manages the links of a lab's host, with a private system bus and a real systemd-udevd. */
export interface LabNetworkd extends AsyncDisposable {
  /** For `DBUS_SYSTEM_BUS_ADDRESS` of processes outside; inside {@link host} the bus is where every host has it. */
  readonly address: string;
  /** The same lab, whose commands on the host see this networkd: its bus, its `/run`, its `/etc`. */
  readonly host: Lab;
  /** The host's root directory as seen from outside: `/proc/<pid>/root`. */
  readonly root: string;
  /** The host's network namespace as a process outside names it. */
  readonly netns: string;
  /** Runs `networkctl` and returns what it prints; rejects with `DEFECT` when it fails. */
  networkctl(...args: readonly string[]): Promise<string>;
  /** Writes (or with null removes) a file of `/etc/systemd/network` or, with a slash in its name, of that path in `/etc` or `/run`; not loaded by that. */
  write(name: string, text: string | null): Promise<void>;
  /** Resolves when a link has an operational state and its configuration is done: `routable`, `carrier`. */
  online(link: string, state: string): Promise<void>;
  /** Ends networkd; `SIGUSR2` is how systemd begins a restart (then it keeps leases). */
  stop(signal?: 'SIGTERM' | 'SIGUSR2'): Promise<void>;
  start(): Promise<void>;
  /** SIGSTOP for networkd alone: the bus answers, it does not. */
  pause(): void;
  resume(): void;
  /** Ends the bus for good: networkd goes on without one. */
  stopBus(): Promise<void>;
  /** What networkd has logged so far. */
  log(): Promise<string>;
}

/** What {@link startNetworkd} configures. */
export interface NetworkdOptions {
  /** File name (`10-uplink.network`) to text, systemd.network(5); they are the only ones beside the distribution's. */
  readonly networkFiles: Readonly<Record<string, string>>;
  /** systemd-resolved, too; ask {@link resolvedNeeds} first. */
  readonly resolved?: boolean;
}

const DAEMONS = ['/usr/lib/systemd', '/lib/systemd'];
/** Where `dpkg -x` has put Debian's package systemd-resolved: to install it would change the machine's /etc/resolv.conf. */
const EXTRACTED = '/usr/local/lib/ovs-uplink-lab/systemd-resolved';
const START_TIMEOUT_MS = 20_000;

/** What this machine lacks for {@link startNetworkd}, with the apt package; beside `labNeeds()`. */
export function networkdNeeds(): string[] {
  const programs = missingPrograms({
    networkctl: 'systemd',
    udevadm: 'udev',
    'dbus-daemon': 'dbus-daemon',
    unshare: 'util-linux',
    nsenter: 'util-linux',
    mount: 'mount',
  });
  for (const [daemon, aptPackage] of [
    ['systemd-networkd', 'systemd'],
    ['systemd-udevd', 'udev'],
  ] as const) {
    if (!DAEMONS.some(folder => existsSync(`${folder}/${daemon}`)))
      programs.push(`${daemon} is missing: apt install ${aptPackage}`);
  }
  return programs;
}

/** What this machine lacks for systemd-resolved. */
export function resolvedNeeds(): string[] {
  if (resolvedPath() !== undefined) return [];
  return [
    `systemd-resolved is missing: apt-get download systemd-resolved && dpkg -x systemd-resolved_*.deb ${EXTRACTED}`,
  ];
}

function resolvedPath(): string | undefined {
  return [...DAEMONS, `${EXTRACTED}/lib/systemd`]
    .map(folder => `${folder}/systemd-resolved`)
    .find(path => existsSync(path));
}

/**
 * Starts a private system bus, systemd-udevd and systemd-networkd in the host's namespace and in a mount namespace of their own, and resolves
 * when networkd is on the bus. Rejects with `UNSUPPORTED` (see {@link networkdNeeds}) or `DEFECT` with the words of what failed.
 *
 * `/run` and udev's rules of disks are covered by empty file systems there, `/etc` by a copy.
 */
export async function startNetworkd(lab: Lab, options: NetworkdOptions): Promise<LabNetworkd> {
  const needs = [...networkdNeeds(), ...(options.resolved ? resolvedNeeds() : [])];
  if (needs.length > 0) throw uplinkError('UNSUPPORTED', { what: 'no systemd-networkd here', got: needs.join('; ') });
  // A slave of the machine's mounts, as `ip netns exec` made it: the removal of namespaces elsewhere is not held up by it.
  const argv = ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', SCRIPT, 'lab-networkd'];
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
  const write: LabNetworkd['write'] = async (name, text) => {
    const path = name.includes('/') ? `${root}/${name}` : `${root}/etc/systemd/network/${name}`;
    if (!/^(etc|run)\//.test(path.slice(root.length + 1)) || name.includes('..'))
      throw new Error(`not covered: ${name}`);
    await mkdir(dirname(path), { recursive: true });
    if (text === null) await rm(path, { force: true });
    else await writeFile(path, text, { mode: 0o644 });
  };
  for (const [name, text] of Object.entries(options.networkFiles)) await write(name, text);
  await writeFile(`${root}/run/bus.conf`, BUS);
  const busArgv = ['dbus-daemon', '--config-file=/run/bus.conf', '--nofork', '--nopidfile', '--print-address'];
  const bus = await startChild(host, busArgv, 'dbus-daemon', 'ignore');

  type Daemon = ReturnType<Lab['spawn']>;
  let networkd: Daemon | undefined;
  let resolved: Daemon | undefined;
  const startDaemon = async (program: string, busName: string, log: string) => {
    const command = ['env', 'SYSTEMD_LOG_TARGET=console', 'sh', '-c', `exec "$0" >>${log} 2>&1`, program];
    const daemon = host.spawn(lab.hostNs, command, { stdio: 'ignore' });
    const died = once(daemon, 'close').then(() => Promise.reject(new Error('it ended')));
    try {
      await Promise.race([onBus(address, busName), died]);
    } catch (error) {
      daemon.kill('SIGKILL');
      const got = `${error}: ${(await readFile(`${root}${log}`, 'utf8')).slice(-2000)}`;
      throw uplinkError('DEFECT', { what: `${program} did not start`, object: lab.hostNs, got }, error);
    } finally {
      died.catch(() => undefined);
    }
    return daemon;
  };
  const start = async () => {
    const folder = DAEMONS.find(each => existsSync(`${each}/systemd-networkd`));
    networkd = await startDaemon(`${folder}/systemd-networkd`, 'org.freedesktop.network1', '/run/networkd.log');
  };
  const end = async (daemon: Daemon | undefined, signal: 'SIGTERM' | 'SIGUSR2') => {
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'close');
    daemon.kill(signal);
    daemon.kill('SIGCONT');
    await ended;
  };
  const stopBus = async () => {
    bus.child.kill('SIGKILL');
    await bus.ended;
  };
  const dispose = async () => {
    await end(resolved, 'SIGTERM');
    await end(networkd, 'SIGTERM');
    await stopBus();
    keeper.child.stdin?.end();
    await keeper.ended;
  };
  try {
    await start();
    if (options.resolved) {
      resolved = await startDaemon(resolvedPath() ?? '', 'org.freedesktop.resolve1', '/run/resolved.log');
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    address,
    host,
    root,
    netns: `/proc/${keeper.child.pid}/ns/net`,
    networkctl: async (...args) =>
      (await host.run(lab.hostNs, ['networkctl', '--no-pager', ...args], { check: true })).stdout.trimEnd(),
    write,
    online: async (link, state) => {
      const waiter = DAEMONS.find(each => existsSync(`${each}/systemd-networkd-wait-online`));
      const command = [`${waiter}/systemd-networkd-wait-online`, `--interface=${link}:${state}`, '--timeout=15'];
      await host.run(lab.hostNs, command, { check: true });
    },
    stop: (signal = 'SIGTERM') => end(networkd, signal),
    start,
    pause: () => networkd?.kill('SIGSTOP'),
    resume: () => networkd?.kill('SIGCONT'),
    stopBus,
    log: () => readFile(`${root}/run/networkd.log`, 'utf8'),
    [Symbol.asyncDispose]: dispose,
  };
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

/** Resolves when somebody has the name. */
async function onBus(address: string, name: string): Promise<void> {
  await using bus = await openSystemBus({ address, limitMs: START_TIMEOUT_MS });
  if (bus === undefined) throw new Error('no bus');
  const there = Promise.withResolvers<void>();
  const timer = setTimeout(() => there.reject(new Error(`not on the bus in ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
  await bus.subscribe({ member: 'NameOwnerChanged', arg0: name }, () => there.resolve());
  try {
    if ((await bus.nameOwner(name)) === undefined) await there.promise;
  } finally {
    clearTimeout(timer);
  }
}

// Daemons give up root: the usual socket can be reached by all, a lab's own folder cannot.
const BUS = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow send_type="signal"/><allow receive_sender="*"/>
<allow own="*"/><allow user="*"/></policy></busconfig>
`;

// The mounts and udev live until standard input ends, so also when we die.
const SCRIPT = `
set -e
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/udev/rules.d /run/systemd/network /run/dbus
for rule in 75-net-description.rules 80-net-setup-link.rules; do
  for dir in /usr/lib /lib; do [ ! -f "$dir/udev/rules.d/$rule" ] || cp "$dir/udev/rules.d/$rule" /run/udev/rules.d/; done
done
cp -a /etc /run/etc
mount --bind /run/etc /etc
rm -rf /etc/udev/rules.d/* /etc/systemd/network/* /etc/systemd/networkd.conf*
mkdir -p /etc/udev/rules.d /etc/systemd/network
# The distribution's would give a veth another MAC, as it has none of its own; a NIC keeps its.
printf '[Match]\\nOriginalName=*\\n[Link]\\nNamePolicy=keep\\n' > /etc/systemd/network/99-default.link
for dir in /usr/lib/udev/rules.d /lib/udev/rules.d; do [ ! -d "$dir" ] || mount -t tmpfs tmpfs "$dir"; done
# A user that only the package of resolved makes.
grep -q ^systemd-resolve: /etc/group || echo systemd-resolve:x:64998: >> /etc/group
grep -q ^systemd-resolve: /etc/passwd || echo systemd-resolve:x:64998:64998::/:/usr/sbin/nologin >> /etc/passwd
daemon=/usr/lib/systemd/systemd-udevd; [ -x "$daemon" ] || daemon=/lib/systemd/systemd-udevd
"$daemon" --daemon --resolve-names=never >&2
trap 'udevadm settle --timeout=5; udevadm control --exit' EXIT
udevadm trigger --settle --action=add --subsystem-match=net
echo ready
read -r _ || true
`;
