import type { KernelState } from '../../domain/kernel-state.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import type { OwnerFacts } from '../../domain/owners.ts';
import { NO_OWNERS } from '../../domain/owners.ts';
import type { MigrationPlan } from '../../domain/plan.ts';
import type { LinkSysctls, Snapshot } from '../../domain/snapshot.ts';
import type { StepContext } from '../../domain/steps/context.ts';
import { refOf } from '../../domain/steps/context.ts';
import { presentSnapshot } from '../../domain/steps/present-snapshot.ts';
import type { Host, OwnRows } from '../../host/host.ts';

/** What a look at the host is made with. */
export interface Subject {
  readonly plan: MigrationPlan;
  readonly snapshot: Snapshot;
  /** Wall-clock ms at which the snapshot was taken. */
  readonly takenAt: number;
}

/** What to read beside links, addresses, rules and neighbours. */
export interface Needs {
  /** Routes take most of the time where there are many; without, the context shows none. */
  readonly routes?: boolean;
  readonly sysctls?: boolean;
  readonly muted?: boolean;
  /** Who else manages the uplink. */
  readonly owners?: boolean;
  readonly ownRows?: OwnRows | null;
}

/** For comparisons. */
export const EVERYTHING: Needs = { routes: true, sysctls: true, muted: true, owners: true };

const NO_SYSCTLS: LinkSysctls = {};

/** Reads the host as it is now, for one step. */
export async function look(host: Host, subject: Subject, wallTime: number, needs: Needs): Promise<StepContext> {
  const kernel = await host.readKernel({ routes: needs.routes === true });
  const { plan, snapshot } = subject;
  const uplink = linkByIndex(kernel, plan.uplinkIndex);
  const hostPort = findHostPort(kernel, plan);
  // Up: the kernel tells lifetimes rounded up, and a lease must not grow with every move.
  const elapsedS = Math.max(0, Math.ceil((wallTime - subject.takenAt) / 1000));
  const own = kernel.addresses.filter(a => a.linkIndex === plan.uplinkIndex || a.linkIndex === hostPort?.index);
  return {
    plan,
    snapshot: presentSnapshot(snapshot, elapsedS, own),
    elapsedS,
    kernel,
    uplink,
    hostPort,
    uplinkSysctls: needs.sysctls && uplink !== undefined ? await host.readSysctls(uplink.name) : NO_SYSCTLS,
    hostPortSysctls: needs.sysctls && hostPort !== undefined ? await host.readSysctls(hostPort.name) : NO_SYSCTLS,
    mutedLinks: needs.muted === true ? await host.mutedLinks() : [],
    owners: await readOwners(host, plan, uplink, hostPort, needs),
    ovs: host.ovs(),
    ownRows: needs.ownRows ?? null,
  };
}

/** Nobody is asked where the plan has nothing to do with them. */
async function readOwners(
  host: Host,
  plan: MigrationPlan,
  uplink: Link | undefined,
  hostPort: Link | undefined,
  needs: Needs,
): Promise<OwnerFacts> {
  if (needs.owners !== true || plan.owners == null) return NO_OWNERS;
  // What was asked is there to be taken back also when the uplink has vanished.
  const link = uplink === undefined ? { index: plan.uplinkIndex, name: plan.request.uplink } : refOf(uplink);
  return host.readOwners(link, hostPort === undefined ? null : refOf(hostPort));
}

/**
 * The host port by name and kind, and never the uplink: its altname may be the same (F-03). One that somebody has renamed (F-14) is known by its
 * MAC, which is the uplink's: the traffic is still its own.
 */
export function findHostPort(kernel: KernelState, { names, hostPort, uplinkIndex }: MigrationPlan): Link | undefined {
  const made = kernel.links.filter(link => link.index !== uplinkIndex && isMadeByOvs(link));
  return (
    made.find(link => link.name === names.hostPort) ??
    made.find(link => link.name !== names.bridge && link.mac === hostPort?.mac)
  );
}

/** True for the kinds of link that ovs-vswitchd makes: a tap (netdev) or a vport (kernel datapath). */
export function isMadeByOvs(link: Link): boolean {
  return link.kind === 'tun' || link.kind === 'openvswitch';
}
