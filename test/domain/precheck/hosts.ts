import { type Address, IFA_F_PERMANENT, plainAddress } from '../../../src/domain/address.ts';
import type { HostFacts } from '../../../src/domain/host-facts.ts';
import type { KernelState } from '../../../src/domain/kernel-state.ts';
import type { Link } from '../../../src/domain/link.ts';
import { IFF_LOOPBACK, IFF_LOWER_UP, IFF_UP } from '../../../src/domain/link.ts';
import type { OvsBridge, OvsInterface, OvsPort, OvsState, OvsSystem } from '../../../src/domain/ovs-state.ts';
import { MARK_ID, MARK_ROLE, MARK_UPLINK } from '../../../src/domain/ovs-state.ts';
import { NO_OWNERS } from '../../../src/domain/owners.ts';
import type { PrecheckInput } from '../../../src/domain/precheck/index.ts';
import type { MigrationRequest } from '../../../src/domain/request.ts';
import { DEFAULT_DEADLINES } from '../../../src/domain/request.ts';
import type { Nexthop, Route } from '../../../src/domain/route.ts';
import type { Rule } from '../../../src/domain/rule.ts';
import { NO_UDEV } from '../../../src/domain/udev/udev-facts.ts';

export const LO = 1;
export const ETH0 = 2;

/** A NIC that is up, with a universally administered address. */
export function link(overrides: Partial<Link> = {}): Link {
  return {
    index: ETH0,
    name: 'eth0',
    altnames: [],
    kind: null,
    slaveKind: null,
    flags: IFF_UP | IFF_LOWER_UP,
    operState: 'up',
    carrier: true,
    mtu: 1500,
    minMtu: 68,
    maxMtu: 9000,
    mac: '00:25:90:aa:bb:01',
    permanentMac: '00:25:90:aa:bb:01',
    master: null,
    lower: null,
    lowerNetnsId: null,
    alias: null,
    group: 0,
    txQueueLength: 1000,
    qdisc: 'fq_codel',
    promiscuity: 0,
    parentDevice: '0000:00:04.0',
    parentBus: 'pci',
    ipv6AddrGenMode: 0,
    ...overrides,
  };
}

/** A link without hardware behind it. */
export function virtualLink(index: number, name: string, kind: string, overrides: Partial<Link> = {}): Link {
  const mac = `00:25:90:aa:cc:${index.toString(16).padStart(2, '0')}`;
  return link({ index, name, kind, mac, permanentMac: null, parentDevice: null, parentBus: null, ...overrides });
}

export const loopback: Link = virtualLink(LO, 'lo', '', {
  kind: null,
  mac: '00:00:00:00:00:00',
  flags: IFF_UP | IFF_LOOPBACK | IFF_LOWER_UP,
  operState: 'unknown',
  mtu: 65536,
});

export function address(overrides: Partial<Address> = {}): Address {
  const local = overrides.local ?? '10.9.0.2';
  return {
    ...plainAddress(ETH0, local, local.includes(':') ? 64 : 24),
    flags: IFA_F_PERMANENT,
    ...overrides,
  };
}

export function hop(overrides: Partial<Nexthop> = {}): Nexthop {
  return { linkIndex: ETH0, gateway: null, gatewayFamily: null, weight: 1, flags: 0, ...overrides };
}

export function route(overrides: Partial<Route> = {}): Route {
  return {
    family: overrides.destination?.includes(':') ? 6 : 4,
    table: 254,
    type: 1,
    protocol: 4,
    scope: 0,
    tos: 0,
    destination: '0.0.0.0/0',
    source: null,
    priority: null,
    prefSrc: null,
    flags: 0,
    preference: null,
    metrics: {},
    nexthops: [hop({ gateway: '10.9.0.1', gatewayFamily: 4 })],
    nexthopId: null,
    encapType: null,
    expiresS: null,
    ...overrides,
  };
}

export function rule(overrides: Partial<Rule> = {}): Rule {
  return {
    family: 4,
    priority: 100,
    action: 1,
    table: 100,
    from: null,
    to: null,
    tos: 0,
    iif: null,
    oif: null,
    fwmark: null,
    fwmask: null,
    goto: null,
    suppressPrefixLength: null,
    suppressGroup: null,
    l3mdev: false,
    uidRange: null,
    ipProtocol: null,
    sourcePorts: null,
    destinationPorts: null,
    protocol: null,
    flags: 0,
    ...overrides,
  };
}

export const connectedRoute: Route = route({ destination: '10.9.0.0/24', protocol: 2, scope: 253, nexthops: [hop()] });

/** eth0 with one static address and a default route; the bridge of another use keeps the kernel datapath open. */
export function kernel(overrides: Partial<KernelState> = {}): KernelState {
  return {
    links: [loopback, link(), virtualLink(3, 'ovs-system', 'openvswitch', { flags: 0, operState: 'down' })],
    addresses: [address({ linkIndex: LO, local: '127.0.0.1', prefixLength: 8, scope: 254 }), address()],
    routes: [route(), connectedRoute],
    rules: [],
    neighbours: [],
    ...overrides,
  };
}

