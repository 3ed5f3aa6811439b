import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labEnvironment } from './command.ts';

/** The schema that Debian's and Fedora's packages install; the lab's own database is made from it. */
export const VSWITCH_SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

const BASE_PROGRAMS = { ip: 'iproute2', tc: 'iproute2', ethtool: 'ethtool', nft: 'nftables' };
const OVS_PROGRAMS = {
  'ovs-vswitchd': 'openvswitch-switch',
  'ovsdb-server': 'openvswitch-switch',
  'ovs-vsctl': 'openvswitch-common',
  'ovsdb-tool': 'openvswitch-common',
  'ovsdb-client': 'openvswitch-common',
};

// Bits of CapEff, linux/capability.h: a root of a container often lacks them.
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n };

/** What a lab on this machine lacks, one sentence each with the apt package to install; empty when a lab can be made. */
export function labNeeds(options: { readonly ovs?: 'running' | 'no-vswitchd' | 'none' } = {}): string[] {
  const withOvs = options.ovs !== 'none';
  const missing = [...missingPrivileges(), ...missingPrograms(BASE_PROGRAMS)];
  if (!withOvs) return missing;
  missing.push(...missingPrograms(OVS_PROGRAMS));
  if (!existsSync(VSWITCH_SCHEMA)) missing.push(`${VSWITCH_SCHEMA} is missing: apt install openvswitch-common`);
  // OVS makes the ports of a netdev datapath as taps.
  if (!existsSync('/dev/net/tun'))
    missing.push('/dev/net/tun is missing: modprobe tun, or give the container the device');
  return missing;
}

/** Sentences for programs that are not in PATH: `{ program: apt package }`. */
export function missingPrograms(programs: Readonly<Record<string, string>>): string[] {
  return Object.entries(programs)
    .filter(([program]) => !isExecutable(program))
    .map(([program, aptPackage]) => `${program} is missing: apt install ${aptPackage}`);
}

function missingPrivileges(): string[] {
  if (process.platform !== 'linux') return ['Linux is needed: network namespaces'];
  if (process.getuid?.() !== 0) return ['root is needed: run with sudo'];
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return Object.entries(CAPABILITIES)
    .filter(([, bit]) => ((BigInt(`0x${effective}`) >> bit) & 1n) === 0n)
    .map(([name]) => `${name} is missing: run outside the container, or give it the capability`);
}

function isExecutable(program: string): boolean {
  const directories = program.startsWith('/') ? [''] : (labEnvironment().PATH ?? '').split(':');
  return directories.some(directory => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
