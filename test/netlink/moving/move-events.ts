import { closeSync } from 'node:fs';
import { isLinkLocal } from '../../../src/domain/address.ts';
import { isUp } from '../../../src/domain/link.ts';
import type { Netlink, NetlinkEvent } from '../../../src/netlink/index.ts';
import { openNetlink } from '../../../src/netlink/index.ts';
import { openNetns } from '../../../src/netlink/netns.ts';
import { createNamespace } from '../netns-lab.ts';
import { move } from './measure-moves.ts';
import { LINK, LINK_INDEX, LINK_MAC, NEW_NAME, openMoveBenches, type Place } from './move-bench.ts';
import { occupy, reserve } from './move-cases.ts';
import { listenForUevents } from './uevents.ts';

type Act = (home: Place, target: Place) => Promise<unknown>;
type Way = Act | { readonly before: Act; readonly act: Act };

/** What watchers of links and addresses are told of the link, and what udevd is told, each in its order; repetitions left out. */
export interface Heard {
  readonly home: readonly string[];
  readonly target: readonly string[];
  readonly udevAtHome: readonly string[];
  readonly udevAtTarget: readonly string[];
}

const TEMPORARY_NAME = 'dev50';

const WAYS = {
  'one message': (home, target) => move(home, target, { name: NEW_NAME }),
  'one message that also sets it up': (home, target) => move(home, target, { name: NEW_NAME, up: true }),
  'one message, while the loopback of the target has the old name as altname': async (home, target) => {
    await reserve(target, LINK);
    await move(home, target, { name: NEW_NAME });
  },
  'one message, refused half way': {
    before: (_home, target) => occupy(target, NEW_NAME),
    act: (home, target) => move(home, target, { name: NEW_NAME }),
  },
  'one message that is refused': {
    before: (_home, target) => occupy(target, LINK),
    act: (home, target) => move(home, target, {}),
  },
  'there and back, one message each': async (home, target) => {
    await move(home, target, { name: NEW_NAME });
    await move(target, home, { name: LINK });
  },
  'there and back, while the loopback where it comes has the name that it comes with as altname': async (
    home,
    target,
  ) => {
    await reserve(target, LINK);
    await move(home, target, { name: NEW_NAME });
    await reserve(home, NEW_NAME);
    await move(target, home, { name: LINK });
  },
  'there and back, renamed before it comes back': async (home, target) => {
    await move(home, target, { name: NEW_NAME });
    await target.netlink.setLink(LINK_INDEX, { name: LINK });
    await move(target, home, {});
  },
  'down, move, rename, up': async (home, target) => {
    await home.netlink.setLink(LINK_INDEX, { up: false });
    await move(home, target, {});
    await target.netlink.setLink(LINK_INDEX, { name: NEW_NAME });
    await target.netlink.setLink(LINK_INDEX, { up: true });
  },
  'down, a temporary name, move, rename, up': async (home, target) => {
    await home.netlink.setLink(LINK_INDEX, { up: false });
    await home.netlink.setLink(LINK_INDEX, { name: TEMPORARY_NAME });
    await move(home, target, {});
    await target.netlink.setLink(LINK_INDEX, { name: NEW_NAME });
    await target.netlink.setLink(LINK_INDEX, { up: true });
  },
  'down, a temporary namespace, rename, move, up': async (home, target) => {
    await home.netlink.setLink(LINK_INDEX, { up: false });
    await throughTemporary(async aside => {
      await move(home, aside, {});
      await aside.netlink.setLink(LINK_INDEX, { name: NEW_NAME });
      await move({ ...home, netlink: aside.netlink }, target, {});
    });
    await target.netlink.setLink(LINK_INDEX, { up: true });
  },
} as const satisfies Record<string, Way>;

async function throughTemporary(work: (aside: { readonly fd: number; readonly netlink: Netlink }) => Promise<void>) {
  const namespace = createNamespace('aside');
  const fd = openNetns(namespace.path);
  const netlink = openNetlink({ netnsPath: namespace.path });
  try {
    await work({ fd, netlink });
  } finally {
    await netlink.close();
    closeSync(fd);
    namespace.remove();
  }
}

/** Moves the link in every way and returns what was heard of it. */
export async function hearMoves(): Promise<Record<string, Heard>> {
  const all: Record<string, Heard> = {};
  await using benches = openMoveBenches();
  for (const [title, way] of Object.entries<Way>(WAYS)) {
    const bench = await benches.next();
    const { before, act } = typeof way === 'function' ? { before: undefined, act: way } : way;
    await before?.(bench.home, bench.target);
    const heard = { home: [] as string[], target: [] as string[] };
    const listen = (at: 'home' | 'target', { netlink }: Place) =>
      netlink.subscribe(['link', 'address'], event => {
        const text = textOf(event);
        if (text !== undefined && text !== heard[at].at(-1)) heard[at].push(text);
      });
    const subscriptions = [listen('home', bench.home), listen('target', bench.target)];
    const [udevAtHome, udevAtTarget] = [listenForUevents(bench.home), listenForUevents(bench.target)];
    await act(bench.home, bench.target);
    for (const subscription of subscriptions) {
      subscription.drain();
      subscription.close();
    }
    all[title] = { ...heard, udevAtHome: udevAtHome.read(), udevAtTarget: udevAtTarget.read() };
    udevAtHome.close();
    udevAtTarget.close();
  }
  return all;
}

function textOf(event: NetlinkEvent): string | undefined {
  if ('link' in event) {
    const { link } = event;
    return link.mac === LINK_MAC ? `${event.type} ${link.name} ${isUp(link) ? 'up' : 'down'}` : undefined;
  }
  if ('address' in event) return isLinkLocal(event.address) ? undefined : `${event.type} ${event.address.local}`;
  return event.type;
}
