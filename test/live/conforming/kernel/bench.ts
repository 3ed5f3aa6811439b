import type { EffectResult } from '../../../../src/domain/effect.ts';
import type { KernelState } from '../../../../src/domain/kernel-state.ts';
import { isUp } from '../../../../src/domain/link.ts';
import type { LinkSysctls } from '../../../../src/domain/snapshot.ts';
import { toFailure } from '../../../../src/errors.ts';
import { applyEffects } from '../../../../src/host/linux-effects.ts';
import { readLinkSysctls, writeLinkSysctl } from '../../../../src/host/linux-sysctl.ts';
import type { KernelEffect } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import type { Netlink, NetlinkEvent, NetlinkRequest, NetlinkSubscription } from '../../../../src/netlink/index.ts';
import {
  createLinkRequest,
  deleteLinkRequest,
  openNetlink,
  removeAddressRequest,
  removeAltnameRequest,
  removeNeighbourRequest,
  removeRouteRequest,
  removeRuleRequest,
  setLinkRequest,
} from '../../../../src/netlink/index.ts';
import { runInNetns } from '../../../../src/netlink/netns.ts';
import type { Namespace } from '../../../netlink/netns-lab.ts';
import { createNamespace, ipBatch } from '../../../netlink/netns-lab.ts';
import { LINKS } from './random-links.ts';

/** How long a notification may take that the kernel makes in its own time (carrier, duplicate address detection). */
const LATE_MS = 1_000;
/** Of every link that a sequence makes. */
export const NEW_LINK_MAC = '02:00:00:00:00:99';
const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(LINKS).map(([name, index]) => [index, name]));
const FAR: ReadonlyMap<number, string> = new Map(
  [LINKS.n0, LINKS.n1, LINKS.n2, LINKS.n3].map(index => [index, `f${NAMES.get(index)}`]),
);
/**
 * The far ends' numbers follow it. A veth whose two ends have the same number is, for the kernel, a NIC: it notes a carrier up to a second late, and
 * those of several links in the order in which its timer finds them (linkwatch_urgent_event); before 6.8 a look-up does not bring it forward.
 */
const FAR_INDEX = 1_000_000;
/** Beside the far ends, and with the same number as its own far end: the kernel notes the loss of its carrier after all that was lost before. */
const LATECOMER = 2;

