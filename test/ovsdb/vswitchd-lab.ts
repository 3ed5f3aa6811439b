import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  insert,
  monitorOpenVswitch,
  type OpenVswitchMonitor,
  type OvsdbClient,
  transactApplied,
} from '../../src/ovsdb/index.ts';
import { connectIn, createServerIn, type Daemon, type Lab } from './ovsdb-lab.ts';

/** ovs-vswitchd in a network namespace of its own, on a database of its own, with the netdev datapath. */
export interface VswitchdLab {
  readonly client: OvsdbClient;
  readonly ovs: OpenVswitchMonitor;
  readonly netns: string;
  /** Path of ovs-vswitchd's control socket. */
  readonly unixctl: string;
  readonly remote: string;
  readonly vswitchd: Daemon;
  /** Runs `ip` in the namespace. */
  ip(...args: string[]): string;
}

let made = 0;

/** Starts everything and resolves when ovs-vswitchd has applied its first configuration. Everything ends with the lab. */
export async function startVswitchd(lab: Lab): Promise<VswitchdLab> {
  const netns = `ovsdbtest-${process.pid}-${made++}`;
  execFileSync('ip', ['netns', 'add', netns]);
  lab.defer(() => execFileSync('ip', ['netns', 'delete', netns]));
  const server = createServerIn(lab);
  server.start();
  const client = await connectIn(lab, server.remote);
  await client.transact([insert('Open_vSwitch', {})]);
  const ovs = await monitorOpenVswitch(client);
  const unixctl = join(lab.dir, 'vswitchd.ctl');
  const vswitchd = lab.start('ip', [
    'netns',
    'exec',
    netns,
    'ovs-vswitchd',
    server.remote,
    `--pidfile=${join(lab.dir, 'ovs-vswitchd.pid')}`,
    `--unixctl=${unixctl}`,
    '-vconsole:off',
    '-vsyslog:off',
    '-vfile:off',
  ]);
  await transactApplied(client, ovs.replica, [], { timeoutMs: 20_000 });
  return {
    client,
    ovs,
    netns,
    unixctl,
    remote: server.remote,
    vswitchd,
    ip: (...args) => execFileSync('ip', ['-n', netns, ...args], { encoding: 'utf8' }),
  };
}
