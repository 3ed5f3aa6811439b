import { describe, expect, it } from 'vitest';
import { IFF_UP } from '../../src/domain/link.ts';
import { precheckMove } from '../../src/domain/move/precheck.ts';
import { DEFAULT_MOVE_DEADLINES } from '../../src/domain/move/request.ts';
import { shippedHost } from '../verify/explore/shipped.ts';

const NOBODY = { links: [], addresses: [], routes: [], rules: [], neighbours: [] };

/** Codes of what stands in the way of a link of a host that has a leg of its default route; the user accepts all that can be accepted. */
async function blockingOf(isUp: boolean): Promise<readonly string[]> {
  const { kernel } = await shippedHost('multipath-default');
  const links = kernel.links.map(link =>
    link.name === 'eth1' && !isUp ? { ...link, flags: link.flags & ~IFF_UP } : link,
  );
  const findings = precheckMove({
    request: {
      link: 'eth1',
      netns: '/run/netns/target',
      name: 'net0',
      keepAddresses: false,
      way: null,
      accept: ['move-link-in-use', 'move-route-lost'],
      attachment: null,
      deadlines: DEFAULT_MOVE_DEADLINES,
    },
    home: { ...kernel, links },
    target: NOBODY,
    uses: { ovsBridge: null, migratedTo: null, sriov: null },
  });
  return findings.filter(({ severity }) => severity === 'blocking').map(({ code }) => code);
}

describe('the pre-check of a move', () => {
  it('lets a link go that has a leg of a route, where that is accepted: the route can be added again', async () => {
    expect(await blockingOf(true)).toEqual([]);
  });

  it('keeps one that is down and has a leg of a route: the kernel would not take that back, and nobody can accept it', async () => {
    expect(await blockingOf(false)).toEqual(['move-route-lost']);
  });
});
