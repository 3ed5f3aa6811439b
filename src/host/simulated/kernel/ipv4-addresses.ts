import type { Address } from '../../../domain/address.ts';
import {
  IFA_F_DADFAILED,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_NODAD,
  IFA_F_OPTIMISTIC,
  IFA_F_SECONDARY,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TENTATIVE,
} from '../../../domain/address.ts';
import { isUp } from '../../../domain/link.ts';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN } from '../../../domain/route.ts';
import { isSameNetwork } from './ip-bits.ts';
import {
  addAddressRoutes,
  changePrefixMetric,
  isSameSubnet,
  isSecondary,
  prefixAddress,
  removeAddressRoutes,
} from './ipv4-prefix-routes.ts';
import { flushIpv4Link, markIpv4Legs } from './ipv4-route-flush.ts';
import { hold, letGo, setLifetimes, startLifetimes } from './lifetimes.ts';
import type { HeldAddress, LinkNode, Namespace } from './namespace.ts';
import { runs } from './namespace.ts';
import { dropNeighbours } from './neighbours.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

const IPV6_ONLY =
  IFA_F_NODAD |
  IFA_F_OPTIMISTIC |
  IFA_F_DADFAILED |
  IFA_F_HOMEADDRESS |
  IFA_F_TENTATIVE |
  IFA_F_MANAGETEMPADDR |
  IFA_F_STABLE_PRIVACY;
const PROMOTE = 'ipv4/conf/{link}/promote_secondaries';

/** True for lifetimes that the kernel does not take. */
export function hasBadLifetimes({ validLifetimeS: valid, preferredLifetimeS: preferred }: Address): boolean {
  return valid === 0 || (valid !== null && (preferred === null || preferred > valid));
}

/** inet_rtm_newaddr */
export function addIpv4Address(ns: Namespace, wanted: Address, mode: 'create' | 'replace'): Refusal | null {
  if (hasBadLifetimes(wanted)) return refuse('EINVAL', 'ipv4: address lifetime invalid');
  const node = ns.node(wanted.linkIndex);
  if (node === undefined) return refuse('ENODEV', 'ipv4: Device not found');
  const existing = node.ipv4.find(({ address }) => address.local === wanted.local && isSameSubnet(address, wanted));
  if (existing !== undefined) {
    if (mode === 'create') return refuse('EEXIST', 'ipv4: Address already assigned');
    change(ns, node, existing, wanted);
    return null;
  }
  const others = node.ipv4.map(held => held.address);
  const sameSubnet = others.filter(other => isSameSubnet(other, wanted));
  if (sameSubnet.some(other => other.scope !== wanted.scope)) return refuse('EINVAL', 'ipv4: Invalid scope value');
  insert(ns, node, wanted, sameSubnet.length > 0);
  return null;
}

function insert(ns: Namespace, node: LinkNode, wanted: Address, asSecondary: boolean): void {
  const held = hold({
    ...wanted,
    flags: (wanted.flags & ~(IPV6_ONLY | IFA_F_SECONDARY)) | (asSecondary ? IFA_F_SECONDARY : 0),
    label: wanted.label ?? node.link.name,
    metric: wanted.metric === 0 ? null : wanted.metric,
    protocol: wanted.protocol === 0 ? null : wanted.protocol,
  });
  setLifetimes(ns, held, wanted);
  if (asSecondary) node.ipv4.push(held);
  else {
    const behind = node.ipv4.findLastIndex(({ address }) => !isSecondary(address) && wanted.scope <= address.scope);
    node.ipv4.splice(behind + 1, 0, held);
  }
  ns.addressesChanged();
  startLifetimes(ns, held, () => deleteAddress(ns, node, held));
  ns.tellAddress(held);
  addAddressRoutes(ns, node, held.address);
  if (isUp(node.link)) reviveIpv4Legs(ns, node);
}

/** fib_sync_up: legs on a link that is up live again. */
export function reviveIpv4Legs(ns: Namespace, node: LinkNode): void {
  markIpv4Legs(ns, node.link.index, 0, RTNH_F_DEAD | (runs(node) ? RTNH_F_LINKDOWN : 0));
}

function change(ns: Namespace, node: LinkNode, held: HeldAddress, wanted: Address): void {
  const metric = wanted.metric === 0 ? null : wanted.metric;
  if (metric !== held.address.metric) changePrefixMetric(ns, node, held.address, metric ?? 0);
  held.address = { ...held.address, metric, protocol: wanted.protocol === 0 ? null : wanted.protocol };
  setLifetimes(ns, held, wanted);
  startLifetimes(ns, held, () => deleteAddress(ns, node, held));
  ns.tellAddress(held);
}

