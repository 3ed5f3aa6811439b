import { existsSync } from 'node:fs';
import type { BondMode } from '../../../src/domain/bond.ts';
import type { Layout } from '../../../src/domain/layout.ts';
import type { JsonObject } from '../../lab/host-image.ts';
import type { Lab } from '../../lab/lab.ts';
import { raiseLink } from '../../lab/topology.ts';
import { addressOnSwitch, ipBatch, makeTwoPorts, PORTS, removeTwoPorts, SWITCH } from '../../lab/two-ports.ts';
import { watchKernel } from '../../lab/watch.ts';
import { type Journey, thereAndBack } from './journey.ts';
import { silentAddresses } from './reach.ts';
import { inSharedLab } from './shared-lab.ts';

const BOND = 'bond0';
const TEAM = 'team0';
const TEAMD = '/usr/bin/teamd';

/** A look at an uplink of two ports. */
export interface AggregateSight {
  /** Addresses of the gateway that do not answer. */
  readonly silent: readonly string[];
  /** The same after the active port lost its carrier; null where that was not tried. */
  readonly silentAfterFailover: readonly string[] | null;
}

/** A bond in active-backup moves and comes back; while it is on the bridge, its active port loses its carrier. */
export async function bondThereAndBack({ layout }: { readonly layout: Layout }): Promise<Journey<AggregateSight>> {
  return await inSharedLab('plain', async guest => {
    const { lab } = guest;
    await makeTwoPorts(lab);
    try {
      const [first] = Object.keys(PORTS);
      await ipBatch(lab.hostNs, [
        `link add ${BOND} index 33 type bond mode active-backup miimon 100 primary_reselect failure`,
        ...Object.keys(PORTS).map(port => `link set ${port} master ${BOND}`),
      ]);
      await addressOnSwitch(lab, BOND);
      await lab.hostIp('link', 'set', BOND, 'type', 'bond', 'active_slave', first!);
      const uplinkAfter = layout === 'host-port' ? `${BOND}~` : BOND;
      const hostPort = layout === 'host-port' ? BOND : 'br-bond';
      let looks = 0;
      return await thereAndBack(guest, { uplink: BOND, bridge: 'br-bond', layout, hostPort }, async () => {
        looks += 1;
        const silent = await silentOnSwitch(lab);
        return { silent, silentAfterFailover: looks === 2 ? await failOver(lab, uplinkAfter) : null };
      });
    } finally {
      await lab.run(lab.hostNs, ['ip', 'link', 'del', BOND]);
      await removeTwoPorts(lab);
    }
  });
}

/** An uplink and a second link become a bond of Open vSwitch; while it is on the bridge, the uplink loses its carrier. */
export async function ovsBondThereAndBack({ mode }: { readonly mode: BondMode }): Promise<Journey<AggregateSight>> {
  return await inSharedLab('plain', async guest => {
    const { lab } = guest;
    await makeTwoPorts(lab);
    try {
      const [uplink = '', member = ''] = Object.keys(PORTS);
      await addressOnSwitch(lab, uplink);
      await raiseLink(lab.hostNs, member);
      const options = { uplink, bridge: 'br-bond', layout: 'bridge-port', hostPort: 'br-bond' } as const;
      let looks = 0;
      return await thereAndBack(guest, { ...options, bond: { members: [member], mode } }, async () => {
        looks += 1;
        const silent = await silentOnSwitch(lab);
        if (looks !== 2) return { silent, silentAfterFailover: null };
        await using watch = await watchKernel(lab.hostNs, ['link']);
        const changeOf = (word: string) => (line: string) => line.includes(` ${uplink}@`) && line.includes(word);
        await ipBatch(lab.gatewayNs, [`link set ${PORTS.port0} down`]);
        await watch.event(changeOf('NO-CARRIER'), { timeoutMs: 60_000 });
        const silentAfterFailover = await silentOnSwitch(lab);
        await ipBatch(lab.gatewayNs, [`link set ${PORTS.port0} up`]);
        await watch.event(changeOf('state UP'), { timeoutMs: 60_000 });
        return { silent, silentAfterFailover };
      });
    } finally {
      await removeTwoPorts(lab);
    }
  });
}

/** The port that was active loses its carrier, and has it again afterwards. */
async function failOver(lab: Lab, bond: string): Promise<string[]> {
  const active = await activeOf(lab, bond);
  const far = Object.entries(PORTS).find(([near]) => near === active)?.[1];
  if (active === undefined || far === undefined) throw new Error(`${bond} has no active port: ${active}`);
  await using watch = await watchKernel(lab.hostNs, ['link']);
  await ipBatch(lab.gatewayNs, [`link set ${far} down`]);
  const silent = await silentOnSwitch(lab);
  if ((await activeOf(lab, bond)) === active) throw new Error(`${bond} did not fail over from ${active}`);
  await ipBatch(lab.gatewayNs, [`link set ${far} up`]);
  await watch.event(line => line.includes(` ${active}@`) && line.includes('state UP'), { timeoutMs: 60_000 });
  await lab.hostIp('link', 'set', bond, 'type', 'bond', 'active_slave', active);
  return silent;
}

async function activeOf(lab: Lab, bond: string): Promise<string | undefined> {
  const [shown] = JSON.parse(await lab.hostIp('-j', '-d', 'link', 'show', bond)) as JsonObject[];
  const info = shown?.linkinfo as { readonly info_data?: { readonly active_slave?: string } } | undefined;
  return info?.info_data?.active_slave;
}

/** A team that a teamd runs moves and comes back; null where there is no teamd on this machine. */
export async function teamThereAndBack({
  layout,
}: {
  readonly layout: Layout;
}): Promise<Journey<AggregateSight> | null> {
  if (!existsSync(TEAMD)) return null;
  return await inSharedLab('plain', async guest => {
    const { lab } = guest;
    await makeTwoPorts(lab);
    const ports = Object.fromEntries(Object.keys(PORTS).map(port => [port, {}]));
    const config = { device: TEAM, runner: { name: 'activebackup' }, link_watch: { name: 'ethtool' }, ports };
    await using watch = await watchKernel(lab.hostNs, ['link']);
    const teamd = lab.spawn(lab.hostNs, [TEAMD, '-c', JSON.stringify(config)], { stdio: 'ignore' });
    const ended = new Promise<void>(resolve => teamd.once('close', () => resolve()));
    try {
      await watch.event(line => line.includes('port1') && line.includes(`master ${TEAM}`), { timeoutMs: 60_000 });
      await addressOnSwitch(lab, TEAM);
      const hostPort = layout === 'host-port' ? TEAM : 'br-team';
      return await thereAndBack(guest, { uplink: TEAM, bridge: 'br-team', layout, hostPort }, async () => {
        const isAlive = teamd.exitCode === null && teamd.signalCode === null;
        if (!isAlive) throw new Error(`teamd has ended: ${teamd.exitCode ?? teamd.signalCode}`);
        return { silent: await silentOnSwitch(lab), silentAfterFailover: null };
      });
    } finally {
      teamd.kill('SIGTERM');
      await ended;
      await removeTwoPorts(lab);
    }
  });
}

function silentOnSwitch(lab: Lab): Promise<string[]> {
  return silentAddresses(lab, lab.hostNs, [SWITCH.gateway4, SWITCH.gateway6]);
}
