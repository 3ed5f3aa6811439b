import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHARTS } from '../../../src/verify/chart/charts.ts';
import type { AnyCase } from '../../../src/verify/explore/any-case.ts';
import type { PlannedFault } from '../../../src/verify/explore/disturbance.ts';
import type { ExploreCase } from '../../../src/verify/explore/explore-case.ts';
import { mutationsOf } from '../../../src/verify/mutation/enumerate.ts';
import type { Mutation } from '../../../src/verify/mutation/mutation.ts';
import { runMutated } from '../../../src/verify/mutation/run-mutated.ts';
import type { Explored, Shown } from './planting.ts';
import { play } from './planting.ts';

const PLANTING = new URL('planting.ts', import.meta.url).href;

const withoutInverse = (step: string): Mutation => ({ kind: 'drop-inverse', step, what: `${step} does nothing` });

/** A fault of the migration's chart. */
function chartFault(what: string): Mutation {
  const fault = CHARTS.flatMap(mutationsOf).find(one => one.chart === 'uplink-migration' && one.what.startsWith(what));
  if (fault === undefined) throw new RangeError(`no fault ${what}`);
  return fault;
}

async function ask<T>(mutation: Mutation | null, call: string, argument: unknown): Promise<T> {
  const outcome = await runMutated({ mutation, module: PLANTING, call, argument });
  if (outcome.kind !== 'returned') throw new Error(`${outcome.kind}: ${outcome.text}`);
  return outcome.value as T;
}

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-planted-'));
  path = join(folder, 'finding.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

/** The file shows the bug each time that it is played, and nothing where the bug is not. */
async function expectShown({ violations, played }: Shown): Promise<void> {
  expect(violations.length).toBeGreaterThan(0);
  expect(played[0]?.violations).toEqual(violations);
  expect(played[1]).toEqual(played[0]);
  expect((await play(path)).violations).toEqual([]);
}

const sizeOf = ({ faults, incidents }: AnyCase): number => faults.length + incidents.length;

describe('a planted bug', () => {
  it('in the way back is found, made small, and shown again by its file', async () => {
    const mutation = withoutInverse('restoringName');
    const { findings, shown } = await ask<Explored>(mutation, 'exploreLittle', {
      host: 'foreign-bridge',
      budget: 12,
      path,
    });
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.filter(finding => sizeOf(finding.case) >= 10)).toEqual([]);
    // Nothing needs to fail on the way to a restore; no other host is there to make it smaller on.
    expect(shown?.case).toMatchObject({ host: 'foreign-bridge', faults: [], incidents: [] });
    if (shown !== null) await expectShown(shown);
  });

  it.each([
    ['restoringUplinkAddresses', 'verifying.announcing', { kind: 'host-port.remove' }],
    ['removingHostPort', 'verifying.comparing', { kind: 'abort' }],
  ] as const)(
    'where %s does nothing needs one incident, and no more is left of a big case',
    async (step, state, incident) => {
      const failing: ExploreCase = {
        host: 'foreign-bridge',
        layout: 'host-port',
        course: 'confirm',
        faults: [
          { operation: 'kernel.read', nth: 40, kind: 'slow' },
          { operation: 'journal.write verifying', nth: 1, kind: 'slow' },
          { operation: 'probe gateway', nth: 1, kind: 'slow' },
        ],
        incidents: [
          { when: { operation: 'facts.read', nth: 1 }, incident: { kind: 'netlink.overrun' } },
          { when: { state, nth: 1 }, incident },
          { when: { state: 'rolledBack', nth: 1 }, incident: { kind: 'netlink.overrun' } },
        ],
      };
      const shown = await ask<Shown>(withoutInverse(step), 'shrink', { failing, path });
      expect(shown.case).toMatchObject({ host: 'plain', faults: [], incidents: [{ when: { state }, incident }] });
      await expectShown(shown);
    },
  );

  it('in the way there, a deadline that is missing, needs one operation that hangs', async () => {
    const hang: PlannedFault = { operation: 'route.replace', nth: 1, kind: 'hang' };
    const failing: ExploreCase = {
      host: 'plain',
      layout: 'host-port',
      course: 'confirm',
      faults: [
        { operation: 'kernel.read', nth: 3, kind: 'slow' },
        hang,
        { operation: 'journal.write committed', nth: 1, kind: 'slow' },
      ],
      incidents: [{ when: { state: 'preparing.locking', nth: 1 }, incident: { kind: 'uplink.route.add' } }],
    };
    const mutation = chartFault('cuttingOver.switchingRoutes: no `after stepDeadline');
    const shown = await ask<Shown>(mutation, 'shrink', { failing, path });
    expect(shown.case).toMatchObject({ host: 'plain', course: 'migrate', faults: [hang], incidents: [] });
    expect(shown.violations).toMatchObject([{ invariant: 'liveness', object: 'cuttingOver.switchingRoutes' }]);
    await expectShown(shown);
  });
});
