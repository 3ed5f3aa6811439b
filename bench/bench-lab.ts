import type { Layout } from '../src/domain/layout.ts';
import { createLab, type Lab } from '../test/lab/lab.ts';
import { configurePlainHost, PLAIN_HOST } from '../test/lab/rich-host.ts';
import type { OrderInput } from './orders/order.ts';
import { runProcess } from './run-process.ts';

/** The bridge that every order makes. */
export const BRIDGE = 'br-ext';

/**
 * A lab with a plain host, for measuring.
 *
 * Open vSwitch runs in real time there: on a real host the datapath is in the kernel or has processors of its own; here it
 * shares two with everything else, takes 32 packets a port and turn, and drops what does not fit while it waits. (Not the probes, too: once
 * real-time processes fill a processor, the kernel keeps them off it for 50 ms of each second.)
 */
export async function createBenchLab(): Promise<Lab> {
  const lab = await createLab({ name: 'bench' });
  try {
    await configurePlainHost(lab);
    // As on a real host: duplicate address detection was long ago, and there is no nodad flag that a peer could carry over.
    await lab.hostIp('addr', 'replace', `${PLAIN_HOST.ipv6}/64`, 'dev', lab.uplinkName);
    for (const pid of [lab.vswitchdPid(), lab.ovsdbPid()]) {
      await runProcess(['chrt', '--all-tasks', '--rr', '--pid', '5', String(pid)]);
    }
    return lab;
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

/** What an order is told in a lab. */
export function orderInput(lab: Lab, layout: Layout): OrderInput {
  return { uplink: lab.uplinkName, bridge: BRIDGE, layout, ovsdb: lab.ovsdbRemote, stateDir: lab.stateDir };
}
