import { type Address, IFA_F_SECONDARY, isLinkLocal } from '../../../src/domain/address.ts';
import type { Effect } from '../../../src/domain/effect.ts';
import { networkOf } from '../../../src/domain/prefix.ts';
import type { Route } from '../../../src/domain/route.ts';
import { isSameAddress } from '../../../src/domain/steps/addresses.ts';
import { lookUpRoutes } from '../../../src/domain/steps/routes.ts';

/** The addresses of one link in the kernel's order, as `ip addr` lists them. A small model of devinet.c and addrconf.c. */
export function applyToAddresses(list: readonly Address[], effects: readonly Effect[]): readonly Address[] {
  let now = list;
  for (const effect of effects) {
    if (effect.op === 'address.add') now = addAddress(now, effect.address);
    else if (effect.op === 'address.remove') now = removeAddress(now, effect.address);
    else if (effect.op === 'address.replace') {
      now = now.map(a => (isSameAddress(a, effect.address) ? { ...effect.address } : a));
    } else throw new Error(`no effect on addresses: ${effect.op}`);
  }
  return now;
}

function isSameSubnet(a: Address, b: Address): boolean {
  const [x, y] = [a, b].map(({ peer, local, prefixLength }) => networkOf(peer ?? local, prefixLength));
  return a.prefixLength === b.prefixLength && x === y;
}

const isSecondary = (address: Address): boolean => address.family === 4 && (address.flags & IFA_F_SECONDARY) !== 0;

function addAddress(list: readonly Address[], address: Address): readonly Address[] {
  if (list.some(a => isSameAddress(a, address))) return list;
  if (address.family === 6) {
    // ipv6_link_dev_addr: sorted by scope, the newest first among equals.
    const scope = (a: Address): number => (a.family === 4 ? -1 : isLinkLocal(a) ? 2 : 14);
    const at = list.findIndex(a => a.family === 6 && scope(a) <= scope(address));
    return at < 0 ? [...list, address] : [...list.slice(0, at), address, ...list.slice(at)];
  }
  // inet_insert_ifa: a primary goes behind the last primary of its scope or a wider one, a secondary to the end.
  const ipv4 = list.filter(a => a.family === 4);
  const rest = list.filter(a => a.family === 6);
  const secondary = ipv4.some(a => isSameSubnet(a, address));
  const made = { ...address, flags: secondary ? address.flags | IFA_F_SECONDARY : address.flags & ~IFA_F_SECONDARY };
  if (secondary) return [...ipv4, made, ...rest];
  const at = ipv4.findLastIndex(a => !isSecondary(a) && address.scope <= a.scope) + 1;
  return [...ipv4.slice(0, at), made, ...ipv4.slice(at), ...rest];
}

/** With promote_secondaries 0: a primary takes its secondaries along. */
function removeAddress(list: readonly Address[], address: Address): readonly Address[] {
  const found = list.find(a => isSameAddress(a, address));
  if (found === undefined) return list;
  const left = list.filter(a => a !== found);
  if (found.family === 6 || isSecondary(found)) return left;
  return left.filter(a => !(isSecondary(a) && isSameSubnet(a, found)));
}

/** What the kernel tells routes apart by. */
export const keyOf = (r: Route): string => `${r.family} ${r.table} ${r.destination} ${r.tos} ${r.priority ?? 0}`;

/** A routing table in the kernel's order; refusals that only say "done before" change nothing. A small model of fib_trie.c. */
export function applyToRoutes(list: readonly Route[], effect: Effect): readonly Route[] {
  switch (effect.op) {
    case 'route.add':
      return list.some(r => keyOf(r) === keyOf(effect.route)) ? list : [...list, effect.route];
    case 'route.append': {
      if (lookUpRoutes(list)(effect.route)) return list;
      const at = list.findLastIndex(r => keyOf(r) === keyOf(effect.route)) + 1;
      return at === 0 ? [...list, effect.route] : [...list.slice(0, at), effect.route, ...list.slice(at)];
    }
    case 'route.replace': {
      const at = list.findIndex(r => keyOf(r) === keyOf(effect.route));
      return at < 0 ? [...list, effect.route] : list.map((r, i) => (i === at ? effect.route : r));
    }
    case 'route.remove': {
      const at = list.findIndex(lookUpRoutes([effect.route]));
      return at < 0 ? list : list.filter((_, i) => i !== at);
    }
    default:
      return list;
  }
}
