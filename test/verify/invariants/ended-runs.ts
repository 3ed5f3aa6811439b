import type { Address } from '../../../src/domain/address.ts';
import { IFA_F_NODAD, IFA_F_PERMANENT, IFA_F_SECONDARY } from '../../../src/domain/address.ts';
import { buildPlan } from '../../../src/domain/build-plan.ts';
import type { KernelState } from '../../../src/domain/kernel-state.ts';
import type { Layout } from '../../../src/domain/layout.ts';
import { NUD_PERMANENT } from '../../../src/domain/neighbour.ts';
import type { OvsState } from '../../../src/domain/ovs-state.ts';
import { MARK_ID } from '../../../src/domain/ovs-state.ts';
import type { MigrationPlan } from '../../../src/domain/plan.ts';
import type { LinkSysctls } from '../../../src/domain/snapshot.ts';
import { takeSnapshot } from '../../../src/domain/snapshot.ts';
import type { EndedRun, HostImage } from '../../../src/verify/invariants/ended-run.ts';
import * as hosts from '../../domain/precheck/hosts.ts';

export const UPLINK = hosts.ETH0;
export const BYSTANDER = 3;
export const HOST_PORT = 42;
export const ID = 'm-1';
const SYSCTLS: LinkSysctls = { 'ipv4/conf/{link}/rp_filter': '1', 'ipv6/conf/{link}/mtu': '1500' };

const [primary, secondary, ipv6, linkLocal] = [
  hosts.address({ label: 'eth0', broadcast: '10.9.0.255' }),
  hosts.address({ local: '10.9.0.3', label: 'eth0:web', flags: IFA_F_PERMANENT | IFA_F_SECONDARY }),
  hosts.address({ local: '2001:db8:9::2', flags: IFA_F_PERMANENT | IFA_F_NODAD }),
  hosts.address({ local: 'fe80::2', scope: 253 }),
];

/** A host with an uplink and another link, each with addresses, routes and more; somebody's bridge is there. */
export const BEFORE: HostImage = {
  kernel: {
    links: [hosts.loopback, hosts.link(), hosts.link({ index: BYSTANDER, name: 'eth1', mac: '00:25:90:aa:bb:02' })],
    addresses: [
      primary,
      secondary,
      ipv6,
      linkLocal,
      hosts.address({ linkIndex: BYSTANDER, local: '10.19.0.2', label: 'eth1' }),
    ],
    routes: [
      hosts.route(),
      hosts.connectedRoute,
      hosts.route({
        destination: '10.50.0.0/16',
        nexthops: [hosts.hop({ linkIndex: BYSTANDER, gateway: '10.19.0.1' })],
      }),
      hosts.route({
        table: 255,
        type: 2,
        destination: '10.9.0.2/32',
        protocol: 2,
        scope: 254,
        nexthops: [hosts.hop()],
      }),
    ],
    rules: [
      hosts.rule({ priority: 0, table: 255 }),
      hosts.rule({ priority: 100, from: '10.9.0.3/32' }),
      hosts.rule({ priority: 110, iif: 'eth0' }),
      hosts.rule({ priority: 32766, table: 254 }),
    ],
    neighbours: [UPLINK, BYSTANDER].map(linkIndex => ({
      family: 4,
      linkIndex,
      address: '10.9.0.50',
      mac: '02:00:00:00:00:50',
      state: NUD_PERMANENT,
      flags: 0,
      protocol: null,
    })),
  },
  sysctls: { eth0: SYSCTLS, eth1: SYSCTLS },
  muted: [],
  ovs: hosts.ovs([{ name: 'br-int', datapathType: 'netdev', ports: [{ name: 'vm1', type: 'internal' }] }]),
  reachable: { '10.9.0.1': true, '10.9.0.254': false },
  journal: false,
};

/** The plan for that host. */
export function planOf(layout: Layout = 'host-port'): MigrationPlan {
  const uplink = BEFORE.kernel.links.find(link => link.index === UPLINK)!;
  return buildPlan(hosts.request({ layout }), uplink, BEFORE.ovs, 'netdev', ID);
}