/** The usual host with more on it. */
export function kernelWith(more: Partial<KernelState>): KernelState {
  const base = kernel();
  return {
    links: [...base.links, ...(more.links ?? [])],
    addresses: [...base.addresses, ...(more.addresses ?? [])],
    routes: [...base.routes, ...(more.routes ?? [])],
    rules: [...base.rules, ...(more.rules ?? [])],
    neighbours: [...base.neighbours, ...(more.neighbours ?? [])],
  };
}

/** The usual host with another eth0. */
export function kernelWithUplink(overrides: Partial<Link>, more: Partial<KernelState> = {}): KernelState {
  const all = kernelWith(more);
  return { ...all, links: all.links.map(one => (one.index === ETH0 ? { ...one, ...overrides } : one)) };
}

export function ovsSystem(overrides: Partial<OvsSystem> = {}): OvsSystem {
  return {
    uuid: 'system',
    nextCfg: 7,
    curCfg: 7,
    flowRestoreWait: false,
    ovsVersion: '3.1.0',
    datapathTypes: ['netdev', 'system'],
    interfaceTypes: ['internal', 'system', 'tap'],
    ...overrides,
  };
}

/** Ports of a bridge, in short: a name, or an interface with a name. */
export interface BridgeInShort extends Partial<Omit<OvsBridge, 'ports'>> {
  readonly name: string;
  readonly ports?: readonly (Partial<OvsInterface> & { readonly name: string })[];
}

/** An OVSDB with these bridges; every bridge has its local port. */
export function ovs(bridges: readonly BridgeInShort[] = [], system: OvsSystem | null = ovsSystem()): OvsState {
  const state = { bridges: [] as OvsBridge[], ports: [] as OvsPort[], interfaces: [] as OvsInterface[] };
  for (const { ports = [], ...bridge } of bridges) {
    const all = [{ name: bridge.name, type: 'internal' }, ...ports];
    for (const one of all) {
      const uuid = `interface-${bridge.name}-${one.name}`;
      const defaults = { type: '', ofport: 1, error: null, ifindex: null, macInUse: null, mtu: 1500, externalIds: {} };
      state.interfaces.push({ ...defaults, ...one, uuid });
      state.ports.push({
        uuid: `port-${bridge.name}-${one.name}`,
        name: one.name,
        interfaces: [uuid],
        externalIds: ('externalIds' in one && one.externalIds) || {},
      });
    }
    state.bridges.push({
      uuid: `bridge-${bridge.name}`,
      datapathType: '',
      datapathId: '0000002590aabb01',
      failMode: null,
      controllers: 0,
      externalIds: {},
      otherConfig: {},
      ...bridge,
      ports: all.map(one => `port-${bridge.name}-${one.name}`),
    });
  }
  return { schemaVersion: '8.3.1', system, ...state };
}

/** The ownership mark of a migration. */
export function mark(uplink: string, role: string): Readonly<Record<string, string>> {
  return { [MARK_ID]: 'm-1', [MARK_UPLINK]: uplink, [MARK_ROLE]: role };
}

export function facts(overrides: Partial<HostFacts> = {}): HostFacts {
  return {
    identity: { bootId: 'b', machineId: 'm', netns: '4026531840', kernelRelease: '6.18.1-generic' },
    networkMounts: [],
    linkFiles: [],
    bondMode: null,
    canMuteIngress: true,
    kernelCommandLine: '',
    udev: NO_UDEV,
    owners: NO_OWNERS,
    hasKernelDatapath: true,
    ...overrides,
  };
}

export function factsWithRelease(kernelRelease: string): HostFacts {
  return facts({ identity: { ...facts().identity, kernelRelease } });
}

export function linkFile(text: string, path = '/etc/systemd/network/10-net.link'): Partial<PrecheckInput> {
  return { facts: facts({ linkFiles: [{ path, text }] }) };
}

export function request(overrides: Partial<MigrationRequest> = {}): MigrationRequest {
  return {
    uplink: 'eth0',
    bridge: 'br-ext',
    layout: 'host-port',
    datapath: null,
    probes: [{ kind: 'gateway' }],
    confirmWithinMs: null,
    useExistingBridge: false,
    accept: [],
    deadlines: DEFAULT_DEADLINES,
    ...overrides,
  };
}

/** A host on which nothing stands in the way, with what is different. */
export function input(overrides: Partial<PrecheckInput> = {}): PrecheckInput {
  return {
    request: request(),
    kernel: kernel(),
    ovs: ovs(),
    facts: facts(),
    datapath: 'system',
    lockHolder: null,
    ownJournal: false,
    ...overrides,
  };
}
