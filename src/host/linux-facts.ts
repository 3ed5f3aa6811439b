import { readFile, readlink } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import type { HostFacts, HostIdentity } from '../domain/host-facts.ts';
import type { OwnerFacts } from '../domain/owners.ts';
import { NO_OWNERS } from '../domain/owners.ts';
import { readLinkFiles } from './linux-link-files.ts';
import { readKernelCommandLine, readUdevFacts } from './linux-naming.ts';
import { readNetworkMounts } from './linux-network-mounts.ts';

/** Options of {@link readLinuxFacts}. */
export interface LinuxFactsOptions {
  /** Asks nf_tables whether it can hook the ingress of a link; a rejection counts as no. */
  readonly probeIngress: () => Promise<boolean>;
  /** Asks for the kernel module openvswitch; a rejection counts as no. */
  readonly probeKernelDatapath: () => Promise<boolean>;
  /** Asks who else manages the uplink; never rejects. Default: nobody is asked. */
  readonly readOwners?: () => Promise<OwnerFacts>;
  /** Where /etc, /proc, /run, /sys and /usr are; for tests. Default `/`. */
  readonly root?: string;
}

/** Reads the facts outside netlink and OVSDB. What cannot be read is empty or null; never rejects. */
export async function readLinuxFacts(uplink: string, options: LinuxFactsOptions): Promise<HostFacts> {
  const root = options.root ?? '/';
  const [
    identity,
    networkMounts,
    linkFiles,
    bondMode,
    kernelCommandLine,
    udev,
    owners,
    canMuteIngress,
    hasKernelDatapath,
  ] = await Promise.all([
    readIdentity(root),
    readNetworkMounts(root),
    readLinkFiles(root),
    readBondMode(root, uplink),
    readKernelCommandLine(root),
    readUdevFacts(root, uplink),
    options.readOwners?.() ?? NO_OWNERS,
    options.probeIngress().catch(() => false),
    options.probeKernelDatapath().catch(() => false),
  ]);
  return {
    identity,
    networkMounts,
    linkFiles,
    bondMode,
    canMuteIngress,
    hasKernelDatapath,
    kernelCommandLine,
    udev,
    owners,
  };
}

/** Boot, host, network namespace and kernel; a part that cannot be read is empty. */
export async function readIdentity(root = '/'): Promise<HostIdentity> {
  const [bootId, machineId, netns, osRelease] = await Promise.all([
    readText(join(root, 'proc/sys/kernel/random/boot_id')),
    readText(join(root, 'etc/machine-id')),
    readlink(join(root, 'proc/self/ns/net')).catch(() => ''),
    readText(join(root, 'proc/sys/kernel/osrelease')),
  ]);
  return {
    bootId: bootId ?? '',
    // "uninitialized" stands there in a golden image before its first boot: machine-id(5).
    machineId: machineId === undefined || machineId === 'uninitialized' ? '' : machineId,
    netns: /^net:\[(\d+)\]$/.exec(netns)?.[1] ?? '',
    kernelRelease: osRelease ?? release(),
  };
}

/** Words of bond_mode_name() in drivers/net/bonding/bond_main.c, by mode number. */
const BOND_MODE_NAMES = [
  'load balancing (round-robin)',
  'fault-tolerance (active-backup)',
  'load balancing (xor)',
  'fault-tolerance (broadcast)',
  'IEEE 802.3ad Dynamic link aggregation',
  'transmit load balancing',
  'adaptive load balancing',
];

/**
 * Mode number of a bond; null for other links. /proc/net goes first: it belongs to the network namespace that the process is in,
 * while /sys shows the one it was mounted in.
 */
export async function readBondMode(root: string, name: string): Promise<number | null> {
  if (!/^[^/\s\0]{1,15}$/u.test(name) || name === '.' || name === '..') return null;
  const text = await readText(join(root, 'proc/net/bonding', name));
  const said = text === undefined ? undefined : /^Bonding Mode: (.*)$/m.exec(text)?.[1];
  const mode = said === undefined ? -1 : BOND_MODE_NAMES.findIndex(words => said.startsWith(words));
  if (mode >= 0) return mode;
  const sysfs = await readText(join(root, 'sys/class/net', name, 'bonding/mode'));
  const number = /^\S+ (\d+)$/.exec(sysfs ?? '')?.[1];
  return number === undefined ? null : Number(number);
}

/** Text of a file without white space around it; undefined when it cannot be read. */
async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').then(
    text => text.trim(),
    () => undefined,
  );
}
