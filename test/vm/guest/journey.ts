import type { BondOptions } from '../../../src/domain/bond.ts';
import type { Layout } from '../../../src/domain/layout.ts';
import type { Deadlines } from '../../../src/domain/request.ts';
import type { RunOutcome } from '../../../src/engine/run.ts';
import { captureHost } from '../../lab/host-image.ts';
import type { Lab } from '../../lab/lab.ts';
import { type KernelWatch, watchKernel } from '../../lab/watch.ts';
import { outcomesOf } from '../../live/killing/mortals.ts';
import type { TimedImage } from '../../live/support/unchanged.ts';
import type { GuestLab } from './shared-lab.ts';

/** A migration of a link in the kernel datapath, and the way back. */
export interface JourneyOptions {
  readonly uplink: string;
  readonly bridge: string;
  readonly layout: Layout;
  /** The link that carries the addresses afterwards. */
  readonly hostPort: string;
  readonly bond?: BondOptions;
}

/** What was seen on a journey; plain JSON. `Sight` is what the caller looked at itself, before, committed and restored. */
export interface Journey<Sight> {
  readonly before: TimedImage;
  readonly migrated: RunOutcome;
  readonly during: TimedImage;
  readonly restored: RunOutcome;
  readonly after: TimedImage;
  /** `<port> <type>` of every port that the kernel's datapath had while committed. */
  readonly datapathPorts: readonly string[];
  /** Bridges while committed, each with its ports. */
  readonly bridges: Readonly<Record<string, readonly string[]>>;
  readonly bridgesAfter: string;
  /** Names that the uplink had in the kernel's events in which it was down, one an event. */
  readonly downAs: readonly string[];
  readonly sights: readonly Sight[];
}

/** Emulation takes ten times as long for everything, and a busy machine ten times more. */
export const GUEST_DEADLINES: Deadlines = { stepMs: 90_000, gateMs: 90_000, probeMs: 60_000, retryMs: 2_000 };
/** Lifetimes are read and written with seconds in between here. */
const LIFETIME_TOLERANCE_S = 30;

/** Migrates with the library, restores, and dumps the host in between. `look` is called before, when committed and at the end. */
export async function thereAndBack<Sight>(
  { lab, worker }: GuestLab,
  { uplink, bridge, layout, hostPort, bond }: JourneyOptions,
  look: () => Promise<Sight>,
): Promise<Journey<Sight>> {
  const before = await capture(lab, uplink);
  const sights = [await look()];
  const mortal = await worker();
  await using watch = await watchKernel(lab.hostNs, ['link']);
  const asked = { uplink, bridge, layout, ...(bond === undefined ? {} : { bond }) };
  const request = { ...asked, datapath: 'system', deadlines: GUEST_DEADLINES } as const;
  const [migrated] = outcomesOf(await mortal.ask({ do: 'migrate', options: request }));
  const downAs = namesWhileDown(watch, indexOf(before, uplink));
  if (migrated?.result !== 'committed') throw new Error(`not committed: ${JSON.stringify(migrated)}`);
  sights.push(await look());
  const [bridges, datapathPorts] = [await portsOfBridges(lab), await portsOfDatapath(lab)];
  const during = await capture(lab, hostPort);
  const [restored] = outcomesOf(await mortal.ask({ do: 'restore', uplink }));
  if (restored?.result !== 'rolledBack') throw new Error(`not restored: ${JSON.stringify(restored)}`);
  sights.push(await look());
  const after = await capture(lab, uplink);
  const bridgesAfter = await lab.vsctl('list-br');
  return { before, migrated, during, restored, after, datapathPorts, bridges, bridgesAfter, downAs, sights };
}

async function capture(lab: Lab, linkName: string): Promise<TimedImage> {
  return { ...(await captureHost(lab, { linkName })), tookS: LIFETIME_TOLERANCE_S };
}

function indexOf(image: TimedImage, name: string): number {
  return Number(image.links.find(link => link.ifname === name)?.ifindex);
}

function namesWhileDown({ lines }: KernelWatch, index: number): string[] {
  // `10: eth0~@if20: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu …`
  const events = lines.map(line => /^(\d+): ([^@:]+)[^<]*: <([^>]*)>/.exec(line));
  return events
    .filter(event => Number(event?.[1]) === index && !event?.[3]?.split(',').includes('UP'))
    .map(event => event?.[2] ?? '');
}

async function portsOfBridges(lab: Lab): Promise<Record<string, string[]>> {
  const bridges = (await lab.vsctl('list-br')).split('\n').filter(Boolean);
  const ports = bridges.map(async bridge => [bridge, (await lab.vsctl('list-ports', bridge)).split('\n')] as const);
  return Object.fromEntries(await Promise.all(ports));
}

async function portsOfDatapath(lab: Lab): Promise<string[]> {
  const { stdout } = await lab.run(lab.hostNs, ['ovs-dpctl', 'show', 'ovs-system'], { check: true });
  return [...stdout.matchAll(/^\s*port \d+: (\S+)(?: \((\S+?)\))?$/gm)].map(
    ([, name, type]) => `${name} ${type ?? 'netdev'}`,
  );
}