/** A real network namespace that is used for one sequence after another. */
export interface Bench {
  /** What it looks like at the beginning of every sequence. */
  readonly pristine: KernelState;
  readonly sysctls: Readonly<Record<string, LinkSysctls>>;
  readonly defaults: LinkSysctls;
  apply(effect: KernelEffect): Promise<EffectResult>;
  /** Makes a link without a driver's whims (ifb). */
  addLink(spec: { readonly name: string; readonly up: boolean }): Promise<EffectResult>;
  /** The ifindex that the next link will get. */
  nextIndex(): number;
  setCarrier(link: number, carrier: boolean): Promise<void>;
  /** Resolves when the kernel has noted every carrier that has changed up to now, also those of links that are down: up to a second. */
  noteCarriers(): Promise<void>;
  /** Events since the last call; waits for late ones while `isEnough` says no. */
  events(isEnough: (events: readonly NetlinkEvent[]) => boolean): Promise<readonly NetlinkEvent[]>;
  read(): Promise<KernelState>;
  readSysctls(linkName: string): LinkSysctls;
  /** Makes it pristine again. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes one: four links whose other ends are far away (the last of them without carrier), and a pair with both ends here. IPv6 addresses are
 * in use at once, so that nothing of it needs time. All sequences begin with every link down.
 */
export async function openBench(): Promise<Bench> {
  const near = createNamespace('near');
  const far = createNamespace('far');
  const aside = createNamespace('aside');
  prepare(near, far, aside);
  const netlink = openNetlink({ netnsPath: near.path });
  const farNetlink = openNetlink({ netnsPath: far.path });
  const asideNetlink = openNetlink({ netnsPath: aside.path });
  const farIndex = new Map((await farNetlink.links()).map(link => [link.name, link.index]));
  const seen: NetlinkEvent[] = [];
  let wake = (): void => undefined;
  const subscription: NetlinkSubscription = netlink.subscribe(['link', 'address'], event => {
    seen.push(event);
    wake();
  });
  const inside = <T>(action: () => T): T => runInNetns(near.path, action);
  const sysctlsOf = (name: string): LinkSysctls => inside(() => readLinkSysctls(name));
  const pristine = await netlink.readKernelState();
  const sysctls = Object.fromEntries(pristine.links.map(link => [link.name, sysctlsOf(link.name)]));
  const defaults = Object.fromEntries(Object.entries(sysctlsOf('default')));
  let touched = false;
  let nextIndex = Math.max(...NAMES.keys()) + 1;

  const settle = async (first: number): Promise<void> => {
    // A look-up waits for the carrier that the kernel has yet to note, and for who holds its lock. Of a pair the end that was changed is first.
    for (const index of [first, ...NAMES.keys()]) await netlink.linkByIndex(index);
    subscription.drain();
  };
  const bench: Bench = {
    pristine,
    sysctls,
    defaults,
    async apply(effect) {
      if (effect.op === 'sysctl.write') touched = true;
      if (effect.op === 'link.set' && effect.mtu !== undefined) touched = true;
      const signal = new AbortController().signal;
      const drops = () => {
        throw new Error('not part of these sequences');
      };
      const commit = drops;
      const withDrain = drops;
      const writeSysctl = async (linkName: string, key: string, value: string) => writeLinkSysctl(linkName, key, value);
      // Everything up to the first wait runs inside: a sysctl is written there.
      const [result] = await inside(() =>
        applyEffects(
          [effect],
          { netlink, drops, askOwner: drops, netnsFd: drops, writeSysctl, commit, withDrain },
          signal,
        ),
      );
      await settle('link' in effect && NAMES.has(effect.link.index) ? effect.link.index : LINKS.n0);
      return result!;
    },
    nextIndex: () => nextIndex,
    async addLink({ name, up }) {
      const [made] = await netlink.batch([createLinkRequest({ name, kind: 'ifb', mac: NEW_LINK_MAC })]);
      if (made?.ok !== true) return { ok: false, failure: toFailure(made?.error) };
      if (up) await netlink.setLink(nextIndex, { up });
      nextIndex += 1;
      await settle(LINKS.n0);
      return { ok: true };
    },
    async setCarrier(link, carrier) {
      await farNetlink.setLink(farIndex.get(FAR.get(link)!)!, { up: carrier });
      await settle(LINKS.n0);
    },
    async noteCarriers() {
      for (const up of [false, true]) {
        const noted = Promise.withResolvers<void>();
        const latecomer = farNetlink.subscribe(['link'], event => {
          if (!('link' in event) || event.link.index !== LATECOMER) return;
          if (event.link.operState === (up ? 'up' : 'down')) noted.resolve();
        });
        await asideNetlink.setLink(LATECOMER, { up });
        await noted.promise;
        latecomer.close();
      }
      await settle(LINKS.n0);
    },
    async events(isEnough) {
      subscription.drain();
      if (!isEnough(seen)) {
        const late = Promise.withResolvers<void>();
        const timer = setTimeout(late.resolve, LATE_MS);
        wake = () => {
          if (isEnough(seen)) late.resolve();
        };
        wake();
        await late.promise;
        clearTimeout(timer);
        wake = () => undefined;
        await settle(LINKS.n0);
      }
      return seen.splice(0);
    },
    read: () => netlink.readKernelState(),
    readSysctls: sysctlsOf,
    async reset() {
      for (const index of FAR.keys()) {
        await farNetlink.setLink(farIndex.get(FAR.get(index)!)!, { up: index !== LINKS.n3 });
      }
      if (touched) inside(() => restoreSysctls(sysctls, ['keep_addr_on_down']));
      await clean(netlink, pristine);
      if (touched) {
        inside(() =>
          restoreSysctls(sysctls, [
            'accept_dad',
            'disable_ipv6',
            'keep_addr_on_down',
            'promote_secondaries',
            'rp_filter',
          ]),
        );
        touched = false;
      }
      await settle(LINKS.n0);
      seen.splice(0);
    },
    async close() {
      subscription.close();
      await netlink.close();
      await farNetlink.close();
      await asideNetlink.close();
      near.remove();
      far.remove();
      aside.remove();
    },
  };
  await bench.reset();
  return bench;
}

function prepare(near: Namespace, far: Namespace, aside: Namespace): void {
  const sysctl = (ns: Namespace, key: string, value: string): void => {
    ns.exec('sh', '-c', `echo ${value} > /proc/sys/net/${key}`);
  };
  for (const ns of [far, aside]) sysctl(ns, 'ipv6/conf/default/disable_ipv6', '1');
  sysctl(near, 'ipv6/conf/default/accept_dad', '0');
  sysctl(near, 'ipv6/conf/all/accept_dad', '0');
  sysctl(near, 'ipv6/conf/default/router_solicitations', '0');
  ipBatch(far, [
    ...[...FAR].map(
      ([index, name]) =>
        `link add ${name} index ${FAR_INDEX + index} type veth peer name ${NAMES.get(index)} address 02:00:00:00:00:0${index} netns ${near.name}`,
    ),
    `link add latecomer index ${LATECOMER} type veth peer name latecomer netns ${aside.name}`,
    'link set latecomer up',
  ]);
  aside.ip('link', 'set', 'latecomer', 'up');
  ipBatch(near, [
    'link add p0 address 02:00:00:00:00:07 type veth peer name p1 address 02:00:00:00:00:06',
    'link set lo up',
    // A table that once had a route stays: the model takes every table for such.
    ...[100, 1000].flatMap(table =>
      ['192.0.2.0/24', '2001:db8::/64'].flatMap(prefix =>
        ['add', 'del'].map(verb => `route ${verb} blackhole ${prefix} table ${table}`),
      ),
    ),
  ]);
  const index = near.ipJson<{ ifname: string; ifindex: number }>('link');
  for (const [number, name] of NAMES) {
    if (index.find(link => link.ifname === name)?.ifindex !== number)
      throw new Error(`link ${name} is not number ${number}`);
  }
}

/** Takes everything away that a sequence may have left; several rounds, since one thing may hide another. */
async function clean(netlink: Netlink, pristine: KernelState): Promise<void> {
  const state = await netlink.readKernelState();
  const present = state.links.filter(link => NAMES.has(link.index));
  await netlink.batch([
    ...state.links.filter(link => link.index > LINKS.p0).map(link => deleteLinkRequest(link.index)),
    ...present.flatMap(link => link.altnames.map(altname => removeAltnameRequest(link.index, altname))),
    ...state.rules
      .filter(rule => !pristine.rules.some(one => JSON.stringify(one) === JSON.stringify(rule)))
      .map(removeRuleRequest),
    ...state.neighbours.filter(one => !NAMES.has(one.linkIndex)).map(removeNeighbourRequest),
    // First down: before 6.2 a link that is up cannot be renamed, and the name is set before the flags.
    // Backwards: on 6.1 the first of a pair to go down may be the first whose carrier is noted when the pair comes up again.
    ...present
      .filter(isUp)
      .toReversed()
      .map(link => setLinkRequest(link.index, { up: false })),
    ...present.map(link => setLinkRequest(link.index, { name: `reset${link.index}`, mtu: 1500, promiscuous: false })),
  ]);
  await netlink.batch(
    present.flatMap(link => {
      const was = pristine.links.find(one => one.index === link.index)!;
      const requests: NetlinkRequest[] = [
        setLinkRequest(link.index, {
          name: was.name,
          mac: was.mac!,
          alias: '',
          group: 0,
          txQueueLength: was.txQueueLength,
        }),
      ];
      return requests;
    }),
  );
  for (let round = 0; round < 4; round += 1) {
    const { addresses, routes } = await netlink.readKernelState();
    const surplus = [
      ...addresses
        .filter(
          one => !pristine.addresses.some(other => other.local === one.local && other.linkIndex === one.linkIndex),
        )
        .map(removeAddressRequest),
      ...routes
        .filter(
          one =>
            !pristine.routes.some(
              other =>
                other.destination === one.destination &&
                other.table === one.table &&
                other.nexthops[0]?.linkIndex === one.nexthops[0]?.linkIndex,
            ),
        )
        .map(removeRouteRequest),
    ];
    if (surplus.length === 0) return;
    await netlink.batch(surplus);
  }
}

function restoreSysctls(sysctls: Readonly<Record<string, LinkSysctls>>, names: readonly string[]): void {
  for (const [link, values] of Object.entries(sysctls)) {
    for (const [key, value] of Object.entries(values)) {
      if (!names.some(name => key.endsWith(`/${name}`)) || link === 'lo') continue;
      try {
        writeLinkSysctl(link, key, value);
      } catch {
        // The link has another name for now.
      }
    }
  }
}
