import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { uplinkError } from '../../src/errors.ts';
import type { HostDaemon, HostDaemonOptions, HostPlace } from './host-daemon.ts';
import type { Lab } from './lab.ts';
import { missingPrograms } from './needs.ts';
import { BUS_SOCKET, privateHostNeeds, startPrivateHost } from './private-host.ts';
import { configureOpenBus } from './system-bus.ts';

/** A real systemd-networkd that manages the links of a lab's host, with a private system bus and a real systemd-udevd. */
export interface LabNetworkd extends HostPlace, Pick<HostDaemon, 'pause' | 'resume' | 'log'>, AsyncDisposable {
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
  /** Ends the bus for good: networkd goes on without one. */
  stopBus(): Promise<void>;
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
  const missing = [...missingPrograms({ networkctl: 'systemd' }), ...privateHostNeeds()];
  return existsSync(pathOf('systemd-networkd'))
    ? missing
    : [...missing, 'systemd-networkd is missing: apt install systemd'];
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

function pathOf(program: string): string {
  const folder = DAEMONS.find(each => existsSync(`${each}/${program}`)) ?? DAEMONS[0];
  return `${folder}/${program}`;
}

/**
 * Starts a private system bus, systemd-udevd and systemd-networkd in the host's namespace and in a mount namespace of their own, and resolves
 * when networkd is on the bus. Rejects with `UNSUPPORTED` (see {@link networkdNeeds}) or `DEFECT` with the words of what failed; nothing of
 * it runs then.
 *
 * `/run` and udev's rules of disks are covered by empty file systems there, `/etc` by a copy.
 */
export async function startNetworkd(lab: Lab, options: NetworkdOptions): Promise<LabNetworkd> {
  const needs = [...networkdNeeds(), ...(options.resolved ? resolvedNeeds() : [])];
  if (needs.length > 0) throw uplinkError('UNSUPPORTED', { what: 'no systemd-networkd here', got: needs.join('; ') });
  const own = await startPrivateHost(lab, {
    name: 'lab-networkd',
    files: FILES,
    beforeExit: 'udevadm settle --timeout=5 || true',
    // Daemons give up root: the usual socket can be reached by all, a lab's own folder cannot.
    busConfiguration: configureOpenBus(BUS_SOCKET),
    limitMs: START_TIMEOUT_MS,
  });
  const { address, host, root, netns } = own;
  const networkd = own.createDaemon(
    daemon(pathOf('systemd-networkd'), 'org.freedesktop.network1', '/run/networkd.log'),
  );
  const write: LabNetworkd['write'] = async (name, text) => {
    const path = name.includes('/') ? `${root}/${name}` : `${root}/etc/systemd/network/${name}`;
    if (!/^(etc|run)\//.test(path.slice(root.length + 1)) || name.includes('..'))
      throw new Error(`not covered: ${name}`);
    await mkdir(dirname(path), { recursive: true });
    if (text === null) await rm(path, { force: true });
    else await writeFile(path, text, { mode: 0o644 });
  };
  await own.complete(async () => {
    for (const [name, text] of Object.entries(options.networkFiles)) await write(name, text);
    await networkd.start();
    if (options.resolved) {
      const path = resolvedPath() ?? '';
      await own.createDaemon(daemon(path, 'org.freedesktop.resolve1', '/run/resolved.log')).start();
    }
  });
  return {
    ...networkd,
    address,
    host,
    root,
    netns,
    networkctl: async (...args) =>
      (await host.run(lab.hostNs, ['networkctl', '--no-pager', ...args], { check: true })).stdout.trimEnd(),
    write,
    online: async (link, state) => {
      const command = [pathOf('systemd-networkd-wait-online'), `--interface=${link}:${state}`, '--timeout=15'];
      await host.run(lab.hostNs, command, { check: true });
    },
    stopBus: own.bus.kill,
    [Symbol.asyncDispose]: own[Symbol.asyncDispose],
  };
}

function daemon(program: string, busName: string, logFile: string): HostDaemonOptions {
  const argv = ['env', 'SYSTEMD_LOG_TARGET=console', program];
  return { what: program, argv, logFile, busName, limitMs: START_TIMEOUT_MS };
}

const FILES = `
# As systemd mounts it; a tmpfs is open to everybody.
chmod 0755 /run
rm -rf /etc/systemd/networkd.conf*
mkdir -p /etc/systemd/network
# The distribution's would give a veth another MAC, as it has none of its own; a NIC keeps its.
printf '[Match]\\nOriginalName=*\\n[Link]\\nNamePolicy=keep\\n' > /etc/systemd/network/99-default.link
# A user that only the package of resolved makes.
grep -q ^systemd-resolve: /etc/group || echo systemd-resolve:x:64998: >> /etc/group
grep -q ^systemd-resolve: /etc/passwd || echo systemd-resolve:x:64998:64998::/:/usr/sbin/nologin >> /etc/passwd
`;