/** The host as a migration leaves it, by the table of layouts in the README. */
export function committedImage(plan: MigrationPlan): HostImage {
  const { kernel } = BEFORE;
  const name = plan.names.hostPort ?? '';
  const move = <T extends { readonly linkIndex: number | null }>(one: T): T =>
    one.linkIndex === UPLINK ? { ...one, linkIndex: HOST_PORT } : one;
  const relabel = (a: Address): Address => ({ ...a, label: a.label?.replace(/^eth0/, name) ?? null });
  const hostPort = hosts.virtualLink(HOST_PORT, name, 'tun', { mac: hosts.link().mac, promiscuity: 1 });
  return {
    ...BEFORE,
    kernel: {
      ...kernel,
      links: [
        ...kernel.links.map(l => (l.index === UPLINK ? { ...l, name: plan.names.uplink, promiscuity: 1 } : l)),
        hostPort,
      ],
      addresses: [
        linkLocal,
        ...kernel.addresses.filter(a => a.linkIndex !== UPLINK),
        ...[primary, secondary, ipv6].map(a => relabel(move(a))),
        { ...linkLocal, linkIndex: HOST_PORT },
      ],
      routes: kernel.routes.map(r => ({ ...r, nexthops: r.nexthops.map(move) })),
      rules: [...kernel.rules, ...(name === 'eth0' ? [] : [hosts.rule({ priority: 110, iif: name })])],
      neighbours: kernel.neighbours.map(move),
    },
    sysctls: { [plan.names.uplink]: SYSCTLS, eth1: SYSCTLS, [name]: SYSCTLS },
    muted: [plan.names.uplink],
    ovs: withOurRows(BEFORE.ovs, plan),
    journal: true,
  };
}

function withOurRows(ovs: OvsState, plan: MigrationPlan): OvsState {
  const bridge = plan.names.bridge;
  const made = hosts.ovs([
    {
      name: bridge,
      datapathType: 'netdev',
      externalIds: hosts.mark('eth0', 'bridge'),
      ports: [
        ...(plan.names.hostPortIsLocal ? [] : [{ name: plan.names.hostPort ?? '', type: 'internal' }]),
        { name: plan.names.uplink, ifindex: UPLINK },
      ],
    },
  ]);
  const externalIds = { [MARK_ID]: plan.id };
  return {
    ...ovs,
    bridges: [...ovs.bridges, ...made.bridges],
    ports: [...ovs.ports, ...made.ports.map(port => ({ ...port, externalIds }))],
    interfaces: [
      ...ovs.interfaces,
      ...made.interfaces.map(one => ({
        ...one,
        externalIds,
        ifindex: one.name === plan.names.hostPort ? HOST_PORT : one.ifindex,
      })),
    ],
  };
}

/** A run that ended as it should: committed on the migrated host, everything else on the host as it was. */
export function endedRun(result: EndedRun['result'], overrides: Partial<EndedRun> = {}, layout?: Layout): EndedRun {
  const plan = planOf(layout);
  const snapshot = takeSnapshot(BEFORE.kernel, UPLINK, SYSCTLS)!;
  const version = { id: ID, plan, snapshot, takenAt: 0, baseline: [] };
  const isCommitted = result === 'committed';
  return {
    uplink: 'eth0',
    result,
    pendingRows: false,
    base: BEFORE,
    after: isCommitted ? committedImage(plan) : BEFORE,
    elapsedS: 3,
    plan: result === 'refused' ? null : plan,
    journals:
      result === 'refused'
        ? []
        : [
            { ...version, stage: 'preparing' },
            { ...version, stage: isCommitted ? 'committed' : 'rollingBack' },
          ],
    effects: [],
    ovsAnswers: true,
    wasKilled: false,
    faultsEnded: true,
    foreign: [],
    ...overrides,
  };
}

/** The same run with another end. */
export function withAfter(run: EndedRun, change: Partial<HostImage>): EndedRun {
  return { ...run, after: { ...run.after, ...change } };
}

/** The same run with another kernel state at its end. */
export function withKernel(run: EndedRun, change: (kernel: KernelState) => Partial<KernelState>): EndedRun {
  return withAfter(run, { kernel: { ...run.after.kernel, ...change(run.after.kernel) } });
}

/** The same run with another database at its end. */
export function withOvs(run: EndedRun, change: (ovs: OvsState) => Partial<OvsState>): EndedRun {
  return withAfter(run, { ovs: { ...run.after.ovs, ...change(run.after.ovs) } });
}
