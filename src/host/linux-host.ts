import type { OwnerEffect } from '../domain/effect.ts';
import { linkByName } from '../domain/kernel-state.ts';
import { NO_OWNERS } from '../domain/owners.ts';
import { refOf } from '../domain/steps/context.ts';
import type { IngressDrops, NetlinkEvent } from '../netlink/index.ts';
import { openIngressDrops, openNetlink, openOvsDatapaths } from '../netlink/index.ts';
import type { TlsFiles } from '../ovsdb/index.ts';
import { createUnixctlClient } from '../unixctl/index.ts';
import type { Host, HostEvent } from './host.ts';
import type { OvsEffect } from './linux-effects.ts';
import { applyEffects } from './linux-effects.ts';
import { readLinuxFacts } from './linux-facts.ts';
import { hasDevice, readMoveFacts } from './linux-move-facts.ts';
import { createNetnses } from './linux-netns.ts';
import { createOvsLink } from './linux-ovs.ts';
import { runProbe } from './linux-probe.ts';
import { readLinkSysctls, writeLinkSysctl } from './linux-sysctl.ts';
import { awaitUdevSettled } from './linux-udev-settled.ts';
import { checkVswitchd, findControlSocket, withDrain } from './linux-vswitchd.ts';
import { createOwners } from './owners/owners.ts';

/** Where Open vSwitch is. */
export interface LinuxHostOptions {
  /** `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`; several with commas. */
  readonly ovsdb: string;
  /** Control socket of ovs-vswitchd; default: by the pidfile in the folder of the OVSDB socket. */
  readonly unixctl?: string;
  readonly tls?: TlsFiles;
}

/** This host, in the network namespace that the process is in. Nothing is opened before it is needed, but the netlink sockets. */
export function createLinuxHost(options: LinuxHostOptions): Host {
  const netlink = openNetlink();
  let openedDrops: IngressDrops | undefined;
  const drops = (): IngressDrops => {
    openedDrops ??= openIngressDrops();
    return openedDrops;
  };
  const listeners = new Set<(event: HostEvent) => void>();
  const tell = (event: HostEvent): void => {
    for (const listener of [...listeners]) listener(event);
  };
  const ovs = createOvsLink(options.ovsdb, options.tls, tell);
  const netnses = createNetnses();
  const owners = createOwners(netlink, owner => tell({ type: 'owner.changed', owner }));
  const events = netlink.subscribe(['link', 'address'], event => {
    const told = toHostEvent(event);
    if (told !== undefined) tell(told);
  });

  return {
    readFacts: uplink =>
      readLinuxFacts(uplink, {
        async readOwners() {
          const links = await netlink.links();
          const link = linkByName({ links }, uplink);
          return link === undefined ? NO_OWNERS : owners.read({ uplink: refOf(link), hostPort: null, links });
        },
        // It answers at all, with yes or no, only where nf_tables is there.
        probeIngress: async () => (await drops().list()).length >= 0,
        async probeKernelDatapath() {
          await using datapaths = await openOvsDatapaths();
          return datapaths !== undefined;
        },
      }),
    async readKernel({ routes }) {
      if (routes) return await netlink.readKernelState();
      const links = await netlink.links();
      const addresses = await netlink.addresses();
      const rules = await netlink.rules();
      return { links, addresses, routes: [], rules, neighbours: await netlink.neighbours() };
    },
    readSysctls: async linkName => readLinkSysctls(linkName),
    mutedLinks: () => drops().list(),
    readOwners: async (uplink, hostPort) => owners.read({ uplink, hostPort, links: await netlink.links() }),
    awaitUdev: (link, mac, known, signal) =>
      awaitUdevSettled(link.index, mac, {
        known,
        readLink: index => netlink.linkByIndex(index),
        subscribe: listener => {
          const hear = (event: HostEvent): void => {
            if (event.type === 'netlink.link.changed') listener(event.link);
          };
          listeners.add(hear);
          return () => listeners.delete(hear);
        },
        signal,
      }),
    ovs: () => ovs.state(),
    ovsConnected: () => ovs.connected(),
    connectOvs: signal => ovs.connect(signal),
    bumpConfiguration: signal => ovs.bump(signal),
    ownRows: (id, signal) => ovs.ownRows(id, signal),
    async checkVswitchd(limitMs, signal) {
      const path = await findControlSocket(options.ovsdb, options.unixctl).catch(() => undefined);
      return path === undefined ? 'unknown' : checkVswitchd(path, limitMs, signal);
    },
    async showDatapathFeatures(bridge, signal) {
      await using client = createUnixctlClient({ path: await findControlSocket(options.ovsdb, options.unixctl) });
      return await client.showDatapathFeatures(bridge, { signal });
    },
    async apply(effects, signal) {
      const means = {
        netlink,
        netnsFd: (to: string) => netnses.fdOf(to),
        writeSysctl: async (linkName: string, key: string, value: string) => writeLinkSysctl(linkName, key, value),
        drops,
        askOwner: (effect: OwnerEffect) => owners.apply(effect, signal),
        commit: (effect: OvsEffect) => ovs.commit(effect, signal),
        withDrain: async (work: (drain: () => Promise<void>) => Promise<void>) =>
          withDrain(await findControlSocket(options.ovsdb, options.unixctl).catch(() => undefined), work, signal),
      };
      const results = await applyEffects(effects, means, signal);
      // What our own changes caused is told before they count as done: the chart is then still in the state that made them.
      events.drain();
      return results;
    },
    probe: (probe, links, timeoutMs, signal) => runProbe(probe, netlink, links, timeoutMs, signal),
    lockOvs: (onLost, signal, patienceMs = 0) => ovs.lock(onLost, signal, patienceMs),
    openNetns: path => netnses.openNetns(path),
    createNetns: path => netnses.createNetns(path),
    removeNetns: path => netnses.removeNetns(path),
    findNetns: id => netnses.findNetns(id),
    hasDevice: async (bus, device) => hasDevice(bus, device),
    probeMove: () => netnses.probeMove(),
    readMoveFacts: link => readMoveFacts(link),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      events.close();
      await owners[Symbol.asyncDispose]();
      await ovs.close();
      await netnses[Symbol.asyncDispose]();
      await netlink.close();
      await openedDrops?.[Symbol.asyncDispose]();
    },
  };
}

function toHostEvent(event: NetlinkEvent): HostEvent | undefined {
  switch (event.type) {
    case 'link.changed':
    case 'link.removed':
      return { type: `netlink.${event.type}`, link: event.link };
    case 'address.changed':
    case 'address.removed':
      return { type: `netlink.${event.type}`, address: event.address };
    case 'resync':
      return { type: 'netlink.resync' };
    default:
      return undefined;
  }
}