/** inet_rtm_deladdr: the first that fits, with the prefix that was asked for. */
export function removeIpv4Address(ns: Namespace, wanted: Address): Refusal | null {
  const node = ns.node(wanted.linkIndex);
  if (node === undefined) return refuse('ENODEV', 'ipv4: Device not found');
  const found = node.ipv4.find(
    ({ address }) =>
      address.local === wanted.local &&
      address.prefixLength === wanted.prefixLength &&
      isSameNetwork(prefixAddress(address), prefixAddress(wanted), wanted.prefixLength),
  );
  if (found === undefined) return refuse('EADDRNOTAVAIL', 'ipv4: Address not found');
  deleteAddress(ns, node, found);
  return null;
}

/** inet_del_ifa: a primary takes its secondaries along, or the first of them takes its place. */
function deleteAddress(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  const gone = held.address;
  let promoted: HeldAddress | undefined;
  if (!isSecondary(gone)) {
    const secondaries = node.ipv4.filter(one => isSecondary(one.address) && isSameSubnet(one.address, gone));
    if (promotes(ns, node)) promoted = secondaries[0];
    else for (const one of secondaries) unlink(ns, node, one);
  }
  const followers =
    promoted === undefined ? [] : node.ipv4.filter(one => one !== held && isSameSubnet(one.address, gone));
  for (const one of followers) removeAddressRoutes(ns, node, one.address, gone);
  unlink(ns, node, held);
  if (promoted === undefined) return;
  promote(ns, node, promoted, gone);
  for (const one of followers) if (one !== promoted) addAddressRoutes(ns, node, one.address);
}

function promotes(ns: Namespace, node: LinkNode): boolean {
  // The kernel takes the larger of the link's value and that of `all`, which is not modelled.
  return ns.nodes.includes(node) && node.sysctls[PROMOTE] === '1';
}

/** It moves behind the last primary whose scope is not narrower. */
function promote(ns: Namespace, node: LinkNode, held: HeldAddress, gone: Address): void {
  const rest = node.ipv4.filter(one => one !== held);
  const behind = rest.findLastIndex(({ address }) => !isSecondary(address) && gone.scope <= address.scope);
  held.address = { ...held.address, flags: held.address.flags & ~IFA_F_SECONDARY };
  node.ipv4 = rest.toSpliced(behind + 1, 0, held);
  ns.addressesChanged();
  ns.tellAddress(held);
  addAddressRoutes(ns, node, held.address);
  if (isUp(node.link)) reviveIpv4Legs(ns, node);
}

function unlink(ns: Namespace, node: LinkNode, held: HeldAddress): void {
  letGo(ns, held);
  node.ipv4 = node.ipv4.filter(one => one !== held);
  ns.addressesChanged();
  ns.tell({ type: 'netlink.address.removed', address: held.address });
  removeAddressRoutes(ns, node, held.address);
  if (node.ipv4.length > 0) return;
  // Last address: the kernel disables IPv4 on the link, and says nothing of the routes that go.
  flushIpv4Link(ns, node.link.index, 'force');
  dropNeighbours(ns, 4, node.link.index, 'all');
}

/** Takes every IPv4 address off a link that goes away. */
export function destroyIpv4(ns: Namespace, node: LinkNode): void {
  for (const held of [...node.ipv4]) unlink(ns, node, held);
}

/** inetdev_changename: labels follow the name, the first one whole, the others with what stands behind their colon. */
export function relabelIpv4(ns: Namespace, node: LinkNode): void {
  const { name } = node.link;
  node.ipv4.forEach((held, i) => {
    held.address = { ...held.address, label: i === 0 ? name : labelOf(held.address.label ?? '', name, i + 1) };
    ns.addressesChanged();
    ns.tellAddress(held);
  });
}

const MAX_LABEL_LENGTH = 15;

function labelOf(old: string, name: string, position: number): string {
  const colon = old.indexOf(':');
  const alias = colon < 0 ? `:${position}` : old.slice(colon);
  return alias.length + name.length <= MAX_LABEL_LENGTH
    ? name + alias
    : name.slice(0, MAX_LABEL_LENGTH - alias.length) + alias;
}

/** Lets the lifetimes of a loaded dump run on. */
export function resumeIpv4Lifetimes(ns: Namespace, node: LinkNode): void {
  for (const held of node.ipv4) {
    if (held.address.validLifetimeS === null) continue;
    setLifetimes(ns, held, held.address);
    startLifetimes(ns, held, () => deleteAddress(ns, node, held));
  }
}
