import { type Address, formatAddress, IFA_F_DADFAILED, IFA_F_TENTATIVE, plainAddress } from '../domain/address.ts';
import { isAlreadyDone } from '../domain/already-done.ts';
import type { Effect } from '../domain/effect.ts';
import type { KernelState } from '../domain/kernel-state.ts';
import { answersTo, type Link } from '../domain/link.ts';
import { broadcastOf } from '../domain/prefix.ts';
import { plainRoute, type Route } from '../domain/route.ts';
import { refOf } from '../domain/steps/context.ts';
import type { Clock } from '../engine/clock.ts';
import { toUplinkError, uplinkError } from '../errors.ts';
import type { Netns } from '../host/host.ts';
import type { LinkView, WantedAddress, WantedConfiguration, WantedRoute } from './device-mover.ts';

/** The kernel tests an IPv6 address for a second or two from when the link has a carrier, which a slow switch gives it late. */
const SETTLE_MS = 10_000;
const NEVER = new AbortController().signal;

/** A link by its name, with what is on it. */
export function viewOf({ links, addresses, routes }: KernelState, name: string): LinkView | undefined {
  const link = links.find(one => answersTo(one, name));
  return link && { link, addresses: addresses.filter(({ linkIndex }) => linkIndex === link.index), routes };
}

/**
 * Puts addresses and routes on a link, and waits until each of the addresses can be used. Errors: `LINK_GONE`; what the kernel refuses; `DEADLINE`;
 * `STATE_DIFFERS` where another host has one of the addresses.
 */
export async function configureLink(
  netns: Netns,
  name: string,
  { addresses, routes }: WantedConfiguration,
  clock: Clock,
): Promise<void> {
  const view = viewOf(await netns.readKernel({ routes: false }), name);
  if (view === undefined) throw uplinkError('LINK_GONE', { what: 'no such link', object: `${name} in ${netns.path}` });
  const { link } = view;
  const tested = addresses.filter(({ family }) => family === 6);
  // Runtimes turn it off for links that nobody configures.
  const turningOn: Effect[] =
    tested.length > 0
      ? [{ op: 'sysctl.write', link: refOf(link), key: 'ipv6/conf/{link}/disable_ipv6', value: '0' }]
      : [];
  await carryOut(netns, [
    ...turningOn,
    ...addresses.map((address): Effect => ({ op: 'address.add', address: addressOf(link, address) })),
    // In front of another with the same key, as containernetworking's plugins have it.
    ...routes.map((route): Effect => ({ op: 'route.prepend', route: routeOf(link, route) })),
  ]);
  if (tested.length > 0) await settle(netns, link, tested, clock);
}

async function carryOut(netns: Netns, effects: readonly Effect[]): Promise<void> {
  for (const [at, result] of (await netns.apply(effects, NEVER)).entries()) {
    if (!result.ok && !isAlreadyDone(effects[at]!, result.failure)) throw toUplinkError(result.failure);
  }
}

/** The kernel tells of every address when it has tested it. */
async function settle(netns: Netns, link: Link, wanted: readonly WantedAddress[], clock: Clock): Promise<void> {
  let changed = Promise.withResolvers<void>();
  let isLate = false;
  const unsubscribe = netns.subscribe(() => changed.resolve());
  const timer = clock.setTimeout(() => {
    isLate = true;
    changed.resolve();
  }, SETTLE_MS);
  try {
    for (;;) {
      changed = Promise.withResolvers();
      const { addresses } = await netns.readKernel({ routes: false });
      const present = addresses.filter(({ linkIndex }) => linkIndex === link.index);
      if (wanted.every(address => isUsable(address, present, link))) return;
      if (isLate) throw tooLate(link);
      await changed.promise;
    }
  } finally {
    clock.clearTimeout(timer);
    unsubscribe();
  }
}

function isUsable({ local, prefixLength }: WantedAddress, present: readonly Address[], link: Link): boolean {
  const found = present.find(one => one.local === local && one.prefixLength === prefixLength);
  if (found !== undefined && (found.flags & IFA_F_DADFAILED) === 0) return (found.flags & IFA_F_TENTATIVE) === 0;
  throw uplinkError('STATE_DIFFERS', {
    what: 'an address cannot be used',
    object: `${formatAddress({ local, prefixLength, peer: null })} on ${link.name}`,
    expected: 'the address, tested and found to be free',
    got: found === undefined ? 'no such address any more' : 'another host answered for it',
    advice: 'see who has the address, and what IPAM believes to be free',
  });
}

function tooLate(link: Link): Error {
  return uplinkError('DEADLINE', {
    what: 'the IPv6 addresses cannot be used in time',
    object: link.name,
    expected: `the kernel has tested them within ${SETTLE_MS / 1000} s`,
    got: 'it has not',
    advice: 'has the link a carrier? An address is tested only then',
  });
}

function addressOf(link: Link, { family, local, prefixLength }: WantedAddress): Address {
  return {
    ...plainAddress(link.index, local, prefixLength),
    broadcast: family === 4 ? broadcastOf(local, prefixLength) : null,
  };
}

function routeOf(link: Link, { gateway, ...route }: WantedRoute): Route {
  return { ...plainRoute(route.destination, link.index, gateway), ...route };
}
