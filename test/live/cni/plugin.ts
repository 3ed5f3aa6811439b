import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inNetns, labEnvironment } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';
import { ipBatch } from '../../lab/two-ports.ts';
import { NIC } from '../moving/nic.ts';

/** Our plugin, as a runtime calls it. */
export const PLUGIN = fileURLToPath(new URL('../../../bin/ovs-uplink-host-device', import.meta.url));
/** Where Debian's containernetworking-plugins has its programs; another folder for one that is not installed. */
export const THEIR_FOLDER = process.env['OVS_UPLINK_CNI_PLUGINS'] ?? '/usr/lib/cni';
/** Addresses at the other end of the NIC. */
export const FAR_END = { ip4: '10.77.0.1', ip6: 'fd77::1' } as const;

/** A network configuration. */
export type Conf = Readonly<Record<string, unknown>>;
/** Variables of CNI; a container's, but for the command. */
export type CniEnv = Readonly<Record<string, string>>;

/** What a run of a plugin has left. */
export interface Answer {
  readonly code: number;
  /** stdout as it is, and as JSON where it is not empty. */
  readonly text: string;
  readonly json: unknown;
  readonly stderr: string;
}

/** What of a folder with plugins is missing for a test; empty when it is there. */
export function missingPlugins(names: readonly string[]): readonly string[] {
  return names.flatMap(name => {
    try {
      accessSync(join(THEIR_FOLDER, name), constants.X_OK);
      return [];
    } catch {
      return [`${THEIR_FOLDER}/${name} is missing: apt install containernetworking-plugins`];
    }
  });
}

/** A configuration for the NIC; the journals are the lab's. */
export function confOf(lab: Lab, more: Conf = {}): Conf {
  const own = { stateDir: lab.stateDir, ovsdb: lab.ovsdbRemote };
  return { cniVersion: '1.1.0', name: 'lan', type: 'ovs-uplink-host-device', device: NIC, ...own, ...more };
}

/** Addresses of both families from the NIC's own network, and routes by its far end. */
export function hostLocal(lab: Lab): Conf {
  return {
    type: 'host-local',
    dataDir: join(lab.dir, 'ipam'),
    ranges: [[{ subnet: '10.77.0.0/24', gateway: FAR_END.ip4 }], [{ subnet: 'fd77::/64', gateway: FAR_END.ip6 }]],
    routes: [{ dst: '10.88.0.0/16' }, { dst: '10.89.0.0/16', gw: '10.77.0.9' }, { dst: 'fd88::/48' }],
  };
}

/** Gives the far end of the NIC its addresses. */
export async function addressFarEnd(lab: Lab): Promise<void> {
  await ipBatch(lab.gatewayNs, [`addr add ${FAR_END.ip4}/24 dev gw5`, `addr add ${FAR_END.ip6}/64 dev gw5 nodad`]);
}

/** What a runtime sets for container c1, whose namespace is the lab's far one. */
export function envOf(lab: Lab, command: string, more: CniEnv = {}): CniEnv {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: 'c1',
    CNI_NETNS: `/run/netns/${lab.farNs}`,
    CNI_IFNAME: 'net1',
    CNI_PATH: THEIR_FOLDER,
    ...more,
  };
}

/** Runs a plugin, ours unless told otherwise, in the host's namespace. A configuration that is a text is passed as it is. */
export async function call(
  lab: Lab,
  command: string,
  conf: Conf | string,
  more: CniEnv = {},
  program = PLUGIN,
): Promise<Answer> {
  const input = typeof conf === 'string' ? conf : JSON.stringify(conf);
  const { code, stdout, stderr } = await lab.run(lab.hostNs, [program], { input, env: envOf(lab, command, more) });
  return { code, text: stdout, json: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}

/** Starts our plugin, for a test that kills it. */
export function start(lab: Lab, command: string, conf: Conf, more: CniEnv = {}): ChildProcess {
  const options: SpawnOptions = { stdio: ['pipe', 'pipe', 'inherit'], env: labEnvironment(envOf(lab, command, more)) };
  const [file = '', ...args] = inNetns(lab.hostNs, [PLUGIN]);
  const child = spawn(file, args, options);
  child.stdin?.end(JSON.stringify(conf));
  return child;
}

/** Kills a plugin, and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

/** A container: a process in a network namespace that has no name. */
export interface Container {
  /** Of its namespace. */
  readonly path: string;
  /** Ends it; its namespace goes some time after. */
  end(): void;
}

/** Starts a container. */
export async function startContainer(lab: Lab): Promise<Container> {
  const argv = ['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep 600'];
  const holder = lab.spawn(lab.hostNs, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(holder.stdout!, 'data');
  return { path: `/proc/${holder.pid}/ns/net`, end: () => void holder.kill('SIGKILL') };
}
