import { describe, expect, it } from 'vitest';
import { LAYOUTS } from '../../../src/domain/layout.ts';
import { loadHost } from '../../../src/host/simulated/description/load-host.ts';
import { CHARTS } from '../../../src/verify/chart/charts.ts';
import { readShippedHosts } from '../../../src/verify/explore/shipped-hosts.ts';
import { mutationsOf } from '../../../src/verify/mutation/enumerate.ts';
import type { Mutation } from '../../../src/verify/mutation/mutation.ts';
import { runMutated } from '../../../src/verify/mutation/run-mutated.ts';
import type { Watched } from './watched-course.ts';
import { gapsOf } from './watched-course.ts';

const WATCHING = new URL('watched-course.ts', import.meta.url).href;

/** Hosts whose gateways are out of reach for a moment, and why; another one, or one less, fails. */
const KNOWN: Readonly<Record<string, string>> = {
  'old-kernel host-port': 'before 6.2 the kernel renames no link that is up',
  'old-kernel exchange-names': 'before 6.2 the kernel renames no link that is up',
  'many-secondaries host-port': 'labels cannot stand on another name: the addresses are added once more',
  'network-manager host-port': 'its NetworkManager takes the addresses along when it lets go',
  'network-manager bridge-port': 'its NetworkManager takes the addresses along when it lets go',
  'network-manager exchange-names': 'its NetworkManager takes the addresses along when it lets go',
  'many-secondaries exchange-names': 'labels cannot stand on another name: the addresses are added once more',
};

const withoutInverse = (step: string): Mutation => ({ kind: 'drop-inverse', step, what: `${step} does nothing` });
const withoutGuard = (what: string): Mutation | undefined =>
  CHARTS.flatMap(mutationsOf).find(fault => fault.kind === 'drop-guard' && fault.what.startsWith(what));

describe('a migration and its restore, with nothing in the way', () => {
  it('leave every gateway in reach at every moment, on every shipped host in every layout', async () => {
    const found: string[] = [];
    for (const { file, text } of await readShippedHosts()) {
      const host = loadHost(text, file);
      for (const layout of LAYOUTS.filter(one => host.refuses[one] === undefined)) {
        const { ends, gaps } = await gapsOf({ name: host.name, layout });
        expect([host.name, layout, ...ends]).toEqual([host.name, layout, 'committed', 'rolledBack']);
        if (gaps.length > 0) found.push(`${host.name} ${layout}`);
      }
    }
    expect(found.sort()).toEqual(Object.keys(KNOWN).sort());
  });

  it.each(['plain', 'kernel-datapath'])('and so does %s where the migration is aborted in any state', async name => {
    const { states } = await gapsOf({ name, layout: 'host-port' });
    const onTheWay = new Set(states.slice(0, states.indexOf('committed')));
    expect(onTheWay.size).toBeGreaterThan(15);
    for (const abortAt of onTheWay) {
      const { ends, gaps } = await gapsOf({ name, layout: 'host-port', abortAt });
      expect({ abortAt, gaps }).toEqual({ abortAt, gaps: [] });
      // By then it is decided.
      const isLate = abortAt === 'committing' || abortAt === 'disarmingGuard';
      expect({ abortAt, end: ends[0] }).toEqual({
        abortAt,
        end: isLate ? 'committed' : expect.stringMatching(/^(refused|rolledBack)$/),
      });
    }
  });

  // The ends are right without these: later steps mend what is left. They are there so that no packet is lost on the way.
  it.each([
    ['restoringRoutes does nothing', withoutInverse('restoringRoutes')],
    ['unmutingUplink does nothing', withoutInverse('unmutingUplink')],
    [
      'nobody waits until the uplink is attached',
      withoutGuard('cuttingOver.awaitingUplink: no guard in `always [isUp'),
    ],
  ])('have a gap where %s', async (_, mutation) => {
    if (mutation === undefined) throw new RangeError('no such fault');
    const outcome = await runMutated({ mutation, module: WATCHING, call: 'gapsOf', argument: { name: 'plain' } });
    if (outcome.kind !== 'returned') throw new Error(outcome.text);
    const { ends, gaps } = outcome.value as Watched;
    expect(ends).toEqual(['committed', 'rolledBack']);
    expect(gaps.length).toBeGreaterThan(0);
  });
});
